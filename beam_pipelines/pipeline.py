"""The way of a catalog through the stages: run what must run, judge it, publish it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from ..quality.gates.verdict import Verdict
from ..schemas.attempt import Attempt, Summary, fingerprint, summarise
from ..schemas.config import Config
from ..schemas.errors import ConfigError, GateError
from ..schemas.listing import GATE_FAILURES
from ..schemas.manifest import Manifest
from . import acceptance, gate_keeper
from .check import check as preflight
from .gate_keeper import Gate
from .local import LocalRunner
from .lock import lock
from .plan import Plan, chosen_stages, not_installed, plan_stage, skipped_before
from .progress import progress
from .reviewing import review_metrics
from .run_folder import RunFolder, now, published
from .runner import Runner
from .runners import runner_for
from .shard_gate import GatePlan
from .stage import Stage, StageRun, check, recipe
from .stages import STAGES

Say = Callable[[str], None]


def run(
    config: Config, beam_options: Sequence[str] = (), first: str | None = None, last: str | None = None,
    force: bool = False, say: Say = print,
) -> list[Plan]:  # fmt: skip
    """Run the stages from `first` to `last`, each only if what it depends on changed, and judge each.

    Raises:
        ConfigError: the configuration or a suite cannot work, or a stage before `first` has published nothing.
        StageError: shards failed.
        GateError: a gate stopped the run; later stages were not begun, earlier output is untouched.
        RunLockedError: another run holds the run folder.
    """
    chosen = chosen_stages(first, last)
    _check_libraries(chosen)
    runner = runner_for(config, beam_options)
    runner.ready(config, [stage.name for stage in chosen])
    preflight(config, chosen)
    folder = RunFolder(config.run_folder)
    done: list[Plan] = []
    with lock(folder.place):
        folder.note(config=config.model_dump(), versions=_versions(), name=config.name, folder=config.folder)
        skipped = skipped_before(chosen[0], config, folder)
        with runner:
            for stage in chosen:
                found = _run_stage(stage, config, folder, runner, skipped, force, say, any(s.pipelines for s in chosen))
                if found.action == "skip":
                    skipped[stage.name] = found
                done.append(found)
        if any(stage.name != "report" for stage in chosen):
            folder.remember()
    return done


def _check_libraries(chosen: Sequence[Stage]) -> None:
    """Refuse at once what could not be ended: the first stages of a large catalog take hours."""
    for stage in chosen:
        missing = not_installed(stage)
        if missing:
            raise ConfigError(
                f"{stage.name}: {missing}; without it the data stages run (--to pairs), and `eclip report` after them"
            )


def _run_stage(
    stage: Stage, config: Config, folder: RunFolder, runner: Runner, skipped: Mapping[str, Plan], force: bool, say: Say,
    piped: bool,
) -> Plan:  # fmt: skip
    found = plan_stage(stage, config, folder, None, skipped)
    if found.action == "wait":
        raise ConfigError(f"{stage.name}: {found.reason}; run the earlier stages first (leave out --from)")
    if found.action == "current" and not force:
        if folder.states().get(stage.name, {}).get("state") != "done":
            folder.record(stage.name, state="done", reason=found.reason)  # failed or skipped under other settings
        say(f"{stage.name:<12} nothing to do: up to date")
        return found
    if found.action == "skip":
        folder.record(stage.name, state="skipped", reason=found.reason)
        say(f"{stage.name:<12} skipped: {found.reason}")
        return found
    if found.action == "gate" and not force:
        return _judged_again(stage, config, folder, runner, found, say)
    if piped:
        runner.open(say)  # a cluster that is not there must not be found out after a night of training
    started = time.monotonic()
    before = folder.states().get(stage.name, {})
    folder.record(stage.name, state="running", reason=found.reason)
    try:
        manifest, verdict = _make(stage, config, folder, runner, found, force)
    except BaseException as error:
        with contextlib.suppress(OSError):  # a full disk must not hide what went wrong
            said = str(error).splitlines() or [type(error).__name__]
            if isinstance(error, ConfigError) and before:
                folder.record(stage.name, **before)  # nothing was begun: what is published stands as it stood
            else:
                stopped = isinstance(error, KeyboardInterrupt)
                folder.record(stage.name, state="stopped" if stopped else "failed", reason=said[0])
        raise
    seconds = round(time.monotonic() - started, 1)
    folder.record(stage.name, state="done", reason=found.reason, seconds=seconds, attempt=manifest.attempt)
    say(f"{stage.name:<12} {stage.sentence(manifest)}  [{seconds:.1f} s]")
    _say_verdict(verdict, say)
    return found


def _judged_again(stage: Stage, config: Config, folder: RunFolder, runner: Runner, found: Plan, say: Say) -> Plan:
    manifest, verdict = _judge_published(config, folder, stage.name, runner)
    if not manifest.passed:
        raise GateError(refusal(folder, manifest, verdict, "does not pass what is published there"))
    folder.record(stage.name, state="done", reason=found.reason)
    say(f"{stage.name:<12} judged again: {found.reason}")
    _say_verdict(verdict, say)
    return found


def _say_verdict(verdict: Verdict, say: Say) -> None:
    for failure in verdict.failures:
        say(f"{'':<12} {failure.severity}: {failure.message}")
    for note in verdict.notes:
        say(f"{'':<12} note: {note}")


def _make(
    stage: Stage, config: Config, folder: RunFolder, runner: Runner, found: Plan, force: bool
) -> tuple[Manifest, Verdict]:
    follows = folder.manifest(stage.name)
    inputs = {name.partition("/")[0]: folder.manifest(name.partition("/")[0]) for name in stage.reads(config)}
    known = {name: manifest for name, manifest in inputs.items() if manifest is not None}
    attempt = folder.attempt(stage.name, found.facts, stage.shards(config, known), fresh=force, follows=follows)
    gate = Gate.of(stage, config, folder, attempt.name) if stage.gated else None
    folder.tidy_unpublished(stage.name, attempt)
    work = StageRun(
        stage, config, folder, runner, known, attempt, found.facts,
        gate=gate.plan if gate else GatePlan(), follows=folder.followed(attempt, follows), force=force,
    )  # fmt: skip
    with progress(stage.name, work.doing):
        stage.build(work)
    check(attempt, stage.name)
    return _judge_and_publish(work, gate, summarise(attempt.markers()))


def _judge_and_publish(work: StageRun, gate: Gate | None, summary: Summary) -> tuple[Manifest, Verdict]:
    """Judge; publish what passes, keep what does not."""
    stage, folder, attempt, follows = work.stage, work.run, work.attempt, work.follows
    asked = gate.suite.metrics if gate else ()
    metrics = {**stage.metrics(work, summary), **review_metrics(folder, stage.name, attempt.name, asked)}
    found = gate.judge(attempt, metrics, work.runner) if gate else None
    if found:
        gate_keeper.write_records(attempt, found, summary, stage.lost)
    before = folder.candidate(stage.name, attempt.name)
    manifest = Manifest(
        stage=stage.name,
        attempt=attempt.name,
        fingerprint=fingerprint(work.facts),
        shards=attempt.shards,
        datasets=published(attempt, summary)
        | stage.artifacts(attempt)
        | (gate.plan.published(attempt) if gate else {}),
        counts=summary.counts,
        metrics=dict(found.metrics) if found else metrics,
        verdict=acceptance.as_record(found, before.verdict if before else {}),
        previous=follows.attempt
        if follows and follows.attempt != attempt.name
        else (follows.previous if follows else None),
        steps=work.steps or (follows.steps if follows else []),
        recipe=recipe(work.facts),
        published_at=now(),
    )
    folder.keep_candidate(manifest)
    verdict = found.verdict if found else Verdict(True)
    if not manifest.passed:
        said = f"stopped the run; {'what was published before is untouched' if follows else 'nothing is published'}"
        raise GateError(refusal(folder, manifest, verdict, said))
    folder.publish(manifest)
    if gate:
        gate.plan.tidy(attempt, before)
    return manifest, verdict


def refusal(folder: RunFolder, manifest: Manifest, verdict: Verdict, said: str) -> str:
    """Say which rules failed, by how much, on which rows, and what can be done."""
    lines = [f"the gate after {manifest.stage} {said}"]
    for failure in verdict.failures:
        rows = f" (such as {', '.join(failure.examples[:3])})" if failure.examples else ""
        lines.append(f"  [{failure.severity}] {failure.message}{rows}")
    lines.append(
        f"  the attempt is kept in {folder.stage(manifest.stage) / manifest.attempt}; "
        f"`eclip accept {folder.place} {manifest.stage} --reason …` goes on with it all the same (--rule: these alone)"
    )
    return "\n".join(lines)


def accept(folder: RunFolder, stage: str, reason: str, rules: Sequence[str] = ()) -> Manifest:
    """Publish the attempt that a gate stopped, on record; of named rules only, if no other rule stops it.

    Raises:
        ConfigError: there is no such attempt, or a named rule does not stop it.
    """
    with lock(folder.place):
        stopped = folder.stopped(stage)
        if stopped is None:
            raise ConfigError(
                f"{folder.place}: no attempt at {stage} was stopped by its gate; there is nothing to accept"
            )
        verdict = acceptance.accept(stopped.verdict, reason, rules)
        manifest = replace(stopped, verdict=verdict, published_at=now())
        folder.keep_candidate(manifest)  # or it would look stopped again once another attempt is published
        if manifest.passed:
            folder.publish(manifest)
            folder.record(stage, state="done", reason=f"accepted: {reason}", attempt=manifest.attempt)
            folder.remember()
        elif (current := folder.manifest(stage)) is not None and current.attempt == manifest.attempt:
            folder.publish(manifest)  # it stays refused, with what was accepted so far
        return manifest


def judge_again(config: Config, stage: str) -> tuple[Manifest, Verdict]:
    """Judge what a stage has published by its suite as it stands; on record, and nothing is recomputed.

    Returns:
        What stands there now: `passed` also where a person has accepted what this very suite refuses; the verdict.

    Raises:
        ConfigError: the stage has published nothing, or has no gate.
    """
    folder = RunFolder(config.run_folder)
    with lock(folder.place):
        return _judge_published(config, folder, stage, LocalRunner(config.runner))


def _judge_published(config: Config, folder: RunFolder, name: str, runner: Runner) -> tuple[Manifest, Verdict]:
    manifest = folder.manifest(name)
    if manifest is None:
        raise ConfigError(f"{folder.place}: {name} has published nothing that could be judged")
    stage = next(stage for stage in STAGES if stage.name == name)
    if not stage.gated:
        raise ConfigError(f"{name} has no gate; nothing is judged there")
    attempt = Attempt(folder.stage(name) / manifest.attempt, manifest.shards)
    gate = Gate.of(stage, config, folder, attempt.name)
    kept = {key: value for key, value in manifest.metrics.items() if not key.startswith("review_")}
    found = gate.judge(attempt, kept | review_metrics(folder, name, attempt.name, gate.suite.metrics), runner)
    gate_keeper.write_verdict(attempt, found)
    rows = {n: d for n, d in manifest.datasets.items() if n != GATE_FAILURES.name} | gate.plan.published(attempt)
    verdict = acceptance.as_record(found, manifest.verdict)
    before, manifest = manifest, replace(manifest, datasets=rows, metrics=dict(found.metrics), verdict=verdict)
    folder.publish(manifest)
    gate.plan.tidy(attempt, before)
    if not manifest.passed:
        folder.record(name, state="failed", reason=f"the gate after {name} does not pass what is published there")
    return manifest, found.verdict


def _versions() -> dict[str, str]:
    wanted = ["eclip", "apache-beam", "pyarrow", "great-expectations", "datasketch", "numpy"]
    return {name: version(name) for name in wanted}
