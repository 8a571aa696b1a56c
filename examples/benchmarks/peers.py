"""What others do to find duplicates, as their guides show it: pairs of rows, and what drops by them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from eclip.examples.benchmarks.labelled import Pairs
from eclip.quality.duplicates.minhash import band_keys, shingles, signatures
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfVectorizer


def near_photos(hashes: np.ndarray, most: int) -> Pairs:
    """All pairs of 64-bit hashes that differ in at most so many bits."""
    found = []
    for first in range(0, len(hashes), 1000):
        near = np.argwhere(np.bitwise_count(hashes[first : first + 1000, None] ^ hashes) <= most)
        found.append(near + np.array([first, 0]))
    pairs = np.concatenate(found)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    return pairs[:, 0], pairs[:, 1]


def tfidf(texts: Iterable[str], floor: float) -> tuple[Pairs, np.ndarray]:
    """All pairs whose TF-IDF cosine (character 3- and 4-grams within words) is at least the floor, and the cosine."""
    rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, min_df=2).fit_transform(texts)
    rows, left, right, value = rows.astype(np.float32), [], [], []
    for first in range(0, rows.shape[0], 500):
        near = (rows[first : first + 500] @ rows.T).tocoo()
        keep = (near.data >= floor) & (near.row + first < near.col)
        left.append(near.row[keep] + first)
        right.append(near.col[keep])
        value.append(near.data[keep])
    return (np.concatenate(left), np.concatenate(right)), np.concatenate(value)


def datasketch(texts: Iterable[str], threshold: float = 0.5) -> Pairs:
    """datasketch as its guide shows it: MinHash of the words, MinHashLSH, nothing verified."""
    from datasketch import MinHash, MinHashLSH

    index, left, right = MinHashLSH(threshold=threshold, num_perm=128), [], []
    sketches = MinHash.bulk([[w.encode() for w in text.split()] for text in texts], num_perm=128)
    for row, sketch in enumerate(sketches):
        near = index.query(sketch)
        left += near
        right += [row] * len(near)
        index.insert(row, sketch)
    return np.array(left, int), np.array(right, int)


def char_minhash(texts: pa.Array, threshold: float) -> Pairs:
    """MinHash of character 3-grams, 32 bands of 4, every candidate verified; no vetoes, no photos."""
    sets = shingles(texts)
    bands = band_keys(signatures(sets), 32, 4)
    pairs: set[tuple[int, int]] = set()
    for band in bands.T:
        order = np.argsort(band, kind="stable")
        cuts = np.flatnonzero(np.diff(band[order])) + 1
        for bucket in np.split(order, cuts):
            if 1 < len(bucket) <= 2000:
                pairs.update((int(a), int(b)) for k, a in enumerate(bucket) for b in bucket[k + 1 :])
    rows = [set(sets.values[a:b].tolist()) for a, b in zip(sets.offsets, sets.offsets[1:], strict=False)]
    found = [(a, b) for a, b in pairs if len(rows[a] & rows[b]) >= threshold * len(rows[a] | rows[b])]
    rows_of = np.array(sorted(found), int).reshape(-1, 2)
    return rows_of[:, 0], rows_of[:, 1]


def components(n: int, pairs: Pairs) -> np.ndarray:
    """Who stands for each row where all that hangs together is one: the first. [int64 (n,)]"""
    _, label = connected_components(csr_matrix((np.ones(len(pairs[0])), pairs), shape=(n, n)), directed=False)
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[label])
