"""A content checksum of ordered rows that does not depend on how they were cut into batches.

Two datasets are identical when their checksums are, whatever the bytes of their files: another batch size changes a
Parquet file's row groups, a runner's bundles change the batches, neither changes a row. Numbers count bit by bit, so
0.0 and -0.0 differ.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from pyarrow import types

from .errors import SourceError


class _Column:
    """Hash one column as streams of validity, lengths and values; nested columns hash their children.

    Raises:
        SourceError: the type is not one that a Parquet file holds.
    """

    def __init__(self, name: str, kind: pa.DataType) -> None:
        self.kind, self.plain = kind, _plain(kind)
        self.validity, self.lengths, self.values = (xxhash.xxh3_128() for _ in range(3))
        children: list[pa.DataType] = []
        if types.is_struct(self.plain):
            children = [field.type for field in self.plain]
        elif _is_list(self.plain) or types.is_fixed_size_list(self.plain):
            children = [self.plain.value_type]
        elif not (_is_bytes(self.plain) or types.is_null(self.plain) or _width(self.plain)):
            raise SourceError(
                f"column '{name}': there is no checksum for the Arrow type {kind}; expected numbers, text, bytes, "
                f"times, or lists, maps and structs of them; cast the column in the source, or leave it out"
            )
        self.children = [_Column(name, child) for child in children]

    def update(self, array: pa.Array) -> None:
        """Add the rows of an array of this column's type."""
        array = array if self.plain.equals(self.kind) else array.cast(self.plain)
        self.validity.update(np.asarray(pc.is_valid(array)).astype(np.uint8).tobytes())
        # What stands in memory under a null is chance.
        array = array.drop_null() if array.null_count else array
        kind = self.plain
        if types.is_struct(kind):
            for i, child in enumerate(self.children):
                child.update(array.field(i) if array.offset == 0 else pc.struct_field(array, i))
        elif self.children:
            if not types.is_fixed_size_list(kind):
                self.lengths.update(np.asarray(pc.list_value_length(array)).astype(np.int64).tobytes())
            self.children[0].update(array.flatten())
        elif types.is_boolean(kind):
            self.values.update(np.asarray(array).astype(np.uint8).tobytes())
        elif _is_bytes(kind):
            self.lengths.update(np.asarray(pc.binary_length(array)).astype(np.int64).tobytes())
            self.values.update(_joined(array))
        elif not types.is_null(kind):
            self.values.update(_values(array))

    def digest(self) -> bytes:
        """Sum up what was added."""
        parts = [str(self.kind).encode(), self.validity.digest(), self.lengths.digest(), self.values.digest()]
        return xxhash.xxh3_128(b"\0".join(parts + [c.digest() for c in self.children])).digest()


def _plain(kind: pa.DataType) -> pa.DataType:
    """Give the type that arrays of `kind` are cast to, so that equal values lie alike in memory; most are their own.

    List views stay: pyarrow 25 casts them to lists with offsets that are wrong. Their children are cast on their own.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return _plain(kind.value_type)
    if types.is_string_view(kind):
        return pa.large_string()
    if types.is_binary_view(kind):
        return pa.large_binary()
    if types.is_map(kind):
        return pa.list_(pa.struct([_plain_field(kind.key_field), _plain_field(kind.item_field)]))
    if types.is_list(kind):
        return pa.list_(_plain_field(kind.value_field))
    if types.is_large_list(kind):
        return pa.large_list(_plain_field(kind.value_field))
    if types.is_fixed_size_list(kind):
        return pa.list_(_plain_field(kind.value_field), kind.list_size)
    if types.is_struct(kind):
        return pa.struct([_plain_field(field) for field in kind])
    return kind


def _plain_field(field: pa.Field) -> pa.Field:
    return field.with_type(_plain(field.type))


def _is_list(kind: pa.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind)
                or types.is_list_view(kind) or types.is_large_list_view(kind))  # fmt: skip


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind)
                or types.is_binary(kind) or types.is_large_binary(kind))  # fmt: skip


def _width(kind: pa.DataType) -> int:
    """Bits of a value, 0 where they vary."""
    try:
        return int(kind.bit_width)
    except ValueError:
        return 0


def _values(array: pa.Array) -> memoryview:
    """The values of an array of fixed width, without nulls: numbers, decimals and times are integers in memory."""
    data, width = array.buffers()[1], _width(array.type) // 8
    if data is None:
        return memoryview(b"")
    return memoryview(data)[array.offset * width : (array.offset + len(array)) * width]


def _joined(array: pa.Array) -> memoryview:
    """The bytes of all values of a string or binary array, without nulls, one after another."""
    _, offsets, data = array.buffers()
    if data is None or not len(array):
        return memoryview(b"")
    wide = types.is_large_string(array.type) or types.is_large_binary(array.type)
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

    Raises:
        SourceError: a column's type is not one that a Parquet file holds.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = {field.name: _Column(field.name, field.type) for field in schema}

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
