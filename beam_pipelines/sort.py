"""Ingest's second step: the spilled runs of a shard -> one file sorted by id, each id once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.dataset import BATCH_ROWS
from ..schemas.errors import SourceError
from ..schemas.listing import REJECTED, Contract
from ..schemas.rejection import rejected
from ..schemas.storage import Storage
from .repartition import collect, wide
from .shards import ShardOutput, ShardWork

SORTED = Contract("sorted", pa.schema([("id", pa.string())]), ("id",))
SOURCE_ORDER = [("id", "ascending"), ("source_file", "ascending"), ("source_row", "ascending")]
REJECTED_ORDER = [("id", "ascending"), ("rule", "ascending"), ("row", "ascending")]


@dataclass
class Sort(ShardWork):
    """Build one shard from its runs; of rows with one id the policy keeps one."""

    spills: Storage
    splits: int
    policy: str  # keep_first, keep_last or stop
    empty: pa.RecordBatch  # a batch of no rows, for the schema
    contracts = {"sorted": SORTED, "rejected": REJECTED}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Sort, resolve ids that come more than once, write both datasets."""
        bad = list(self._runs("rejected", shard))
        table = wide(pa.Table.from_batches([self.empty, *self._runs("listings", shard)]))
        table = table.take(pc.sort_indices(table, sort_keys=SOURCE_ORDER))
        ids = np.asarray(table["id"].combine_chunks().dictionary_encode().indices)
        repeated = np.zeros(len(ids), bool)
        repeated[1:] = ids[1:] == ids[:-1]
        if repeated.any():
            chosen, lost = self._resolve(table, repeated)
            bad.append(lost)
            table = table.take(pa.array(chosen))
        output.write("sorted", self.empty)
        for batch in table.to_batches(max_chunksize=BATCH_ROWS):
            output.write("sorted", batch.cast(self.empty.schema))
        if bad:
            rows = pa.Table.from_batches(bad)
            for batch in rows.take(pc.sort_indices(rows, sort_keys=REJECTED_ORDER)).to_batches():
                output.write("rejected", batch)

    def _runs(self, kind: str, shard: int) -> Iterator[pa.RecordBatch]:
        spills = []
        for split in range(self.splits):
            runs = (self.spills / "_runs" / f"{split:05d}.json").read_json()[kind]
            spills.append((self.spills / f"{kind}-{split:05d}", runs))
        return collect(spills, shard)

    def _resolve(self, table: pa.Table, repeated: np.ndarray) -> tuple[np.ndarray, pa.RecordBatch]:
        """Choose a row for each id; the others become rejected rows."""
        chosen = np.flatnonzero(~repeated)
        if self.policy == "keep_last":
            chosen = np.append(chosen[1:], len(repeated)) - 1
        kept = chosen[np.cumsum(~repeated) - 1]  # for each row, the row kept of its id
        lost = np.setdiff1d(np.arange(len(repeated)), chosen)
        hashes = np.array(table["row_hash"].to_pylist(), dtype=object)
        equal = hashes[lost] == hashes[kept[lost]]
        files, rows = table["source_file"].to_pylist(), table["source_row"].to_pylist()
        if self.policy == "stop" and not equal.all():
            row = int(lost[~equal][0])
            raise SourceError(
                f"id '{table['id'][row]}' stands in {files[kept[row]]} row {rows[kept[row]]} and, with other values, "
                f"in {files[row]} row {rows[row]}; mend the source, or set source.on_duplicate_id to keep_first "
                f"or keep_last"
            )
        details = [
            f"{files[r]} row {rows[r]} has the id of {files[kept[r]]} row {rows[kept[r]]}, "
            f"{'and equal values' if same else 'with other values'}"
            for r, same in zip(lost.tolist(), equal.tolist(), strict=True)
        ]
        taken = table.take(pa.array(lost)).combine_chunks().to_batches()[0].cast(self.empty.schema)
        fired = np.stack([equal, ~equal], axis=1)
        return chosen, rejected(taken, "ingest", ["repeated_row", "duplicate_id"], fired, [details, details])
