"""Exact nearest neighbours by cosine, block by block.

Exact, because below about a million rows an approximate index is no faster than this and misses a share of
the neighbours; by block, so that memory does not grow with the catalog.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
from threadpoolctl import threadpool_limits

QUERY_BLOCK = 512
GALLERY_BLOCK = 8192


def top_k(queries: np.ndarray, gallery: np.ndarray, k: int, own: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the `k` rows of the gallery most similar to each query.

    Equal scores go by the gallery number, so the answer is the same on every run. Memory beside the answer is
    about 100 MB, whatever the sizes.

    Args:
        queries: float of shape (n, d), dense or sparse (CSR); rows of length 1, or zeros where there is
            nothing to look for.
        gallery: float of shape (m, d); float16 is widened block by block.
        k: neighbours wanted; fewer come where the gallery holds fewer.
        own: the queries are rows of the gallery from this number on, and no row is its own neighbour.

    Returns:
        Gallery numbers, int64 of shape (n, min(k, m)) (m - 1 without itself), best first; and cosines, float32.

    Raises:
        ValueError: k is below 1, dimensions differ, or the gallery does not hold so many rows from `own` on.
    """
    if k < 1 or queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise ValueError(f"top {k} of {queries.shape} in {gallery.shape}; expected k >= 1 and rows of one dimension")
    wanted, there = queries.shape[0], gallery.shape[0]
    if own is not None and not 0 <= own <= there - wanted:
        raise ValueError(f"{wanted} queries as rows from {own} on of a gallery of {there}; expected that it holds them")
    kept = max(0, min(k, there - int(own is not None)))
    found = np.empty((wanted, kept), np.int64)
    scores = np.empty((wanted, kept), np.float32)
    if not kept:
        return found, scores
    with threadpool_limits(1, "blas"):
        for start in range(0, wanted, QUERY_BLOCK):
            rows = slice(start, min(start + QUERY_BLOCK, wanted))
            asked, best = _float32(queries[rows]), np.zeros((rows.stop - start, 0), np.uint64)
            for first in range(0, there, GALLERY_BLOCK):
                cosines = asked @ _float32(gallery[first : first + GALLERY_BLOCK]).T
                keys = _keys(cosines.toarray() if scipy.sparse.issparse(cosines) else cosines, first)
                if own is not None:
                    column = np.arange(start, start + len(keys)) + own - first
                    inside = (column >= 0) & (column < keys.shape[1])
                    keys[np.flatnonzero(inside), column[inside]] = 0
                if keys.shape[1] > kept:
                    keys = np.partition(keys, keys.shape[1] - kept, axis=1)[:, -kept:]
                best = np.sort(np.concatenate([best, keys], axis=1), axis=1)[:, -kept:]
            found[rows], scores[rows] = _unpack(best[:, ::-1])
    return found, scores


def _float32(rows: np.ndarray) -> np.ndarray:
    return rows.astype(np.float32) if scipy.sparse.issparse(rows) else np.asarray(rows, np.float32)


def _keys(cosines: np.ndarray, first: int) -> np.ndarray:
    """Pack score and gallery number into one number that sorts by score, then by the lower number."""
    bits = cosines.astype(np.float32).view(np.uint32)
    # The bits of positive floats sort as they are, those of negative ones the other way round. Adding 0.0
    # before would not matter: -0.0 and 0.0 must be one score, so both are mapped alike.
    bits = np.where(cosines == 0, np.uint32(0), bits)
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)).astype(np.uint64)
    numbers = np.arange(first, first + cosines.shape[1], dtype=np.uint64)
    return np.asarray((ordered << np.uint64(32)) | (np.uint64(0xFFFFFFFF) - numbers)[None, :])


def _unpack(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    numbers = (np.uint64(0xFFFFFFFF) - (keys & np.uint64(0xFFFFFFFF))).astype(np.int64)
    ordered = (keys >> np.uint64(32)).astype(np.uint32)
    bits = np.where(ordered >> 31, ordered & np.uint32(0x7FFFFFFF), ~ordered).astype(np.uint32)
    return numbers, bits.view(np.float32)
