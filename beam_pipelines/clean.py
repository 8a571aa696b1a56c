"""clean: listings -> listings with clean texts, `title_raw` and `lang`.

Conservation: in = out + rejected. No rule rejects: a title that the rules would empty keeps its words. The dataset is
there all the same, as after every row-wise stage, for those who read them all alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from ..quality.own_function import content_hash
from ..quality.text import noise_phrases
from ..quality.text.chain import KEPT_RESTLESS
from ..quality.text.clean import KEPT_UNEMPTIED, Cleaning, clean_listings
from ..quality.text.own_rules import in_order
from ..quality.text.rules import RULES
from ..schemas.attempt import Summary
from ..schemas.config import Config
from ..schemas.dataset import Dataset
from ..schemas.listing import LISTINGS, REJECTED
from .shards import ShardOutput, ShardWork
from .stage import Stage, StageRun, row_metrics
from .step import Step


@dataclass
class CleanWork(ShardWork):
    """Clean the texts of a shard's listings."""

    listings: Dataset
    cleaning: Cleaning
    contracts = {"listings": LISTINGS, "rejected": REJECTED}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Stream a shard through the rules; count the titles that each changed, and those that came out changed."""
        for batch in self.listings.batches(shard):
            cleaned, changed = clean_listings(batch, self.cleaning)
            output.count("in", batch.num_rows)
            different = pc.fill_null(pc.not_equal(cleaned["title"], cleaned["title_raw"]), False)
            output.count("changed", pc.sum(different, min_count=0).as_py())
            for rule, rows in changed.items():
                output.count(f"changed:{rule}", rows)
            output.write("listings", cleaned)


class Clean(Stage):
    """Clean product text."""

    name = "clean"
    version = 6
    inputs = ("ingest/listings",)
    libraries = ("ftfy", "py3langid", "pyarrow")
    pipelines = (Step("Clean"),)

    def settings(self, config: Config) -> dict[str, Any]:
        """The rules in force, in order, and what those of one's own do; their examples change nothing."""
        rules = in_order(config.clean)
        own = {r.id: r.model_dump(exclude={"id", "before", "after", "examples"}) for r in config.clean.own}
        return {
            "rules": rules,
            "own": {name: own[name] for name in rules if name in own},
            "language": config.clean.language,
        }

    def content(self, config: Config) -> dict[str, str]:
        """The phrase lists, and the packages that rules of one's own come from."""
        used = {f"clean.own.{rule.id}": rule.use for rule in config.clean.own if rule.use}
        return {"phrases": noise_phrases.content_hash(), **{n: content_hash(n, use) for n, use in used.items()}}

    def build(self, work: StageRun) -> None:
        """One pass."""
        config = work.config.clean
        rows = work.rows("ingest/listings")
        clean = CleanWork(work.dataset("ingest/listings"), Cleaning.of(config))
        work.map("Clean", clean, seconds=rows / (20_000 if config.language else 100_000))

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Conservation, and the share of titles that the rules changed, all together and each."""
        rows, counts = work.rows("ingest/listings"), summary.counts
        names = (*RULES, *(rule.id for rule in work.config.clean.own), KEPT_UNEMPTIED, KEPT_RESTLESS)
        changed = {"changed": counts.get("changed", 0)}
        changed |= {f"changed_{rule}": counts.get(f"changed:{rule}", 0) for rule in names}
        shares = {f"share_{name}": number / rows if rows else 0.0 for name, number in changed.items()}
        return {**row_metrics(rows, counts, summary, "listings", self.lost), **shares}
