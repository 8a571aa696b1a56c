"""The photos of listings as signs: of several, without the hot ones, in an order of their own, not that of the shop."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..images.hashes import from_hex
from ..images.matching import SHORT, PhotoSigns
from .xxh64 import digests_of_lists

MOST = 8  # photos of a listing that are compared: two listings take up to 64 comparisons
PHOTO_COLUMNS = ["id", "position", "phash", "phash256", "colour"]
PHOTO_SIGNS = pa.list_(
    pa.struct(
        [
            ("phash", pa.uint64()),
            ("phash256", pa.binary(32)),  # zeros where it is not known
            ("colour", pa.binary(192)),
            ("level", pa.uint8()),  # 1: only its 64-bit hash is known; 2: all is
        ]
    )
)


def photo_signs(listings: pa.RecordBatch, photos: pa.RecordBatch, hot: np.ndarray) -> PhotoSigns:
    """Gather the photos of each listing: its main photo, and the further ones among its first MOST.

    A photo that is there twice counts once. Whatever order the shop gives them in, the signs are the same.

    Args:
        listings: n rows with `id`, and `phash`, the main photo's hash, which may be known without the photo.
        photos: With PHOTO_COLUMNS, in any order; position 0 is the main photo. Those of other listings are passed over.
        hot: [uint64 (h,)] 64-bit hashes of photos that many unlike listings share: no sign of anything.
    """
    place = np.asarray(pc.fill_null(pc.index_in(photos["id"], listings["id"]), -1)).astype(np.int64)
    position = np.asarray(photos["position"])
    main = np.flatnonzero((place >= 0) & (position == 0))
    further = np.flatnonzero(
        (place >= 0) & (position > 0) & (position < MOST) & np.asarray(pc.is_valid(photos["phash"]))
    )
    known = np.flatnonzero(np.asarray(pc.is_valid(listings["phash"])))
    stored = np.full(len(listings), -1, np.int64)
    stored[place[main]] = main
    short = hash_numbers(listings["phash"].take(pa.array(known)))
    owner, photo = known, stored[known]
    if len(further):
        owner, photo = np.concatenate([owner, place[further]]), np.concatenate([photo, further])
        short = np.concatenate([short, hash_numbers(photos["phash"].take(pa.array(further)))])
    if len(hot):
        sign = ~np.isin(short, hot)
        owner, photo, short = owner[sign], photo[sign], short[sign]
    seen = photos.select(["phash256", "colour"]).take(pa.array(photo, mask=photo < 0))
    whole = np.asarray(pc.and_(pc.is_valid(seen["phash256"]), pc.is_valid(seen["colour"])))
    long, colour = _hashes(seen["phash256"], 256), _bytes(seen["colour"], 192)
    level = whole.astype(np.uint8) + np.uint8(SHORT)
    if len(further):
        digest = _digests(short, long, colour, level)
        order = np.lexsort((digest, owner))
        new = np.append(True, (np.diff(owner[order]) > 0) | (digest[order][1:] != digest[order][:-1]))
        order = order[new[: len(order)]]
        owner, short, long, colour, level = (each[order] for each in (owner, short, long, colour, level))
    bounds = np.searchsorted(owner, np.arange(len(listings) + 1)).astype(np.int64)
    return PhotoSigns(short, long.view(np.uint64), colour, level, bounds)


def content(photos: PhotoSigns) -> np.ndarray:
    """Hash all that is known of each listing's photos; 0 where there are none. [uint64 (n,)]"""
    digest = _digests(photos.short, photos.long.view(np.uint8), photos.colour, photos.level)
    return digests_of_lists(digest, photos.bounds)


def owners(photos: PhotoSigns) -> np.ndarray:
    """Say whose each photo is. [int64 (p,)]"""
    return np.repeat(np.arange(len(photos.bounds) - 1), np.diff(photos.bounds))


def written(photos: PhotoSigns) -> pa.Array:
    """Write photos as a column of PHOTO_SIGNS."""
    columns = [
        pa.array(photos.short),
        _binary(photos.long.view(np.uint8)),
        _binary(photos.colour),
        pa.array(photos.level),
    ]
    rows = pa.StructArray.from_arrays(columns, fields=list(PHOTO_SIGNS.value_type))
    return pa.ListArray.from_arrays(pa.array(photos.bounds.astype(np.int32)), rows, PHOTO_SIGNS)


def read(column: pa.ChunkedArray) -> PhotoSigns:
    """See a column of PHOTO_SIGNS, without a copy where it is one chunk."""
    lists = column.combine_chunks()
    rows = lists.values
    long, colour = _rows(rows.field("phash256"), 32), _rows(rows.field("colour"), 192)
    short, level = np.asarray(rows.field("phash")), np.asarray(rows.field("level"))
    return PhotoSigns(short, long.view(np.uint64), colour, level, np.asarray(lists.offsets).astype(np.int64))


def hash_numbers(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Read 64-bit hashes written in hex as numbers; 0 where there is none. [uint64 (n,)]"""
    return _hashes(column, 64).view(">u8").astype(np.uint64).ravel()


def _digests(short: np.ndarray, long: np.ndarray, colour: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Hash each photo. [uint64 (p,)]"""
    rows = np.concatenate([short[:, None].view(np.uint8), long.view(np.uint8), colour, level[:, None]], axis=1)
    return digests_of_lists(rows.ravel(), np.arange(len(rows) + 1, dtype=np.int64) * rows.shape[1])


def _hashes(column: pa.Array | pa.ChunkedArray, bits: int) -> np.ndarray:
    """Read hashes written in hex. [uint8 (n, bits / 8)], zeros where there is none."""
    if column.null_count == len(column):
        return np.zeros((len(column), bits // 8), np.uint8)
    return from_hex(column.to_pylist(), bits)


def _bytes(column: pa.Array, width: int) -> np.ndarray:
    """See binary values of one width as rows of bytes. [uint8 (n, width)], zeros where there is none."""
    if column.null_count == len(column):
        return np.zeros((len(column), width), np.uint8)
    column = column.cast(pa.binary(width))
    return np.where(np.asarray(pc.is_valid(column))[:, None], _rows(column, width), np.uint8(0))


def _rows(column: pa.Array, width: int) -> np.ndarray:
    """See fixed-size binary values as rows of bytes. [uint8 (n, width)], anything where there is none."""
    if not len(column):
        return np.zeros((0, width), np.uint8)
    data = np.frombuffer(column.buffers()[1], np.uint8)
    return data[column.offset * width : (column.offset + len(column)) * width].reshape(-1, width)


def _binary(rows: np.ndarray) -> pa.Array:
    """Write rows of bytes as fixed-size binary values."""
    return pa.Array.from_buffers(pa.binary(rows.shape[1]), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows))])
