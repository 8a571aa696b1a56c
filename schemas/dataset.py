"""Sharded datasets: `part-00017-of-00064.parquet` and its fellows, each sorted by its key.

A row's shard is decided once, from its id, and never changes; so a join of two datasets is a merge of two files, and
uniqueness, look-ups and new-against-old are local to a shard.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from .checksum import Checksum
from .listing import Contract, with_metadata
from .storage import Storage

BATCH_ROWS = 4096
BATCH_BYTES = 32 << 20
ROW_GROUP_ROWS = 65_536
ROW_GROUP_BYTES = 64 << 20


def part_name(shard: int, shards: int) -> str:
    """Name a shard's file.

    >>> part_name(17, 64)
    'part-00017-of-00064.parquet'
    """
    return f"part-{shard:05d}-of-{shards:05d}.parquet"


def shard_of(ids: pa.Array, shards: int) -> np.ndarray:
    """Give the shard of each id: xxh64 of its UTF-8 bytes, seed 0, modulo the number of shards. [int64 (n,)]"""
    digest = xxhash.xxh64_intdigest
    return np.fromiter((digest(i.encode()) % shards for i in ids.to_pylist()), np.int64, len(ids))


def slices(batch: pa.RecordBatch, rows: int = BATCH_ROWS, size: int = BATCH_BYTES) -> Iterator[pa.RecordBatch]:
    """Cut a batch into pieces of at most `rows` rows and about `size` bytes (one row is never cut)."""
    if batch.num_rows <= rows and batch.nbytes <= size:
        yield batch
        return
    average = max(1, batch.nbytes // max(1, batch.num_rows))
    step = max(1, min(rows, size // average))
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def rows_at_a_time(metadata: pq.FileMetaData, rows: int = BATCH_ROWS, size: int = BATCH_BYTES) -> int:
    """Say how many whole rows of a Parquet file may be decoded at once: at most `rows`, and about `size` bytes.

    A batch is decoded before it can be cut, and 4,096 photos would be hundreds of megabytes.
    """
    total = int(sum(metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups)))
    return max(1, min(rows, size * int(metadata.num_rows) // max(1, total)))


@dataclass(frozen=True)
class Dataset:
    """Read a dataset: a folder of parts that all have one schema."""

    folder: Storage
    shards: int

    def part(self, shard: int) -> Storage:
        """Name the file of one shard."""
        return self.folder / part_name(shard, self.shards)

    def batches(
        self, shard: int, columns: Sequence[str] | None = None, rows: int = BATCH_ROWS, size: int = BATCH_BYTES
    ) -> Iterator[pa.RecordBatch]:
        """Stream a shard's rows in order, at most `rows` rows or about `size` bytes at a time.

        A shard without rows gives one batch of no rows, so that what is made of it still has a schema.
        """
        part = self.part(shard)
        with pq.ParquetFile(part.path, filesystem=part.arrow, pre_buffer=False) as file:
            if not file.metadata.num_rows:
                schema = file.schema_arrow.remove_metadata()
                yield pa.RecordBatch.from_pylist([], schema if columns is None else _chosen(schema, columns))
            step = rows if columns is not None else rows_at_a_time(file.metadata, rows, size)
            for batch in file.iter_batches(batch_size=step, columns=columns, use_threads=False):
                yield from slices(batch, rows, size)

    def table(self, shard: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one shard whole."""
        part = self.part(shard)
        with pq.ParquetFile(part.path, filesystem=part.arrow) as file:
            return file.read(columns=columns, use_threads=False)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Read all shards, in shard order; for small datasets and single columns."""
        return pa.concat_tables([self.table(shard, columns) for shard in range(self.shards)])

    def rows(self, ids: Sequence[str], columns: Sequence[str] | None = None, key: str = "id") -> pa.Table:
        """Look rows up by id; reads only the row groups that may hold them."""
        wanted = pa.array(list(ids), pa.string())
        tables = []
        for shard in np.unique(shard_of(wanted, self.shards)).tolist():
            part = self.part(shard)
            mine = wanted.filter(pa.array(shard_of(wanted, self.shards) == shard))
            tables.append(
                pq.read_table(
                    part.path,
                    filesystem=part.arrow,
                    columns=columns,
                    filters=pc.field(key).isin(mine),
                    partitioning=None,
                )
            )
        return pa.concat_tables(tables) if tables else self.schema().empty_table()

    def schema(self) -> pa.Schema:
        """Read the schema (of the first part; all have the same)."""
        part = self.part(0)
        return pq.read_schema(part.path, filesystem=part.arrow)


def _chosen(schema: pa.Schema, columns: Sequence[str]) -> pa.Schema:
    return pa.schema([schema.field(name) for name in columns])


def _disorder(keys: pa.RecordBatch, unique: bool) -> int | None:
    """Find the first row whose key does not follow the one before it; a null follows nothing."""
    equal = np.ones(max(0, keys.num_rows - 1), bool)  # row k + 1 to row k, in the columns so far
    wrong = ~equal
    for column in keys.columns:
        before, after = column[:-1], column[1:]
        wrong |= equal & ~_true(pc.less_equal(before, after))
        equal &= _true(pc.equal(before, after))
        if not equal.any():
            break
    wrong |= equal & unique
    return int(wrong.argmax()) + 1 if wrong.any() else None


def _true(answers: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(answers, False))


@dataclass(frozen=True)
class Part:
    """What was written for one shard of a dataset."""

    rows: int
    checksum: str
    bytes: int


class PartWriter:
    """Write one part: row groups of fixed size, a checksum on the way, put in place when the block ends well.

    Without a schema the first batch gives it; a shard without rows is a file with the schema and no row group
    (Hugging Face datasets stumbles over an empty row group).
    """

    def __init__(self, target: Storage, contract: Contract, schema: pa.Schema) -> None:
        self.target, self.contract = target, contract
        self.schema = with_metadata(schema.remove_metadata(), contract.name)
        self.part: Part | None = None
        self._checksum = Checksum(self.schema)
        self._held: list[pa.RecordBatch] = []
        self._held_rows = self._held_bytes = self._rows = 0
        self._last = pa.RecordBatch.from_pylist([], pa.schema([self.schema.field(name) for name in contract.key]))

    def __enter__(self) -> PartWriter:
        with ExitStack() as stack:
            path = stack.enter_context(self.target.replacing())
            self._file = pq.ParquetWriter(
                path, self.schema, filesystem=self.target.arrow, compression="zstd", compression_level=1
            )
            stack.callback(self._file.close)
            self._stack = stack.pop_all()
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Raises:
            ValueError: they do not come in the order of the contract's key, or repeat one that may stand once.
        """
        if not batch.num_rows:
            return
        batch = batch.select(self.schema.names).cast(self.schema)
        self._check_order(batch.select(self.contract.key))
        self._checksum.update(batch)
        self._rows += batch.num_rows
        for piece in slices(batch, ROW_GROUP_ROWS, ROW_GROUP_BYTES):
            if self._held_rows + piece.num_rows > ROW_GROUP_ROWS or self._held_bytes + piece.nbytes > ROW_GROUP_BYTES:
                self._flush()
            self._held.append(piece)
            self._held_rows += piece.num_rows
            self._held_bytes += piece.nbytes

    def _check_order(self, keys: pa.RecordBatch) -> None:
        unique, names = self.contract.unique, ", ".join(self.contract.key)
        keys = pa.concat_batches([self._last, keys])
        wrong = _disorder(keys, unique)
        if wrong is not None:
            row = self._rows - self._last.num_rows + wrong + 1
            before, found = (tuple(keys.slice(k, 1).to_pylist()[0].values()) for k in (wrong - 1, wrong))
            raise ValueError(
                f"{self.target}: row {row} (counted from 1) has the key {found} after {before}; rows must come sorted "
                f"by ({names}){', each key once' if unique else ''}; sort them before they are written"
                f"{' and keep one row of each key' if unique else ''}"
            )
        self._last = keys.slice(keys.num_rows - 1)

    def _flush(self) -> None:
        if self._held:
            self._file.write_table(pa.Table.from_batches(self._held), row_group_size=ROW_GROUP_ROWS)
        self._held, self._held_rows, self._held_bytes = [], 0, 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._flush()
        except BaseException as failed:
            self._stack.__exit__(type(failed), failed, failed.__traceback__)
            raise
        self._stack.__exit__(kind, error, trace)
        if error is None:
            self.part = Part(self._rows, self._checksum.hexdigest(), self.target.size())
