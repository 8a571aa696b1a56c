"""Verify candidates: inside each bucket of listings that share a key, compare members with a few leaders, exactly.

All pairs of a bucket would be quadratic: in a catalog of a million templated titles one bucket held 8,243. The
members of a bucket are taken in a fixed order; each is compared with the leaders found so far, and becomes one itself
if it resembles none. This runs twice, over the whole bucket and seller by seller, since a listing is dropped for
another of the same seller only.
"""

from __future__ import annotations

import numba
import numpy as np
import pyarrow as pa

from ...schemas.deduplicate_config import DeduplicateConfig
from .edges import compare, distinct, matrix, ragged
from .minhash import jaccard, shingles
from .variants import conflict

SMALL = 16  # members of a bucket that are all compared with each other: links join what no drop does
LOOSE = 0.2  # Jaccard index from which it is worth comparing words
FAR_64 = 12  # bits of the 64-bit hash above which photos are not worth comparing closely
IMAGE_FLOOR = 64  # of 256 bits: edges of photos farther apart are not kept


def shared(keys: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep the keys that two rows or more have: the buckets. [uint64 (n,)], [int64 (n,)] -> both, sorted by key, row"""
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    same = keys[1:] == keys[:-1]
    several = np.append(same, False)[: len(keys)] | np.append(False, same)[: len(keys)]
    return keys[several], rows[several]


def verify(buckets: pa.Table, rarity: np.ndarray, config: DeduplicateConfig) -> pa.RecordBatch:
    """Compare the members of buckets.

    Args:
        buckets: Rows of SIGNS with `key`; rows of one key are a bucket. A listing may stand in several.
        rarity: [float32 (BINS,)] weights of words, over the whole catalog.
        config: floors and leaders.

    Returns:
        Rows of EDGES, distinct, sorted by left_id and right_id.
    """
    buckets = buckets.combine_chunks()
    order = np.lexsort((np.asarray(buckets["order"]), np.asarray(buckets["key"])))
    key = np.asarray(buckets["key"])[order]
    starts = np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1, [len(key)]]).astype(np.int64)
    # A listing stands in several buckets: from here on it is one row.
    codes = np.asarray(buckets["id"].combine_chunks().dictionary_encode().indices)
    _, first, member = np.unique(codes, return_index=True, return_inverse=True)
    rows = buckets.take(pa.array(first)).combine_chunks()
    sets, variant = shingles(rows["text"].combine_chunks()), ragged(rows["features"])
    left, right, similarity = _pairs(
        member[order], starts, np.asarray(rows["seller"]), np.asarray(rows["gtin"]), sets.values, sets.offsets,
        *variant, matrix(rows["phash"], 8).view(np.uint64).ravel(), np.asarray(rows["photo"]), LOOSE,
        config.text_similarity, config.leaders,
    )  # fmt: skip
    # Leaders of the whole bucket and of one seller meet twice, and pairs meet in several buckets.
    low, high = _oriented(rows["id"].combine_chunks(), left, right)
    _, first = np.unique(low * np.int64(rows.num_rows) + high, return_index=True)
    low, high, similarity = low[first], high[first], similarity[first]
    compared = compare(rows, low, high, rarity, similarity, config.vetoes)
    distance, bits = np.asarray(compared["image_distance"]), np.asarray(compared["image_bits"])
    photos = (distance >= 0) & (distance * (256 // np.maximum(bits, 1)) <= IMAGE_FLOOR)
    wordy = np.asarray(compared["word_similarity"]) >= np.float32(config.word_floor)
    near = (similarity >= config.floor) | wordy | photos | np.asarray(compared["equal_gtin"])
    return distinct(compared.filter(pa.array(near)))


def _oriented(ids: pa.Array, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the lower id of each pair on the left; pairs of a listing with itself fall away."""
    rank = np.empty(len(ids), np.int64)
    rank[np.asarray(pa.compute.sort_indices(ids))] = np.arange(len(ids))
    swap = rank[left] > rank[right]
    low, high = np.where(swap, right, left), np.where(swap, left, right)
    return low, high


@numba.njit(cache=True)
def _bits(value: np.uint64) -> int:
    count = 0
    while value:
        value &= value - np.uint64(1)
        count += 1
    return count


@numba.njit(cache=True)
def _pairs(
    order: np.ndarray, starts: np.ndarray, seller: np.ndarray, gtin: np.ndarray, words: np.ndarray, bounds: np.ndarray,
    variant: np.ndarray, variant_bounds: np.ndarray, phash: np.ndarray, photo: np.ndarray, floor: float, close: float,
    most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Pairs of members and leaders that resemble each other, as row numbers, with their Jaccard index."""
    size = 1024
    left, right, similarity = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.float64)
    n = 0
    leaders = np.empty(max(most, SMALL), np.int64)
    for bucket in range(len(starts) - 1):
        members = order[starts[bucket] : starts[bucket + 1]].copy()
        small = len(members) <= SMALL
        for by_seller in range(2):
            if by_seller:
                members = members[np.argsort(seller[members], kind="mergesort")]
            count = 0
            for m in range(len(members)):
                row = members[m]
                if by_seller and (seller[row] == 0 or (m > 0 and seller[row] != seller[members[m - 1]])):
                    count = 0
                if by_seller and seller[row] == 0:
                    continue
                alike = False
                for k in range(count):
                    other = leaders[k]
                    text = jaccard(words, bounds, other, row)
                    image = photo[row] > 0 and photo[other] > 0 and _bits(phash[row] ^ phash[other]) <= FAR_64
                    if text >= floor or image or (gtin[row] > 0 and gtin[row] == gtin[other]):
                        # A variant leads its own duplicates: the red mug must not stand between two blue ones.
                        if text >= close and conflict(variant, variant_bounds, other, row) < 0:
                            alike = True
                        if n == size:
                            size *= 2
                            left, right, similarity = _grown(left, size), _grown(right, size), _grown(similarity, size)
                        left[n], right[n], similarity[n] = other, row, text
                        n += 1
                if small or (not alike and count < most):
                    leaders[count] = row
                    count += 1
    return left[:n], right[:n], similarity[:n]


@numba.njit(cache=True)
def _grown(values: np.ndarray, size: int) -> np.ndarray:
    larger = np.empty(size, values.dtype)
    larger[: len(values)] = values
    return larger
