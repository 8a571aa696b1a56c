"""A configuration for Dataflow, and its runner, which asks no service."""

from __future__ import annotations

from typing import Any

from eclip.beam_pipelines.dataflow import DataflowRunner
from eclip.beam_pipelines.runners import runner_for
from eclip.beam_pipelines.shards import MapShards, ShardWork
from eclip.schemas.attempt import Attempt
from eclip.schemas.config import Config
from eclip.schemas.storage import Storage

ACCELERATOR = "type:nvidia-l4;count:1;machine_type:g2-standard-8;install-nvidia-driver"
CLOUD = {
    "project": "catalog-project", "region": "europe-west4", "temp": "gs://catalogs/temp", "image": "docker.pkg.dev/p/eclip:1",
    "machine_type": "n2-standard-8", "accelerator": ACCELERATOR, "min_ram": "16GB", "max_workers": 20,
    "service_options": ["enable_dynamic_thread_scaling"], "labels": {"team": "catalog"}, "public_ips": False,
}  # fmt: skip
OFFLINE = ["--dry_run=True"]  # Beam then asks no service
NOWHERE = Attempt(Storage("/nowhere"), 3)


class Nothing(ShardWork):
    """Does nothing."""


class Heavy(MapShards):
    accelerated = True


def config(**other: Any) -> Config:
    return Config.model_validate({
        "run": "gs://catalogs/run", "source": {"path": "gs://catalogs/*.csv"},
        "runner": {"name": "dataflow", "dataflow": CLOUD}, **other,
    })  # fmt: skip


def runner(*options: str) -> DataflowRunner:
    found = runner_for(config(), [*options, *OFFLINE])
    assert isinstance(found, DataflowRunner)
    return found


def anew(transform: MapShards) -> MapShards:
    """The same over an attempt of which no shard is done."""
    return type(transform)(transform.work, NOWHERE, transform.gate)


def light() -> MapShards:
    return MapShards(Nothing(), NOWHERE)


def heavy() -> Heavy:
    return Heavy(Nothing(), NOWHERE)
