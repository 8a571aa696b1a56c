"""MinHash of texts in numpy alone, bit for bit what `minhash_numba` computes: for processes without numba."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCK = 512  # texts signed at a time: the permuted hashes of more would not stay in the processor's cache
_U = np.uint32
_P2, _P3, _P4, _P5 = (np.uint32(p) for p in (2246822519, 3266489917, 668265263, 374761393))  # of XXH32
_EMPTY = np.uint32(0xFFFFFFFF)


def signatures_of(data: np.ndarray, ends: np.ndarray, factors: np.ndarray, summands: np.ndarray) -> np.ndarray:
    """Sign texts, given as UTF-8 and their bounds. [uint32 (n, num_perm)]"""
    result = np.empty((len(ends) - 1, len(factors)), np.uint32)
    for first in range(0, len(result), BLOCK):
        part = slice(first, first + BLOCK)
        result[part] = signatures(*_hashes(data, ends[first : first + BLOCK + 1]), factors, summands)
    return result


def signatures(values: np.ndarray, offsets: np.ndarray, factors: np.ndarray, summands: np.ndarray) -> np.ndarray:
    """Sign sets of hashes. [uint32 (n, num_perm)]"""
    result = np.full((len(offsets) - 1, len(factors)), _EMPTY, np.uint32)
    for first in range(0, len(result), BLOCK):
        ends = offsets[first : first + BLOCK + 1]
        some = np.flatnonzero(ends[1:] > ends[:-1])
        if len(some) == 0:
            continue
        mixed = _mix(values[ends[0] : ends[-1]])
        starts = (ends[:-1] - ends[0])[some]
        for k in range(len(factors)):
            result[first + some, k] = np.minimum.reduceat(mixed * factors[k] + summands[k], starts)
    return result


def shingles(data: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut texts into sorted, distinct hashes. [uint32 (total,)], [int64 (n + 1,)]"""
    values, offsets = _hashes(data, ends)
    owners = np.repeat(np.arange(len(ends) - 1, dtype=np.uint64), np.diff(offsets))
    owned = np.sort((owners << np.uint64(32)) | values)
    owned = owned[np.append(True, owned[1:] != owned[:-1])[: len(owned)]]
    bounds = np.arange(len(ends), dtype=np.uint64) << np.uint64(32)
    return owned.astype(np.uint32), np.searchsorted(owned, bounds).astype(np.int64)


def band_keys(signature: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """Hash the values of each band. [uint64 (n, bands)]"""
    keys = np.empty((len(signature), bands), np.uint64)
    for band in range(bands):
        key = np.full(len(signature), (0x9E3779B97F4A7C15 * (band + 1)) & 0xFFFFFFFFFFFFFFFF, np.uint64)
        for row in range(band * rows, (band + 1) * rows):
            key = (key ^ signature[:, row]) * np.uint64(0xFF51AFD7ED558CCD)
            key ^= key >> np.uint64(33)
        keys[:, band] = key
    return keys


def jaccard(values: np.ndarray, offsets: np.ndarray, left: int, right: int) -> float:
    """Compare two sets exactly: shared over all; 0 where either is empty."""
    one = values[offsets[left] : offsets[left + 1]]
    other = values[offsets[right] : offsets[right + 1]]
    if len(one) == 0 or len(other) == 0:
        return 0.0
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


def _hashes(data: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash all shingles of each text, in their order. [uint32 (total,)], [int64 (n + 1,)]"""
    text = data[ends[0] : ends[-1]]
    points = np.frombuffer(text.tobytes().decode().encode("utf-32-le"), np.uint32)
    leads = np.concatenate([[0], np.cumsum((text & 0xC0) != 0x80)])  # every other byte continues a character
    bounds = leads[ends - ends[0]]
    length = np.diff(bounds)
    counts = np.where(length > 2, length - 2, np.minimum(length, 1))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    place = np.arange(offsets[-1]) + np.repeat(bounds[:-1] - offsets[:-1], counts)
    padded = np.append(points, np.zeros(2, np.uint32))
    values = _xxh32([padded[place], padded[place + 1], padded[place + 2]])
    for short in (1, 2):
        rows = np.flatnonzero(length == short)
        values[offsets[rows]] = _xxh32([padded[bounds[rows] + k] for k in range(short)])
    return values, offsets


def _xxh32(words: Sequence[np.ndarray]) -> np.ndarray:
    """XXH32, seed 0, of fewer than four 32-bit words, for n of them at a time. [uint32 (n,)] each"""
    state = np.full(len(words[0]), _P5 + _U(4 * len(words)), np.uint32)
    for word in words:
        state += word * _P3
        state = ((state << _U(17)) | (state >> _U(15))) * _P4
    state = (state ^ (state >> _U(15))) * _P2
    state = (state ^ (state >> _U(13))) * _P3
    return np.asarray(state ^ (state >> _U(16)))


def _mix(values: np.ndarray) -> np.ndarray:
    """MurmurHash3's finaliser, through which datasketch sends each hash before it is permuted."""
    values = (values ^ (values >> _U(16))) * _U(0x85EBCA6B)
    values = (values ^ (values >> _U(13))) * _U(0xC2B2AE35)
    return np.asarray(values ^ (values >> _U(16)))
