"""The gate of a stage: which suite judges, what it needs to know of each shard, and the verdict on an attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..quality.gates import measure, profile
from ..quality.gates.judge import judge
from ..quality.gates.rule import KEYS, METRICS
from ..quality.gates.suite import Suite, check, load_suite, shipped
from ..quality.gates.verdict import Verdict
from ..schemas.attempt import Attempt, Summary
from ..schemas.config import Config
from ..schemas.errors import ConfigError, nearest
from ..schemas.storage import Storage
from .run_folder import now
from .shards import GatePlan

Metrics = Mapping[str, float | int | str | None]
SAMPLES = pa.schema(
    [("dataset", pa.string()), ("rule", pa.string()), ("id", pa.string()), ("other_id", pa.string()),
     ("detail", pa.string()), ("row", pa.string())]
)  # fmt: skip


def suite_of(stage: str, config: Config) -> Suite:
    """Load the suite that judges a stage: the user's own where `gates.suites` has one, else the shipped one.

    Raises:
        ConfigError: the suite cannot be used.
    """
    own = own_suites(config).get(stage)
    return load_suite(stage) if own is None else load_suite(own.url, stage=stage)


def check_suites(stages: Sequence[str], config: Config) -> None:
    """Have Great Expectations read the user's own suites of these stages; the shipped ones are known to be good.

    Before the first stage begins: that of the last one would else be found broken after hours of training.

    Raises:
        ConfigError: one of them cannot be used.
    """
    for stage in stages:
        suite = suite_of(stage, config)
        if stage in own_suites(config):
            check(suite)


def own_suites(config: Config) -> dict[str, Storage]:
    """Find the user's own suites, by stage.

    Raises:
        ConfigError: `gates.suites` names no folder of suites, or one lies there that would never judge.
    """
    if config.gates.suites is None:
        return {}
    folder, known = config.place(config.gates.suites), [f"{stage}.json" for stage in shipped()]
    found = [name for name in folder.children() if Path(name).suffix not in ("", ".md")]
    for name in found:
        if name not in known:
            raise ConfigError(f"gates.suites: {folder / name} is no stage's suite{nearest(name, known)}")
    if not found:
        raise ConfigError(
            f"gates.suites: no suite lies in {folder}; expected a folder of files such as clean.json; "
            "leave the key out, and the shipped suites judge"
        )
    return {Path(name).stem: folder / name for name in found}


def gate_plan(suite: Suite | None, profiled: str | None) -> GatePlan:
    """Say what workers measure while they write; nothing for a stage without a gate.

    Args:
        suite: What judges the stage.
        profiled: The dataset whose columns are profiled, where it is not the one that the suite is about.
    """
    if suite is None:
        return GatePlan()
    profiled = profiled or (suite.main if suite.main != METRICS else None)
    return GatePlan(suite.hash, {name: suite.of(name) for name in suite.datasets}, profiled)


def verdict(attempt: Attempt, suite: Suite | None, metrics: Metrics) -> Verdict:
    """Judge a complete attempt; a shard that was written under another suite is measured first, column by column.

    Without a suite everything passes.
    """
    if suite is None:
        return Verdict(True)
    partials: dict[str, Mapping[str, Any]] = {}
    for name in suite.datasets:
        parts = [_partial(attempt, suite, name, shard) for shard in range(attempt.shards)]
        partials[name] = measure.merge(part for part in parts if part is not None)
    return judge(suite, partials, metrics)


def _partial(attempt: Attempt, suite: Suite, dataset: str, shard: int) -> Mapping[str, Any] | None:
    place = attempt.folder / "_gate" / suite.hash / f"{shard:05d}.json"
    kept: dict[str, Any] = place.read_json() if place.exists() else {}
    if dataset not in kept:
        rules, key = suite.of(dataset), KEYS[dataset]
        written = attempt.dataset(dataset)
        if not written.part(shard).exists():
            return None
        wanted = measure.columns(rules, key)
        there = pq.read_schema(written.part(shard).path, filesystem=written.part(shard).arrow).names
        measured = measure.Measure(rules, key)
        for batch in written.batches(shard, [name for name in wanted if name in there]):
            measured.add(batch)
        kept[dataset] = measured.partial()
        place.write_json(kept)
    partial: Mapping[str, Any] = kept[dataset]
    return partial


def profile_of(attempt: Attempt) -> dict[str, Any]:
    """Merge the shards' column statistics."""
    folder = attempt.folder / "_profile"
    return profile.extract(profile.merge((folder / name).read_json() for name in folder.children()))


def write_verdict(attempt: Attempt, found: Verdict) -> None:
    """Write gate.json: an ordinary Great Expectations validation result, with the policy's verdict beside it."""
    (attempt.folder / "gate.json").write_json(found.result)


def write_records(attempt: Attempt, found: Verdict, summary: Summary, lost: Sequence[str]) -> None:
    """Put gate.json, profile.json and samples.parquet beside the data."""
    if not found.result:
        return  # no gate has judged
    write_verdict(attempt, found)
    if not (attempt.folder / "_profile").exists():
        return  # a model has metrics, and neither columns nor rows
    (attempt.folder / "profile.json").write_json(profile_of(attempt))
    samples = samples_of(attempt, summary, lost)
    target = attempt.folder / "samples.parquet"
    with target.replacing() as path:
        pq.write_table(samples, path, filesystem=target.arrow)


def samples_of(attempt: Attempt, summary: Summary, lost: Sequence[str]) -> pa.Table:
    """Look up, for each rule that took rows out, those of lowest xxh64(id): examples without a scan."""
    rows = []
    for name in lost:
        key = KEYS[name]
        wanted = {i for rule, ids in summary.samples.items() if rule.startswith(f"{name}:") for i in ids}
        found = attempt.dataset(name).rows(sorted(wanted), key=key) if wanted else None
        rows += [
            {"dataset": name, "other_id": row.get("kept_id"), **row, "id": row[key]}
            for row in (found.to_pylist() if found is not None else [])
            if row[key] in summary.samples.get(f"{name}:{row['rule']}", ())
        ]
    return pa.Table.from_pylist(rows, schema=SAMPLES)


def as_record(found: Verdict, suite: Suite | None, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest says of the verdict.

    Acceptances of the attempt stay on record. One holds for the suite that it overruled: another suite may find
    what nobody has accepted, and when the first one is back, so is its acceptance.

    Args:
        found: The verdict.
        suite: What judged; None where the stage has no gate.
        before: The record of an earlier verdict on the same attempt, or nothing.
    """
    failures = [{"rule": f.rule, "severity": f.severity, "message": f.message} for f in found.failures]
    record = {"passed": found.passed, "suite": suite.hash if suite else None, "failures": failures, "at": now()}
    return _with_acceptances(record, before.get("acceptances", []))


def accepted(record: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Give the record of a verdict that a person overrules."""
    acceptance = {"reason": reason, "at": now(), "suite": record["suite"]}
    return _with_acceptances(record, [*record.get("acceptances", []), acceptance])


def _with_acceptances(record: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    mine = [each for each in given if each["suite"] == record["suite"]]
    holds = {"accepted": mine[-1]} if mine and not record["passed"] else {}
    return {**record, **({"acceptances": list(given)} if given else {}), **holds}
