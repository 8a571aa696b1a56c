"""Measuring again what a changed suite asks of an attempt: shard by shard, by the workers where that pays.

Columns that no rule names are not read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq

from ..quality.gates import measure
from ..quality.gates.rule import KEYS, Rule
from ..schemas.attempt import Attempt, summarise
from ..schemas.dataset import Dataset
from ..schemas.errors import ConfigError
from .runner import Runner
from .shard_gate import GatePlan, ShardGate

RULES_A_SECOND = 2_000_000  # rules on a row that one core measures


def measure_missing(plan: GatePlan, attempt: Attempt, runner: Runner) -> None:
    """Have the workers measure the shards whose numbers are not there; few rows are left to whoever adds them up."""
    missing = [shard for shard in range(attempt.shards) if plan.rules and not plan.partial(attempt, shard).exists()]
    if len(missing) < 2:
        return
    summary = summarise(attempt.markers())
    seconds = sum(summary.rows(name) * len(rules) for name, rules in plan.rules.items()) / RULES_A_SECOND
    try:
        several = runner.workers(seconds) > 1
    except ConfigError:  # a cluster that cannot be used now: to judge again needs none
        return
    if several:
        runner.run(
            "Measure", MeasureShards(plan, attempt, missing), seconds, done=lambda: len(plan.folder(attempt).children())
        )


def measured(plan: GatePlan, attempt: Attempt, shard: int) -> Mapping[str, Any]:
    """Give the partial numbers of a shard, by dataset; they are measured where they are not there."""
    place = plan.partial(attempt, shard)
    there = {name for name in plan.rules if attempt.dataset(name).part(shard).exists()}
    found: Mapping[str, Any] = place.read_json()["datasets"] if place.exists() else {}
    if there <= found.keys():
        return found
    with ShardGate(attempt, shard, plan, {name: KEYS[name] for name in there}) as gate:
        for name in sorted(there):
            for schema, batch in _columns_of(attempt.dataset(name), shard, plan.rules[name]):
                gate.add(name, batch, schema)
        gate.end()
    gate.finish()
    found = place.read_json()["datasets"]
    return found


def _columns_of(dataset: Dataset, shard: int, rules: Sequence[Rule]) -> Iterator[tuple[pa.Schema, pa.RecordBatch]]:
    """Read the columns that rules name, and the schema of all of them."""
    part = dataset.part(shard)
    schema = pq.read_schema(part.path, filesystem=part.arrow)
    wanted = [name for name in measure.columns(rules, KEYS[dataset.folder.name]) if name in schema.names]
    for batch in dataset.batches(shard, wanted):
        yield schema, batch


class MeasureShard(beam.DoFn):
    """Measure the shard of each number that comes in."""

    def __init__(self, plan: GatePlan, attempt: Attempt) -> None:
        self.plan, self.attempt = plan, attempt

    def process(self, shard: int) -> list[int]:
        """Give the shard's number back; one that fails is tried again by the driver, who says what is wrong."""
        with contextlib.suppress(Exception):
            measured(self.plan, self.attempt, shard)
            return [shard]
        return []


class MeasureShards(beam.PTransform[Any, Any]):
    """Measure shards of an attempt."""

    def __init__(self, plan: GatePlan, attempt: Attempt, shards: Sequence[int]) -> None:
        super().__init__()
        self.plan, self.attempt, self.shards = plan, attempt, shards

    def expand(self, root: Any) -> Any:
        """Wire it: numbers, spread over the workers, each measured where it lands."""
        return (
            root
            | "Shard numbers" >> beam.Create(self.shards)
            | "Measure shard" >> beam.ParDo(MeasureShard(self.plan, self.attempt))
        )
