"""The catalog-aware contrastive loss.

CLIP's loss (Radford et al., ICML 2021) takes every other row of a batch as a negative. In a catalog that is
wrong
twice: the same product is listed often, and its variants differ in a word. Here rows of one product are
positives of each other, with equal shares (soft targets, as e-CLIP's catalog-based soft labels: Shin et al.,
CIKM 2022), and rows of one family but another product are neither positive nor negative.
"""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy

# Far below any logit (|logit| <= 100), and finite: 0 x -inf would be NaN.
MASKED = -1e9


def targets(products: torch.Tensor, families: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Say what each row should find among the rows of its batch.

    Args:
        products: int64 of shape (n,), equal for listings of one product.
        families: int64 of shape (n,), equal for listings of one family.

    Returns:
        Shares, float32 of shape (n, n), rows summing to 1, equal over the listings of the row's product; and
        a mask, bool of shape (n, n), true where a pair counts neither as positive nor as negative.
    """
    same = products[:, None] == products[None, :]
    share = same.float()
    return share / share.sum(1, keepdim=True), (families[:, None] == families[None, :]) & ~same


def catalog_loss(
    images: torch.Tensor,
    texts: torch.Tensor,
    scale: torch.Tensor,
    products: torch.Tensor,
    families: torch.Tensor,
) -> torch.Tensor:
    """Compare photos with titles: the mean of both directions' cross-entropies with the soft targets.

    With unique products and families it is CLIP's loss.

    Args:
        images, texts: features of the same rows, of length 1, (n, d).
        scale: the factor on cosines, a scalar.
        products, families: labels, int64 of shape (n,).

    Returns:
        A scalar, in nats.
    """
    share, mask = targets(products, families)
    logits = (scale * images @ texts.T).masked_fill(mask, MASKED)
    return (cross_entropy(logits, share) + cross_entropy(logits.T, share)) / 2


def prompt_loss(
    images: torch.Tensor,
    texts: torch.Tensor,
    prompts: torch.Tensor,
    scale: torch.Tensor,
    categories: torch.Tensor,
) -> torch.Tensor:
    """Compare photos and titles with the encoded names of categories: telling these apart then needs no head.

    Args:
        images, texts: features of the same rows, (n, d).
        prompts: features of category names, (c, d).
        scale: the factor on cosines, a scalar.
        categories: the prompt of each row, int64 of shape (n,), -1 where the category is not known.

    Returns:
        A scalar, in nats; 0 where no row has a category.
    """
    if not bool((categories >= 0).any()):
        return images.sum() * 0
    of_images = cross_entropy(scale * images @ prompts.T, categories, ignore_index=-1)
    of_texts = cross_entropy(scale * texts @ prompts.T, categories, ignore_index=-1)
    return (of_images + of_texts) / 2
