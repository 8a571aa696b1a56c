"""Regularised canonical correlation analysis: two views of the same rows, brought into one space.

Canonical correlations are Hotelling's ("Relations between two sets of variates", Biometrika 28, 1936); the
ridge on both covariances is Vinod's ("Canonical ridge and econometrics of joint production", J. Econometrics
4, 1976). It needs no labels and a few CPU-seconds: a fair baseline for learning to match photos with titles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_limits


@dataclass(frozen=True)
class CCA:
    """Two linear maps into the space of canonical variables; cosines there compare rows of the two views."""

    mean_a: np.ndarray  # (p,)
    mean_b: np.ndarray  # (q,)
    weights_a: np.ndarray  # (p, components)
    weights_b: np.ndarray  # (q, components)
    correlations: np.ndarray  # (components,), falling, of the regularised problem

    def project_a(self, rows: np.ndarray) -> np.ndarray:
        """Map rows of the first view. [(n, p) -> float32 of shape (n, components), rows of length 1]"""
        return _unit((np.asarray(rows, np.float64) - self.mean_a) @ self.weights_a)

    def project_b(self, rows: np.ndarray) -> np.ndarray:
        """Map rows of the second view. [(n, q) -> float32 of shape (n, components), rows of length 1]"""
        return _unit((np.asarray(rows, np.float64) - self.mean_b) @ self.weights_b)


def fit(a: np.ndarray, b: np.ndarray, regularisation: float = 0.1, components: int = 96) -> CCA:
    """Find the directions of two views that go together.

    With covariances Caa, Cbb, Cab and the ridge r, the singular values of
    (Caa + r tr(Caa)/p I)^-1/2 Cab (Cbb + r tr(Cbb)/q I)^-1/2 are the correlations; the square roots are
    Cholesky factors here. Each direction is scaled by its correlation, so that weak ones count little in a
    cosine.

    Args:
        a, b: the two views of the same rows, (n, p) and (n, q).
        regularisation: the ridge, relative to the mean variance of a column.
        components: directions to keep, at most min(p, q).

    Raises:
        ValueError: the views have different numbers of rows, fewer than two, a column of nothing but one
            value each, or the ridge is not positive.
    """
    if len(a) != len(b) or len(a) < 2:
        raise ValueError(f"views of {len(a)} and {len(b)} rows; expected two views of the same rows, at least two")
    if not regularisation > 0:
        raise ValueError(f"regularisation is {regularisation}; expected more than 0")
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    mean_a, mean_b = a.mean(0), b.mean(0)
    a, b = a - mean_a, b - mean_b
    # One BLAS thread: sums in another order would change the last bits.
    with threadpool_limits(1, "blas"):
        root_a, root_b = _root(a, regularisation, "first"), _root(b, regularisation, "second")
        middle = scipy.linalg.solve_triangular(root_a, a.T @ b / len(a), lower=True)
        middle = scipy.linalg.solve_triangular(root_b, middle.T, lower=True).T
        u, correlations, v = scipy.linalg.svd(middle, full_matrices=False)
        kept = min(components, len(correlations))
        scale = correlations[:kept]
        weights_a = scipy.linalg.solve_triangular(root_a.T, u[:, :kept]) * scale
        weights_b = scipy.linalg.solve_triangular(root_b.T, v[:kept].T) * scale
    return CCA(mean_a, mean_b, weights_a, weights_b, scale)


def _root(view: np.ndarray, regularisation: float, name: str) -> np.ndarray:
    """Give the lower Cholesky factor of a view's covariance with the ridge on it."""
    covariance = view.T @ view / len(view)
    variance = np.trace(covariance) / len(covariance)
    if not variance > 0:
        raise ValueError(f"the {name} view has the same row {len(view)} times; expected rows that differ")
    covariance[np.diag_indices_from(covariance)] += regularisation * variance
    return np.asarray(scipy.linalg.cholesky(covariance, lower=True))


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(length > 0, length, 1)).astype(np.float32)
