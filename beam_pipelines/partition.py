"""Ingest's first step: a source split -> spill files of listings and of rejected records, by shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.personal_data import redacted_text, without_personal_data
from ..quality.pseudonyms import Key
from ..quality.splits import NAMES, named
from ..schemas.config import SourceConfig
from ..schemas.dataset import shard_of
from ..schemas.errors import ConfigError, SourceError
from ..schemas.mapping import ColumnMapping, to_listings, unread
from ..schemas.rejection import rejected
from ..schemas.storage import Storage
from . import sources
from .lookup import Lookup
from .repartition import Spill
from .shards import ShardOutput, ShardWork, explain
from .text_file import Unreadable


@dataclass
class Partition(ShardWork):
    """Read one source split, map its columns, spill its rows by shard."""

    splits: Sequence[sources.Split]
    source: SourceConfig
    schema: pa.Schema
    mapping: ColumnMapping
    lookup: Lookup | None
    folder: Storage
    shards: int
    key: Key | None = None  # of pseudonyms; where there is one, personal data is taken out of all that is written

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Spill one split: listings and rejected records, with an index of both."""
        try:
            self._spill(shard, output)
        except Exception as error:
            if self.key is None:
                raise
            # The note of a failure is written too, and what failed may quote a record.
            kind = ConfigError if isinstance(error, ConfigError) else SourceError
            raise kind(redacted_text(explain(error))) from None

    def _spill(self, shard: int, output: ShardOutput) -> None:
        split = self.splits[shard]
        with Spill(self.folder / f"listings-{shard:05d}") as good, Spill(self.folder / f"rejected-{shard:05d}") as bad:
            for records in sources.read(split, self.source, self.schema):
                if isinstance(records, Unreadable):
                    output.count("unparsable")
                    self._reject(bad, _unparsable(split, self._plain(records, output)))
                    continue
                output.count("records", records.batch.num_rows)
                batch = self.lookup.join(records.batch) if self.lookup else records.batch
                listings = to_listings(batch, records.rows, split.name, self.mapping)
                for column, number in unread(batch, listings, self.mapping).items():
                    output.count(f"unread:{column}", number)
                if self.key is not None:
                    listings, found = without_personal_data(listings, self.key)
                    for column, number in found.items():
                        output.count(f"redacted:{column}", number)
                _check_splits(split, listings)
                known = pc.and_kleene(
                    pc.is_valid(listings["id"]), pc.fill_null(pc.not_equal(listings["id"], ""), False)
                )
                if pc.any(pc.invert(known)).as_py():
                    self._reject(bad, _without_id(split, listings.filter(pc.invert(known))))
                    listings = listings.filter(known)
                good.write(listings, shard_of(listings["id"], self.shards))
        runs = {"listings": good.runs, "rejected": bad.runs}
        (self.folder / "_runs" / f"{shard:05d}.json").write_json(runs)

    def _plain(self, record: Unreadable, output: ShardOutput) -> Unreadable:
        text = record.text if self.key is None else redacted_text(record.text)
        output.count("redacted:unparsable", text != record.text)
        return replace(record, text=text)

    def _reject(self, bad: Spill, rows: pa.RecordBatch) -> None:
        bad.write(rows, shard_of(rows["id"], self.shards))


def _check_splits(split: sources.Split, listings: pa.RecordBatch) -> None:
    """Refuse words that are no split: to guess would train on what was meant to judge."""
    for word in pc.unique(listings["split"]).to_pylist():
        if word is not None and named(word) is None:
            row = listings["source_row"][pc.index(listings["split"], word).as_py()]
            raise SourceError(
                f"{split.name} row {row}: split '{word}' is not known; known are {', '.join(NAMES)}. Rename it in the "
                f"source, or leave the column out with source.columns.split: []"
            )


def _unparsable(split: sources.Split, record: Unreadable) -> pa.RecordBatch:
    row = pa.RecordBatch.from_pydict({"id": [f"{split.name}#{record.row}"], "text": [record.text]})
    return rejected(row, "ingest", ["unparsable"], np.ones((1, 1), bool), [[f"{split.name}: {record.reason}"]])


def _without_id(split: sources.Split, rows: pa.RecordBatch) -> pa.RecordBatch:
    names = [f"{split.name}#{row}" for row in rows["source_row"].to_pylist()]
    rows = rows.set_column(rows.schema.names.index("id"), "id", pa.array(names, pa.string()))
    details = [f"{name.replace('#', ' row ')} has no id" for name in names]
    return rejected(rows, "ingest", ["missing_id"], np.ones((len(names), 1), bool), [details])
