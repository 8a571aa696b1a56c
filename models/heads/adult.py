"""Whether a product is for adults only: a binary softmax and a threshold chosen on training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import evaluate
from .features import Vectors
from .linear import Softmax, read, write

TASK = "adult"
LABELS = ["false", "true"]
FOLDS = 5


@dataclass(frozen=True)
class AdultHead:
    """Answer true from a probability of `threshold` on."""

    softmax: Softmax
    threshold: float
    backbone: str

    @classmethod
    def fit(
        cls, vectors: Vectors, labels: np.ndarray, groups: Sequence[str], backbone: str, seed: int = 0
    ) -> AdultHead:
        """Fit on n products; the threshold is the one of best F1 in cross-validation by families.

        Args:
            vectors: n products.
            labels: bool of shape (n,), true and false both among them.
            groups: the family of each.
            backbone: content hash of the model that made the vectors.
            seed: of the folds.
        """
        from sklearn.model_selection import StratifiedGroupKFold

        names = np.where(labels, *reversed(LABELS)).astype(object)
        probability = np.zeros(len(labels), np.float64)
        folds = max(2, min(FOLDS, int(labels.sum())))
        split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        for train, held in split.split(np.zeros((len(labels), 1)), labels, groups):
            if labels[train].any() and not labels[train].all():
                softmax = Softmax.fit(vectors.take(train), names[train].tolist())
                probability[held] = softmax.probabilities(vectors.take(held))[:, 1]
        threshold, _ = evaluate.best_threshold(probability, labels)
        return cls(Softmax.fit(vectors, names.tolist()), threshold, backbone)

    def probabilities(self, vectors: Vectors) -> np.ndarray:
        """Give the probability that each product is for adults only. [float32 of shape (n,)]"""
        return self.softmax.probabilities(vectors)[:, 1]

    def predict(self, vectors: Vectors) -> tuple[np.ndarray, np.ndarray]:
        """Give "true" or "false" for each product, object (n,), and its probability, float32 (n,)."""
        probability = self.probabilities(vectors)
        adult = probability >= self.threshold
        return np.where(adult, *reversed(LABELS)).astype(object), np.where(adult, probability, 1 - probability)

    def save(self, folder: Path) -> None:
        """Write head.json and head.safetensors."""
        values = {"labels": LABELS, "threshold": self.threshold, "modality": "image, text or both"}
        write(folder, TASK, self.backbone, values, {"weights": self.softmax.weights, "bias": self.softmax.bias})

    @classmethod
    def load(cls, folder: Path) -> AdultHead:
        """Read what `save` wrote."""
        values, tensors = read(folder, TASK)
        softmax = Softmax(values["labels"], tensors["weights"], tensors["bias"])
        return cls(softmax, values["threshold"], values["backbone"])
