"""XXH64 of texts, bit for bit that of the library xxhash, over Arrow's buffers.

The library is called once for each text; a million ids, sellers and titles are three million Python calls.
Specification: github.com/Cyan4973/xxHash, doc/xxhash_spec.md.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..compiled import compiled, inner

_P1, _P2, _P3, _P4, _P5 = (
    np.uint64(p)
    for p in (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261)
)


def digests(texts: pa.Array) -> np.ndarray:
    """Hash texts; 0 for null and "". [uint64 (n,)]

    >>> import xxhash
    >>> digests(pa.array(["mug", ""])).tolist() == [xxhash.xxh64_intdigest(b"mug"), 0]
    True
    """
    if not len(texts) or texts.null_count == len(texts):
        return np.zeros(len(texts), np.uint64)
    # Behind a null there may stand bytes.
    texts = pc.fill_null(texts.cast(pa.large_string()), "")
    _, bounds, data = texts.buffers()
    ends = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.asarray(_digests(np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8), ends))


def digests_of_lists(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Hash lists of numbers; 0 for an empty one. [(total,)], [int64 (n + 1,)] where each begins -> [uint64 (n,)]"""
    return np.asarray(_digests(np.ascontiguousarray(values).view(np.uint8), offsets * values.itemsize))


@compiled
def _digests(data: np.ndarray, ends: np.ndarray) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.uint64)
    for i in range(len(found)):
        if ends[i + 1] > ends[i]:
            found[i] = _xxh64(data, ends[i], ends[i + 1])
    return found


@inner
def _rotated(value: np.uint64, bits: int) -> np.uint64:
    return np.uint64((value << np.uint64(bits)) | (value >> np.uint64(64 - bits)))


@inner
def _word(data: np.ndarray, first: int, width: int) -> np.uint64:
    """Read a little-endian number."""
    value = np.uint64(0)
    for k in range(width):
        value |= np.uint64(data[first + k]) << np.uint64(8 * k)
    return value


@inner
def _round(state: np.uint64, word: np.uint64) -> np.uint64:
    return np.uint64(_rotated(np.uint64(state + word * _P2), 31) * _P1)


@inner
def _xxh64(data: np.ndarray, first: int, last: int) -> np.uint64:
    """XXH64, seed 0, of the bytes [first, last)."""
    at = first
    if last - first >= 32:
        one, two, three, four = np.uint64(_P1 + _P2), _P2, np.uint64(0), np.uint64(np.uint64(0) - _P1)
        while at + 32 <= last:
            one = _round(one, _word(data, at, 8))
            two = _round(two, _word(data, at + 8, 8))
            three = _round(three, _word(data, at + 16, 8))
            four = _round(four, _word(data, at + 24, 8))
            at += 32
        state = np.uint64(_rotated(one, 1) + _rotated(two, 7) + _rotated(three, 12) + _rotated(four, 18))
        for lane in (one, two, three, four):
            state = np.uint64((state ^ _round(np.uint64(0), lane)) * _P1 + _P4)
    else:
        state = _P5
    state = np.uint64(state + np.uint64(last - first))
    while at + 8 <= last:
        state = np.uint64(_rotated(state ^ _round(np.uint64(0), _word(data, at, 8)), 27) * _P1 + _P4)
        at += 8
    if at + 4 <= last:
        state = np.uint64(_rotated(state ^ np.uint64(_word(data, at, 4) * _P1), 23) * _P2 + _P3)
        at += 4
    while at < last:
        state = np.uint64(_rotated(state ^ np.uint64(np.uint64(data[at]) * _P5), 11) * _P1)
        at += 1
    state = np.uint64((state ^ (state >> np.uint64(33))) * _P2)
    state = np.uint64((state ^ (state >> np.uint64(29))) * _P3)
    return np.uint64(state ^ (state >> np.uint64(32)))
