"""What is known of a listing when duplicates are looked for: its keys, and the signs that verification compares."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig
from ..images.matching import PhotoSigns
from ..text.normalise import normalise
from .edges import ragged
from .gtin import gtins
from .keys import PHOTO, Keys, all_keys
from .minhash import band_keys, signatures_of
from .own_vetoes import OwnVetoes
from .photo_signs import PHOTO_SIGNS, content, owners, photo_signs, written
from .sellers import seller_names
from .spelling import title_hashes
from .variants import features
from .words import Words, word_keys, words
from .xxh64 import digests, digests_of_lists

# Enough for every photo within four of 64 bits: four flipped bits leave at least two of six words whole.
PHOTO_WORDS = ((0, 11), (11, 22), (22, 33), (33, 44), (44, 54), (54, 64))
LONGEST = 2000  # characters of a title that are compared; two may be equal only as a whole
SIGNS = pa.schema(
    [
        ("id", pa.string()),
        ("content", pa.uint64()),  # hash of all that follows: equal for copies; 0 without a word and a photo
        ("seller", pa.uint64()),  # hash of the seller; 0 where it is not known
        ("title", pa.uint64()),  # hash of the title, however it is spelled; 0 where it is empty
        ("gtin", pa.uint64()),  # hash of the GTIN; 0 where it is not known
        ("text", pa.string()),  # the first LONGEST characters of the normalised title, from which shingles are cut
        ("features", pa.list_(pa.uint64())),
        ("photos", PHOTO_SIGNS),
    ]
)


@dataclass(frozen=True)
class Signs:
    """The signs of n listings, the keys under which they look for their like, and the words of their texts."""

    rows: pa.RecordBatch  # of SIGNS
    keys: Keys
    words: Words


def signs(
    listings: pa.RecordBatch, photos: pa.RecordBatch, hot: np.ndarray, config: DeduplicateConfig,
    vetoes: OwnVetoes | None = None,
) -> Signs:  # fmt: skip
    """Work out signs and keys.

    Args:
        listings: With id, title, seller, gtin, mpn, brand, attributes and phash, and price where price_ratio is set.
        photos: Theirs, with PHOTO_COLUMNS; there may be others among them.
        hot: [uint64 (h,)] hashes of photos that many unlike listings share: no sign of anything.
        config: num_perm, bands, rows and price_ratio.
        vetoes: Of one's own.
    """
    titles = normalise(listings["title"])
    title = title_hashes(listings["title"], titles)
    titles = pc.utf8_slice_codeunits(titles, 0, LONGEST)
    said_of = pc.utf8_slice_codeunits(pc.fill_null(listings["title"], ""), 0, 2 * LONGEST)
    beside = listings.select(["brand", "gtin", "mpn", "attributes"])
    said_beside = any(column.null_count < len(column) for column in beside.columns)
    variant = features(said_of.to_pylist(), beside.to_pylist() if said_beside else None)
    variant = (vetoes or OwnVetoes()).beside(variant, listings)
    seller, code = digests(seller_names(listings["seller"])), digests(gtins(listings["gtin"]))
    values, offsets = ragged(pa.chunked_array([variant]))
    said = digests_of_lists(values, offsets)
    seen = photo_signs(listings, photos, hot)
    known = np.diff(seen.bounds) > 0
    shown = np.where(known, _mix(content(seen), 4000), np.uint64(0))
    if config.price_ratio is not None:  # what is priced apart is no copy
        said_at = np.asarray(listings["price"].fill_null(-1.0)).view(np.uint64)
        shown = shown ^ _mix(said_at, 4005)
    whole = _mix(title ^ _mix(seller ^ _mix(code ^ _mix(said ^ shown, 4001), 4002), 4003), 4004)
    whole = np.where((title > 0) | known, whole, np.uint64(0))
    columns = [
        listings["id"], pa.array(whole), pa.array(seller), pa.array(title), pa.array(code), titles, variant,
        written(seen),
    ]  # fmt: skip
    bands = band_keys(signatures_of(titles, config.num_perm), config.bands, config.rows)
    spoken = words(titles)
    keys = [
        _text_keys(bands, title, seller, said),
        _word_keys(spoken, bands, seller),
        _photo_keys(seen),
        _code_keys(code, seller),
    ]
    return Signs(pa.RecordBatch.from_arrays(columns, schema=SIGNS), all_keys(keys), spoken)


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


def _word_keys(words: Words, bands: np.ndarray, seller: np.ndarray) -> Keys:
    """Pairs of telling words; finer is the first band, as titles that share common words alone differ in it."""
    key, row = word_keys(words)
    maker = (seller >> np.uint64(48)).astype(np.uint32)
    band = (bands[:, 0] >> np.uint64(48)).astype(np.uint32) << np.uint32(16)
    return Keys(key & ~PHOTO, row, (band | maker)[row])


def _photo_keys(photos: PhotoSigns) -> Keys:
    """Pairs of words of the 64-bit hash; finer are the first 32 bits of the other words."""
    row, value = owners(photos), photos.short
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
    found = Keys(np.concatenate(keys) | PHOTO, np.tile(row, len(keys)), np.concatenate(finer))
    return found if len(row) == np.count_nonzero(np.diff(photos.bounds)) else _once(found)


def _once(keys: Keys) -> Keys:
    """Keep one of the keys that photos of one listing share."""
    order = np.lexsort((keys.finer, keys.row, keys.key))
    key, row = keys.key[order], keys.row[order]
    kept = np.sort(order[np.append(True, (key[1:] != key[:-1]) | (row[1:] != row[:-1]))])
    return Keys(keys.key[kept], keys.row[kept], keys.finer[kept])


def _code_keys(code: np.ndarray, seller: np.ndarray) -> Keys:
    row = np.flatnonzero(code)
    return Keys(_mix(code[row], 3000) & ~PHOTO, row, (seller[row] >> np.uint64(48)).astype(np.uint32))


def _mix(values: np.ndarray, salt: int) -> np.ndarray:
    """Spread keys over all 64 bits, differently for each kind of key."""
    mixed = values ^ np.uint64((salt * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF)
    mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    mixed = (mixed ^ (mixed >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.asarray(mixed ^ (mixed >> np.uint64(33)))
