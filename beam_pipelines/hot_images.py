"""Hot images: photos that several listings share, counted over the whole catalog."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..quality.duplicates.buckets import Buckets, Keys, buckets
from ..quality.duplicates.xxh64 import digests
from ..quality.noise import HOT, TITLES_COMPARED, share
from ..schemas.dataset import Dataset
from .buckets import KeyRange


@dataclass
class PhotoKeys:
    """Listings by the perceptual hash of their main photo."""

    listings: Dataset
    shards: int = field(init=False)

    def __post_init__(self) -> None:
        self.shards = self.listings.shards

    def keys(self, shard: int, span: KeyRange) -> Keys:
        """The hash is the key."""
        keys, known = _hashes(self.listings.table(shard, ["phash"])["phash"])
        rows = np.flatnonzero(known & span.of(keys))
        return Keys(keys[rows], rows, np.zeros(len(rows), np.uint32))

    def payload(self, shard: int, rows: np.ndarray) -> pa.Table:
        """What tells one maker's listings from another's, as a number, and a few titles.

        A million listings may share one photo: of each photo only the titles that may be compared travel, those of
        lowest xxh64(id).
        """
        table = self.listings.table(shard, ["id", "title", "brand", "seller", "category", "phash"]).take(pa.array(rows))
        ids, (keys, _) = digests(table["id"].combine_chunks()), _hashes(table["phash"])
        order = np.lexsort((ids, keys))
        first = np.concatenate([[True], keys[order][1:] != keys[order][:-1]]) if len(order) else np.zeros(0, bool)
        place = np.arange(len(order)) - np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
        compared = np.zeros(len(order), bool)
        compared[order[place < TITLES_COMPARED]] = True
        titles = pc.if_else(pa.array(compared), pc.fill_null(table["title"].combine_chunks(), ""), None)
        makers = pc.coalesce(table["brand"], table["seller"], table["category"], "").combine_chunks()
        names = makers.dictionary_encode()
        numbers = np.array([xxhash.xxh3_64_intdigest(n.encode()) if n else 0 for n in names.dictionary.to_pylist()],
                           np.uint64)[np.asarray(names.indices)]  # fmt: skip
        return pa.table({"phash": keys, "id": ids, "title": titles, "maker": numbers})


def _hashes(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Read hexadecimal hashes as numbers, and say where there is one. -> [uint64 (n,)], [bool (n,)]"""
    texts = column.to_pylist()
    keys = np.fromiter((int(h, 16) if h else 0 for h in texts), np.uint64, len(texts))
    return keys, np.fromiter((h is not None for h in texts), bool, len(texts))


@dataclass
class CountHotImages:
    """Buckets of listings with one photo -> a row of HOT each."""

    def buckets(self, keys: Keys) -> Buckets:
        """All listings of a photo count."""
        return buckets(keys, leaders=0, cap=len(keys.key))

    def __call__(self, rows: pa.Table, found: Buckets) -> tuple[np.ndarray, pa.Table]:
        """Describe each photo; which shard that goes to does not matter, for every shard needs them all."""
        keys, ids, makers = (np.asarray(rows[name]) for name in ("phash", "id", "maker"))
        titles = rows["title"].combine_chunks()
        described = []
        for a, b in itertools.pairwise(found.starts.tolist()):
            members = found.rows[a:b][np.argsort(ids[found.rows[a:b]])]
            brands = int((np.unique(makers[members]) > 0).sum())
            compared = titles.take(pa.array(members)).drop_null()
            described.append(share(f"{int(keys[members[0]]):016x}", len(members), compared, brands))
        return found.rows[found.starts[:-1]], pa.Table.from_pylist(described, schema=HOT)
