"""A stage: what it reads, what it writes, what its output depends on, and how it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..schemas.attempt import Attempt, Summary, fingerprint
from ..schemas.config import Config
from ..schemas.dataset import Dataset
from ..schemas.errors import ConfigError, StageError
from ..schemas.manifest import Manifest, Published
from .progress import UnderWay
from .run_folder import RunFolder
from .runner import Runner
from .shard_gate import GatePlan
from .shards import NO_SPACE, ShardWork
from .step import Step


@dataclass
class StageRun:
    """One stage under way: its inputs, its attempt, and where its pipelines run."""

    stage: Stage
    config: Config
    run: RunFolder
    runner: Runner
    inputs: Mapping[str, Manifest]  # by stage
    attempt: Attempt
    facts: Mapping[str, Any]
    gate: GatePlan = field(default_factory=GatePlan)
    follows: Manifest | None = None  # what was published when the attempt was begun
    force: bool = False  # copy nothing from it
    steps: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)  # counts that stand in no marker of the attempt
    _under_way: tuple[str, Attempt] | None = None
    _training: tuple[int, int] | None = None

    def doing(self) -> UnderWay:
        """Say what is being done."""
        label, attempt = self._under_way or ("", self.attempt)
        return UnderWay(label, attempt, self._training, self.runner.state)

    def step_done(self, done: int, steps: int) -> None:
        """Note a training step."""
        self._training = (done, steps)

    def rows(self, name: str) -> int:
        """Rows of an input, `stage/dataset`, as published: what this stage has to account for, whatever it read."""
        stage, _, dataset = name.partition("/")
        return self.inputs[stage].datasets[dataset].rows

    def dataset(self, name: str) -> Dataset:
        """Open an input, `stage/dataset`."""
        stage, _, dataset = name.partition("/")
        return self.inputs[stage].dataset(self.run.stage(stage), dataset)

    def step(self, name: str, settings: Mapping[str, Any], shards: int, keep: bool = True) -> Attempt:
        """Open the attempt of an earlier step of the stage, named by the settings that shape it alone."""
        facts = {**self.facts, "step": name, "settings": settings}
        attempt = self.run.attempt(self.stage.name, facts, shards, prefix=f"{name}-")
        if keep and attempt.name not in self.steps:
            self.steps.append(attempt.name)
        return attempt

    def map(self, label: str, work: ShardWork, attempt: Attempt | None = None, seconds: float = 0.0) -> None:
        """Do `work` for each missing shard of an attempt (default: the stage's own), by one of the stage's pipelines.

        Raises:
            StageError: some shards failed; the others are done and stay done.
        """
        step = {step.label: step for step in self.stage.pipelines}[label]
        attempt = attempt or self.attempt
        self._under_way = (label.lower(), attempt)
        if attempt.missing():
            gate = self.gate if attempt is self.attempt else GatePlan()
            self.runner.run(label, step.transform(work, attempt, gate), seconds, done=lambda: len(attempt.done()))
        check(attempt, self.stage.name)

    def previous(self, dataset: str, same_recipe: bool = True) -> Dataset | None:
        """A dataset of the attempt that this one follows, where it was cut into as many shards.

        With `same_recipe` only if it was made in the same way, so that rows of unchanged inputs can be copied.
        """
        if self.follows is None or self.follows.shards != self.attempt.shards or dataset not in self.follows.datasets:
            return None
        if same_recipe and (self.force or self.follows.recipe != recipe(self.facts)):
            return None
        found = self.follows.dataset(self.run.stage(self.stage.name), dataset)
        return found if found.folder.exists() else None


NOTE_BYTES = 1 << 16  # a disk with less room could not take a worker's note of what failed


def recipe(facts: Mapping[str, Any]) -> str:
    """Fingerprint of how rows are made, whatever the inputs."""
    return fingerprint({k: v for k, v in facts.items() if k not in ("inputs", "sources")})


def check(attempt: Attempt, stage: str) -> None:
    """Raise what the failed shards left, as one error.

    Raises:
        StageError: shards are missing.
    """
    missing = attempt.missing()
    if not missing:
        return
    failures = attempt.failures()
    unsaid = NO_SPACE if attempt.folder.free() < NOTE_BYTES else "no worker finished it; was one killed?"
    messages: dict[str, list[int]] = {}
    for shard in missing:
        messages.setdefault(failures.get(shard, {}).get("error", unsaid), []).append(shard)
    lines = [f"shard {', '.join(map(str, s[:5]))}{', …' if len(s) > 5 else ''}: {m}" for m, s in messages.items()]
    if len(lines) == 1 and all(f.get("expected") for f in failures.values()) and failures:
        of_rule = any(f.get("rule") for f in failures.values())  # which listings it saw says where to look
        failed = StageError(f"{stage}: {lines[0] if of_rule else next(iter(messages))}", failures)
        if all(f.get("config") for f in failures.values()):
            failed.exit_code = ConfigError.exit_code
        raise failed
    raise StageError(
        f"{stage}: {len(missing)} of {attempt.shards} shards failed; the others are kept, "
        f"and the next `eclip run` does these only\n  " + "\n  ".join(lines[:5]),
        failures,
    )


class Stage:
    """Base of the stages; each file of this room that names one has exactly one subclass."""

    name: ClassVar[str]
    version: ClassVar[int]  # raised when the output of equal inputs changes
    inputs: ClassVar[tuple[str, ...]] = ()  # datasets of earlier stages, `stage/dataset`
    makers: ClassVar[tuple[str, ...]] = ()  # those of them that say how a row is made: models, heads
    profiled: ClassVar[str | None] = None  # the dataset that is profiled, where it is not its suite's main one
    lost: ClassVar[tuple[str, ...]] = ("rejected",)  # datasets of rows that were taken out
    libraries: ClassVar[tuple[str, ...]] = ()  # whose versions shape the output
    pipelines: ClassVar[tuple[Step, ...]] = ()  # in order; a stage without any works where `eclip run` is called
    gated: ClassVar[bool] = True  # whether a suite judges what it writes

    def reads(self, config: Config) -> tuple[str, ...]:
        """The datasets that it reads under this configuration."""
        del config
        return self.inputs

    def settings(self, config: Config) -> dict[str, Any]:
        """The part of the configuration that shapes the output."""
        raise NotImplementedError

    def content(self, config: Config) -> dict[str, str]:
        """Hashes of what stands outside the run folder and shapes how rows are made: models, lists of phrases."""
        del config
        return {}

    def sources(self, config: Config) -> dict[str, str]:
        """Stamps of what is read from outside the run folder."""
        del config
        return {}

    def sentence(self, manifest: Manifest) -> str:
        """Say in a line what became of the rows."""
        figures = {k: v for k, v in manifest.metrics.items() if k.startswith("rows_") and v}
        return ", ".join(f"{v:,} {k.removeprefix('rows_').replace('_', ' ')}" for k, v in figures.items())

    def shards(self, config: Config, inputs: Mapping[str, Manifest]) -> int:
        """How many shards the stage writes: as many as the listings have."""
        del config
        return next(iter(inputs.values())).shards

    def skip(self, config: Config, inputs: Mapping[str, Manifest]) -> str | None:
        """Why the stage cannot be done for this catalog; None if it can."""
        del config, inputs
        return None

    def build(self, work: StageRun) -> None:
        """Write the attempt."""
        raise NotImplementedError

    def artifacts(self, attempt: Attempt) -> dict[str, Published]:
        """What a complete attempt holds beside datasets of parts: models, heads, pages."""
        del attempt
        return {}

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """What the gate's `metrics` rules judge, conservation first."""
        raise NotImplementedError


def row_metrics(
    rows_in: int, counts: Mapping[str, int], summary: Summary, out: str, lost: tuple[str, ...] = ("rejected",)
) -> dict[str, float | int | str | None]:
    """The conservation equation and the share that each rule took out.

    Args:
        rows_in: Rows that the stage before has published.
        counts: The rows that were read, as `in`, and those that each rule took out.
        summary: What was written.
        out: The dataset of the rows that go on.
        lost: Those of the rows that were taken out.
    """
    rows_out = summary.rows(out)
    rows_lost = {name: summary.rows(name) for name in lost}
    values: dict[str, float | int | str | None] = {
        "rows_in": rows_in,
        "rows_out": rows_out,
        **{f"rows_{name}": rows for name, rows in rows_lost.items()},
        "unaccounted_rows": unaccounted(rows_in, counts.get("in", 0), rows_out + sum(rows_lost.values())),
    }
    for name, rows in rows_lost.items():
        values[f"share_{name}"] = rows / rows_in if rows_in else 0.0
    for key, number in sorted(counts.items()):
        dataset, _, rule = key.partition(":")
        if dataset in lost:
            values[f"share_{dataset}_{rule}"] = number / rows_in if rows_in else 0.0
    return values


def unaccounted(rows_in: int, rows_read: int, rows_written: int) -> int:
    """Count rows that are lost or come from nowhere; where the sum happens to be right, those that were never read.

    >>> unaccounted(10, 10, 9), unaccounted(10, 9, 10), unaccounted(10, 10, 10)
    (1, 1, 0)
    """
    return rows_in - rows_written or rows_in - rows_read
