import pytest
import torch
from eclip.models.checkpoints import Checkpoints


def parts(seed):
    torch.manual_seed(seed)
    network = torch.nn.Linear(3, 2)
    return network, torch.optim.AdamW(network.parameters(), lr=0.1)


def trained(seed=0, steps=1):
    network, optimizer = parts(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        network(torch.randn(4, 3)).square().sum().backward()
        optimizer.step()
    return network, optimizer


def test_resuming_restores_weights_optimizer_and_random_state(tmp_path):
    saved = Checkpoints(tmp_path / "checkpoints", "mine")
    network, optimizer = trained()
    saved.save(7, network, optimizer)
    drawn = torch.rand(3)
    other, other_optimizer = parts(seed=1)
    assert saved.resume(other, other_optimizer) == 7
    assert torch.equal(torch.rand(3), drawn)
    assert torch.equal(other.weight, network.weight)
    ours, theirs = optimizer.state_dict()["state"][0], other_optimizer.state_dict()["state"][0]
    assert torch.equal(ours["exp_avg_sq"], theirs["exp_avg_sq"])


def test_the_newest_two_are_kept_and_no_temporary_file(tmp_path):
    saved = Checkpoints(tmp_path, "mine")
    for step in (1, 2, 3):
        saved.save(step, *trained(steps=step))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["step-00000002.pt", "step-00000003.pt"]


@pytest.mark.parametrize("content", [b"", b"garbage", None])
def test_what_cannot_be_read_is_passed_over(tmp_path, content):
    saved = Checkpoints(tmp_path, "mine")
    saved.save(1, *trained())
    saved.save(2, *trained())
    newest = tmp_path / "step-00000002.pt"
    newest.write_bytes(newest.read_bytes()[:500] if content is None else content)
    assert saved.resume(*parts(1)) == 1


def test_a_checkpoint_of_another_training_is_not_resumed(tmp_path):
    Checkpoints(tmp_path, "theirs").save(5, *trained())
    mine = Checkpoints(tmp_path, "mine")
    assert mine.resume(*parts(0)) == 0
    mine.save(1, *trained())
    assert mine.resume(*parts(0)) == 1


def test_without_a_folder_it_starts_at_the_beginning(tmp_path):
    assert Checkpoints(tmp_path / "none", "mine").resume(*parts(0)) == 0
