"""A content checksum of ordered rows that does not depend on how they were cut into batches.

Two datasets are identical when their checksums are, whatever the bytes of their files: another batch size changes a
Parquet file's row groups, a runner's bundles change the batches, neither changes a row.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash


class _Column:
    """Hash one column as streams of validity, lengths and values; nested columns hash their children."""

    def __init__(self, kind: pa.DataType) -> None:
        self.kind = kind
        self.validity, self.lengths, self.values = (xxhash.xxh3_128() for _ in range(3))
        children: list[pa.DataType] = []
        if pa.types.is_struct(kind):
            children = [kind.field(i).type for i in range(kind.num_fields)]
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            children = [kind.value_type]
        self.children = [_Column(child) for child in children]

    def update(self, array: pa.Array) -> None:
        """Add the rows of an array of this column's type."""
        kind = self.kind
        if pa.types.is_dictionary(kind):
            array = array.dictionary_decode()
            kind = array.type
        self.validity.update(np.asarray(pc.is_valid(array)).astype(np.uint8).tobytes())
        array = array.drop_null() if array.null_count else array
        if pa.types.is_struct(kind):
            for i, child in enumerate(self.children):
                child.update(array.field(i) if array.offset == 0 else pc.struct_field(array, i))
        elif self.children:
            if not pa.types.is_fixed_size_list(kind):
                self.lengths.update(np.asarray(pc.list_value_length(array)).astype(np.int64).tobytes())
            self.children[0].update(array.flatten())
        elif pa.types.is_boolean(kind):
            self.values.update(np.asarray(array).astype(np.uint8).tobytes())
        elif _is_bytes(kind):
            self.lengths.update(np.asarray(pc.binary_length(array)).astype(np.int64).tobytes())
            self.values.update(_joined(array))
        elif not pa.types.is_null(kind):
            self.values.update(np.ascontiguousarray(array.to_numpy(zero_copy_only=False)).tobytes())

    def digest(self) -> bytes:
        """Sum up what was added."""
        parts = [str(self.kind).encode(), self.validity.digest(), self.lengths.digest(), self.values.digest()]
        return xxhash.xxh3_128(b"\0".join(parts + [c.digest() for c in self.children])).digest()


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind)
                or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))  # fmt: skip


def _joined(array: pa.Array) -> memoryview:
    """The bytes of all values of a string or binary array, without nulls, one after another."""
    _, offsets, data = array.buffers()
    if data is None:
        return memoryview(b"")
    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    bounds = np.frombuffer(offsets, np.int64 if wide else np.int32)
    return memoryview(data)[int(bounds[array.offset]) : int(bounds[array.offset + len(array)])]


class Checksum:
    """Collect batches of one schema, in order; `hexdigest` is equal for equal rows in equal order.

    >>> rows = pa.table({"id": ["a", "b"], "n": [1, None]})
    >>> whole, halves = Checksum(rows.schema), Checksum(rows.schema)
    >>> whole.update(rows.to_batches()[0])
    >>> for batch in rows.to_batches(max_chunksize=1): halves.update(batch)
    >>> whole.hexdigest() == halves.hexdigest()
    True
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = {field.name: _Column(field.type) for field in schema}

    def update(self, batch: pa.RecordBatch) -> None:
        """Add a batch's rows."""
        for name, column in self._columns.items():
            column.update(batch.column(name))

    def hexdigest(self) -> str:
        """Give 32 hex digits over names, types and rows."""
        total = xxhash.xxh3_128()
        for name, column in self._columns.items():
            total.update(name.encode() + b"\0" + column.digest())
        return total.hexdigest()


def combine(parts: Iterable[str]) -> str:
    """Sum up the checksums of a dataset's parts, in shard order."""
    return xxhash.xxh3_128("\n".join(parts).encode()).hexdigest()
