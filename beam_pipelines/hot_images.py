"""Hot images: photos that several listings share, counted over the whole catalog."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..quality.duplicates.signs import hashed
from ..quality.noise import HOT, TITLES_COMPARED, share
from ..schemas.dataset import Dataset

HOT_BYTES_PER_ROW = 60  # of keys, and of hashes for the rows that share a photo


@dataclass
class PhotoKeys:
    """Listings by the perceptual hash of their main photo."""

    listings: Dataset
    shards: int = field(init=False)

    def __post_init__(self) -> None:
        self.shards = self.listings.shards

    def keys(self, shard: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """The hash is the key."""
        keys, known = _hashes(self.listings.table(shard, ["phash"])["phash"])
        rows = np.flatnonzero(known & (keys >= np.uint64(low)) & (keys <= np.uint64(high - 1)))
        return keys[rows], rows

    def payload(self, shard: int, rows: np.ndarray) -> pa.RecordBatch:
        """What tells one maker's listings from another's, as a number, and a few titles.

        A million listings may share one photo: of each photo only the titles that may be compared travel, those of
        lowest xxh64(id).
        """
        table = self.listings.table(shard, ["id", "title", "brand", "seller", "category", "phash"]).take(pa.array(rows))
        ids, (keys, _) = hashed(table["id"].combine_chunks()), _hashes(table["phash"])
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
        return pa.RecordBatch.from_pydict({"id": ids, "title": titles, "maker": numbers})


def _hashes(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Read hexadecimal hashes as numbers, and say where there is one. -> [uint64 (n,)], [bool (n,)]"""
    texts = column.to_pylist()
    keys = np.fromiter((int(h, 16) if h else 0 for h in texts), np.uint64, len(texts))
    return keys, np.fromiter((h is not None for h in texts), bool, len(texts))


@dataclass
class CountHotImages:
    """Buckets of listings with one photo -> a row of HOT each."""

    def __call__(self, buckets: pa.Table) -> pa.RecordBatch:
        """Describe each photo; all go to shard 0, for every shard needs them all."""
        keys, makers = np.asarray(buckets["key"]), np.asarray(buckets["maker"])
        bounds = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]
        titles = buckets["title"].combine_chunks()
        rows = []
        for a, b in itertools.pairwise(bounds):
            distinct = np.unique(makers[a:b])
            rows.append(share(f"{int(keys[a]):016x}", b - a, titles[a:b].drop_null(), int((distinct > 0).sum())))
        batch = pa.RecordBatch.from_pylist(rows, schema=HOT)
        return batch.append_column("shard", pa.array(np.zeros(len(rows), np.int32)))
