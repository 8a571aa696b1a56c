"""MinHash signatures of short texts, bit for bit those of datasketch.

    datasketch.MinHash(num_perm, seed=1, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)

over character shingles encoded as UTF-32-LE (Broder, "On the resemblance and containment of documents", 1997).
datasketch calls a Python function for every shingle of every text; here the same arithmetic runs over Arrow's buffers,
compiled (`minhash_numba`) or, where numba is not installed or NUMBA_DISABLE_JIT=1, in numpy (`minhash_numpy`). A text
shorter than a shingle has itself as its one shingle; an empty one has none, and no signature.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..compiled import COMPILES

if COMPILES:
    from . import minhash_numba as kernel
else:
    from . import minhash_numpy as kernel  # type: ignore[no-redef]

if TYPE_CHECKING:
    from datasketch import LeanMinHash

EMPTY = np.uint32(0xFFFFFFFF)  # each value of a signature without shingles
SEED = 1  # of the permutations

# Exact Jaccard index of two shingle sets, (values, offsets, left, right) -> shared over all; 0 where either is empty.
jaccard = kernel.jaccard


@dataclass(frozen=True)
class Shingles:
    """The distinct shingle hashes of n texts, sorted in each: those of text i are values[offsets[i]:offsets[i + 1]]."""

    values: np.ndarray  # [uint32 (total,)]
    offsets: np.ndarray  # [int64 (n + 1,)]


def shingles(texts: pa.Array) -> Shingles:
    """Cut normalised texts (no nulls) into hashed shingles of three characters, for exact comparison.

    >>> np.diff(shingles(pa.array(["abcd", "ab", "", "aaaa"])).offsets).tolist()
    [2, 1, 0, 1]
    """
    return Shingles(*kernel.shingles(*_utf8(texts)))


def signatures(sets: Shingles, num_perm: int = 128) -> np.ndarray:
    """MinHash values of each text. [uint32 (n, num_perm)], EMPTY where there is no shingle."""
    values, offsets = np.ascontiguousarray(sets.values, np.uint32), np.ascontiguousarray(sets.offsets, np.int64)
    return np.asarray(kernel.signatures(_read_only(values), _read_only(offsets), *permutations(num_perm)))


def signatures_of(texts: pa.Array, num_perm: int = 128) -> np.ndarray:
    """MinHash values of each text (no nulls), without sets to compare: the shortest way from text to signature.

    >>> texts = pa.array(["red mug", ""])
    >>> bool((signatures_of(texts) == signatures(shingles(texts))).all())
    True
    """
    return np.asarray(kernel.signatures_of(*_utf8(texts), *permutations(num_perm)))


@functools.cache
def permutations(num_perm: int) -> tuple[np.ndarray, np.ndarray]:
    """The factors and summands that datasketch draws for seed 1. [uint32 (num_perm,)] each"""
    draw = np.random.RandomState(SEED)  # as datasketch does, whose import takes longer than to sign a million titles
    factors = draw.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return _read_only(factors), _read_only(draw.randint(0, 1 << 32, num_perm, dtype=np.uint32))


def band_keys(signature: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """One key for each band of each signature: two texts share a key where all values of a band are equal.

    Args:
        signature: [uint32 (n, num_perm)]
        bands: b of the LSH scheme; the first b x r values are used, as in `datasketch.MinHashLSH(params=(b, r))`.
        rows: r of the scheme.

    Returns:
        [uint64 (n, bands)]

    Raises:
        ValueError: bands x rows is more than num_perm.
    """
    if bands * rows > signature.shape[1]:
        raise ValueError(
            f"bands x rows is {bands} x {rows} = {bands * rows}, more than the {signature.shape[1]} values of a "
            "signature; raise num_perm or lower one of them"
        )
    return np.asarray(kernel.band_keys(_read_only(np.ascontiguousarray(signature, np.uint32)), bands, rows))


def sketches(signature: np.ndarray) -> Sequence[LeanMinHash]:
    """Hand signatures to datasketch, for its indexes and estimates. [uint32 (n, num_perm)] -> n sketches"""
    from datasketch import LeanMinHash

    return [LeanMinHash(seed=SEED, hashvalues=row, scheme="affine32") for row in signature]


def _utf8(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of all texts, and where each begins and ends. [uint8 (total,)], [int64 (n + 1,)]"""
    texts = texts.cast(pa.large_string())
    _, bounds, data = texts.buffers()
    if not len(texts) or data is None:
        return _read_only(np.zeros(0, np.uint8)), _read_only(np.zeros(len(texts) + 1, np.int64))
    ends = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return _read_only(np.frombuffer(data, np.uint8)), _read_only(ends)


def _read_only(array: np.ndarray) -> np.ndarray:
    """A view that may not be written: to numba another type, and one type is compiled once."""
    view = array.view()
    view.flags.writeable = False
    return view
