"""A step: one pipeline of a stage, as it is known before the stage runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import apache_beam as beam

from ..schemas.attempt import Attempt
from .shard_gate import GatePlan
from .shards import MapShards, ShardWork

Transform = Callable[[ShardWork, Attempt, GatePlan], beam.PTransform[Any, Any]]
# Its elements: the listings' shards, the parts of the source, ranges of keys (as many as memory asks for), or one.
Over = Literal["shards", "source", "ranges", "one"]


@dataclass(frozen=True)
class Step:
    """One pipeline of a stage: `StageRun.map` runs no other."""

    label: str
    over: Over = "shards"
    only: str = ""  # where it is not always needed: when it is
    transform: Transform = MapShards
