"""Whether two listings offer the same product: the cosine of their fused vectors against a fitted threshold.

The threshold is fitted on the very pairs that the index proposes, near neighbours: fitted on random pairs it
would accept far too much, and a pair classifier trained on near pairs alone did worse than the plain cosine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import evaluate
from ..index import top_k
from .linear import read, write

TASK = "matching"


@dataclass(frozen=True)
class Candidates:
    """Hold pairs of rows, each pair once, left < right, sorted."""

    left: np.ndarray  # int64, (p,)
    right: np.ndarray  # int64, (p,)
    score: np.ndarray  # float32, (p,), cosines

    def right_pairs(self, products: np.ndarray) -> np.ndarray:
        """Say which pairs are of one product; below 0 means unknown, never right. [bool of shape (p,)]"""
        return np.asarray((products[self.left] == products[self.right]) & (products[self.left] >= 0))

    def known(self, products: np.ndarray) -> Candidates:
        """Keep the pairs whose products are both known."""
        keep = (products[self.left] >= 0) & (products[self.right] >= 0)
        return Candidates(self.left[keep], self.right[keep], self.score[keep])


def candidates(vectors: np.ndarray, neighbours: int) -> Candidates:
    """Propose each row's nearest neighbours as pairs.

    Args:
        vectors: unit rows, dense or sparse, (n, d); rows of zeros propose nothing.
        neighbours: for each row.
    """
    found, score = top_k(vectors, vectors, neighbours, own=0)
    rows = np.repeat(np.arange(found.shape[0]), found.shape[1])
    return once(rows, found.reshape(-1), score.reshape(-1))


def once(rows: np.ndarray, found: np.ndarray, score: np.ndarray) -> Candidates:
    """Keep each proposed pair once, with its better score, if the two have anything in common.

    Args:
        rows: int64 of shape (p,), who proposes.
        found: int64 of shape (p,), whom.
        score: float32 of shape (p,), cosines; of the two tellings of a pair equal but for the last bit.
    """
    left, right = np.minimum(rows, found), np.maximum(rows, found)
    order = np.lexsort((-score, right, left))
    left, right, score = left[order], right[order], score[order]
    first = np.ones(len(left), bool)
    first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    first &= score > 0
    return Candidates(left[first], right[first], score[first])


def true_pairs(products: np.ndarray) -> int:
    """Count the pairs of rows of one product, proposed or not; numbers below 0 are unknown."""
    counts = np.bincount(products[products >= 0])
    return int((counts * (counts - 1) // 2).sum())


@dataclass(frozen=True)
class MatchingHead:
    """Accept a pair from a cosine of `threshold` on."""

    threshold: float
    backbone: str

    @classmethod
    def fit(cls, pairs: Candidates, products: np.ndarray, backbone: str) -> MatchingHead:
        """Choose the threshold of best F1 over all true pairs, also those that were not proposed.

        Args:
            pairs: proposals among labelled training rows.
            products: int of shape (n,), -1 where unknown.
            backbone: content hash of the model that made the vectors.
        """
        known = pairs.known(products)
        threshold, _ = evaluate.best_threshold(known.score, known.right_pairs(products), true_pairs(products))
        return cls(threshold, backbone)

    def predict(self, score: np.ndarray) -> np.ndarray:
        """Say which cosines are accepted. [bool of the same shape]"""
        return np.asarray(score >= self.threshold)

    def save(self, folder: Path) -> None:
        """Write head.json; there are no weights."""
        write(folder, TASK, self.backbone, {"threshold": self.threshold, "modality": "fused"}, {})

    @classmethod
    def load(cls, folder: Path) -> MatchingHead:
        """Read what `save` wrote."""
        values, _ = read(folder, TASK)
        return cls(values["threshold"], values["backbone"])
