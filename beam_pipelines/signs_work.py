"""Deduplicate's first step: the signs and keys of a shard's listings, in files that can be mapped into memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates.candidates import verify
from ..quality.duplicates.signs import SIGNS, signs
from ..schemas.config import DeduplicateConfig, FilterConfig
from ..schemas.dataset import Dataset, shard_of
from ..schemas.storage import Storage
from .shards import ShardOutput, ShardWork

PHOTO_COLUMNS = ["id", "position", "phash256", "colour"]


@dataclass
class SignsWork(ShardWork):
    """Work out signs and keys of a shard; both are written as Arrow files, the keys sorted."""

    listings: Dataset
    images: Dataset
    folder: Storage
    config: DeduplicateConfig
    filter: FilterConfig

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do one shard."""
        photos = self.images.table(shard, PHOTO_COLUMNS)
        photos = photos.filter(pc.equal(photos["position"], 0)).combine_chunks()
        batches, keys, owners = [], [], []
        row = 0
        for batch in self.listings.batches(shard):
            place = pc.index_in(batch["id"], photos["id"].combine_chunks())
            mine = photos.take(place).combine_chunks()
            photo = pa.RecordBatch.from_arrays(
                [mine[n].combine_chunks() for n in mine.schema.names], names=mine.schema.names
            )
            found = signs(batch, photo, hot(batch, self.filter), self.config)
            batches.append(found.rows)
            keys.append(found.keys)
            owners.append(found.owners + row)
            row += batch.num_rows
        output.count("in", row)
        key, owner = np.concatenate(keys), np.concatenate(owners)
        order = np.lexsort((owner, key))
        _write(self.folder / "_signs" / f"{shard:05d}.arrow", pa.Table.from_batches(batches, SIGNS))
        _write(self.folder / "_keys" / f"{shard:05d}.arrow", pa.table({"key": key[order], "row": owner[order]}))


def hot(listings: pa.RecordBatch, config: FilterConfig) -> np.ndarray:
    """Say whose photo many unlike listings share. [bool (n,)]"""
    limits = config.placeholder
    shared = pc.and_kleene(
        pc.greater_equal(listings["photo_listings"], limits.min_listings),
        pc.less_equal(listings["photo_title_similarity"], limits.max_title_similarity),
    )
    return np.asarray(pc.fill_null(shared, False))


def _write(target: Storage, table: pa.Table) -> None:
    with (
        target.replacing() as path,
        target.arrow.open_output_stream(path) as sink,
        pa.ipc.new_file(sink, table.schema) as file,
    ):
        file.write_table(table)


def _read(source: Storage) -> pa.Table:
    # Mapped, not read: a pass touches only the pages that it needs, and workers share them.
    opened = pa.memory_map(source.path) if source.is_local else pa.BufferReader(source.read_bytes())
    with pa.ipc.open_file(opened) as file:
        return file.read_all()


@dataclass
class SignsSource:
    """The catalog's keys, and the signs of rows that share one."""

    folder: Storage
    shards: int

    def keys(self, shard: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """A slice of the sorted keys."""
        table = _read(self.folder / "_keys" / f"{shard:05d}.arrow").combine_chunks()
        key, row = np.asarray(table["key"]), np.asarray(table["row"])
        first = int(np.searchsorted(key, np.uint64(low)))
        last = int(np.searchsorted(key, np.uint64(high - 1), side="right"))
        return key[first:last], row[first:last]

    def payload(self, shard: int, rows: np.ndarray) -> pa.RecordBatch:
        """The signs of these rows."""
        table = _read(self.folder / "_signs" / f"{shard:05d}.arrow").take(pa.array(rows)).combine_chunks()
        return table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], schema=SIGNS)


@dataclass
class VerifyBuckets:
    """Buckets of signs -> verified edges, each in the shard of its left listing."""

    config: DeduplicateConfig
    shards: int
    _empty: None = field(default=None, repr=False)

    def __call__(self, buckets: pa.Table) -> pa.RecordBatch:
        """Verify, and say where each edge belongs."""
        edges = verify(buckets, self.config)
        return edges.append_column("shard", pa.array(shard_of(edges["left_id"], self.shards).astype(np.int32)))
