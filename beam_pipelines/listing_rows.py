"""What the published datasets hold of one listing, and which ids are like one that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..quality.report.words import visible
from ..schemas.dataset import Dataset
from .gathering import Gathering

SEARCHED = 200_000  # ids of like length that a misspelt one is compared with
Row = dict[str, Any]


class ListingRows:
    """Read the rows of one listing."""

    def __init__(self, found: Gathering, row_id: str) -> None:
        self.found, self.id = found, row_id

    def rows(self, name: str, key: str = "id", columns: Sequence[str] | None = None) -> list[Row]:
        """Look its rows up in a published dataset, `stage/dataset`; none where there is no such one."""
        stage, _, dataset = name.partition("/")
        if dataset not in self.found.stages[stage].rows:
            return []
        rows: list[Row] = self.found.dataset(name).rows([self.id], columns, key).to_pylist()
        return rows

    def row(self, name: str) -> Row | None:
        """Look its row up."""
        return next(iter(self.rows(name)), None)

    def rejected(self, stage: str) -> list[Row]:
        """Look up what a stage rejected of it."""
        return self.rows(f"{stage}/rejected")

    def scan(self, dataset: Dataset, test: pc.Expression, columns: Sequence[str] | None = None) -> pa.Table:
        """Read the rows that pass a test, wherever they stand."""
        parts = [part for shard in range(dataset.shards) if (part := dataset.part(shard)).exists()]
        return pa.concat_tables(
            [pq.read_table(p.path, filesystem=p.arrow, columns=columns, filters=test, partitioning=None) for p in parts]
        )


def either(left: str, right: str, row_id: str) -> pc.Expression:
    """Say of a pair whether the listing is one side of it."""
    return (pc.field(left) == row_id) | (pc.field(right) == row_id)


def nearest_ids(row_id: str, listings: Dataset) -> str:
    """Name ids that are like one that is not there: of about its length, and with its first or last letters."""
    wanted, like = row_id.strip(), []
    for shard in range(listings.shards):
        ids = listings.table(shard, ["id"])["id"]
        size = pc.utf8_length(ids)
        near = pc.and_(pc.greater_equal(size, len(wanted) - 2), pc.less_equal(size, len(wanted) + 2))
        ends = pc.or_(
            pc.starts_with(ids, wanted[:2], ignore_case=True), pc.ends_with(ids, wanted[-2:], ignore_case=True)
        )
        like += ids.filter(pc.and_(near, ends)).to_pylist()
        if len(like) > SEARCHED:
            break
    close = difflib.get_close_matches(wanted, like[:SEARCHED], n=3, cutoff=0.6)
    return f"; the nearest are {', '.join(visible(name) for name in close)}" if close else "; none is like it"
