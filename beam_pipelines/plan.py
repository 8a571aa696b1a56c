"""What a run would do: which stages, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..schemas.attempt import fingerprint
from ..schemas.config import Config
from ..schemas.errors import ConfigError
from ..schemas.manifest import Manifest
from ..schemas.redaction import redacted
from . import gate_keeper
from .baseline import baseline_of, lacking
from .reviewing import review_metrics
from .run_folder import RunFolder
from .stage import Stage
from .stages import STAGES


@dataclass(frozen=True)
class Plan:
    """What a run would do with a stage."""

    stage: str
    action: str  # run, gate, skip, current or wait
    reason: str
    facts: Mapping[str, Any]


def facts_of(stage: Stage, config: Config, inputs: Mapping[str, Manifest]) -> dict[str, Any]:
    """Everything that a stage's output depends on."""
    reads = stage.reads(config)
    return {
        "stage": stage.name,
        "version": stage.version,
        "settings": stage.settings(config),
        "content": {**stage.content(config), **{n: _checksum(inputs, n) for n in reads if n in stage.makers}},
        "libraries": {name: version(name) for name in stage.libraries},
        "sources": stage.sources(config),
        "inputs": {name: _checksum(inputs, name) for name in reads if name not in stage.makers},
    }


def _checksum(inputs: Mapping[str, Manifest], name: str) -> str:
    stage, _, dataset = name.partition("/")
    return inputs[stage].datasets[dataset].checksum


def plan(config: Config, first: str | None = None, last: str | None = None) -> list[Plan]:
    """Say for each stage whether it would run, and why; looks, but changes nothing.

    Raises:
        ConfigError: the configuration cannot work.
    """
    gate_keeper.own_suites(config)
    run = RunFolder(config.run_folder)
    plans: list[Plan] = []
    uncertain: str | None = None
    chosen = chosen_stages(first, last)
    before = skipped_before(chosen[0], config, run)
    for stage in chosen:
        found = plan_stage(stage, config, run, uncertain, before | {p.stage: p for p in plans})
        plans.append(found)
        if found.action == "run":
            uncertain = stage.name
    return plans


def _skipped_with(lost: Plan, stage: Stage) -> Plan:
    """Skip a stage for one that it reads; the one that was skipped first is named, not each between."""
    first = " is skipped: " in lost.reason
    return Plan(stage.name, "skip", lost.reason if first else f"{lost.stage} is skipped: {lost.reason}", {})


def skipped_before(first: Stage, config: Config, run: RunFolder) -> dict[str, Plan]:
    """Find the stages before `first` that this catalog cannot have: what reads them is skipped, not waited for."""
    found: dict[str, Plan] = {}
    for stage in STAGES[: STAGES.index(first)]:
        names = {name.partition("/")[0] for name in stage.reads(config)}
        inputs = {name: manifest for name in names if (manifest := run.manifest(name)) is not None}
        lost = next((found[name] for name in found if name in names), None)
        if lost is not None:
            found[stage.name] = _skipped_with(lost, stage)
        elif len(inputs) == len(names) and (reason := stage.skip(config, inputs)):
            found[stage.name] = Plan(stage.name, "skip", reason, {})
    return found


def plan_stage(stage: Stage, config: Config, run: RunFolder, uncertain: str | None, before: Mapping[str, Plan]) -> Plan:
    """Decide on one stage, given what was decided on those before it and which of them is sure to run."""
    if uncertain and not stage.gated:
        return Plan(stage.name, "wait", f"after {uncertain} has run: only if what it reads changes", {})
    inputs = {}
    for name in dict.fromkeys(n.partition("/")[0] for n in stage.reads(config)):
        if before.get(name) is not None and before[name].action in ("run", "wait"):
            return Plan(stage.name, "wait", f"after {uncertain or name} has run: only if what it reads changes", {})
        if before.get(name) is not None and before[name].action == "skip":
            return _skipped_with(before[name], stage)
        manifest = run.manifest(name)
        if manifest is None:
            return Plan(stage.name, "wait", f"{name} has not been run", {})
        if not manifest.passed:
            return Plan(stage.name, "wait", f"the gate after {name} does not pass what is published there", {})
        inputs[name] = manifest
    reason = stage.skip(config, inputs)
    if reason:
        return Plan(stage.name, "skip", reason, {})
    reason = not_installed(stage)
    if reason:
        return Plan(stage.name, "wait", reason, {})
    facts = facts_of(stage, config, inputs)
    manifest = run.manifest(stage.name)
    if manifest is None:
        return Plan(stage.name, "run", "it has not been run", facts)
    if manifest.fingerprint != fingerprint(facts):
        now = json.loads(json.dumps(redacted(facts), default=str))  # as it was written: keys are text, tuples lists
        found = differences(run.facts(stage.name, manifest.attempt), now)
        return Plan(stage.name, "run", "; ".join(found) or "it changed", facts)
    reason = judged_otherwise(stage, config, run, manifest) if stage.gated else None
    if reason:
        return Plan(stage.name, "gate", reason, facts)
    lacks = lacking(stage.name, config) if stage.gated else None
    return Plan(stage.name, "current", f"published {manifest.published_at}{f'; {lacks}' if lacks else ''}", facts)


def judged_otherwise(stage: Stage, config: Config, run: RunFolder, manifest: Manifest) -> str | None:
    """Say why the gate has to judge again what is published; None if it has not."""
    suite = gate_keeper.suite_of(stage.name, config)
    if manifest.verdict["suite"] != suite.hash:
        return "its suite changed"
    baseline = baseline_of(stage.name, config, run, manifest.attempt)
    if manifest.verdict.get("baseline") != (baseline.name if baseline else None):
        return "what it is compared with changed"
    asked = [name for name in suite.metrics if name.startswith("review_")]
    found = review_metrics(run, stage.name, manifest.attempt, asked) if asked else {}
    if any(manifest.metrics.get(name) != found.get(name) for name in asked):
        return "what people found in it changed"
    return None if manifest.passed else "its gate does not pass what is published"


def not_installed(stage: Stage) -> str | None:
    """Say which libraries of a stage are missing, and what to install; None if all are there."""
    missing = []
    for name in stage.libraries:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    return f"{' and '.join(missing)} not installed: pip install 'eclip[models]'" if missing else None


def differences(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> list[str]:
    """Name what differs between the facts of two attempts.

    >>> differences({"settings": {"min_side": 64}}, {"settings": {"min_side": 150}})
    ['settings.min_side: 64 -> 150']
    """
    found: list[str] = []
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key), after.get(key)
        name = f"{path}.{key}" if path else str(key)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += differences(old, new, name)
        elif path in ("inputs", "sources", "content"):
            found.append(f"{key} changed")
        else:
            found.append(f"{name}: {old} -> {new}")
    return found


def chosen_stages(first: str | None, last: str | None) -> list[Stage]:
    """The stages from `first` to `last`.

    Raises:
        ConfigError: there is no such stage, or they come in the wrong order.
    """
    names = [stage.name for stage in STAGES]
    for option, name in (("--from", first), ("--to", last)):
        if name is not None and name not in names:
            raise ConfigError(f"{option} {name}: there is no such stage; the stages are {', '.join(names)}")
    start = names.index(first) if first else 0
    end = names.index(last) + 1 if last else len(names)
    if start >= end:
        raise ConfigError(f"--from {first} comes after --to {last}; the stages are {', '.join(names)}")
    return list(STAGES[start:end])
