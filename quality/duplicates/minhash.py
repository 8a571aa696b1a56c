"""MinHash signatures of short texts, bit for bit those of datasketch.

    datasketch.MinHash(num_perm, seed=1, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)

over character shingles encoded as UTF-32-LE (Broder, "On the resemblance and containment of documents", 1997).
datasketch calls a Python function for every shingle of every text; here the same arithmetic is compiled and runs over
Arrow's buffers. A text shorter than a shingle has itself as its one shingle; an empty one has none, and no signature.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numba
import numpy as np
import pyarrow as pa

SHINGLE = 3  # characters: one safe setting for Latin and CJK titles alike
EMPTY = np.uint32(0xFFFFFFFF)  # each value of a signature without shingles
_P2, _P3, _P4, _P5 = (np.uint32(p) for p in (2246822519, 3266489917, 668265263, 374761393))


@dataclass(frozen=True)
class Shingles:
    """The distinct shingle hashes of n texts, sorted in each: those of text i are values[offsets[i]:offsets[i + 1]]."""

    values: np.ndarray  # [uint32 (total,)]
    offsets: np.ndarray  # [int64 (n + 1,)]


def shingles(texts: pa.Array) -> Shingles:
    """Cut normalised texts (no nulls) into hashed shingles of three characters.

    >>> np.diff(shingles(pa.array(["abcd", "ab", "", "aaaa"])).offsets).tolist()
    [2, 1, 0, 1]
    """
    texts = texts.cast(pa.large_string())
    _, bounds, data = texts.buffers()
    ends = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    points = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return Shingles(*_shingles(points, ends))


def signatures(sets: Shingles, num_perm: int = 128) -> np.ndarray:
    """MinHash values of each text. [uint32 (n, num_perm)], EMPTY where there is no shingle."""
    factors, summands = permutations(num_perm)
    return np.asarray(_signatures(sets.values, sets.offsets, factors, summands))


@functools.cache
def permutations(num_perm: int) -> tuple[np.ndarray, np.ndarray]:
    """The factors and summands that datasketch draws for seed 1. [uint32 (num_perm,)] each"""
    from datasketch import MinHash

    factors, summands = MinHash(num_perm, seed=1).permutations
    return np.ascontiguousarray(factors, np.uint32), np.ascontiguousarray(summands, np.uint32)


def band_keys(signature: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """One key for each band of each signature: two texts share a key where all values of a band are equal.

    Args:
        signature: [uint32 (n, num_perm)]
        bands: b of the LSH scheme; the first b x r values are used, as in `datasketch.MinHashLSH(params=(b, r))`.
        rows: r of the scheme.

    Returns:
        [uint64 (n, bands)]
    """
    keys = np.empty((len(signature), bands), np.uint64)
    for band in range(bands):
        key = np.full(len(signature), (0x9E3779B97F4A7C15 * (band + 1)) & 0xFFFFFFFFFFFFFFFF, np.uint64)
        for row in range(rows):
            key = (key ^ signature[:, band * rows + row]) * np.uint64(0xFF51AFD7ED558CCD)
            key ^= key >> np.uint64(33)
        keys[:, band] = key
    return keys


@numba.njit(cache=True)
def _xxh32(points: np.ndarray, first: int, length: int) -> np.uint32:
    """XXH32, seed 0, of one to three 32-bit words."""
    state = np.uint32(_P5 + np.uint32(4 * length))
    for k in range(length):
        state = np.uint32(state + np.uint32(points[first + k] * _P3))
        state = np.uint32((state << np.uint32(17)) | (state >> np.uint32(15)))
        state = np.uint32(state * _P4)
    state = np.uint32((state ^ (state >> np.uint32(15))) * _P2)
    state = np.uint32((state ^ (state >> np.uint32(13))) * _P3)
    return np.uint32(state ^ (state >> np.uint32(16)))


@numba.njit(cache=True)
def _decode(data: np.ndarray, first: int, last: int, points: np.ndarray) -> int:
    """Write the code points of UTF-8 bytes [first, last) to `points`; give their number."""
    n = 0
    i = first
    while i < last:
        lead = np.uint32(data[i])
        width = 1 if lead < 0x80 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        point = lead if width == 1 else lead & np.uint32(0xFF >> (width + 1))
        for k in range(1, width):
            point = np.uint32((point << np.uint32(6)) | (np.uint32(data[i + k]) & np.uint32(0x3F)))
        points[n] = point
        n += 1
        i += width
    return n


@numba.njit(cache=True)
def _shingles(data: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    texts = len(ends) - 1
    longest = 0
    for i in range(texts):
        longest = max(longest, ends[i + 1] - ends[i])
    points = np.empty(longest, np.uint32)
    # A text has at most as many shingles as bytes.
    values = np.empty(ends[texts] - ends[0], np.uint32)
    offsets = np.zeros(texts + 1, np.int64)
    total = 0
    for i in range(texts):
        n = _decode(data, ends[i], ends[i + 1], points)
        first = total
        if n >= SHINGLE:
            for k in range(n - SHINGLE + 1):
                values[total] = _xxh32(points, k, SHINGLE)
                total += 1
        elif n > 0:
            values[total] = _xxh32(points, 0, n)
            total += 1
        ordered = np.sort(values[first:total])
        total = first
        for k in range(len(ordered)):
            if k == 0 or ordered[k] != ordered[k - 1]:
                values[total] = ordered[k]
                total += 1
        offsets[i + 1] = total
    return values[:total].copy(), offsets


@numba.njit(cache=True)
def _signatures(values: np.ndarray, offsets: np.ndarray, factors: np.ndarray, summands: np.ndarray) -> np.ndarray:
    texts, num_perm = len(offsets) - 1, len(factors)
    result = np.full((texts, num_perm), EMPTY, np.uint32)
    for i in range(texts):
        lowest = result[i]
        for s in range(offsets[i], offsets[i + 1]):
            # MurmurHash3's finaliser, with which datasketch mixes each hash before it is permuted.
            mixed = values[s]
            mixed = np.uint32((mixed ^ (mixed >> np.uint32(16))) * np.uint32(0x85EBCA6B))
            mixed = np.uint32((mixed ^ (mixed >> np.uint32(13))) * np.uint32(0xC2B2AE35))
            mixed = np.uint32(mixed ^ (mixed >> np.uint32(16)))
            for k in range(num_perm):
                value = np.uint32(mixed * factors[k] + summands[k])
                if value < lowest[k]:
                    lowest[k] = value
    return result


@numba.njit(cache=True)
def jaccard(values: np.ndarray, offsets: np.ndarray, left: int, right: int) -> float:
    """Exact Jaccard index of two shingle sets: shared over all; 0 where either is empty."""
    i, i_end = offsets[left], offsets[left + 1]
    j, j_end = offsets[right], offsets[right + 1]
    sizes = (i_end - i) + (j_end - j)
    if i == i_end or j == j_end:
        return 0.0
    shared = 0
    while i < i_end and j < j_end:
        if values[i] == values[j]:
            shared += 1
            i += 1
            j += 1
        elif values[i] < values[j]:
            i += 1
        else:
            j += 1
    return float(shared / (sizes - shared))
