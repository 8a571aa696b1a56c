"""A softmax over linear scores, fitted by scikit-learn, applied by numpy, kept as safetensors and JSON."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ...schemas.errors import EclipError
from .features import Vectors, modality_copies

STRENGTH = 1.0  # inverse of the L2 penalty
ROUNDS = 200  # of L-BFGS
BLOCK = 256  # rows


@dataclass(frozen=True)
class Softmax:
    """Score each of c labels linearly in f inputs."""

    labels: list[str]  # sorted
    weights: np.ndarray  # float32, (f, c)
    bias: np.ndarray  # float32, (c,)

    @classmethod
    def fit(cls, vectors: Vectors, labels: Sequence[str]) -> Softmax:
        """Fit a multinomial logistic regression on every modality's copy of each product.

        Args:
            vectors: n products.
            labels: n labels.
        """
        # Imported where heads are trained: a worker that only predicts starts seconds sooner.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        inputs, rows, weights = modality_copies(vectors)
        known, target = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
        names = [str(label) for label in known]
        if len(names) < 2:
            return cls(names, np.zeros((inputs.shape[1], len(names)), np.float32), np.zeros(len(names), np.float32))
        model = LogisticRegression(C=STRENGTH, max_iter=ROUNDS, tol=1e-3)
        with threadpool_limits(1), warnings.catch_warnings():
            # Where the rounds run out the scores are still good; more rounds change the third digit.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(inputs, target.reshape(-1)[rows], sample_weight=weights)
        scores, bias = model.coef_, model.intercept_
        if len(names) == 2:
            # For two labels scikit-learn keeps the difference alone.
            scores, bias = np.concatenate([0 * scores, scores]), np.concatenate([0 * bias, bias])
        return cls(names, np.ascontiguousarray(scores.T, np.float32), np.ascontiguousarray(bias, np.float32))

    def probabilities(self, vectors: Vectors) -> np.ndarray:
        """Give the probability of each label. [float32 of shape (n, c), rows summing to 1]

        Rows go through in blocks of one size, the last one filled up: a matrix product of another height may
        round a row differently, and an answer must not depend on the rows beside it.
        """
        inputs = vectors.inputs()
        found = np.empty((len(inputs), len(self.labels)), np.float32)
        block = np.zeros((BLOCK, inputs.shape[1]), np.float32)
        with threadpool_limits(1, "blas"):
            for start in range(0, len(inputs), BLOCK):
                rows = inputs[start : start + BLOCK]
                block[: len(rows)] = rows
                found[start : start + BLOCK] = (block @ self.weights + self.bias)[: len(rows)]
        found = np.exp(found - found.max(1, keepdims=True))
        return np.asarray(found / found.sum(1, keepdims=True), np.float32)

    def predict(self, vectors: Vectors) -> tuple[np.ndarray, np.ndarray]:
        """Give the most probable label of each product, object (n,), and its probability, float32 (n,)."""
        found = self.probabilities(vectors)
        best = found.argmax(1)
        return np.asarray(self.labels, dtype=object)[best], found[np.arange(len(best)), best]


def write(folder: Path, task: str, backbone: str, values: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    """Write head.json, and head.safetensors where there are weights.

    Args:
        folder: of this head.
        task: category, attributes, adult, matching or clustering.
        backbone: content hash of the model whose vectors the head reads.
        values: labels, thresholds and the like.
        tensors: weights by name.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    head = {"task": task, "backbone": backbone, **values}
    (folder / "head.json").write_text(json.dumps(head, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if tensors:
        save_file(tensors, folder / "head.safetensors")


def read(folder: Path, task: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write` wrote.

    Raises:
        EclipError: there is no such head, or it is of another task.
    """
    try:
        values: dict[str, Any] = json.loads((folder / "head.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EclipError(f"{folder}: no head of '{task}' ({error}); finetune writes it") from None
    if values.get("task") != task:
        raise EclipError(f"{folder}: a head of '{values.get('task')}', expected one of '{task}'")
    weights = folder / "head.safetensors"
    if not weights.exists():
        return values, {}
    from safetensors.numpy import load_file

    return values, load_file(weights)
