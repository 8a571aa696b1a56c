"""pairs: deduplicate's listings + images -> training pairs, train and val.

Moved by files to shards of their own, by xxh64(group_id, seed): families come in a random but fixed order, members of
one side by side, and none stands in both splits. (A split that the source gives wins, and the rest of its family
follows; families that the source itself cuts, test included, are counted.)

Conservation: in = train + val + skipped, by reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.splits import Families, group_hash, split_of
from ..schemas.attempt import Summary
from ..schemas.config import Config, PairsConfig
from ..schemas.dataset import Dataset
from ..schemas.listing import PAIRS
from ..schemas.manifest import Manifest
from ..schemas.storage import Storage
from .main_photos import PHOTOS_AT_A_TIME, MainPhotos
from .repartition import Spill, collect, in_order
from .shards import ShardOutput, ShardWork
from .stage import Stage, StageRun, unaccounted
from .step import Step

SPLITS = ("train", "val")


@dataclass
class SpillPairs(ShardWork):
    """Pair a shard's listings with their main photos, and spill them by split and family."""

    listings: Dataset
    images: Dataset
    folder: Storage
    config: PairsConfig
    families: Families

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do one shard; what makes no pair is counted by reason."""
        photos = MainPhotos(self.images, shard)
        with Spill(self.folder / f"train-{shard:05d}") as train, Spill(self.folder / f"val-{shard:05d}") as val:
            spills = {"train": train, "val": val}
            for batch in self.listings.batches(shard, rows=PHOTOS_AT_A_TIME):
                output.count("in", batch.num_rows)
                rows, splits = self._pairs(batch, photos)
                for split in ("train", "val", *sorted(set(splits) - set(SPLITS))):
                    chosen = np.array([s == split for s in splits], bool)
                    if split not in SPLITS:
                        output.count(f"skipped:{split}", int(chosen.sum()))
                        continue
                    mine = rows.filter(pa.array(chosen))
                    home = np.asarray(mine["group_hash"]) % np.uint64(self.listings.shards)
                    spills[split].write(mine, home.astype(np.int64))
        (self.folder / "_runs" / f"{shard:05d}.json").write_json({"train": train.runs, "val": val.runs})

    def _pairs(self, batch: pa.RecordBatch, photos: MainPhotos) -> tuple[pa.RecordBatch, list[str]]:
        jpegs = photos.take(batch["id"].to_pylist())
        titles = batch["title"].to_pylist()
        splits = split_of(batch["group_id"], batch["split"], self.config.val_share, self.config.seed, self.families)
        for row, (jpeg, title) in enumerate(zip(jpegs, titles, strict=True)):
            splits[row] = "no_photo" if jpeg is None else "no_title" if not title else splits[row]
        columns = {
            "group_hash": pa.array(group_hash(batch["group_id"], self.config.seed)),
            "id": batch["id"],
            "group_id": batch["group_id"],
            "product_id": pc.coalesce(batch["catalog_id"], batch["id"]),
            "title": batch["title"],
            "category": batch["category"],
            "image_sha": batch["image_sha"],
            "jpeg": pa.array(jpegs, pa.binary()),
        }
        return pa.RecordBatch.from_pydict(columns, schema=PAIRS.schema), splits


@dataclass
class GatherPairs(ShardWork):
    """Build one shard of pairs from its runs."""

    folder: Storage
    shards: int
    contracts = {"train": PAIRS, "val": PAIRS}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Sort by family."""
        for split in SPLITS:
            spills = []
            for source in range(self.shards):
                runs = (self.folder / "_runs" / f"{source:05d}.json").read_json()[split]
                spills.append((self.folder / f"{split}-{source:05d}", runs))
            batches = list(collect(spills, shard))
            keys = pa.Table.from_batches([b.select(["group_hash", "id"]) for b in [PAIRS.empty(), *batches]])
            order = pc.sort_indices(keys, sort_keys=[("group_hash", "ascending"), ("id", "ascending")])
            for batch in in_order(batches, np.asarray(order).astype(np.int64)):
                output.write(split, batch)


class Pairs(Stage):
    """Make training pairs."""

    name = "pairs"
    version = 2
    inputs = ("deduplicate/listings", "ingest/images")
    lost = ()
    pipelines = (Step("Pair"), Step("Gather"))

    def settings(self, config: Config) -> dict[str, Any]:
        """The share of val, and the seed."""
        return config.pairs.model_dump()

    def skip(self, config: Config, inputs: Mapping[str, Manifest]) -> str | None:
        """Without photos there are no pairs."""
        del config
        return None if inputs["ingest"].datasets["images"].rows else "the catalog has no photos"

    def build(self, work: StageRun) -> None:
        """Spill, gather."""
        listings, images = work.dataset("deduplicate/listings"), work.dataset("ingest/images")
        rows = work.inputs["deduplicate"].datasets["listings"].rows
        families = Families.of(listings.table(k, ["group_id", "split"]) for k in range(listings.shards))
        work.notes["families_across_splits"] = families.crossing
        spilled = work.step("spill", dict(work.facts["settings"]), work.attempt.shards, keep=False)
        spill = SpillPairs(listings, images, spilled.folder, work.config.pairs, families)
        work.map("Pair", spill, spilled, seconds=rows / 5000)
        for marker in spilled.markers():
            for name, number in marker.counts.items():
                work.notes[name] = work.notes.get(name, 0) + number
        work.map("Gather", GatherPairs(spilled.folder, work.attempt.shards), seconds=rows / 5000)

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Conservation: every listing is in train, in val or skipped for a reason."""
        skipped = {name.partition(":")[2]: n for name, n in work.notes.items() if name.startswith("skipped:")}
        train, val, rows_in = summary.rows("train"), summary.rows("val"), work.rows("deduplicate/listings")
        return {
            "rows_in": rows_in,
            "rows_train": train,
            "rows_val": val,
            "rows_skipped": sum(skipped.values()),
            **{f"rows_skipped_{reason}": n for reason, n in sorted(skipped.items())},
            "unaccounted_rows": unaccounted(rows_in, work.notes["in"], train + val + sum(skipped.values())),
            "families_across_splits": work.notes["families_across_splits"],
        }
