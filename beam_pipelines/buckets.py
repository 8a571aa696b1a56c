"""Bring together what shares a key over the whole catalog: hot images, candidates for duplicates.

    keys of every shard -> buckets of two and more -> what is needed to judge them -> a function of whole buckets

Only keys and, for rows that do share one, their payload go through the engine's GroupByKey, in record batches. The
local runner keeps a shuffle in memory at five to seven times its bytes; so the keys are cut into ranges, one pipeline
for each range, until a pass fits the budget. A pass leaves its result as files by shard, and a note that it is done.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..quality.duplicates.candidates import shared
from ..schemas.dataset import slices
from ..schemas.storage import Storage
from . import coder  # noqa: F401  (registers the Arrow coder)
from .runners import Runner

SHUFFLE_FACTOR = 6  # memory of the local runner over the bytes shuffled, measured 5 to 7
MESSAGE_BYTES = 1 << 20  # engines refuse records of 10 MB; many small ones are as fast
_ROW_BITS = 40
Keyed = tuple[int, pa.RecordBatch]


class BucketSource(Protocol):
    """Where keys and payload come from. Must pickle."""

    shards: int

    def keys(self, shard: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """Keys [uint64 (n,)] with low <= key < high, and the row [int64 (n,)] of each within the shard."""

    def payload(self, shard: int, rows: np.ndarray) -> pa.RecordBatch:
        """What `BucketWork` needs to know of these rows, in their order."""


class BucketWork(Protocol):
    """What is made of buckets. Must pickle."""

    def __call__(self, buckets: pa.Table) -> pa.RecordBatch:
        """Turn whole buckets (payload with `key`, sorted by key) into result rows with an int32 column `shard`."""


@dataclass(frozen=True)
class KeyRange:
    """One pass's share of all keys: low <= key < high."""

    number: int
    low: int
    high: int

    def part(self, keys: np.ndarray, parts: int) -> np.ndarray:
        """Cut the range into parts of equal width. [uint64 (n,)] -> [int64 (n,)]"""
        width = max(1, -(-(self.high - self.low) // parts))
        return ((keys - np.uint64(self.low)) // np.uint64(width)).astype(np.int64)


def key_ranges(shuffled_bytes: float, memory_mb: int) -> list[KeyRange]:
    """Cut all 64-bit keys into as many ranges as the memory budget asks for."""
    passes = max(1, math.ceil(shuffled_bytes * SHUFFLE_FACTOR / (memory_mb << 20)))
    bounds = [k * (1 << 64) // passes for k in range(passes + 1)]
    return [KeyRange(k, low, high) for k, (low, high) in enumerate(itertools.pairwise(bounds))]


def run_passes(
    label: str,
    runner: Runner,
    source: BucketSource,
    work: BucketWork,
    folder: Storage,
    shuffled_bytes: float,
    memory_mb: int,
) -> None:
    """Run every pass that has not been run; read the result with `results`."""
    ranges = key_ranges(shuffled_bytes, memory_mb)
    for span in ranges:
        note = folder / f"pass-{span.number:04d}-of-{len(ranges):04d}.json"
        if note.exists():
            continue
        pieces = folder / f"pass-{span.number:04d}-of-{len(ranges):04d}"
        pieces.remove()
        runner.run(f"{label} {span.number + 1} of {len(ranges)}", BucketPass(source, work, pieces, span), keyed=True)
        note.write_json({"low": span.low, "high": span.high})


def results(folder: Storage, shard: int) -> list[pa.Table]:
    """Read what the passes left for a shard."""
    tables = []
    for name in folder.children():
        place = folder / name / f"{shard:05d}.parquet"
        if not name.endswith(".json") and place.exists():
            tables.append(pq.read_table(place.path, filesystem=place.arrow, partitioning=None))
    return tables


class BucketPass(beam.PTransform[Any, Any]):
    """One pass over a range of keys."""

    def __init__(self, source: BucketSource, work: BucketWork, pieces: Storage, span: KeyRange) -> None:
        super().__init__()
        self.source, self.work, self.pieces, self.span = source, work, pieces, span

    def expand(self, root: Any) -> Any:
        """Wire it: keys, buckets, payload, work, files."""
        parts = max(8, self.source.shards)
        return (
            root
            | "Shard numbers" >> beam.Create(list(range(self.source.shards)))
            | "Keys" >> beam.ParDo(EmitKeys(self.source, self.span, parts)).with_output_types(Keyed)
            | "By key range" >> beam.GroupByKey()
            | "Buckets" >> beam.FlatMap(find_buckets).with_output_types(Keyed)
            | "By shard" >> beam.GroupByKey()
            | "Payload" >> beam.ParDo(AttachPayload(self.source, self.span, parts)).with_output_types(Keyed)
            | "Buckets together" >> beam.GroupByKey()
            | "Work" >> beam.ParDo(DoBuckets(self.work)).with_output_types(Keyed)
            | "Results by shard" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(WritePiece(self.pieces))
        )


def _emit(batch: pa.RecordBatch, groups: np.ndarray) -> Iterator[Keyed]:
    """Cut a batch by group, and each group into messages."""
    order = np.argsort(groups, kind="stable")
    ordered = batch.take(pa.array(order))
    bounds = [0, *(np.flatnonzero(np.diff(groups[order])) + 1).tolist(), len(order)]
    for first, last in itertools.pairwise(bounds):
        if last > first:
            group = int(groups[order[first]])
            for piece in slices(ordered.slice(first, last - first), rows=1 << 16, size=MESSAGE_BYTES):
                yield group, piece


class EmitKeys(beam.DoFn):
    """A shard's number -> its keys in the range, by part of the range."""

    def __init__(self, source: BucketSource, span: KeyRange, parts: int) -> None:
        self.source, self.span, self.parts = source, span, parts

    def process(self, shard: int) -> Iterator[Keyed]:
        """Emit (part, [key, row])."""
        keys, rows = self.source.keys(shard, self.span.low, self.span.high)
        batch = pa.RecordBatch.from_pydict({"key": keys, "row": (np.int64(shard) << _ROW_BITS) | rows})
        yield from _emit(batch, self.span.part(keys, self.parts))


def find_buckets(part: tuple[int, Iterable[pa.RecordBatch]]) -> Iterator[Keyed]:
    """Yield the (shard, [key, row]) of a part whose key stands with two rows or more."""
    table = pa.Table.from_batches(list(part[1])).combine_chunks()
    keys, rows = shared(np.asarray(table["key"]), np.asarray(table["row"]))
    batch = pa.RecordBatch.from_pydict({"key": keys, "row": rows})
    yield from _emit(batch, rows >> _ROW_BITS)


class AttachPayload(beam.DoFn):
    """The rows of a shard that stand in buckets -> their payload, by part of the range."""

    def __init__(self, source: BucketSource, span: KeyRange, parts: int) -> None:
        self.source, self.span, self.parts = source, span, parts

    def process(self, shard: tuple[int, Iterable[pa.RecordBatch]]) -> Iterator[Keyed]:
        """Emit (part, [key, payload …])."""
        number, batches = shard
        table = pa.Table.from_batches(list(batches)).combine_chunks()
        keys = np.asarray(table["key"])
        rows = np.asarray(table["row"]) & ((1 << _ROW_BITS) - 1)
        distinct, place = np.unique(rows, return_inverse=True)
        known = self.source.payload(number, distinct)
        # A row stands in several buckets: never build all its copies at once.
        for first in range(0, len(keys), 1 << 14):
            chosen = slice(first, first + (1 << 14))
            batch = known.take(pa.array(place[chosen]))
            batch = batch.append_column("key", pa.array(keys[chosen], pa.uint64()))
            yield from _emit(batch, self.span.part(keys[chosen], self.parts))


class DoBuckets(beam.DoFn):
    """Whole buckets -> result rows, by shard."""

    def __init__(self, work: BucketWork) -> None:
        self.work = work

    def process(self, part: tuple[int, Iterable[pa.RecordBatch]]) -> Iterator[Keyed]:
        """Emit (shard, result rows)."""
        found = self.work(pa.Table.from_batches(list(part[1])).sort_by([("key", "ascending"), ("id", "ascending")]))
        if found.num_rows:
            yield from _emit(found, np.asarray(found["shard"]))


class WritePiece(beam.DoFn):
    """The result rows of a shard -> a file of the pass."""

    def __init__(self, pieces: Storage) -> None:
        self.pieces = pieces

    def process(self, shard: tuple[int, Iterable[pa.RecordBatch]]) -> None:
        """Write `<shard>.parquet`."""
        number, batches = shard
        target = self.pieces / f"{number:05d}.parquet"
        with target.replacing() as path:
            pq.write_table(pa.Table.from_batches(list(batches)), path, filesystem=target.arrow)
