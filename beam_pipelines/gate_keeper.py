"""The gate of a stage: which suite judges, what it needs to know of each shard, and the verdict on an attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..quality.gates import measure, profile
from ..quality.gates.drift import COMPARED
from ..quality.gates.drift import METRICS as ABOUT_DRIFT
from ..quality.gates.judge import judge
from ..quality.gates.parameters import resolve
from ..quality.gates.rule import KEYS, METRICS
from ..quality.gates.suite import Suite, check, load_suite, shipped
from ..quality.gates.verdict import Verdict
from ..schemas.attempt import Attempt, Summary
from ..schemas.config import Config
from ..schemas.errors import ConfigError, StageError, nearest
from ..schemas.storage import Storage
from .baseline import Baseline, baseline_of, lacking
from .measuring import measure_missing, measured
from .run_folder import RunFolder
from .runner import Runner
from .shard_gate import GatePlan
from .stage import Stage

Metrics = Mapping[str, float | int | str | None]
AT_ONCE = 8  # shards whose numbers are held together
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
    own = own_suites(config)
    for stage in stages:
        suite = suite_of(stage, config)
        if stage in own:
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


@dataclass(frozen=True)
class Judgement:
    """What a gate says of an attempt, and what it said it from."""

    verdict: Verdict
    metrics: Metrics  # those of the stage, and those about drift that rules name
    profile: Mapping[str, Any]  # empty where no columns are profiled
    drift: Mapping[str, Any] | None
    gate: Gate


@dataclass(frozen=True)
class Gate:
    """The gate of one attempt: its suite, limits filled in, what that is compared with, and what workers measure."""

    suite: Suite
    baseline: Baseline | None
    plan: GatePlan
    notes: tuple[str, ...] = ()  # what the verdict has to say beside its rules

    @classmethod
    def of(cls, stage: Stage, config: Config, folder: RunFolder, attempt: str) -> Gate:
        """Set up the gate of an attempt at a stage.

        Raises:
            ConfigError: its suite or the baseline cannot be used.
        """
        baseline = baseline_of(stage.name, config, folder, attempt)
        suite = resolve(suite_of(stage.name, config), {}, baseline.parameters if baseline else None)
        profiled = stage.profiled or (suite.main if suite.main != METRICS else None)
        plan = GatePlan(suite.measured, {name: suite.of(name) for name in suite.datasets}, profiled)
        return cls(suite, baseline, plan, tuple(filter(None, [lacking(stage.name, config)])))

    def judge(self, attempt: Attempt, metrics: Metrics, runner: Runner) -> Judgement:
        """Judge a complete attempt; shards that were measured otherwise are measured first, column by column."""
        measure_missing(self.plan, attempt, runner)
        profile = profile_of(attempt)
        drifted = self.baseline.drift(profile) if self.baseline else None
        about = drifted["metrics"] if drifted else {}
        kept = {
            name: value for name, value in metrics.items() if not name.startswith(ABOUT_DRIFT)
        }  # of a former verdict
        metrics = kept | {name: about[name] for name in [COMPARED, *self.suite.metrics] if name in about}
        partials = self._merged(attempt) if self.suite.datasets else {}
        known = self.baseline.parameters if self.baseline else {}
        verdict = judge(self.suite, partials, metrics, known=known, notes=self.notes)
        return Judgement(verdict, metrics, profile, drifted, self)

    def _merged(self, attempt: Attempt) -> dict[str, Any]:
        """Add the numbers of the shards up by dataset, few at a time: the values of a column may be many in each.

        Raises:
            StageError: a part of a dataset is gone.
        """
        partials, there = dict[str, Any](), {name: set[int]() for name in self.suite.datasets}
        for first in range(0, attempt.shards, AT_ONCE):
            last = min(first + AT_ONCE, attempt.shards)
            shards = {shard: measured(self.plan, attempt, shard) for shard in range(first, last)}
            for name, known in there.items():
                known |= {shard for shard, found in shards.items() if name in found}
                found = [partials.get(name, {}), *(shards[shard][name] for shard in sorted(known & shards.keys()))]
                partials[name] = measure.merge(found)
        for name, known in there.items():
            if gone := known and set(range(attempt.shards)) - known:
                part = attempt.dataset(name).part(min(gone))
                raise StageError(f"{part} is gone, and what was measured of it; run the stage again (--from … --force)")
        return partials


def profile_of(attempt: Attempt) -> dict[str, Any]:
    """Merge the shards' column statistics; nothing where none were kept."""
    folder = attempt.folder / "_profile"
    names = folder.children()
    return profile.extract(profile.merge((folder / name).read_json() for name in names)) if names else {}


def write_verdict(attempt: Attempt, found: Judgement) -> None:
    """Write gate.json: an ordinary Great Expectations validation result, with the policy's verdict beside it.

    Beside it drift.json, where there is a baseline; `quality.gates.drift` describes it.
    """
    (attempt.folder / "gate.json").write_json(found.verdict.result)
    place = attempt.folder / "drift.json"
    if found.drift is not None:
        place.write_json(found.drift)
    else:
        place.remove()


def write_records(attempt: Attempt, found: Judgement, summary: Summary, lost: Sequence[str]) -> None:
    """Put gate.json, profile.json, drift.json and samples.parquet beside the data."""
    write_verdict(attempt, found)
    if not found.profile:
        return  # a model has metrics, and neither columns nor rows
    (attempt.folder / "profile.json").write_json(found.profile)
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
