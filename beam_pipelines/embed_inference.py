"""Embedding by Beam's RunInference, whose elements are shard numbers.

As elements of their own, rows would cost 40 microseconds each, and one that fails would take its batch along. Apart
from the stage, because importing RunInference imports torch, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, PredictionResult, RunInference

from ..schemas.attempt import Attempt
from .embed_work import EmbedWork
from .shard_gate import GatePlan
from .shards import MapShards, write_shard

if TYPE_CHECKING:
    from ..models.encoder import Encoder


class EmbedHandler(ModelHandler[int, PredictionResult, Any]):
    """Let RunInference load the model, once for each worker, and hand it shard numbers."""

    def __init__(self, work: EmbedWork, attempt: Attempt, gate: GatePlan) -> None:
        super().__init__(max_batch_size=1)
        self.work, self.attempt, self.gate = work, attempt, gate

    def load_model(self) -> Encoder:
        """Load the encoder."""
        self.work.setup()
        assert self.work.encoder is not None
        return self.work.encoder

    def run_inference(
        self, batch: Sequence[int], model: Encoder, inference_args: dict[str, Any] | None = None
    ) -> Iterable[PredictionResult]:
        """Embed shards; what fails is noted beside the markers, as in every row-wise stage."""
        del inference_args
        self.work.encoder = model
        return [PredictionResult(shard, write_shard(self.work, self.attempt, self.gate, shard)) for shard in batch]


class EmbedShards(MapShards):
    """Embed each shard that has no marker yet."""

    accelerated = True
    doing = "Embed shard"

    def each(self) -> beam.PTransform[Any, Any]:
        """Inference where each number lands."""
        handler = EmbedHandler(cast("EmbedWork", self.work), self.attempt, self.gate)
        typed: beam.PTransform[Any, Any] = RunInference(handler).with_output_types(PredictionResult)
        return typed
