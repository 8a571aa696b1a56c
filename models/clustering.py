"""Groups of listings of one product: near neighbours above a threshold, joined under a size guard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import evaluate
from .heads.linear import read, write
from .heads.matching import Candidates

TASK = "clustering"
STEPS = 40  # thresholds tried


def cluster(
    left: np.ndarray, right: np.ndarray, score: np.ndarray, nodes: int, threshold: float, max_size: int
) -> tuple[np.ndarray, int]:
    """Join rows along pairs of at least `threshold`, the most similar first.

    Args:
        left, right: the rows of each pair, int of shape (p,).
        score: similarity of each pair, (p,).
        nodes: how many rows there are.
        threshold: pairs below do not count.
        max_size: rows that a cluster may hold; a union that would make a larger one is refused.

    Returns:
        The smallest row of each row's cluster, int64 of shape (nodes,); and how many unions were refused.
    """
    from ..quality.components import merge_in_order  # numba takes a second to import

    keep = np.asarray(score) >= threshold
    roots, refused = merge_in_order(left[keep], right[keep], score[keep], nodes, max_size)
    return roots, refused.by_size


@dataclass(frozen=True)
class ClusteringHead:
    """Join pairs from a cosine of `threshold` on."""

    threshold: float
    max_size: int
    backbone: str

    @classmethod
    def fit(cls, pairs: Candidates, products: np.ndarray, max_size: int, backbone: str) -> ClusteringHead:
        """Choose among the quantiles of the right pairs' scores the threshold of best pairwise F1.

        Args:
            pairs: proposals among training rows.
            products: int of shape (n,), -1 where unknown; such rows may link others but are not judged.
            max_size: rows that a cluster may hold.
            backbone: content hash of the model that made the vectors.

        Raises:
            ValueError: no proposed pair is of one product.
        """
        scores = pairs.score[pairs.right_pairs(products)]
        if not len(scores):
            raise ValueError("no proposed pair is of one product; a threshold needs some")
        judged = products >= 0
        best, threshold = -1.0, 1.0
        # From strict to lax: of equally good ones the strictest stays.
        for tried in np.unique(np.quantile(scores, np.linspace(0, 1, STEPS), method="lower"))[::-1]:
            found, _ = cluster(pairs.left, pairs.right, pairs.score, len(products), float(tried), max_size)
            f1 = evaluate.clusters(products[judged], found[judged])["f1"]
            if f1 > best:
                best, threshold = f1, float(tried)
        return cls(threshold, max_size, backbone)

    def predict(self, pairs: Candidates, nodes: int) -> tuple[np.ndarray, int]:
        """Give the smallest row of each row's cluster, int64 of shape (nodes,); and how many unions were refused."""
        return cluster(pairs.left, pairs.right, pairs.score, nodes, self.threshold, self.max_size)

    def save(self, folder: Path) -> None:
        """Write head.json; there are no weights."""
        values = {"threshold": self.threshold, "max_size": self.max_size, "modality": "fused"}
        write(folder, TASK, self.backbone, values, {})

    @classmethod
    def load(cls, folder: Path) -> ClusteringHead:
        """Read what `save` wrote."""
        values, _ = read(folder, TASK)
        return cls(values["threshold"], values["max_size"], values["backbone"])
