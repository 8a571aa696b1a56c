"""Which category a product belongs to: one softmax over the leaves, parents by summing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...schemas.listing import CATEGORY_SEPARATOR
from .features import Vectors
from .linear import Softmax, read, write

TASK = "category"


@dataclass(frozen=True)
class CategoryHead:
    """Answer with a category path as the listings write it ("Home > Kitchen > Mugs")."""

    softmax: Softmax
    backbone: str

    @classmethod
    def fit(cls, vectors: Vectors, labels: Sequence[str], backbone: str) -> CategoryHead:
        """Fit on n products with n category paths."""
        return cls(Softmax.fit(vectors, labels), backbone)

    def predict(self, vectors: Vectors) -> tuple[np.ndarray, np.ndarray]:
        """Give the most probable path of each product, object (n,), and its probability, float32 (n,)."""
        return self.softmax.predict(vectors)

    def parents(self, vectors: Vectors, level: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the most probable first `level` parts of the path, and their probability.

        A parent's probability is the sum over its leaves: no second head, and no answer against the leaf's.
        """
        paths = [CATEGORY_SEPARATOR.join(label.split(CATEGORY_SEPARATOR)[:level]) for label in self.softmax.labels]
        names, member = np.unique(np.asarray(paths, dtype=object), return_inverse=True)
        summed = np.zeros((len(vectors), len(names)), np.float32)
        np.add.at(summed.T, member.reshape(-1), self.softmax.probabilities(vectors).T)
        best = summed.argmax(1)
        return names[best], summed[np.arange(len(best)), best]

    def save(self, folder: Path) -> None:
        """Write head.json and head.safetensors."""
        values = {"labels": self.softmax.labels, "modality": "image, text or both"}
        write(folder, TASK, self.backbone, values, {"weights": self.softmax.weights, "bias": self.softmax.bias})

    @classmethod
    def load(cls, folder: Path) -> CategoryHead:
        """Read what `save` wrote."""
        values, tensors = read(folder, TASK)
        return cls(Softmax(values["labels"], tensors["weights"], tensors["bias"]), values["backbone"])
