"""deduplicate: listings + images -> listings with `group_id`, duplicates, links.

Two attempts: the scores (signs of each listing, then verified edges above a floor, by passes over key ranges), and
the decision, which reads edges only: another threshold hashes and compares nothing again.

Conservation: in = out + duplicates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates import lexicon
from ..quality.duplicates.agreement import AGREEMENTS
from ..quality.duplicates.edges import EDGES, distinct
from ..quality.duplicates.own_vetoes import OwnVetoes
from ..quality.own_function import content_hash
from ..quality.put_back import PUT_BACK
from ..schemas.attempt import Summary
from ..schemas.config import Config
from ..schemas.dataset import Dataset
from ..schemas.listing import DUPLICATES, LINKS, LISTINGS, Contract
from ..schemas.put_back import PutBack
from ..schemas.rejection import original
from ..schemas.storage import Storage
from .buckets import BATCH_MEMBERS, RangeWork, ranges_for, results
from .decision_work import DECISIONS, DecisionWork
from .hot_images import CountHotImages, PhotoKeys, further_photos_of
from .shards import ShardOutput, ShardWork
from .signs_work import SignsLookup, SignsSource, SignsWork, VerifyBuckets, copies, gather_hot, gather_words
from .stage import Stage, StageRun, row_metrics
from .step import Step

EDGE_ROWS = Contract("edges", EDGES, ("left_id", "right_id"))
PHOTO_KEYS, OTHER_KEYS = 15, 18  # of a photo, and of a listing beside the bands of its title
SCORING = ("num_perm", "bands", "rows", "leaders")


@dataclass
class EdgeWork(ShardWork):
    """Gather what was found for a shard: by all ranges of keys, and among its copies."""

    pieces: Storage
    signs: Storage
    contracts = {"edges": EDGE_ROWS}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """A pair may be found in several ranges; it is written once."""
        tables = [*results(self.pieces, shard), copies(self.signs, shard)]
        output.write("edges", distinct(pa.concat_tables(tables)))


@dataclass
class SplitWork(ShardWork):
    """Split a shard's listings into those kept and the duplicates, as decided."""

    listings: Dataset
    decisions: Dataset
    links: Dataset
    contracts = {"listings": LISTINGS, "duplicates": DUPLICATES, "links": LINKS}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Read listings and decisions side by side: both are sorted by id, row for row."""
        decisions = self.decisions.table(shard).combine_chunks()
        first = 0
        for batch in self.listings.batches(shard):
            mine = decisions.slice(first, batch.num_rows).combine_chunks()
            first += batch.num_rows
            lost = np.asarray(mine["kept_id"].is_valid().combine_chunks(), bool) if mine.num_rows else np.zeros(0, bool)
            group = mine["group_id"].combine_chunks() if mine.num_rows else pa.array([], pa.string())
            grouped = _marked(batch, mine).append_column("group_id", group)
            output.count("in", batch.num_rows)
            output.write("listings", grouped.filter(pa.array(~lost)))
            output.write("duplicates", _duplicates(batch.filter(pa.array(lost)), mine.filter(pa.array(lost))))
        for batch in self.links.batches(shard):
            output.write("links", batch)


def _marked(listings: pa.RecordBatch, decisions: pa.Table) -> pa.RecordBatch:
    """Add to `put_back` what would have dropped a listing."""
    marks = decisions["put_back"].combine_chunks() if decisions.num_rows else pa.array([], pa.string())
    before = listings[PUT_BACK]
    joined = pc.coalesce(pc.binary_join_element_wise(before, marks, "; "), before, marks)
    return listings.set_column(listings.schema.names.index(PUT_BACK), PUT_BACK, joined)


def _duplicates(listings: pa.RecordBatch, decisions: pa.Table) -> pa.RecordBatch:
    if not listings.num_rows:
        return DUPLICATES.empty()
    columns = {
        "dropped_id": listings["id"],
        "kept_id": decisions["kept_id"],
        "duplicate_set": decisions["kept_id"],
        "rule": decisions["rule"],
        "text_similarity": decisions["text_similarity"],
        "image_distance": decisions["image_distance"],
        "row": pa.array(original(listings), pa.string()),
    }
    return pa.table(columns, schema=DUPLICATES.schema).combine_chunks().to_batches()[0]


class Deduplicate(Stage):
    """Find duplicates, drop what the decision table drops, link the rest."""

    name = "deduplicate"
    version = 14
    inputs = ("filter/listings", "ingest/images")
    lost = ("duplicates",)
    libraries = ("numba", "numpy", "pyarrow")
    pipelines = (
        Step("Count hot images", "ranges", only="listings have several photos"),
        Step("Signs"),
        Step("Compare", "ranges"),
        Step("Gather edges"),
        Step("Decide", "one"),
        Step("Split"),
    )

    def settings(self, config: Config) -> dict[str, Any]:
        """Everything of the section, the packages of one's own vetoes, and what makes a photo hot."""
        section = config.deduplicate.model_dump(exclude={"vetoes"})
        back = {"put_back": config.taken_back("deduplicate").content}
        return {**section, **_vetoes(config), **back, "table": config.deduplicate.table.model_dump(), **_hot(config)}

    def content(self, config: Config) -> dict[str, str]:
        """The word lists that tell variants from duplicates."""
        del config
        return {"words": lexicon.content_hash()}

    def build(self, work: StageRun) -> None:
        """Signs, passes, edges, decision, split."""
        config = work.config.deduplicate
        listings, images = work.dataset("filter/listings"), work.dataset("ingest/images")
        shards, rows = work.attempt.shards, work.inputs["filter"].datasets["listings"].rows
        scoring = {
            **config.model_dump(include=set(SCORING)),
            "floor": config.floor,
            "word_floor": config.word_floor,
            "close": config.text_similarity,
            "priced": config.price_ratio is not None,
            **_hot(work.config),
            **_vetoes(work.config),
        }
        vetoes = OwnVetoes.of(config)
        edges = work.step("edges", scoring, shards)
        rarity, hot = edges.folder / "_words.arrow", edges.folder / "_hot.arrow"
        if edges.missing():
            gather_hot(_counted(work, listings, images), work.config.filter.placeholder, hot)
            photos = max(rows, work.inputs["ingest"].datasets["images"].rows)
            keys = rows * (config.bands + OTHER_KEYS) + photos * PHOTO_KEYS
            ranges = ranges_for(keys, work.config.runner.memory_mb, work.runner.workers(rows / 15_000))
            found = work.step("signs", {**scoring, "ranges": ranges}, shards, keep=False)
            signs = SignsWork(
                listings, images, found.folder, config, work.config.filter.placeholder, vetoes, hot, ranges
            )
            work.map("Signs", signs, found, seconds=rows / 15_000)
            gather_words(found.folder, shards, rows, rarity)
            compared = work.step("compared", {**scoring, "ranges": ranges}, ranges, keep=False)
            verifying = RangeWork(
                SignsSource(found.folder, shards), VerifyBuckets(config, rarity), compared.folder / "_edges", ranges,
                members=BATCH_MEMBERS * max(1, rows) // max(1, photos),
            )  # fmt: skip
            work.map("Compare", verifying, compared, seconds=rows / 30_000)
            work.map("Gather edges", EdgeWork(compared.folder / "_edges", found.folder), edges, seconds=rows / 50_000)
        decided = work.step("decision", dict(work.facts["settings"]), 1, keep=False)
        previous = work.previous("listings", same_recipe=False)
        lookup = SignsLookup(listings, images, config, work.config.filter.placeholder, vetoes, rarity, hot)
        listed = work.config.taken_back("deduplicate")
        listed.write(work.attempt.folder)
        mine = PutBack(tuple(e for e in listed.entries if e.stage))  # of the others filter says who is absent
        work.notes["put_back_absent"] = len(mine.absent(lambda ids: listings.rows(ids, ["id"])["id"].to_pylist()))
        decision = DecisionWork(
            listings, edges.dataset("edges"), previous, lookup, decided.folder, config,
            listed.rules(AGREEMENTS, "deduplicate"),
        )  # fmt: skip
        work.map("Decide", decision, decided)
        work.notes.update((decided.folder / "_figures.json").read_json())
        split = SplitWork(
            listings, Dataset(decided.folder / DECISIONS, shards), Dataset(decided.folder / "links", shards)
        )
        work.map("Split", split, seconds=rows / 50_000)

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Conservation, and the largest set and family."""
        rows = work.rows("filter/listings")
        metrics = row_metrics(rows, summary.counts, summary, "listings", lost=("duplicates",))
        metrics |= {**work.notes, "share_largest_family": work.notes["largest_family"] / rows if rows else 0.0}
        return metrics


def _counted(work: StageRun, listings: Dataset, images: Dataset) -> Storage | None:
    """Count who shows which photo, where listings have several: filter counts the main photos alone."""
    if not further_photos_of(images):
        return None
    photos = work.inputs["ingest"].datasets["images"].rows
    ranges = ranges_for(photos, work.config.runner.memory_mb, work.runner.workers(0))
    counted = work.step("hot", {"ranges": ranges}, ranges, keep=False)
    folder = counted.folder / "_hot"
    counting = RangeWork(PhotoKeys(listings, images), CountHotImages(), folder, ranges)
    work.map("Count hot images", counting, counted, seconds=photos / 100_000)
    return folder


def _hot(config: Config) -> dict[str, Any]:
    return {"hot": config.filter.placeholder.model_dump(include={"min_listings", "max_title_similarity"})}


def _vetoes(config: Config) -> dict[str, Any]:
    """What vetoes of one's own do, and the content of their packages; their examples change nothing."""
    rules = config.deduplicate.vetoes
    contents = {f"deduplicate.vetoes.{rule.id}": rule.use for rule in rules if rule.use}
    return {
        "vetoes": [rule.model_dump(exclude={"examples"}) for rule in rules],
        "veto_packages": {place: content_hash(place, use) for place, use in contents.items()},
    }
