"""finetune: embeddings + labels -> heads/<task>/, metrics.json.

Heads learn from deduplicate's listings and are judged on others: on `test` where the source gives one, else on val;
how many families and titles of these stand in training too is said. Trained in this process, on at most as many rows
as fit its memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..quality.splits import Families, split_of
from ..schemas.attempt import Attempt, Marker, Summary
from ..schemas.config import Config
from ..schemas.manifest import Manifest, Published
from .stage import Stage, StageRun
from .staging import Staging

ROWS = 250_000  # drawn by lowest xxh64(id): at 128 numbers three vectors of a row take 800 bytes
LABEL_COLUMNS = ("id", "title", "category", "attributes", "catalog_id", "split", "group_id")


class Finetune(Stage):
    """Train the task heads."""

    name = "finetune"
    version = 2
    inputs = ("deduplicate/listings", "ingest/images", "embed/embeddings")
    lost = ()
    libraries = ("scikit-learn", "numpy")

    def settings(self, config: Config) -> dict[str, Any]:
        """Labels, splits, and how matching and clustering are judged."""
        return {"heads": config.heads.model_dump(), "pairs": config.pairs.model_dump(),
                "predict": config.predict.model_dump(include={"neighbours", "max_cluster"})}  # fmt: skip

    def shards(self, config: Config, inputs: Mapping[str, Manifest]) -> int:
        """One set of heads."""
        return 1

    def build(self, work: StageRun) -> None:
        """Join listings and vectors, train, measure."""
        from ..models.evaluate import normalised, shared
        from ..models.finetune import finetune

        if not work.attempt.missing():
            return
        rows, evaluated = self._rows(work)
        images = work.dataset("ingest/images")

        def photos(ids: Sequence[str]) -> list[bytes | None]:
            found = images.rows(list(ids), ["id", "position", "jpeg"])
            main = found.filter(pc.equal(found["position"], 0))
            jpegs = dict(zip(main["id"].to_pylist(), main["jpeg"].to_pylist(), strict=True))
            return [jpegs.get(i) for i in ids]

        backbone = "" if "pretrain" not in work.inputs else work.inputs["pretrain"].datasets["model"].checksum
        with Staging(work.attempt.folder) as staging:
            place = staging.folder
            report = finetune(rows, photos, work.config.heads, place, backbone, work.config.predict)
            train, judged = (rows.filter(pc.equal(rows["split"], name)) for name in ("train", "val"))
            families = shared(*(part["group_id"].to_pylist() for part in (judged, train)))
            titles = shared(*(map(normalised, pc.fill_null(part["title"], "").to_pylist()) for part in (judged, train)))
            seen = {"families": families[0], "families_in_train": families[1],
                    "titles": titles[0], "titles_in_train": titles[1]}  # fmt: skip
            figures = {"evaluated_on": evaluated, **seen, "tasks": report}
            (place / "heads").mkdir(exist_ok=True)
            (place / "metrics.json").write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
        work.attempt.finish(Marker(0, {}, {"in": rows.num_rows}))

    def _rows(self, work: StageRun) -> tuple[pa.Table, str]:
        listings, vectors = work.dataset("deduplicate/listings"), work.dataset("embed/embeddings")
        names = listings.schema().names
        heads = work.config.heads
        labels_of = [*LABEL_COLUMNS, heads.category, heads.adult, heads.product]
        wanted = [name for name in dict.fromkeys(labels_of) if name is not None and name in names]
        share = min(1.0, ROWS / max(1, work.inputs["deduplicate"].datasets["listings"].rows))
        tables = []
        for shard in range(listings.shards):
            labels = listings.table(shard, wanted)
            drawn = [xxhash.xxh64_intdigest(i.encode()) < share * 2**64 for i in labels["id"].to_pylist()]
            labels = labels.filter(pa.array(drawn, pa.bool_())).combine_chunks()
            found = vectors.table(shard, ["id", "image", "text", "fused", "has_image", "has_text"]).combine_chunks()
            place = pc.index_in(labels["id"].combine_chunks(), found["id"].combine_chunks())
            labels = labels.filter(pc.is_valid(place))
            taken = found.take(place.drop_null())
            for name in taken.schema.names[1:]:
                labels = labels.append_column(taken.schema.field(name), taken[name])
            tables.append(labels)
        rows = pa.concat_tables(tables)
        config = work.config.pairs
        given = rows["split"].combine_chunks() if "split" in wanted else pa.nulls(rows.num_rows, pa.string())
        families = Families.of(listings.table(k, ["group_id", "split"]) for k in range(listings.shards))
        groups = rows["group_id"].combine_chunks()
        splits = np.array(split_of(groups, given, config.val_share, config.seed, families), object)
        evaluated = "test" if (splits == "test").any() else "val"
        splits = np.where(splits == evaluated, "val", np.where(splits == "train", "train", "unused"))
        column = pa.array(splits.tolist(), pa.string())
        rows = rows.drop_columns(["split"]) if "split" in rows.schema.names else rows
        return rows.append_column("split", column).filter(pc.not_equal(column, "unused")), evaluated

    def artifacts(self, attempt: Attempt) -> dict[str, Published]:
        """The heads; their checksum is over names and bytes of all files."""
        folder = attempt.folder / "heads"
        digest = xxhash.xxh3_128()
        files = []
        for task in folder.children():
            for name in (folder / task).children():
                digest.update(f"{task}/{name}".encode() + (folder / task / name).read_bytes())
                files.append(f"{attempt.name}/heads/{task}/{name}")
        figures = xxhash.xxh3_128_hexdigest((attempt.folder / "metrics.json").read_bytes())
        return {
            "heads": Published(files, 0, digest.hexdigest()),
            "metrics.json": Published([f"{attempt.name}/metrics.json"], 0, figures),
        }

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """The metric that counts of each head beside its baselines; its gain on the majority, its lead on the best."""
        report: dict[str, Any] = (work.attempt.folder / "metrics.json").read_json()
        values: dict[str, float | int | str | None] = {
            "rows_in": summary.counts["in"],
            "heads_trained": sum(1 for task in report["tasks"].values() if task["trained"]),
            "evaluated_on": report["evaluated_on"],
        }
        for name, task in report["tasks"].items():
            reached: float | None = None
            baselines: dict[str, float] = {}
            if task["trained"] and task.get("metric"):
                reached = (task.get("both") or task.get("fused") or {}).get(task["metric"])
                baselines = task.get("baselines") or {}
                values[f"{name}_{task['metric']}"] = reached
                values |= {f"{name}_{task['metric']}_{baseline}": figure for baseline, figure in baselines.items()}
            values[f"{name}_gain"] = _above(reached, baselines.get("majority"))
            values[f"{name}_lead"] = _above(reached, max(baselines.values(), default=None))
        return values

    def sentence(self, manifest: Manifest) -> str:
        """How many heads there are, and the category head beside its baselines."""
        m = manifest.metrics
        said = f"{m['heads_trained']} heads from {m['rows_in']:,} listings"
        beside = [
            f"{k.removeprefix('category_accuracy_')} {v:.3f}"
            for k, v in m.items()
            if k.startswith("category_accuracy_")
        ]
        if m.get("category_accuracy") is not None:
            said += f"; category accuracy {m['category_accuracy']:.3f} ({', '.join(beside)})"
        return said


def _above(reached: float | None, other: float | None) -> float | None:
    return None if reached is None or other is None else reached - other
