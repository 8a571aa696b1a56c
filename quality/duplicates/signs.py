"""What is known of a listing when duplicates are looked for: its keys, and the signs that verification compares."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ...schemas.deduplicate_config import DeduplicateConfig
from ..images.hashes import from_hex
from ..text.normalise import normalise
from .gtin import gtin
from .minhash import band_keys, signatures_of
from .own_vetoes import OwnVetoes
from .variants import features
from .words import word_keys, words

# Enough for every photo within four of 64 bits: four flipped bits leave at least two of six words whole.
PHOTO_WORDS = ((0, 11), (11, 22), (22, 33), (33, 44), (44, 54), (54, 64))
SIGNS = pa.schema(
    [
        ("id", pa.string()),
        ("order", pa.uint64()),  # xxh64 of the id: the order in which leaders are taken
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
    keys: np.ndarray  # [uint64 (total,)]
    owners: np.ndarray  # [int64 (total,)] the row of each key


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
    variant = features(pc.fill_null(listings["title"], "").to_pylist(),
                       listings.select(["brand", "gtin", "mpn", "attributes"]).to_pylist())  # fmt: skip
    variant = (vetoes or OwnVetoes()).beside(variant, listings)
    phash = listings["phash"].to_pylist()
    known = np.array([h is not None for h in phash], bool) & ~hot
    full = known & np.asarray(pc.and_(pc.is_valid(photos["phash256"]), pc.is_valid(photos["colour"])))
    codes = pa.array([gtin(code) for code in listings["gtin"].to_pylist()], pa.string())
    title, seller, code = hashed(titles), hashed(listings["seller"]), hashed(codes)
    packed = from_hex(phash, 64)
    columns = [
        listings["id"],
        pa.array([xxhash.xxh64_intdigest(i.encode()) for i in listings["id"].to_pylist()], pa.uint64()),
        pa.array(seller),
        pa.array(title),
        pa.array(code),
        titles,
        variant,
        pa.array([row.tobytes() for row in packed], pa.binary(8)),
        pa.array([row.tobytes() for row in from_hex(photos["phash256"].to_pylist(), 256)], pa.binary(32)),
        pa.array([c if c is not None else bytes(192) for c in photos["colour"].to_pylist()], pa.binary(192)),
        pa.array(known.astype(np.uint8) + full.astype(np.uint8)),
    ]
    keys, owners = _keys(band_keys(signatures_of(titles, config.num_perm), config.bands, config.rows), packed, known,
                         title, seller, code, word_keys(words(titles)))  # fmt: skip
    return Signs(pa.RecordBatch.from_arrays(columns, schema=SIGNS), keys, owners)


def hashed(texts: pa.Array) -> np.ndarray:
    """Hash texts; 0 for null and "". [uint64 (n,)]"""
    return np.array([xxhash.xxh64_intdigest(t.encode()) if t else 0 for t in texts.to_pylist()], np.uint64)


def _keys(
    bands: np.ndarray,
    phash: np.ndarray,
    known: np.ndarray,
    title: np.ndarray,
    seller: np.ndarray,
    code: np.ndarray,
    telling: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """All keys of all rows: text bands, pairs of words, photo words, equal title of one seller, equal GTIN."""
    some = np.flatnonzero(title)
    found = [(bands[some].ravel(), np.repeat(some, bands.shape[1])), telling]
    photo = np.flatnonzero(known)
    bits = np.unpackbits(phash[photo], axis=1)
    words = [np.packbits(bits[:, a:b], axis=1) for a, b in PHOTO_WORDS]
    for number, (i, j) in enumerate(combinations(range(len(PHOTO_WORDS)), 2)):
        both = np.concatenate([words[i], words[j]], axis=1)  # 2 + 2 bytes
        value = both.astype(np.uint64) @ (np.uint64(256) ** np.arange(both.shape[1], dtype=np.uint64))
        found.append((_mix(value, 1000 + number), photo))
    same = np.flatnonzero((title > 0) & (seller > 0))
    found.append((_mix(title[same] ^ _mix(seller[same], 2000), 2001), same))
    coded = np.flatnonzero(code)
    found.append((_mix(code[coded], 3000), coded))
    return np.concatenate([k for k, _ in found]), np.concatenate([o for _, o in found]).astype(np.int64)


def _mix(values: np.ndarray, salt: int) -> np.ndarray:
    """Spread keys over all 64 bits, differently for each kind of key."""
    mixed = values ^ np.uint64((salt * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
    mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.asarray(mixed ^ (mixed >> np.uint64(33)))
