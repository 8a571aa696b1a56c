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
from ..images.hashes import colour_distance, hamming
from .minhash import jaccard
from .variants import KINDS, conflict

EDGES = pa.schema(
    [
        ("left_id", pa.string()),  # left_id < right_id
        ("right_id", pa.string()),
        ("text_similarity", pa.float32()),  # exact Jaccard index of the shingle sets
        ("image_distance", pa.int16()),  # bits that differ; -1 where the photos cannot be compared
        ("image_bits", pa.int16()),  # of how many: 256, or 64 where one lacks the long hash
        ("colour_distance", pa.float32()),  # mean difference of 8 x 8 RGB means, 0 to 255; null where not known
        ("same_seller", pa.int8()),  # 1 yes, 0 no, -1 not known
        ("equal_title", pa.bool_()),
        ("equal_gtin", pa.bool_()),
        ("veto", pa.string()),  # the kind in which they are variants of each other; null where in none
    ]
)
FAR_64 = 12  # bits of the 64-bit hash above which photos are not worth comparing closely
IMAGE_FLOOR = 64  # of 256 bits: edges of photos farther apart are not kept


def shared(keys: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep the keys that two rows or more have: the buckets. [uint64 (n,)], [int64 (n,)] -> both, sorted by key, row"""
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    same = keys[1:] == keys[:-1]
    several = np.append(same, False)[: len(keys)] | np.append(False, same)[: len(keys)]
    return keys[several], rows[several]


def verify(buckets: pa.Table, config: DeduplicateConfig) -> pa.RecordBatch:
    """Compare the members of buckets.

    Args:
        buckets: Rows of SIGNS with `key`; rows of one key are a bucket. A listing may stand in several.
        config: floor and leaders.

    Returns:
        Rows of EDGES, distinct, sorted by left_id and right_id.
    """
    buckets = buckets.combine_chunks()
    ids = buckets["id"].combine_chunks()
    order = np.lexsort((np.asarray(buckets["order"]), np.asarray(buckets["key"])))
    key = np.asarray(buckets["key"])[order]
    starts = np.concatenate([[0], np.flatnonzero(key[1:] != key[:-1]) + 1, [len(key)]]).astype(np.int64)
    words = _ragged(buckets["shingles"])
    variant = _ragged(buckets["features"])
    short = _matrix(buckets["phash"], 8)
    left, right, similarity = _pairs(
        order, starts, np.asarray(buckets["seller"]), np.asarray(buckets["gtin"]), *words, *variant,
        short.view(np.uint64).ravel(), np.asarray(buckets["photo"]), config.floor, config.leaders,
    )  # fmt: skip
    # Leaders of the whole bucket and of one seller meet twice, and pairs meet in several buckets.
    names = np.asarray(ids.dictionary_encode().indices)
    low, high = _oriented(ids, left, right)
    _, first = np.unique(names[low] * np.int64(len(names) + 1) + names[high], return_index=True)
    low, high, similarity = low[first], high[first], similarity[first]
    compared = compare(buckets, low, high, similarity)
    distance, bits = np.asarray(compared["image_distance"]), np.asarray(compared["image_bits"])
    photos = (distance >= 0) & (distance * (256 // np.maximum(bits, 1)) <= IMAGE_FLOOR)
    near = (similarity >= config.floor) | photos | np.asarray(compared["equal_gtin"])
    return distinct(compared.filter(pa.array(near)))


def compare(rows: pa.Table, left: np.ndarray, right: np.ndarray, similarity: np.ndarray | None = None) -> pa.Table:
    """Compare pairs of listings in everything.

    Args:
        rows: n rows of SIGNS.
        left: [int64 (m,)] the row of each pair's listing with the lower id.
        right: [int64 (m,)] and of the other.
        similarity: [float64 (m,)] exact Jaccard index of each pair, where it is known already.

    Returns:
        m rows of EDGES, in the order of the pairs.
    """
    rows = rows.combine_chunks()
    ids, photo = rows["id"].combine_chunks(), np.asarray(rows["photo"])
    variant = _ragged(rows["features"])
    if similarity is None:
        similarity = _similarities(left, right, *_ragged(rows["shingles"]))
    hashes = (_matrix(rows[name], width) for name, width in (("phash", 8), ("phash256", 32), ("colour", 192)))
    distance, bits, colours = _photo_distance(left, right, photo, *hashes)
    kinds = _conflicts(left, right, *variant)
    seller, title, gtin = (np.asarray(rows[name]) for name in ("seller", "title", "gtin"))
    known = (seller[left] > 0) & (seller[right] > 0)
    return pa.Table.from_pydict(
        {
            "left_id": ids.take(pa.array(left)),
            "right_id": ids.take(pa.array(right)),
            "text_similarity": similarity.astype(np.float32),
            "image_distance": distance.astype(np.int16),
            "image_bits": bits.astype(np.int16),
            "colour_distance": pa.array(colours.astype(np.float32), mask=np.isnan(colours)),
            "same_seller": np.where(known, seller[left] == seller[right], -1).astype(np.int8),
            "equal_title": (title[left] > 0) & (title[left] == title[right]),
            "equal_gtin": (gtin[left] > 0) & (gtin[left] == gtin[right]),
            "veto": pa.array([None if k < 0 else KINDS[k] for k in kinds.tolist()], pa.string()),
        },
        schema=EDGES,
    )


def distinct(edges: pa.Table) -> pa.RecordBatch:
    """Sort edges by their ids and keep one of each pair (all tellings of a pair are equal)."""
    edges = edges.sort_by([("left_id", "ascending"), ("right_id", "ascending")]).combine_chunks()
    if edges.num_rows > 1:
        left, right = (
            np.asarray(edges[n].combine_chunks().dictionary_encode().indices) for n in ("left_id", "right_id")
        )
        new = np.append(True, (left[1:] != left[:-1]) | (right[1:] != right[:-1]))
        edges = edges.filter(pa.array(new))
    return edges.combine_chunks().to_batches()[0] if edges.num_rows else pa.RecordBatch.from_pylist([], schema=EDGES)


def _ragged(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    array = column.combine_chunks()
    offsets = np.asarray(array.offsets).astype(np.int64)
    return np.asarray(array.values), offsets


def _matrix(column: pa.ChunkedArray, width: int) -> np.ndarray:
    array = column.combine_chunks()
    data = np.frombuffer(array.buffers()[1], np.uint8)[array.offset * width : (array.offset + len(array)) * width]
    return np.ascontiguousarray(data.reshape(len(array), width))


def _oriented(ids: pa.Array, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the lower id of each pair on the left; pairs of a listing with itself fall away."""
    rank = np.empty(len(ids), np.int64)
    rank[np.asarray(pa.compute.sort_indices(ids))] = np.arange(len(ids))
    swap = rank[left] > rank[right]
    low, high = np.where(swap, right, left), np.where(swap, left, right)
    return low, high


def _photo_distance(
    low: np.ndarray, high: np.ndarray, photo: np.ndarray, short: np.ndarray, long: np.ndarray, colour: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    distance = np.full(len(low), -1, np.int64)
    bits = np.zeros(len(low), np.int64)
    colours = np.full(len(low), np.nan)
    level = np.minimum(photo[low], photo[high])
    for first in range(0, len(low), 1 << 16):  # the colour rows of a million pairs would be 200 MB
        part = slice(first, first + (1 << 16))
        a, b, known = low[part], high[part], level[part]
        whole, half = known == 2, known == 1
        distance[part] = np.where(whole, hamming(long[a], long[b]), np.where(half, hamming(short[a], short[b]), -1))
        bits[part] = np.where(whole, 256, np.where(half, 64, 0))
        colours[part] = np.where(whole, colour_distance(colour[a], colour[b]), np.nan)
    return distance, bits, colours


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
    variant: np.ndarray, variant_bounds: np.ndarray, phash: np.ndarray, photo: np.ndarray, floor: float, most: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Pairs of members and leaders that resemble each other, as row numbers, with their Jaccard index."""
    size = 1024
    left, right, similarity = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.float64)
    n = 0
    leaders = np.empty(most, np.int64)
    for bucket in range(len(starts) - 1):
        members = order[starts[bucket] : starts[bucket + 1]].copy()
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
                        if text >= floor and conflict(variant, variant_bounds, other, row) < 0:
                            alike = True
                        if n == size:
                            size *= 2
                            left, right, similarity = _grown(left, size), _grown(right, size), _grown(similarity, size)
                        left[n], right[n], similarity[n] = other, row, text
                        n += 1
                if not alike and count < most:
                    leaders[count] = row
                    count += 1
    return left[:n], right[:n], similarity[:n]


@numba.njit(cache=True)
def _grown(values: np.ndarray, size: int) -> np.ndarray:
    larger = np.empty(size, values.dtype)
    larger[: len(values)] = values
    return larger


@numba.njit(cache=True)
def _similarities(left: np.ndarray, right: np.ndarray, words: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    found = np.empty(len(left), np.float64)
    for k in range(len(left)):
        found[k] = jaccard(words, bounds, left[k], right[k])
    return found


@numba.njit(cache=True)
def _conflicts(low: np.ndarray, high: np.ndarray, values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    kinds = np.empty(len(low), np.int64)
    for k in range(len(low)):
        kinds[k] = conflict(values, offsets, low[k], high[k])
    return kinds
