"""filter: listings -> listings with scores, rejected.

Two attempts: the scores, which keep every row (hot images are counted over the whole catalog first), and the
decision, which reads scores only: another threshold looks at no photo again.

Conservation: in = out + rejected.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.noise import HOT, RULES, SCORES, judge, score, share
from ..quality.own_filters import OwnFilters
from ..quality.own_function import content_hash
from ..schemas.attempt import Summary
from ..schemas.config import Config
from ..schemas.dataset import Dataset
from ..schemas.filter_config import FilterConfig
from ..schemas.listing import LISTINGS, REJECTED, Contract
from ..schemas.storage import Storage
from .buckets import results, run_passes
from .shards import ShardOutput, ShardWork
from .stage import Stage, StageRun, row_metrics

SCORE_ROWS = Contract("scores", SCORES, ("id",))
HOT_BYTES_PER_ROW = 120  # of keys, and of titles for the rows that share a photo


@dataclass
class PhotoKeys:
    """Listings by the perceptual hash of their main photo."""

    listings: Dataset
    shards: int = field(init=False)

    def __post_init__(self) -> None:
        self.shards = self.listings.shards

    def keys(self, shard: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """The hash is the key."""
        hashes = self.listings.table(shard, ["phash"])["phash"].to_pylist()
        keys = np.fromiter((int(h, 16) if h else 0 for h in hashes), np.uint64, len(hashes))
        known = np.fromiter((h is not None for h in hashes), bool, len(hashes))
        rows = np.flatnonzero(known & (keys >= np.uint64(low)) & (keys <= np.uint64(high - 1)))
        return keys[rows], rows

    def payload(self, shard: int, rows: np.ndarray) -> pa.RecordBatch:
        """Titles, and what tells one maker's listings from another's."""
        table = self.listings.table(shard, ["id", "title", "brand", "seller", "category"]).take(pa.array(rows))
        who = pc.coalesce(table["brand"], table["seller"], table["category"], "")
        table = table.select(["id", "title"]).append_column("brand", who)
        return table.combine_chunks().to_batches()[0]


@dataclass
class CountHotImages:
    """Buckets of listings with one photo -> a row of HOT each."""

    def __call__(self, buckets: pa.Table) -> pa.RecordBatch:
        """Describe each photo; all go to shard 0, for every shard needs them all."""
        keys = np.asarray(buckets["key"])
        bounds = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]
        titles, brands = buckets["title"].combine_chunks(), buckets["brand"].to_pylist()
        rows = [
            share(f"{int(keys[a]):016x}", titles[a:b], brands[a:b])
            for a, b in itertools.pairwise(bounds)
        ]  # fmt: skip
        batch = pa.RecordBatch.from_pylist(rows, schema=HOT)
        return batch.append_column("shard", pa.array(np.zeros(len(rows), np.int32)))


@dataclass
class ScoreWork(ShardWork):
    """Score a shard's listings."""

    listings: Dataset
    hot: Storage
    contracts = {"scores": SCORE_ROWS}

    def setup(self) -> None:
        """Read the photos that several listings share."""
        tables = results(self.hot, 0)
        self.shared = pa.concat_tables(tables).select(HOT.names) if tables else HOT.empty_table()

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Stream a shard."""
        for batch in self.listings.batches(shard):
            output.count("in", batch.num_rows)
            output.write("scores", score(batch, self.shared))


@dataclass
class JudgeWork(ShardWork):
    """Hold a shard's scores against the thresholds."""

    listings: Dataset
    scores: Dataset
    config: FilterConfig
    own: OwnFilters
    contracts = {"listings": LISTINGS, "rejected": REJECTED}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Read listings and scores side by side: both are sorted by id, row for row."""
        scores = self.scores.table(shard).combine_chunks()
        first = 0
        for batch in self.listings.batches(shard):
            rows = scores.slice(first, batch.num_rows)
            first += batch.num_rows
            mine = rows.to_batches()[0] if rows.num_rows else SCORE_ROWS.empty()
            kept, lost = judge(batch, mine, self.config, self.own)
            output.count("in", batch.num_rows)
            output.write("listings", kept)
            output.write("rejected", lost)


class Filter(Stage):
    """Reject noise."""

    name = "filter"
    version = 1
    inputs = ("clean/listings",)

    def settings(self, config: Config) -> dict[str, Any]:
        """The thresholds, and the filters of one's own with the content of their packages."""
        own = {
            rule.id: {
                "use": rule.use,
                "detail": rule.detail,
                "content": content_hash(f"filter.own.{rule.id}", rule.use),
            }
            for rule in config.filter.own
        }
        return {**config.filter.model_dump(exclude={"own"}), "own": own}  # not in `content`, which names the scores too

    def build(self, work: StageRun) -> None:
        """Count hot images, score, judge."""
        listings = work.dataset("clean/listings")
        rows = work.inputs["clean"].datasets["listings"].rows
        scores = work.step("scores", {}, work.attempt.shards)
        hot = scores.folder / "_hot"
        if scores.missing():
            run_passes("Count hot images", work.runner, PhotoKeys(listings), CountHotImages(), hot,
                       rows * HOT_BYTES_PER_ROW, work.config.runner.memory_mb)  # fmt: skip
        work.map("Score", ScoreWork(listings, hot), scores, seconds=rows / 100_000)
        own = OwnFilters.of(work.config.filter.own, RULES)
        judging = JudgeWork(listings, scores.dataset("scores"), work.config.filter, own)
        work.map("Judge", judging, seconds=rows / 100_000)

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Conservation, and the share that each rule rejected."""
        return row_metrics(work.rows("clean/listings"), summary.counts, summary, "listings")
