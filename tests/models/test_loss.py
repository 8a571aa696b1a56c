import open_clip
import pytest
import torch
from eclip.models.loss import catalog_loss, prompt_loss, targets
from torch.nn.functional import normalize


def features(rows=6, seed=0, width=5):
    generator = torch.Generator().manual_seed(seed)
    return (
        normalize(torch.randn(rows, width, generator=generator, dtype=torch.float64), dim=1).requires_grad_()
        for _ in range(2)
    )


def test_with_products_all_different_it_is_the_loss_of_clip():
    images, texts = features()
    scale = torch.tensor(14.3, dtype=torch.float64, requires_grad=True)
    ids = torch.arange(6)
    ours, theirs = catalog_loss(images, texts, scale, ids, ids), open_clip.ClipLoss()(images, texts, scale)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-12)
    for one, other in zip(
        torch.autograd.grad(ours, [images, texts, scale]),
        torch.autograd.grad(theirs, [images, texts, scale]),
        strict=True,
    ):
        assert torch.allclose(one, other, atol=1e-12)


def test_targets_share_a_product_and_mask_its_variants():
    share, mask = targets(torch.tensor([0, 0, 1, 2]), torch.tensor([5, 5, 5, 6]))
    assert share.tolist() == [[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert mask.tolist() == [
        [False, False, True, False],
        [False, False, True, False],
        [True, True, False, False],
        [False, False, False, False],
    ]


def test_a_case_small_enough_for_pencil_and_paper():
    # Two listings of one product and one stranger; all cosines 0, so each softmax is uniform over 3: log 3.
    images, texts = torch.eye(6)[:3], torch.eye(6)[3:]
    same = catalog_loss(images, texts, torch.tensor(10.0), torch.tensor([0, 0, 1]), torch.tensor([0, 0, 1]))
    assert same.item() == pytest.approx(torch.log(torch.tensor(3.0)).item())
    # As variants the first two do not see each other: log 2, log 2, log 3.
    variants = catalog_loss(images, texts, torch.tensor(10.0), torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1]))
    assert variants.item() == pytest.approx(
        (2 * torch.log(torch.tensor(2.0)) + torch.log(torch.tensor(3.0))).item() / 3
    )


def test_gradients_agree_with_finite_differences():
    images, texts = features(5, seed=1)
    scale = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    products, families = torch.tensor([0, 0, 1, 2, 3]), torch.tensor([0, 0, 0, 1, 1])

    def loss(images, texts, scale):
        return catalog_loss(images, texts, scale, products, families)

    assert torch.autograd.gradcheck(loss, (images, texts, scale))


def test_a_masked_pair_draws_no_gradient():
    images, texts = features(4, seed=2)
    products, families = torch.tensor([0, 1, 2, 3]), torch.tensor([0, 0, 1, 2])
    catalog_loss(images, texts, torch.tensor(5.0), products, families).backward()
    before = images.grad[0].clone()
    images.grad = None
    moved = texts.detach().clone()
    moved[1] = -moved[1]  # the variant's title goes anywhere
    catalog_loss(images, moved, torch.tensor(5.0), products, families).backward()
    assert torch.allclose(images.grad[0], before)


def test_a_whole_batch_of_one_product_has_nothing_to_learn_from_its_order():
    images, texts = features(4, seed=3)
    one = torch.zeros(4, dtype=torch.int64)
    loss = catalog_loss(images, texts, torch.tensor(5.0), one, one)
    assert torch.isfinite(loss)
    assert loss.item() == pytest.approx(catalog_loss(images, texts.flip(0), torch.tensor(5.0), one, one).item())


def test_prompts_count_only_rows_with_a_category():
    images, texts = features(3, seed=4)
    prompts = normalize(torch.randn(4, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64), dim=1)
    scale = torch.tensor(7.0)
    all_rows = prompt_loss(images[:2], texts[:2], prompts, scale, torch.tensor([3, 1]))
    with_unknown = prompt_loss(images, texts, prompts, scale, torch.tensor([3, 1, -1]))
    assert with_unknown.item() == pytest.approx(all_rows.item())
    nothing = prompt_loss(images, texts, prompts, scale, torch.tensor([-1, -1, -1]))
    nothing.backward()
    assert nothing.item() == 0
    assert not images.grad.any()
