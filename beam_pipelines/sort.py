"""Ingest's second step: the spilled runs of a shard -> one file sorted by id, each id once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.errors import SourceError
from ..schemas.listing import REJECTED, Contract
from ..schemas.rejection import rejected
from ..schemas.storage import Storage
from .repartition import collect, in_order
from .shards import ShardOutput, ShardWork

SORTED = Contract("sorted", pa.schema([("id", pa.string())]), ("id",))
KEYS = ["id", "row_hash", "source_file", "source_row"]
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
        batches = list(self._runs("listings", shard))
        keys = pa.Table.from_batches([b.select(KEYS) for b in [self.empty, *batches]])
        # Runs come in the order of the source, file by file and row by row, and this sort is stable: so do equal ids.
        order = np.asarray(pc.sort_indices(keys, sort_keys=[("id", "ascending")])).astype(np.int64)
        keys = keys.take(pa.array(order))
        ids = np.asarray(keys["id"].combine_chunks().dictionary_encode().indices)
        repeated = np.zeros(len(ids), bool)
        repeated[1:] = ids[1:] == ids[:-1]
        chosen = np.flatnonzero(~repeated)
        if repeated.any():
            if self.policy == "keep_last":
                chosen = np.append(chosen[1:], len(repeated)) - 1
            bad += self._lost(keys, repeated, chosen, batches, order)
        output.write("sorted", self.empty)
        for batch in in_order(batches, order[chosen]):
            output.write("sorted", batch)
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

    def _lost(
        self, keys: pa.Table, repeated: np.ndarray, chosen: np.ndarray, batches: Sequence[pa.RecordBatch],
        order: np.ndarray,
    ) -> Iterator[pa.RecordBatch]:  # fmt: skip
        """Make rejected rows of those that another row of their id stays for."""
        kept = chosen[np.cumsum(~repeated) - 1]  # for each row, the row kept of its id
        lost = np.setdiff1d(np.arange(len(repeated)), chosen)
        hashes = np.array(keys["row_hash"].to_pylist(), dtype=object)
        equal = hashes[lost] == hashes[kept[lost]]
        files, rows = keys["source_file"].to_pylist(), keys["source_row"].to_pylist()
        if self.policy == "stop" and not equal.all():
            row = int(lost[~equal][0])
            raise SourceError(
                f"id '{keys['id'][row]}' stands in {files[kept[row]]} row {rows[kept[row]]} and, with other values, "
                f"in {files[row]} row {rows[row]}; mend the source, or set source.on_duplicate_id to keep_first "
                f"or keep_last"
            )
        details = [
            f"{files[r]} row {rows[r]} has the id of {files[kept[r]]} row {rows[kept[r]]}, "
            f"{'and equal values' if same else 'with other values'}"
            for r, same in zip(lost.tolist(), equal.tolist(), strict=True)
        ]
        fired = np.stack([equal, ~equal], axis=1)
        start = 0
        for batch in in_order(batches, order[lost]):
            end = start + batch.num_rows
            said = details[start:end]
            yield rejected(batch, "ingest", ["repeated_row", "duplicate_id"], fired[start:end], [said, said])
            start = end
