"""filter: listings + images -> listings with scores, rejected.

Two attempts: the scores, which keep every row (hot images are counted over the whole catalog first, and what photos
go with what titles is learnt from it), and the decision, which reads scores only: another threshold looks at no photo
again.

Conservation: in = out + rejected.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..quality.noise import HOT, RULES, SCORES, groups, judge, pairs, score, worst_of
from ..quality.own_filters import OwnFilters
from ..quality.own_function import content_hash
from ..quality.put_back import PUT_BACK
from ..schemas.attempt import Attempt, Summary
from ..schemas.config import Config
from ..schemas.dataset import BATCH_ROWS, Dataset
from ..schemas.filter_config import FilterConfig
from ..schemas.listing import LISTINGS, REJECTED, Contract
from ..schemas.manifest import Manifest
from ..schemas.storage import Storage
from .buckets import RangeWork, ranges_for, results
from .hot_images import CountHotImages, PhotoKeys
from .mismatch_work import NOTE, ROWS_AT_A_TIME, Describer, MismatchScorer, learn
from .model_cache import fetched
from .shards import ShardOutput, ShardWork
from .stage import Stage, StageRun, row_metrics
from .step import Step

SCORE_ROWS = Contract("scores", SCORES, ("id",))
CLEAR = 0.5  # of random pairs fit better: half of the wrong pairs are over it, hardly a right one


@dataclass
class ScoreWork(ShardWork):
    """Score a shard's listings."""

    listings: Dataset
    hot: Storage
    mismatch: MismatchScorer | None = None
    contracts = {"scores": SCORE_ROWS}

    def setup(self) -> None:
        """Read the photos that several listings share."""
        tables = results(self.hot)
        self.shared = pa.concat_tables(tables).select(HOT.names) if tables else HOT.empty_table()

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Stream a shard."""
        pairs = self.mismatch.shard(shard) if self.mismatch else None
        for batch in self.listings.batches(shard, rows=ROWS_AT_A_TIME if pairs else BATCH_ROWS):
            output.count("in", batch.num_rows)
            output.write("scores", score(batch, self.shared, pairs.of(batch) if pairs else None))


@dataclass
class JudgeWork(ShardWork):
    """Hold a shard's scores against the thresholds."""

    listings: Dataset
    scores: Dataset
    config: FilterConfig
    own: OwnFilters
    worst: Mapping[str, float]
    spared: Mapping[str, Sequence[int]]  # what was put back, and the places of the rules that must not take it out
    contracts = {"listings": LISTINGS, "rejected": REJECTED}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Read listings and scores side by side: both are sorted by id, row for row."""
        scores = self.scores.table(shard).combine_chunks()
        first = 0
        for batch in self.listings.batches(shard):
            rows = scores.slice(first, batch.num_rows)
            first += batch.num_rows
            mine = rows.to_batches()[0] if rows.num_rows else SCORE_ROWS.empty()
            kept, lost = judge(batch, mine, self.config, self.worst, self.own, self.spared)
            scored = mine["mismatch"].filter(pa.array(pairs(batch, mine, self.config)))
            output.count("pairs_scored", len(scored))
            output.count("pairs_unfit", pc.sum(pc.greater(scored, CLEAR)).as_py() or 0)
            output.count("in", batch.num_rows)
            output.count("put_back", len(kept) - kept[PUT_BACK].null_count)
            output.write("listings", kept)
            output.write("rejected", lost)


def worst(listings: Dataset, scores: Dataset, config: FilterConfig) -> dict[str, float]:
    """Find the score of mismatch above which the worst share of each group lies; empty where none is asked for."""
    counts: dict[str, Counter[float]] = defaultdict(Counter)
    for shard in range(listings.shards if config.mismatch.share else 0):
        values = scores.table(shard, ["mismatch"])["mismatch"].combine_chunks()
        first = 0
        for batch in listings.batches(shard, ["category"]):
            names = groups(batch, config.mismatch).to_pylist()
            for name, value in zip(names, values[first : first + len(names)].to_pylist(), strict=True):
                if value is not None:
                    counts[name][value] += 1
            first += len(names)
    return worst_of(counts, config.mismatch.share)


PICTURED = "listings have photos, and filter.mismatch.score is on"


class Filter(Stage):
    """Reject noise."""

    name = "filter"
    version = 7
    inputs = ("clean/listings", "ingest/images")
    libraries = ("numpy", "scikit-learn", "scipy")
    pipelines = (
        Step("Count hot images", "ranges"),
        Step("Draw pairs", only=PICTURED),
        Step("Describe pairs", only=PICTURED),
        Step("Fit mismatch", "one", only=PICTURED),
        Step("Score"),
        Step("Judge"),
    )

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
        return {
            **config.filter.model_dump(exclude={"own": True, "mismatch": {"model"}}),
            "own": own,
            "put_back": config.taken_back("filter").content,
        }  # not in `content`, which names the scores too

    def content(self, config: Config) -> dict[str, str]:
        """The model that scores pairs, where one is given."""
        place = config.filter.mismatch.model
        if place is None or not config.filter.mismatch.score:
            return {}
        from ..models import eclip

        return {"model": eclip.content_hash(fetched(config.place(place)))}

    def build(self, work: StageRun) -> None:
        """Count hot images, learn what goes with what, score, judge."""
        listings, images = work.dataset("clean/listings"), work.dataset("ingest/images")
        rows, config = work.inputs["clean"].datasets["listings"].rows, work.config.filter
        pictured = config.mismatch.score and work.inputs["ingest"].datasets["images"].rows > 0
        scores = _scores(work)
        ranges = ranges_for(rows, work.config.runner.memory_mb, work.runner.workers(0))
        counted = work.step("hot", {"ranges": ranges}, ranges, keep=False)
        hot = counted.folder / "_hot"
        mismatch = None
        if scores.missing():
            work.map("Count hot images", RangeWork(PhotoKeys(listings), CountHotImages(), hot, ranges), counted)
            if pictured:
                given = config.mismatch.model
                describe = Describer(work.config.place(given) if given else None, work.config.embed.batch)
                mismatch = learn(work, listings, images, scores, describe, seconds=rows / 2000)
        seconds = rows / (2000 if mismatch else 100_000)
        work.map("Score", ScoreWork(listings, hot, mismatch), scores, seconds=seconds)
        found = scores.dataset("scores")
        own = OwnFilters.of(config.own, RULES)
        listed = work.config.taken_back("filter")
        listed.write(work.attempt.folder)
        spared = listed.rules([*RULES, *own.names], "filter")
        work.notes["put_back_absent"] = len(listed.absent(lambda ids: listings.rows(ids, ["id"])["id"].to_pylist()))
        judging = JudgeWork(listings, found, config, own, worst(listings, found, config), spared)
        work.map("Judge", judging, seconds=rows / 100_000)

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Conservation, the share that each rule rejected, and about how many photos do not fit their titles.

        That is asked of `noise.pairs` alone: neither placeholders nor what is rejected for something else.
        Wrong pairs have any score with equal chance, right ones hardly one over a half: twice the share there is that
        of wrong pairs (Storey, "A direct approach to false discovery rates", J. R. Stat. Soc. B 64, 2002).
        """
        note = _scores(work).folder / NOTE
        scored, unfit = (summary.counts.get(name, 0) for name in ("pairs_scored", "pairs_unfit"))
        return {
            **row_metrics(work.rows("clean/listings"), summary.counts, summary, "listings"),
            "pairs_scored": scored,
            "share_mismatched": min(1.0, unfit / scored / (1 - CLEAR)) if scored else None,
            "rows_put_back": summary.counts.get("put_back", 0),
            "put_back_absent": work.notes.get("put_back_absent", 0),
            "unscored": note.read_json()["unscored"] if note.exists() else None,
        }

    def sentence(self, manifest: Manifest) -> str:
        """Rows, and what is known of photos and titles together."""
        said, m = super().sentence(manifest), manifest.metrics
        if m.get("put_back_absent"):
            said += f"; of the listings to be put back {m['put_back_absent']:,} are not in the catalog"
        if m.get("unscored"):
            return f"{said}; no mismatch scores: {m['unscored']}"
        share = m.get("share_mismatched")
        return said if share is None else f"{said}; about {100 * float(share):.1f}% of photos do not fit their titles"


def _scores(work: StageRun) -> Attempt:
    return work.step("scores", {"mismatch": work.config.filter.mismatch.score}, work.attempt.shards)
