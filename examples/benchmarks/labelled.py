"""A catalog whose groups are known, and how well predicted sets meet them."""

from __future__ import annotations

import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
from eclip.quality.text.clean import clean_texts
from eclip.quality.text.normalise import normalise
from eclip.quality.text.rules import RULES
from scipy.sparse import csr_matrix

Pairs = tuple[np.ndarray, np.ndarray]  # left and right rows [int64 (m,)]


class Labelled:
    """A catalog whose groups are known."""

    def __init__(self, df: pd.DataFrame, group: str, phash: str | None = None) -> None:
        self.df = df.reset_index(drop=True)
        self.df["title"] = clean_texts(pa.array(df["title"].tolist()), tuple(RULES))[0].to_pylist()
        self.group = pd.factorize(df[group])[0]
        self.sizes = np.bincount(self.group)[self.group]
        self.half = np.array([zlib.crc32(str(name).encode()) % 2 for name in df[group]])
        self.phash = phash
        self.texts = normalise(pa.array(self.df["title"]))

    @property
    def hashes(self) -> np.ndarray:
        """The photos' 64-bit hashes. [uint64 (n,)]"""
        return np.array([int(value, 16) for value in self.df[self.phash]], np.uint64)

    def row_f1(self, predicted: csr_matrix) -> np.ndarray:
        """F1 of each row's predicted set against its group, as Kaggle's Shopee contest does it. [float64 (n,)]"""
        rows = np.repeat(np.arange(len(self.group)), np.diff(predicted.indptr))
        right = np.bincount(rows[self.group[rows] == self.group[predicted.indices]], minlength=len(self.group))
        return np.asarray(2 * right / (np.diff(predicted.indptr) + self.sizes))

    def pairwise(self, predicted: csr_matrix) -> tuple[float, float]:
        """Precision and recall over pairs of different rows."""
        rows = np.repeat(np.arange(len(self.group)), np.diff(predicted.indptr))
        pairs = (len(rows) - len(self.group)) / 2
        right = ((self.group[rows] == self.group[predicted.indices]).sum() - len(self.group)) / 2
        known = sum(n * (n - 1) / 2 for n in np.bincount(self.group))
        return right / max(1, pairs), right / known


def sets_of(n: int, pairs: Pairs, kept: np.ndarray | None = None) -> csr_matrix:
    """Each row's predicted set: itself, what is linked to it, and what was dropped for any of these."""
    links = csr_matrix((np.ones(len(pairs[0])), pairs), shape=(n, n))
    links = links + links.T + csr_matrix((np.ones(n), (np.arange(n), np.arange(n))), shape=(n, n))
    member = csr_matrix((np.ones(n), (np.arange(n), np.arange(n) if kept is None else kept)), shape=(n, n))
    return (member @ links @ member.T).tocsr()
