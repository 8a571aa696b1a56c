"""MinHash of texts as compiled loops: see `minhash` for what it computes, `minhash_numpy` for the same in numpy.

Texts go through in blocks that stay in the processor's cache: bytes to code points, code points to the hashes of all
shingles of the block (three 32-bit words each, so that XXH32 has no tail and runs over many shingles at a time), hashes
to signatures, eight shingles for each pass over the permutations.
"""

from __future__ import annotations

import numpy as np

from ..compiled import compiled, inner, making
from .sorting import order_of

BLOCK = 64  # texts whose code points and hashes are held at a time
RANKED = 256  # hashes up to which counting the smaller ones of each, many at a time, beats sorting
_U = np.uint32
_P2, _P3, _P4, _P5 = (np.uint32(p) for p in (2246822519, 3266489917, 668265263, 374761393))  # of XXH32
_EMPTY = np.uint32(0xFFFFFFFF)


@inner
def _absorb(state: np.uint32, word: np.uint32) -> np.uint32:
    """Take one word into XXH32's state."""
    state = _U(state + _U(word * _P3))
    state = _U((state << _U(17)) | (state >> _U(15)))
    return _U(state * _P4)


@inner
def _avalanche(state: np.uint32) -> np.uint32:
    """Finish XXH32."""
    state = _U((state ^ (state >> _U(15))) * _P2)
    state = _U((state ^ (state >> _U(13))) * _P3)
    return _U(state ^ (state >> _U(16)))


@inner
def _mix(value: np.uint32) -> np.uint32:
    """MurmurHash3's finaliser, through which datasketch sends each hash before it is permuted."""
    value = _U((value ^ (value >> _U(16))) * _U(0x85EBCA6B))
    value = _U((value ^ (value >> _U(13))) * _U(0xC2B2AE35))
    return _U(value ^ (value >> _U(16)))


@inner
def _decode(data: np.ndarray, points: np.ndarray) -> None:
    """Read a character at every byte of UTF-8, [uint8 (n + 3,)] -> [uint32 (n,)]: right where one begins."""
    for k in range(len(points)):
        lead = _U(data[k])
        second, third, fourth = _U(data[k + 1]) & _U(0x3F), _U(data[k + 2]) & _U(0x3F), _U(data[k + 3]) & _U(0x3F)
        two = ((lead & _U(0x1F)) << _U(6)) | second
        three = ((lead & _U(0x0F)) << _U(12)) | (second << _U(6)) | third
        four = ((lead & _U(0x07)) << _U(18)) | (second << _U(12)) | (third << _U(6)) | fourth
        points[k] = lead if lead < _U(0x80) else two if lead < _U(0xE0) else three if lead < _U(0xF0) else four


@inner
def _hash_block(
    data: np.ndarray, ends: np.ndarray, padded: np.ndarray, points: np.ndarray, hashes: np.ndarray, starts: np.ndarray
) -> None:
    """Hash the shingles of a block of texts: those of text i are hashes[starts[i]:] and the next ones.

    Hashes are worked out across the seams of texts too, which is faster than to stop there; `_shingle_count` says how
    many belong to a text.

    Args:
        data: [uint8] UTF-8 of all texts.
        ends: [int64 (m + 1,)] bounds of those of the block.
        padded: [uint8 (size,)] scratch, as are the next three.
        points: [uint32 (size,)]
        hashes: [uint32 (size,)]
        starts: [int64 (m + 1,)]
    """
    texts = len(ends) - 1
    own = data[ends[0] : ends[texts]]
    for k in range(len(own)):
        padded[k] = own[k]
    for k in range(len(own), len(own) + 3):
        padded[k] = 0
    _decode(padded, hashes[: len(own)])
    # Keep what was read where a character begins. A step of 0 or 1, and no branch, which no processor could foretell.
    n = np.uint64(0)
    for i in range(texts):
        starts[i] = n
        begin, end = ends[i] - ends[0], ends[i + 1] - ends[0]
        text, read = padded[begin:end], hashes[begin:end]
        for k in range(len(text)):
            points[n] = read[k]
            n += np.uint64((text[k] & np.uint8(0xC0)) != np.uint8(0x80))
    starts[texts] = n
    for k in range(starts[texts] - 2):
        state = _absorb(_absorb(_absorb(_U(_P5 + _U(12)), points[k]), points[k + 1]), points[k + 2])
        hashes[k] = _avalanche(state)
    for i in range(texts):
        length = starts[i + 1] - starts[i]
        if 0 < length < 3:
            state = _U(_P5 + _U(4 * length))
            for k in range(starts[i], starts[i + 1]):
                state = _absorb(state, points[k])
            hashes[starts[i]] = _avalanche(state)


@inner
def _shingle_count(length: int) -> int:
    """Shingles of a text: itself where it is shorter than one, none where it is empty."""
    return length - 2 if length > 2 else min(length, 1)


@making
def _scratch(ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bytes, code points and hashes of the largest block."""
    size = 0
    for first in range(0, len(ends) - 1, BLOCK):
        size = max(size, ends[min(first + BLOCK, len(ends) - 1)] - ends[first] + 3)
    return np.empty(size, np.uint8), np.empty(size, np.uint32), np.empty(size, np.uint32)


@compiled
def signatures_of(data: np.ndarray, ends: np.ndarray, factors: np.ndarray, summands: np.ndarray) -> np.ndarray:
    """Sign texts, given as UTF-8 and their bounds. [uint32 (n, num_perm)]"""
    texts = len(ends) - 1
    result = np.empty((texts, len(factors)), np.uint32)
    padded, points, hashes = _scratch(ends)
    starts = np.empty(BLOCK + 1, np.int64)
    for first in range(0, texts, BLOCK):
        last = min(first + BLOCK, texts)
        _hash_block(data, ends[first : last + 1], padded, points, hashes, starts)
        for k in range(starts[last - first]):
            hashes[k] = _mix(hashes[k])
        for i in range(last - first):
            start = starts[i]
            _lowest(hashes, start, start + _shingle_count(starts[i + 1] - start), factors, summands, result[first + i])
    return result


@compiled
def signatures(values: np.ndarray, offsets: np.ndarray, factors: np.ndarray, summands: np.ndarray) -> np.ndarray:
    """Sign sets of hashes. [uint32 (n, num_perm)]"""
    texts = len(offsets) - 1
    result = np.empty((texts, len(factors)), np.uint32)
    mixed = np.empty(0, np.uint32)
    for first in range(0, texts, BLOCK):
        last = min(first + BLOCK, texts)
        start = offsets[first]
        own = values[start : offsets[last]]
        if len(own) > len(mixed):
            mixed = np.empty(2 * len(own), np.uint32)
        for k in range(len(own)):
            mixed[k] = _mix(own[k])
        for i in range(first, last):
            _lowest(mixed, offsets[i] - start, offsets[i + 1] - start, factors, summands, result[i])
    return result


@inner
def _lowest(
    hashes: np.ndarray, first: int, end: int, factors: np.ndarray, summands: np.ndarray, lowest: np.ndarray
) -> None:
    """Write the lowest value that each permutation gives to hashes [first, end)."""
    for k in range(len(factors)):
        lowest[k] = _EMPTY
    last = end - 1
    for j in range(first, end, 8):
        # Behind the last hash, the last one again: a minimum does not mind.
        h0, h1, h2 = hashes[j], hashes[min(j + 1, last)], hashes[min(j + 2, last)]
        h3, h4, h5 = hashes[min(j + 3, last)], hashes[min(j + 4, last)], hashes[min(j + 5, last)]
        h6, h7 = hashes[min(j + 6, last)], hashes[min(j + 7, last)]
        for k in range(len(factors)):
            a, b = factors[k], summands[k]
            low01, low23 = min(_U(h0 * a + b), _U(h1 * a + b)), min(_U(h2 * a + b), _U(h3 * a + b))
            low45, low67 = min(_U(h4 * a + b), _U(h5 * a + b)), min(_U(h6 * a + b), _U(h7 * a + b))
            lowest[k] = min(lowest[k], min(min(low01, low23), min(low45, low67)))


@compiled
def shingles(data: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut texts into sorted, distinct hashes. [uint32 (total,)], [int64 (n + 1,)]"""
    texts = len(ends) - 1
    padded, points, hashes = _scratch(ends)
    starts = np.empty(BLOCK + 1, np.int64)
    ranks, places = np.empty(RANKED, np.uint32), np.empty(RANKED, np.int32)
    # A text has at most as many shingles as bytes.
    values = np.empty(ends[texts] - ends[0], np.uint32)
    offsets = np.zeros(texts + 1, np.int64)
    total = 0
    for first in range(0, texts, BLOCK):
        last = min(first + BLOCK, texts)
        _hash_block(data, ends[first : last + 1], padded, points, hashes, starts)
        for i in range(last - first):
            own = hashes[starts[i] : starts[i] + _shingle_count(starts[i + 1] - starts[i])]
            total = _write_sorted(own, ranks, places, values, total)
            offsets[first + i + 1] = total
    return values[:total], offsets


@making
def _write_sorted(hashes: np.ndarray, ranks: np.ndarray, places: np.ndarray, values: np.ndarray, total: int) -> int:
    """Write the distinct ones of `hashes` to values[total:], sorted; give the total after them."""
    count = len(hashes)
    if count > RANKED:
        order = order_of(hashes)
        for k in range(count):
            if k == 0 or hashes[order[k]] != hashes[order[k - 1]]:
                values[total] = hashes[order[k]]
                total += 1
        return total
    for k in range(count):
        ranks[k] = 0
        places[k] = -1
    for j in range(count):
        value = hashes[j]
        for k in range(count):
            ranks[k] += _U(hashes[k] > value)
    for k in range(count):
        places[ranks[k]] = k  # equal hashes have one place, and leave the next ones empty
    for k in range(count):
        if places[k] >= 0:
            values[total] = hashes[places[k]]
            total += 1
    return total


@compiled
def band_keys(signature: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """Hash the values of each band. [uint64 (n, bands)]"""
    keys = np.empty((len(signature), bands), np.uint64)
    for i in range(len(signature)):
        for band in range(bands):
            key = np.uint64(0x9E3779B97F4A7C15) * np.uint64(band + 1)
            for row in range(band * rows, (band + 1) * rows):
                key = (key ^ np.uint64(signature[i, row])) * np.uint64(0xFF51AFD7ED558CCD)
                key ^= key >> np.uint64(33)
            keys[i, band] = key
    return keys


@compiled
def jaccard(values: np.ndarray, offsets: np.ndarray, left: int, right: int) -> float:
    """Compare two sets exactly: shared over all; 0 where either is empty."""
    i, i_end = offsets[left], offsets[left + 1]
    j, j_end = offsets[right], offsets[right + 1]
    sizes = (i_end - i) + (j_end - j)
    if i == i_end or j == j_end:
        return 0.0
    shared = 0
    while i < i_end and j < j_end:
        one, other = values[i], values[j]
        # Sums of comparisons, not branches, which no processor could foretell.
        shared += one == other
        i += one <= other
        j += other <= one
    return float(shared / (sizes - shared))
