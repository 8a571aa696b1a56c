"""Bring together what shares a key over the whole catalog: hot images, candidates for duplicates.

    keys of every shard, a range of them at a time -> buckets of two and more -> payload -> what is made of them

The keys are cut into as many ranges as let one fit the memory budget, and a range is a piece of work like a shard: it
reads its share of every shard's keys, leaves one file, and a marker when it is done. So ranges go to several workers,
on every runner; a killed run goes on; and a row's payload is read once for a batch of buckets, however many of these
it stands in. (The engine's GroupByKey would carry the payload once for each bucket, and the local runner keeps what
is shuffled in the memory of one process, at five to seven times its bytes.)
"""

from __future__ import annotations

import atexit
import functools
import itertools
import math
import shutil
import tempfile
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from ..quality.duplicates.buckets import Buckets
from ..quality.duplicates.keys import Keys, all_keys
from ..schemas.storage import Storage
from .shards import ShardOutput, ShardWork

KEY_BYTES = 64  # of memory for each key of a range, while it is sorted
BATCH_MEMBERS = 100_000  # members of buckets whose payload is in memory at once; most have about 500 bytes
BATCH_BYTES = 64 << 20  # of payload at once; what is worked out of it takes several times that
LEFT_FREE = 0.25  # of the disk that copies lie on
_ROW_BITS = 40


@dataclass(frozen=True)
class KeyRange:
    """One share of all 64-bit keys."""

    number: int
    ranges: int

    def of(self, keys: np.ndarray) -> np.ndarray:
        """Say which keys are in it. [uint64 (n,)] -> [bool (n,)]"""
        return np.asarray(range_of(keys, self.ranges) == self.number)


def range_of(keys: np.ndarray, ranges: int) -> np.ndarray:
    """Give the number of the range that each key is in. [uint64 (n,)] -> [int64 (n,)]"""
    return np.asarray(((keys >> np.uint64(32)) * np.uint64(ranges)) >> np.uint64(32)).astype(np.int64)


def ranges_for(keys: float, memory_mb: int, workers: int) -> int:
    """Say into how many ranges so many keys must be cut, where each worker holds one range of them.

    >>> ranges_for(50e6, 512, 2), ranges_for(10, 512, 2)
    (12, 1)
    """
    return max(1, math.ceil(keys * KEY_BYTES * workers / (memory_mb << 20)))


class BucketSource(Protocol):
    """Where keys and payload come from. Must pickle."""

    shards: int

    def keys(self, shard: int, span: KeyRange) -> Keys:
        """The keys of a range; rows are numbered within the shard."""

    def sizes(self, shard: int, rows: np.ndarray) -> np.ndarray:
        """About how many bytes the payload of each of these rows has. [int64 (n,)]"""

    def payload(self, shard: int, rows: np.ndarray) -> pa.Table:
        """What `BucketWork` needs to know of these rows, in their order."""


class BucketWork(Protocol):
    """What is made of buckets. Must pickle."""

    def buckets(self, keys: Keys) -> Buckets:
        """Bring rows together that share a key."""

    def __call__(self, rows: pa.Table, found: Buckets) -> tuple[np.ndarray, pa.Table]:
        """Turn whole buckets of these rows into results: for each, the row [int64 (m,)] whose shard it belongs to."""


@dataclass
class RangeWork(ShardWork):
    """Do a range of keys, whose number stands for a shard's; read the results with `results`."""

    source: BucketSource
    work: BucketWork
    folder: Storage
    ranges: int
    members: int = BATCH_MEMBERS  # fewer where one is larger

    def __call__(self, number: int, output: ShardOutput) -> None:
        """Find the buckets, and work on a batch of them at a time."""
        del output
        buckets = self.work.buckets(self._keys(KeyRange(number, self.ranges)))
        owners: list[np.ndarray] = [np.zeros(0, np.int64)]
        tables: list[pa.Table] = []
        for rows, batch in buckets.batches(self.members, self._sizes(buckets.rows), BATCH_BYTES):
            mine, found = self.work(self._payload(rows), batch)
            owners.append(rows[mine] >> _ROW_BITS)
            tables.append(found)
        if tables:
            self._write(number, np.concatenate(owners), pa.concat_tables(tables))

    def _keys(self, span: KeyRange) -> Keys:
        parts = [self.source.keys(shard, span) for shard in range(self.source.shards)]
        rows = [(np.int64(shard) << _ROW_BITS) | part.row for shard, part in enumerate(parts)]
        return replace(all_keys(parts), row=np.concatenate(rows))

    def _sizes(self, rows: np.ndarray) -> np.ndarray:
        shards, found = rows >> _ROW_BITS, np.empty(len(rows), np.int64)
        for shard in np.unique(shards).tolist():
            mine = shards == shard
            found[mine] = self.source.sizes(shard, rows[mine] & ((1 << _ROW_BITS) - 1))
        return found

    def _payload(self, rows: np.ndarray) -> pa.Table:
        """The payload of rows in ascending order, shard by shard."""
        shards = rows >> _ROW_BITS
        parts = [self.source.payload(s, rows[shards == s] & ((1 << _ROW_BITS) - 1)) for s in np.unique(shards).tolist()]
        return pa.concat_tables(parts).combine_chunks()

    def _write(self, number: int, shards: np.ndarray, found: pa.Table) -> None:
        """Write a record batch for each shard, so that each can be read alone."""
        order = np.argsort(shards, kind="stable")
        bounds = np.searchsorted(shards[order], np.arange(self.source.shards + 1)).tolist()
        parts = (found.take(pa.array(order[first:last])) for first, last in itertools.pairwise(bounds))
        write_batches(self.folder / f"{number:05d}.arrow", parts, found.schema)


def write_batches(target: Storage, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write an Arrow file with one record batch for each table."""
    with (
        target.replacing() as path,
        target.arrow.open_output_stream(path) as sink,
        pa.ipc.new_file(sink, schema) as file,
    ):
        for table in tables:
            batches = table.combine_chunks().to_batches()
            file.write_batch(batches[0] if batches else pa.RecordBatch.from_pylist([], schema))


def read_batches(source: Storage, number: int | None = None) -> list[pa.RecordBatch]:
    """Read one of them, or all; locally mapped: only pages that are needed are read, and workers share them.

    Of an object store one alone is read where it lies; of all, rows are taken again and again: the file is copied.
    """
    if not source.is_local and number is not None:
        with source.arrow.open_input_file(source.path) as opened, pa.ipc.open_file(opened) as file:
            return [file.get_batch(number)]
    with pa.ipc.open_file(pa.memory_map(source.path if source.is_local else _copies().path(source))) as file:
        return [file.get_batch(k) for k in (range(file.num_record_batches) if number is None else [number])]


class Copies:
    """Files of object stores on this machine's disk; the one used longest ago goes where the disk fills up."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="eclip-")
        self._files: OrderedDict[str, Path] = OrderedDict()
        atexit.register(self._folder.cleanup)

    def path(self, source: Storage) -> str:
        """Give the local copy of a file, made now where there is none."""
        file = self._files.pop(source.url, None)
        if file is None:
            self._make_room(source.size())
            file = Path(self._folder.name) / uuid.uuid4().hex
            source.fs.get_file(source.path, str(file))
        self._files[source.url] = file
        return str(file)

    def _make_room(self, size: int) -> None:
        """Remove copies until a file fits and LEFT_FREE of the disk stay free, for the other workers' copies, too."""
        while self._files:
            disk = shutil.disk_usage(self._folder.name)
            if disk.free - size >= LEFT_FREE * disk.total:
                return
            self._files.popitem(last=False)[1].unlink()  # what is mapped stays readable


@functools.cache
def _copies() -> Copies:
    """Those of this process."""
    return Copies()


def results(folder: Storage, shard: int | None = None) -> list[pa.Table]:
    """Read what all ranges left for a shard, or for all shards."""
    names = [name for name in folder.children() if name.endswith(".arrow")]
    return [pa.Table.from_batches(read_batches(folder / name, shard)) for name in names]
