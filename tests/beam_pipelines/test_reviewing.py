"""What is drawn for people to judge."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from eclip.beam_pipelines import reviewing
from eclip.quality.report.labels import BEYOND, WITHIN


class Held:
    """A dataset of one shard that lies in memory."""

    shards = 1

    def __init__(self, **columns: Any) -> None:
        self.rows = pa.table(columns)

    def table(self, shard: int, columns: list[str]) -> pa.Table:
        """Give columns."""
        del shard
        return self.rows.select(columns)

    def batches(self, shard: int, columns: list[str]) -> list[pa.RecordBatch]:
        """Give columns."""
        return self.table(shard, columns).to_batches()


SCORES = [0.2, None, 0.5, 0.55, 0.97, 0.9]


@pytest.mark.parametrize(
    ("mismatch", "beyond"),
    [({}, ["d", "e", "f"]), ({"max_score": 0.9}, ["e"]), ({"share": 0.5}, ["c", "e"]),
     ({"share": 0.34, "within": "catalog"}, ["e"]), ({"max_score": 0.5, "share": 0.2}, ["d", "e", "f"])],
)  # fmt: skip
def test_scored_pairs_are_told_apart_by_the_threshold_in_force(mismatch: dict[str, Any], beyond: list[str]) -> None:
    scores = Held(id=list("abcdef"), mismatch=pa.array(SCORES, pa.float32()))
    listings = Held(category=["mugs", "mugs", "mugs", "rugs", "rugs", "rugs"])
    stages = {"filter": SimpleNamespace(settings={"mismatch": mismatch})}
    found: Any = SimpleNamespace(stages=stages, step=lambda *_: scores, dataset=lambda _: listings)
    ((table, (ids,), rules, values),) = reviewing._tables(found, "noise")
    assert ids.to_pylist() == list("acdef")
    assert values == table["mismatch"].to_pylist()
    assert [i for i, rule in zip(ids.to_pylist(), rules, strict=True) if rule == BEYOND] == beyond
    assert set(rules) <= {BEYOND, WITHIN}
