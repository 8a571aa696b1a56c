"""A small table joined to the source before the mapping, as `LEFT JOIN` does."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.config import Config
from ..schemas.errors import ConfigError, nearest
from ..schemas.values import text
from . import sources
from .text_file import Unreadable


@dataclass(frozen=True)
class Lookup:
    """The table, held whole by every worker."""

    on: str  # the source's column
    keys: pa.Array
    table: pa.Table
    schema: pa.Schema  # of the joined source

    @classmethod
    def load(cls, config: Config, source: pa.Schema) -> Lookup:
        """Read the table named by `source.lookup`.

        Raises:
            ConfigError: a column is not there, or a key comes twice.
        """
        wanted = config.source.lookup
        assert wanted is not None
        table = cls._read(config)
        key = wanted.key or wanted.on
        for column, names, place in ((wanted.on, source.names, "on"), (key, table.schema.names, "key")):
            if column not in names:
                raise ConfigError(f"source.lookup.{place}: there is no column '{column}'{nearest(column, names)}")
        keys = text(table[key].combine_chunks())
        counts = pc.value_counts(keys)
        twice = counts.filter(pc.greater(counts.field("counts"), 1))
        if len(twice):
            raise ConfigError(
                f"source.lookup: {wanted.path} has key '{twice[0]['values']}' {twice[0]['counts']} times; "
                f"a look-up needs each key once"
            )
        taken = wanted.columns or [n for n in table.schema.names if n != key and n not in source.names]
        for column in taken:
            if column not in table.schema.names:
                raise ConfigError(f"source.lookup.columns: no column '{column}'{nearest(column, table.schema.names)}")
            if column in source.names:
                raise ConfigError(
                    f"source.lookup.columns: '{column}' stands in the source too; rename it in one of the two"
                )
        table = table.select(taken).combine_chunks()
        return cls(wanted.on, keys, table, pa.schema([*source, *table.schema.remove_metadata()]))

    @staticmethod
    def _read(config: Config) -> pa.Table:
        wanted = config.source.lookup
        assert wanted is not None
        source = config.source.model_copy(update={"path": wanted.path, "format": "auto"})
        splits = sources.find(config.model_copy(update={"source": source}))
        schema = sources.columns(splits, source)
        batches = []
        for split in splits:
            for records in sources.read(split, source, schema):
                if isinstance(records, Unreadable):
                    raise ConfigError(f"source.lookup: {split.file}: {records.reason}")
                batches.append(records.batch)
        return pa.Table.from_batches(batches, schema)

    def join(self, records: pa.RecordBatch) -> pa.RecordBatch:
        """Add the table's columns; null where the key is not in it."""
        place = pc.index_in(text(records.column(self.on)), self.keys)
        added = self.table.take(place).combine_chunks()
        columns = [*records.columns, *(c.combine_chunks() for c in added.columns)]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)
