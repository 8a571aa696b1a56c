"""clean: listings -> listings with clean texts, `title_raw` and `lang`.

Conservation: in = out + rejected. No rule of ours rejects: a title that the rules would empty keeps its words. The
dataset is there all the same, as after every row-wise stage, for those who read them all alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from ..quality.text import noise_phrases
from ..quality.text.clean import KEPT_UNEMPTIED, check_rules, clean_listings
from ..quality.text.rules import RULES
from ..schemas.attempt import Summary
from ..schemas.config import Config
from ..schemas.dataset import Dataset
from ..schemas.listing import LISTINGS, REJECTED
from .shards import ShardOutput, ShardWork
from .stage import Stage, StageRun, row_metrics


@dataclass
class CleanWork(ShardWork):
    """Clean the texts of a shard's listings."""

    listings: Dataset
    rules: Sequence[str]
    language: bool
    contracts = {"listings": LISTINGS, "rejected": REJECTED}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Stream a shard through the rules; count the titles that each changed, and those that came out changed."""
        for batch in self.listings.batches(shard):
            cleaned, changed = clean_listings(batch, self.rules, self.language)
            output.count("in", batch.num_rows)
            different = pc.fill_null(pc.not_equal(cleaned["title"], cleaned["title_raw"]), False)
            output.count("changed", pc.sum(different, min_count=0).as_py())
            for rule, rows in changed.items():
                output.count(f"changed:{rule}", rows)
            output.write("listings", cleaned)


class Clean(Stage):
    """Clean product text."""

    name = "clean"
    version = 2
    inputs = ("ingest/listings",)
    libraries = ("ftfy", "py3langid", "pyarrow")

    def settings(self, config: Config) -> dict[str, Any]:
        """The rules in force, in order."""
        return {"rules": rules(config), "language": config.clean.language}

    def content(self, config: Config) -> dict[str, str]:
        """The phrase lists."""
        del config
        return {"phrases": noise_phrases.content_hash()}

    def build(self, work: StageRun) -> None:
        """One pass."""
        clean = CleanWork(work.dataset("ingest/listings"), rules(work.config), work.config.clean.language)
        rows = work.rows("ingest/listings")
        work.map("Clean", clean, seconds=rows / (20_000 if clean.language else 100_000))

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Conservation, and the share of titles that the rules changed, all together and each."""
        rows, counts = work.rows("ingest/listings"), summary.counts
        changed = {"changed": counts.get("changed", 0)}
        changed |= {f"changed_{rule}": counts.get(f"changed:{rule}", 0) for rule in (*RULES, KEPT_UNEMPTIED)}
        shares = {f"share_{name}": number / rows if rows else 0.0 for name, number in changed.items()}
        return {**row_metrics(rows, counts, summary, "listings", self.lost), **shares}


def rules(config: Config) -> tuple[str, ...]:
    """The rules in force.

    Raises:
        ConfigError: a rule does not exist.
    """
    skipped = check_rules(config.clean.skip)
    chosen = check_rules(config.clean.rules if config.clean.rules is not None else list(RULES))
    return tuple(rule for rule in chosen if rule not in skipped)
