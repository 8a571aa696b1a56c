"""Which values a product's attributes have: one softmax for each attribute, "absent" among its labels.

Sellers leave attributes out, so a missing value means little where most products of the category have one:
such rows are left out of the fit. Where few have one, missing means absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .features import Vectors
from .linear import Softmax, read, write

TASK = "attributes"
ABSENT = "absent"
MOST = 50  # attributes, where none are named
EXPECTED = 0.5  # share of a category's products from which a missing value is an omission


@dataclass(frozen=True)
class AttributesHead:
    """Answer with a value, or "absent", for each attribute."""

    softmaxes: dict[str, Softmax]  # by name, sorted
    backbone: str
    expected: dict[str, set[str]]  # the categories whose products have the attribute as a rule; not saved

    @classmethod
    def fit(
        cls,
        vectors: Vectors,
        attributes: Sequence[dict[str, str]],
        categories: Sequence[str | None],
        backbone: str,
        names: Sequence[str] | None = None,
        min_support: int = 10,
    ) -> AttributesHead:
        """Fit one softmax for each attribute that has two labels or more.

        Args:
            vectors: n products.
            attributes: the values of each by name.
            categories: of each; None throughout: the whole catalog counts as one.
            backbone: content hash of the model that made the vectors.
            names: attributes to learn; default: those that `min_support` products have, the 50 most
                frequent at most.
            min_support: products that a value needs; rows of rarer ones are left out.
        """
        if names is None:
            support = Counter(name for row in attributes for name in row)
            often = sorted(support, key=lambda name: (-support[name], name))[:MOST]
            names = [name for name in often if support[name] >= min_support]
        softmaxes: dict[str, Softmax] = {}
        expected: dict[str, set[str]] = {}
        for name in sorted(set(names)):
            rule = _expected(name, attributes, categories)
            labels = [label_of(row, name, c, rule) for row, c in zip(attributes, categories, strict=True)]
            support = Counter(label for label in labels if label is not None)
            rows = np.array([i for i, label in enumerate(labels) if label and support[label] >= min_support], np.int64)
            chosen = [labels[i] or "" for i in rows]
            if len(set(chosen)) > 1:
                softmaxes[name], expected[name] = Softmax.fit(vectors.take(rows), chosen), rule
        return cls(softmaxes, backbone, expected)

    def predict(self, vectors: Vectors) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Give each attribute's most probable labels, object (n,), and their probabilities, float32 (n,)."""
        return {name: softmax.predict(vectors) for name, softmax in self.softmaxes.items()}

    def save(self, folder: Path) -> None:
        """Write head.json and head.safetensors."""
        tensors: dict[str, np.ndarray] = {}
        for number, softmax in enumerate(self.softmaxes.values()):
            tensors[f"{number}.weights"], tensors[f"{number}.bias"] = softmax.weights, softmax.bias
        values = {
            "attributes": [{"name": name, "labels": s.labels} for name, s in self.softmaxes.items()],
            "modality": "image, text or both",
        }
        write(folder, TASK, self.backbone, values, tensors)

    @classmethod
    def load(cls, folder: Path) -> AttributesHead:
        """Read what `save` wrote."""
        values, tensors = read(folder, TASK)
        softmaxes = {
            entry["name"]: Softmax(entry["labels"], tensors[f"{number}.weights"], tensors[f"{number}.bias"])
            for number, entry in enumerate(values["attributes"])
        }
        return cls(softmaxes, values["backbone"], {})


def label_of(row: dict[str, str], name: str, category: str | None, expected: set[str]) -> str | None:
    """Give a row's label: its value, "absent", or None where the seller seems to have left it out."""
    if name in row:
        return row[name]
    return None if (category or "") in expected else ABSENT


def _expected(name: str, attributes: Sequence[dict[str, str]], categories: Sequence[str | None]) -> set[str]:
    rows = Counter(category or "" for category in categories)
    having = Counter(c or "" for row, c in zip(attributes, categories, strict=True) if name in row)
    return {category for category, count in rows.items() if having[category] >= EXPECTED * count}
