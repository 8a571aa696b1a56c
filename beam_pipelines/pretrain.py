"""pretrain: pairs -> model/, an open_clip folder; metrics.jsonl, checkpoints/.

Trained in this process (on one CPU thread, or on a GPU where there is one); a killed run goes on from its checkpoint.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import xxhash

from ..schemas.attempt import Attempt, Marker, Summary
from ..schemas.config import Config
from ..schemas.manifest import Manifest, Published
from .model_cache import fetched
from .stage import Stage, StageRun
from .staging import Staging


class Pretrain(Stage):
    """Train e-CLIP."""

    name = "pretrain"
    version = 2
    inputs = ("pairs/train", "pairs/val")
    lost = ()
    libraries = ("torch", "open_clip_torch", "timm")

    def settings(self, config: Config) -> dict[str, Any]:
        """Everything of the section but how often a checkpoint is written."""
        return config.pretrain.model_dump(exclude={"checkpoint_every", "model"})

    def content(self, config: Config) -> dict[str, str]:
        """The model to start from."""
        from ..models import eclip

        if config.pretrain.model is None:
            return {}
        return {"model": eclip.content_hash(fetched(config.place(config.pretrain.model)))}

    def shards(self, config: Config, inputs: Mapping[str, Manifest]) -> int:
        """One model."""
        return 1

    def skip(self, config: Config, inputs: Mapping[str, Manifest]) -> str | None:
        """With a model given there is nothing to train."""
        if config.embed.model is not None:
            return "embed.model gives a model"
        rows = inputs["pairs"].datasets["train"].rows
        return f"{rows} training pairs are too few" if rows < config.pretrain.batch else None

    def build(self, work: StageRun) -> None:
        """Read the pairs, train, measure on val."""
        from ..models.data import Pairs
        from ..models.pretrain import pretrain
        from ..models.transforms import Preprocess

        if not work.attempt.missing():
            return
        config = work.config.pretrain
        if config.model is not None:
            folder = fetched(work.config.place(config.model))
            config = config.model_copy(update={"model": str(folder)})
            preprocess = Preprocess.read(folder)
        else:
            preprocess = Preprocess.of(config)
        train, val = (Pairs.read(work.dataset(f"pairs/{name}"), preprocess) for name in ("train", "val"))
        with Staging(work.attempt.folder) as staging:
            metrics = pretrain(train, val, config, staging.folder, work.step_done, staging.push)
            (staging.folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
        work.attempt.finish(Marker(0, {}, {"in": len(train)}))

    def artifacts(self, attempt: Attempt) -> dict[str, Published]:
        """The model folder; its checksum is over tensor names, bytes and configuration."""
        from ..models import eclip

        model = attempt.folder / "model"
        files = [f"{attempt.name}/model/{name}" for name in model.children()]
        steps = attempt.folder / "checkpoints"
        log = xxhash.xxh3_128_hexdigest((attempt.folder / "metrics.jsonl").read_bytes())
        return {
            "model": Published(files, 0, eclip.content_hash(fetched(model))),
            "metrics.jsonl": Published([f"{attempt.name}/metrics.jsonl"], 0, log),
            "checkpoints": Published([f"{attempt.name}/checkpoints/{name}" for name in steps.children()], 0, ""),
        }

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """What training reached, and whether the loss is finite and retrieval above chance."""
        values: dict[str, float] = (work.attempt.folder / "metrics.json").read_json()
        lines = (work.attempt.folder / "metrics.jsonl").read_bytes().decode().splitlines()
        losses = [json.loads(line)["loss"] for line in lines]
        names = ("photo_to_title_r10", "photo_to_title_r10_chance", "photo_to_title_r10_cca",
                 "prompt_category_both", "prompt_category_majority")  # fmt: skip
        reached, chance, cca, category, majority = (values.get(name) for name in names)
        return {
            "rows_train": summary.counts["in"],
            "photo_to_title_r10": None,  # where there is nothing to measure on
            **values,
            "loss_first": losses[0],
            "loss_last": losses[-1],
            "loss_finite": int(all(math.isfinite(loss) for loss in losses)),
            "retrieval_above_chance": reached / chance if reached is not None and chance else None,
            "retrieval_lead": reached - cca if reached is not None and cca is not None else None,
            "prompt_category_gain": category - majority if category is not None and majority is not None else None,
        }

    def sentence(self, manifest: Manifest) -> str:
        """Loss and retrieval, beside chance and the baseline."""
        m = manifest.metrics
        said = f"{m['rows_train']:,} pairs, loss {m['loss_first']:.2f} -> {m['loss_last']:.2f}"
        if m.get("photo_to_title_r10") is not None:
            said += (
                f"; photo to title R@10 {m['photo_to_title_r10']:.3f} "
                f"(chance {m['photo_to_title_r10_chance']:.3f}, CCA {m['photo_to_title_r10_cca']:.3f})"
            )
        return said
