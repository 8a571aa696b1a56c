"""embed: clean's listings + images + model -> embeddings, rejected.

Every readable product, also what filter rejects (adult recognition must see it), by Beam's RunInference. Photos and
titles go through the model in batches of one size, so that no runner changes a vector.

Conservation: in = embeddings + rejected.
"""

from __future__ import annotations

from typing import Any

import apache_beam as beam

from ..schemas.attempt import Attempt, Summary
from ..schemas.config import Config
from ..schemas.manifest import Manifest
from .embed_work import EmbedWork
from .model_cache import fetched
from .shard_gate import GatePlan
from .shards import ShardWork
from .stage import Stage, StageRun, row_metrics
from .step import Step


def _embed_shards(work: ShardWork, attempt: Attempt, gate: GatePlan) -> beam.PTransform[Any, Any]:
    from .embed_inference import EmbedShards

    return EmbedShards(work, attempt, gate)


class Embed(Stage):
    """Embed every readable product."""

    name = "embed"
    version = 1
    makers = ("pretrain/model",)
    libraries = ("torch", "open_clip_torch")
    pipelines = (Step("Embed", transform=_embed_shards),)

    def reads(self, config: Config) -> tuple[str, ...]:
        """The model that pretrain made, unless one is given."""
        own = () if config.embed.model is not None else ("pretrain/model",)
        return ("clean/listings", "ingest/images", *own)

    def settings(self, config: Config) -> dict[str, Any]:
        """The size of a batch: it changes the last bits of a vector."""
        return {"batch": config.embed.batch}

    def content(self, config: Config) -> dict[str, str]:
        """The model, where one is given."""
        from ..models import eclip

        if config.embed.model is None:
            return {}
        return {"model": eclip.content_hash(fetched(config.place(config.embed.model)))}

    def build(self, work: StageRun) -> None:
        """One pass, by RunInference."""
        from ..models.encoder import Encoder

        config = work.config.embed
        if config.model is not None:
            place = work.config.place(config.model)
        else:
            place = work.run.stage("pretrain") / work.inputs["pretrain"].attempt / "model"
        dimension = Encoder.load(fetched(place), config.batch).dimension
        embed = EmbedWork(
            work.dataset("clean/listings"), work.dataset("ingest/images"), place, config.batch, dimension,
            work.previous("embeddings"),
        )  # fmt: skip
        rows = work.inputs["clean"].datasets["listings"].rows
        # A photo and its title take 2 ms; but a worker imports torch first, for four times what others need to start.
        work.map("Embed", embed, seconds=rows / 500 / 4)

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """Conservation, how many have what, and whether the vectors spread."""
        counts, rows = summary.counts, summary.rows("embeddings")
        measured = counts.get("cosine_rows", 0)
        return {
            **row_metrics(work.rows("clean/listings"), counts, summary, "embeddings"),
            "share_with_image": counts.get("with_image", 0) / rows if rows else 0.0,
            "share_with_text": counts.get("with_text", 0) / rows if rows else 0.0,
            "mean_pairwise_cosine": counts["cosine_millionths"] / 1e6 / measured if measured else None,
            "vectors_off_length": counts.get("off_length", 0),
            "vectors_not_finite": counts.get("not_finite", 0),
            "dimension": work.attempt.dataset("embeddings").schema().field("fused").type.list_size,
        }

    def sentence(self, manifest: Manifest) -> str:
        """Rows, and how many vectors had to be made."""
        photos, titles = (manifest.counts.get(f"encoded_{what}", 0) for what in ("photos", "titles"))
        return f"{super().sentence(manifest)}; {photos:,} photos and {titles:,} titles encoded"
