"""Hot images: photos that several listings share, counted over the whole catalog."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..quality.duplicates.buckets import Buckets, buckets
from ..quality.duplicates.keys import Keys
from ..quality.duplicates.photo_signs import MOST, hash_numbers
from ..quality.duplicates.sellers import seller_names
from ..quality.duplicates.signs import LONGEST
from ..quality.duplicates.xxh64 import digests
from ..quality.noise import HOT, TITLES_COMPARED, different_main_photos, share
from ..schemas.dataset import Dataset
from .buckets import KeyRange


@dataclass
class PhotoKeys:
    """Listings by the perceptual hash of their main photo, or of each of their first MOST."""

    listings: Dataset
    images: Dataset | None = None  # where the further photos count too
    shards: int = field(init=False)

    def __post_init__(self) -> None:
        self.shards = self.listings.shards

    def keys(self, shard: int, span: KeyRange) -> Keys:
        """The hash is the key."""
        _, keys = self._shown(shard)
        rows = np.flatnonzero(span.of(keys))
        return Keys(keys[rows], rows, np.zeros(len(rows), np.uint32))

    def _shown(self, shard: int) -> tuple[np.ndarray, np.ndarray]:
        """Say which listing shows which photo: its row [int64 (p,)], and the hash [uint64 (p,)], each pair once."""
        main = self.listings.table(shard, ["phash"])["phash"]
        row = np.flatnonzero(np.asarray(main.is_valid()))
        hashes = hash_numbers(main.drop_null())
        if self.images is None:
            return row, hashes
        photos = further_photos(self.images, shard, ["id", "position", "phash"])
        place = pc.index_in(photos["id"], self.listings.table(shard, ["id"])["id"].combine_chunks())
        mine = place.is_valid()
        row = np.concatenate([row, np.asarray(place.filter(mine)).astype(np.int64)])
        hashes = np.concatenate([hashes, hash_numbers(photos["phash"].filter(mine))])
        order = np.lexsort((hashes, row))
        new = np.append(True, (np.diff(row[order]) > 0) | (hashes[order][1:] != hashes[order][:-1]))[: len(order)]
        return row[order[new]], hashes[order[new]]

    def sizes(self, shard: int, rows: np.ndarray) -> np.ndarray:
        """But a few titles of each photo travel."""
        del shard
        return np.full(len(rows), 64, np.int64)

    def payload(self, shard: int, rows: np.ndarray) -> pa.Table:
        """What tells one maker's listings from another's, as a number, and a few titles.

        A million listings may share one photo: of each photo only the titles that may be compared travel, those of
        lowest xxh64(id).
        """
        listing, keys = (shown[rows] for shown in self._shown(shard))
        table = self._told(shard).take(pa.array(listing))
        ids = digests(table["id"].combine_chunks())
        order = np.lexsort((ids, keys))
        first = np.concatenate([[True], keys[order][1:] != keys[order][:-1]]) if len(order) else np.zeros(0, bool)
        place = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
        compared = np.zeros(len(order), bool)
        compared[order[place < TITLES_COMPARED]] = True
        titles = pc.if_else(pa.array(compared), pc.fill_null(table["title"].combine_chunks(), ""), None)
        names = seller_names(table["seller"])
        makers = pc.coalesce(table["brand"].combine_chunks(), names, table["category"].combine_chunks(), "")
        sellers = pc.fill_null(names, "")
        main = hash_numbers(table["phash"])
        return pa.table({"phash": keys, "id": ids, "title": titles, "maker": _numbers(makers),
                         "seller": _numbers(sellers), "main": main})  # fmt: skip

    def _told(self, shard: int) -> pa.Table:
        """What is read of a shard's listings: of titles as much as is compared."""
        parts = []
        for batch in self.listings.batches(shard, ["id", "title", "brand", "seller", "category", "phash"]):
            short = pc.utf8_slice_codeunits(batch["title"], 0, LONGEST)
            parts.append(batch.set_column(batch.schema.names.index("title"), "title", short))
        return pa.Table.from_batches(parts)


def _numbers(names: pa.Array) -> np.ndarray:
    """Hash names; 0 for an empty one. [uint64 (n,)]"""
    names = names.dictionary_encode()
    found = [xxhash.xxh3_64_intdigest(name.encode()) if name else 0 for name in names.dictionary.to_pylist()]
    return np.asarray(np.array(found, np.uint64)[np.asarray(names.indices)])


def further_photos_of(images: Dataset) -> bool:
    """Say whether any listing has more than its main photo."""
    return any((pc.max(images.table(k, ["position"])["position"]).as_py() or 0) > 0 for k in range(images.shards))


def further_photos(images: Dataset, shard: int, columns: Sequence[str]) -> pa.Table:
    """Read the photos of a shard, from the second of each listing to the last that is compared, that decode."""
    photos = images.table(shard, columns)
    further = pc.and_(pc.greater(photos["position"], 0), pc.less(photos["position"], MOST))
    return photos.filter(pc.and_(further, pc.is_valid(photos["phash"])))


@dataclass
class CountHotImages:
    """Buckets of listings with one photo -> a row of HOT each."""

    def buckets(self, keys: Keys) -> Buckets:
        """All listings of a photo count."""
        return buckets([keys], leaders=0, cap=len(keys.key))

    def __call__(self, rows: pa.Table, found: Buckets) -> tuple[np.ndarray, pa.Table]:
        """Describe each photo; which shard that goes to does not matter, for every shard needs them all."""
        keys, ids, makers, sellers, main = (
            np.asarray(rows[name]) for name in ("phash", "id", "maker", "seller", "main")
        )
        titles = rows["title"].combine_chunks()
        described = []
        for a, b in itertools.pairwise(found.starts.tolist()):
            members = found.rows[a:b][np.argsort(ids[found.rows[a:b]])]
            brands = int((np.unique(makers[members]) > 0).sum())
            compared = titles.take(pa.array(members)).drop_null()
            photos = different_main_photos(main[members], sellers[members])
            described.append(share(f"{int(keys[members[0]]):016x}", len(members), compared, brands, photos))
        return found.rows[found.starts[:-1]], pa.Table.from_pylist(described, schema=HOT)
