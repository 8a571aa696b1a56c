"""finetune: embeddings + labels -> heads/<task>/, metrics.json.

Heads learn from deduplicate's listings and are judged on families that they have not seen: on `test` where the source
gives one, else on val. Trained in this process, on at most as many rows as fit its memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..quality.splits import split_of
from ..schemas.attempt import Attempt, Marker, Summary
from ..schemas.config import Config
from ..schemas.manifest import Manifest, Published
from .stage import Stage, StageRun
from .workshop import workshop

ROWS = 250_000  # drawn by lowest xxh64(id): at 128 numbers three vectors of a row take 800 bytes
LABEL_COLUMNS = ("id", "title", "category", "attributes", "catalog_id", "split", "group_id")


class Finetune(Stage):
    """Train the task heads."""

    name = "finetune"
    version = 1
    inputs = ("deduplicate/listings", "ingest/images", "embed/embeddings")
    lost = ()
    libraries = ("scikit-learn", "numpy")

    def settings(self, config: Config) -> dict[str, Any]:
        """Labels, splits, and how matching and clustering are judged."""
        return {"heads": config.heads.model_dump(), "pairs": config.pairs.model_dump(),
                "predict": config.predict.model_dump()}  # fmt: skip

    def shards(self, config: Config, inputs: Mapping[str, Manifest]) -> int:
        """One set of heads."""
        return 1

    def build(self, work: StageRun) -> None:
        """Join listings and vectors, train, measure."""
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
        with workshop(work.attempt.folder) as place:
            report = finetune(rows, photos, work.config.heads, place, backbone, work.config.predict)
            figures = {"evaluated_on": evaluated, "tasks": report}
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
        splits = np.array(split_of(rows["group_id"].combine_chunks(), given, config.val_share, config.seed), object)
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
        """The metric that counts of each head, beside its strongest baseline."""
        report: dict[str, Any] = (work.attempt.folder / "metrics.json").read_json()
        values: dict[str, float | int | str | None] = {
            "rows_in": summary.counts["in"],
            "heads_trained": sum(1 for task in report["tasks"].values() if task["trained"]),
            "evaluated_on": report["evaluated_on"],
        }
        for name, task in report["tasks"].items():
            if task["trained"] and task.get("metric"):
                reached = (task.get("both") or task.get("fused") or {}).get(task["metric"])
                values[f"{name}_{task['metric']}"] = reached
                for baseline, figure in (task.get("baselines") or {}).items():
                    values[f"{name}_{task['metric']}_{baseline}"] = figure
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
