"""What a run would submit: of each stage its pipelines, as they are translated for the runner; nothing is changed.

The transforms, options and environments are those of a run; what a pipeline works on is a placeholder, because most
stages read what earlier ones have not written yet.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from apache_beam.portability.api import beam_runner_api_pb2 as beam_api
from apache_beam.portability.common_urns import environments
from rich.console import Console
from rich.markup import escape

from ..schemas.attempt import Attempt
from ..schemas.config import Config
from ..schemas.storage import Storage
from . import sources
from .check import check as preflight
from .ingest import Ingest
from .plan import Plan, chosen_stages, plan
from .run_folder import RunFolder
from .runner import Runner
from .runners import runner_for
from .shard_gate import GatePlan
from .shards import ShardWork
from .stage import Stage
from .step import Over, Step

ELEMENTS = 2  # of the placeholder: the graph of two elements is that of many
UNTOLD = ("dry_run", "runner", "worker_harness_container_image")  # the last is Beam's older name of another


@dataclass(frozen=True)
class Submission:
    """One pipeline that a run would submit."""

    label: str
    elements: int | None  # None: as many as a shuffle of its keys needs, known when its input is there
    only: str  # when it is submitted; empty: always
    options: dict[str, Any]
    environments: dict[str, dict[str, str]]
    transforms: list[dict[str, str]]  # those that run user code, with their environments


@dataclass(frozen=True)
class Planned:
    """What a run would do with a stage."""

    stage: str
    action: str
    reason: str
    submissions: list[Submission] = field(default_factory=list)


@dataclass(frozen=True)
class DryRun:
    """All that a run would do."""

    runner: str
    stages: list[Planned]

    def write(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(asdict(self), indent=1, default=str) + "\n", "utf-8")


class Placeholder(ShardWork):
    """Stands for work on rows that are not there yet."""


def dry_run(
    config: Config, beam_options: Sequence[str] = (), first: str | None = None, last: str | None = None,
    force: bool = False,
) -> DryRun:  # fmt: skip
    """Translate every pipeline of the stages that would run, or may.

    Raises:
        ConfigError: the configuration cannot work, or the runner lacks something.
    """
    chosen = {stage.name: stage for stage in chosen_stages(first, last)}
    # Beam then asks no service, not even whether a bucket is there.
    runner = runner_for(config, [*beam_options, "--dry_run=True"])
    runner.ready(config, list(chosen))
    preflight(config, list(chosen.values()))
    found = plan(config, first, last)
    if force:
        found = [replace(p, action="run", reason="forced") if p.action in ("current", "gate") else p for p in found]
    counts = _counts(config, found)
    return DryRun(runner.title, [_planned(chosen[each.stage], each, config, runner, counts) for each in found])


def _planned(stage: Stage, found: Plan, config: Config, runner: Runner, counts: dict[Over, int | None]) -> Planned:
    if found.action not in ("run", "wait"):
        return Planned(stage.name, found.action, found.reason)
    folder = RunFolder(config.run_folder).stage(stage.name)
    each = [submission(step, runner, folder, counts[step.over]) for step in stage.pipelines]
    return Planned(stage.name, found.action, found.reason, each)


def submission(step: Step, runner: Runner, folder: Storage, elements: int | None) -> Submission:
    """Translate a step's pipeline."""
    attempt = Attempt(folder / "dry-run", ELEMENTS)
    pipeline = runner.pipeline(step.label, step.transform(Placeholder(), attempt, GatePlan()))
    graph = runner.translated(pipeline)
    shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)  # which only a run would remove
    options = pipeline.options.get_all_options(drop_default=True)
    return Submission(
        step.label, elements, step.only, {k: v for k, v in options.items() if k not in UNTOLD},
        {name: _environment(each) for name, each in graph.components.environments.items()}, user_code(graph),
    )  # fmt: skip


def user_code(graph: beam_api.Pipeline) -> list[dict[str, str]]:
    """The transforms of a graph that run user code, in its order, each with the environment that it runs in."""
    transforms = graph.components.transforms

    def leaves(name: str) -> list[str]:
        below = transforms[name].subtransforms
        return [leaf for each in below for leaf in leaves(each)] if below else [name]

    found = [transforms[leaf] for root in graph.root_transform_ids for leaf in leaves(root)]
    return [{"name": each.unique_name, "environment": each.environment_id} for each in found if each.environment_id]


def _environment(found: beam_api.Environment) -> dict[str, str]:
    """Say in which kind of environment user code runs: image or address, and what its machines must have."""
    kind = found.urn.split(":")[2]
    hints = {urn.split(":")[2]: bytes(value).decode() for urn, value in found.resource_hints.items()}
    if found.urn == environments.DOCKER.urn:
        return {"kind": kind, "image": beam_api.DockerPayload.FromString(found.payload).container_image, **hints}
    if found.urn == environments.EXTERNAL.urn:
        address = beam_api.ExternalPayload.FromString(found.payload).endpoint.url
        return {"kind": kind, "address": address, **hints}
    return {"kind": kind, **hints}


def _counts(config: Config, found: Sequence[Plan]) -> dict[Over, int | None]:
    """How many elements pipelines have, as far as that is known before the first of them has run."""
    published = RunFolder(config.run_folder).manifest("ingest")
    if published is None or any(each.stage == "ingest" and each.action == "run" for each in found):
        return {"shards": Ingest().shards(config, {}), "source": len(sources.find(config)), "ranges": None, "one": 1}
    return {"shards": published.shards, "source": None, "ranges": None, "one": 1}


WORDS = {"run": "would run", "wait": "perhaps", "gate": "judged again", "skip": "skipped", "current": "up to date"}


def show(found: DryRun, console: Console) -> None:
    """Print it: options that all pipelines share once, what is special to one beside it."""
    every = [each.options for stage in found.stages for each in stage.submissions]
    shared = {k: v for k, v in every[0].items() if all(each.get(k) == v for each in every)} if every else {}
    console.print(f"{'runner':<12} {found.runner}")
    for name, value in shared.items():
        console.print(escape(f"{'':<12} --{name}={value}"))
    for stage in found.stages:
        console.print(escape(f"{stage.stage:<12} {WORDS[stage.action]}: {stage.reason}"))
        if stage.action in ("run", "wait") and not stage.submissions:
            console.print(f"{'':<12} no pipeline: it works in the process that runs it")
        for each in stage.submissions:
            own = [f"--{k}={v}" for k, v in each.options.items() if k not in shared and k != "job_name"]
            only = [f"only if {each.only}"] if each.only else []
            console.print(escape(f"{'':<12} {each.label:<16} " + "; ".join([_many(each), _where(each), *own, *only])))
    console.print("nothing was submitted, and nothing was changed")


def _many(found: Submission) -> str:
    if found.elements is None:
        return "as many elements as its keys ask for"
    return f"{found.elements:,} element{'s' if found.elements != 1 else ''}"


def _where(found: Submission) -> str:
    """The environment of what is done to an element: Beam's own transforms stand in front of it."""
    values = found.environments[found.transforms[-1]["environment"]]
    return " ".join(
        value if name in ("kind", "image", "address") else f"{name} {value}" for name, value in values.items()
    )
