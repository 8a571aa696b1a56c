"""What is known of a listing when duplicates are looked for: its keys, and the signs that verification compares."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig
from ..images.hashes import from_hex
from ..text.normalise import normalise
from .buckets import PHOTO, Keys, all_keys
from .edges import ragged
from .gtin import gtin
from .minhash import band_keys, signatures_of
from .own_vetoes import OwnVetoes
from .variants import features
from .words import word_keys, words
from .xxh64 import digests, digests_of_lists

# Enough for every photo within four of 64 bits: four flipped bits leave at least two of six words whole.
PHOTO_WORDS = ((0, 11), (11, 22), (22, 33), (33, 44), (44, 54), (54, 64))
SIGNS = pa.schema(
    [
        ("id", pa.string()),
        ("content", pa.uint64()),  # hash of all that follows: equal for copies; 0 without a word and a photo
        ("seller", pa.uint64()),  # hash of the seller; 0 where it is not known
        ("title", pa.uint64()),  # hash of the normalised title; 0 where it is empty
        ("gtin", pa.uint64()),  # hash of the GTIN; 0 where it is not known
        ("text", pa.string()),  # the normalised title, from which shingles are cut
        ("features", pa.list_(pa.uint64())),
        ("phash", pa.binary(8)),  # zeros where there is none
        ("phash256", pa.binary(32)),
        ("colour", pa.binary(192)),
        ("photo", pa.uint8()),  # 0: no photo, or a hot one; 1: only its 64-bit hash is known; 2: all is
    ]
)


@dataclass(frozen=True)
class Signs:
    """The signs of n listings and the keys under which they look for their like."""

    rows: pa.RecordBatch  # of SIGNS
    keys: Keys


def signs(
    listings: pa.RecordBatch, photos: pa.RecordBatch, hot: np.ndarray, config: DeduplicateConfig,
    vetoes: OwnVetoes | None = None,
) -> Signs:  # fmt: skip
    """Work out signs and keys.

    Args:
        listings: With id, title, seller, gtin, mpn, brand, attributes and phash.
        photos: The main photo of each listing, row by row: `phash256` and `colour`, null where there is none.
        hot: [bool (n,)] photos that many unlike listings share: no sign of anything.
        config: num_perm, bands and rows.
        vetoes: Of one's own.
    """
    titles = normalise(listings["title"])
    beside = listings.select(["brand", "gtin", "mpn", "attributes"])
    said_beside = any(column.null_count < len(column) for column in beside.columns)
    variant = features(pc.fill_null(listings["title"], "").to_pylist(), beside.to_pylist() if said_beside else None)
    variant = (vetoes or OwnVetoes()).beside(variant, listings)
    known = np.asarray(pc.is_valid(listings["phash"])) & ~hot
    full = known & np.asarray(pc.and_(pc.is_valid(photos["phash256"]), pc.is_valid(photos["colour"])))
    title, seller, code = digests(titles), digests(listings["seller"]), digests(_codes(listings["gtin"]))
    values, offsets = ragged(pa.chunked_array([variant]))
    said = digests_of_lists(values, offsets)
    short, long = _hashes(listings["phash"], 64), _hashes(photos["phash256"], 256)
    colour = _bytes(photos["colour"], 192)
    level = known.astype(np.uint8) + full.astype(np.uint8)
    seen = np.where(known, _mix(_digests_of_rows(short, long, colour) ^ level, 4000), np.uint64(0))
    content = _mix(title ^ _mix(seller ^ _mix(code ^ _mix(said ^ seen, 4001), 4002), 4003), 4004)
    content = np.where((title > 0) | known, content, np.uint64(0))
    columns = [
        listings["id"], pa.array(content), pa.array(seller), pa.array(title), pa.array(code), titles, variant,
        _binary(short), _binary(long), _binary(colour), pa.array(level),
    ]  # fmt: skip
    bands = band_keys(signatures_of(titles, config.num_perm), config.bands, config.rows)
    keys = [
        _text_keys(bands, title, seller, said),
        _word_keys(titles, bands, seller),
        _photo_keys(short, known),
        _code_keys(code, seller),
    ]
    return Signs(pa.RecordBatch.from_arrays(columns, schema=SIGNS), all_keys(keys))


def _text_keys(bands: np.ndarray, title: np.ndarray, seller: np.ndarray, said: np.ndarray) -> Keys:
    """LSH bands, equal title of one seller, equal title of one variant."""
    some = np.flatnonzero(title)
    maker = (seller >> np.uint64(48)).astype(np.uint32)
    bands = bands[some]
    following = (np.roll(bands, -1, axis=1) >> np.uint64(48)).astype(np.uint32) << np.uint32(16)
    sold = np.flatnonzero((title > 0) & (seller > 0))
    keys = [bands.ravel(), _mix(title[sold] ^ _mix(seller[sold], 2000), 2001),
            _mix(title[some] ^ _mix(said[some], 2002), 2003)]  # fmt: skip
    finer = [(following | maker[some, None]).ravel(), maker[sold], maker[some]]
    rows = [np.repeat(some, bands.shape[1]), sold, some]
    return Keys(np.concatenate(keys) & ~PHOTO, np.concatenate(rows), np.concatenate(finer))


def _word_keys(titles: pa.Array, bands: np.ndarray, seller: np.ndarray) -> Keys:
    """Pairs of telling words; finer is the first band, as titles that share common words alone differ in it."""
    key, row = word_keys(words(titles))
    maker = (seller >> np.uint64(48)).astype(np.uint32)
    band = (bands[:, 0] >> np.uint64(48)).astype(np.uint32) << np.uint32(16)
    return Keys(key & ~PHOTO, row, (band | maker)[row])


def _photo_keys(short: np.ndarray, known: np.ndarray) -> Keys:
    """Pairs of words of the 64-bit hash; finer are the first 32 bits of the other words."""
    row = np.flatnonzero(known)
    value = short[row].view(">u8").astype(np.uint64).reshape(len(row))
    words = [(value >> np.uint64(64 - b)) & np.uint64((1 << (b - a)) - 1) for a, b in PHOTO_WORDS]
    keys, finer = [], []
    for number, pair in enumerate(combinations(range(len(PHOTO_WORDS)), 2)):
        both, others, width = np.zeros_like(value), np.zeros_like(value), 0
        for word, (a, b) in enumerate(PHOTO_WORDS):
            if word in pair:
                both = (both << np.uint64(b - a)) | words[word]
            else:
                others, width = (others << np.uint64(b - a)) | words[word], width + b - a
        keys.append(_mix(both, 1000 + number))
        finer.append((others >> np.uint64(width - 32)).astype(np.uint32))
    return Keys(np.concatenate(keys) | PHOTO, np.tile(row, len(keys)), np.concatenate(finer))


def _code_keys(code: np.ndarray, seller: np.ndarray) -> Keys:
    row = np.flatnonzero(code)
    return Keys(_mix(code[row], 3000) & ~PHOTO, row, (seller[row] >> np.uint64(48)).astype(np.uint32))


def _mix(values: np.ndarray, salt: int) -> np.ndarray:
    """Spread keys over all 64 bits, differently for each kind of key."""
    mixed = values ^ np.uint64((salt * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
    mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.asarray(mixed ^ (mixed >> np.uint64(33)))


def _codes(column: pa.Array) -> pa.Array:
    """Read GTINs, each that is written the same once."""
    column = column.dictionary_encode()
    read = pa.array([gtin(code) for code in column.dictionary.to_pylist()], pa.string())
    return read.take(column.indices)


def _hashes(column: pa.Array, bits: int) -> np.ndarray:
    """Read hashes written in hex. [uint8 (n, bits / 8)], zeros where there is none."""
    if column.null_count == len(column):
        return np.zeros((len(column), bits // 8), np.uint8)
    return from_hex(column.to_pylist(), bits)


def _bytes(column: pa.Array, width: int) -> np.ndarray:
    """See fixed-size binary values as rows of bytes. [uint8 (n, width)], zeros where there is none."""
    if column.null_count == len(column):
        return np.zeros((len(column), width), np.uint8)
    column = column.cast(pa.binary(width))
    data = np.frombuffer(column.buffers()[1], np.uint8).reshape(-1, width)[column.offset : column.offset + len(column)]
    return np.where(np.asarray(pc.is_valid(column))[:, None], data, np.uint8(0))


def _binary(rows: np.ndarray) -> pa.Array:
    """Write rows of bytes as fixed-size binary values."""
    return pa.Array.from_buffers(pa.binary(rows.shape[1]), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows))])


def _digests_of_rows(*parts: np.ndarray) -> np.ndarray:
    """Hash rows of bytes that stand side by side. [uint8 (n, width)] each -> [uint64 (n,)]"""
    if not any(part.any() for part in parts):
        return np.zeros(len(parts[0]), np.uint64)
    rows = np.concatenate(parts, axis=1)
    return digests_of_lists(rows.ravel(), np.arange(len(rows) + 1, dtype=np.int64) * rows.shape[1])
