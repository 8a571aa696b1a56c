"""Compare a run with another one, or with the one before it: for the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..quality.gates.drift import drift
from ..quality.report.data import Compared, StageFacts
from ..schemas.errors import ConfigError
from ..schemas.manifest import Manifest
from ..schemas.redaction import redacted
from ..schemas.storage import Storage
from .gathering import REPORTED, Gathering
from .run_folder import RunFolder

PROFILED = ("ingest", "clean", "filter", "deduplicate", "embed", "predict")
Profiles = dict[str, Mapping[str, Any]]


def compared(found: Gathering, other: Storage | None) -> Compared | None:
    """Say what another run was like, and how the columns moved since.

    Args:
        found: This run.
        other: The other run's folder; None: what the history of this one holds, if anything.

    Raises:
        ConfigError: there is no run in `other`.
    """
    then = _other(other) if other is not None else _before(found)
    if then is None:
        return None
    name, stages, profiles = then
    now = {stage: _profile(found, stage) for stage in PROFILED}
    drifts = {
        stage: drift(profile, profiles[stage], name)
        for stage, profile in now.items()
        if profile is not None and stage in profiles
    }
    return Compared(name=name, stages=stages, profiles=drifts)


def _other(place: Storage) -> tuple[str, list[StageFacts], Profiles]:
    if not (place / "run.json").exists():
        raise ConfigError(f"report.compare: {place} is not a run folder: there is no run.json in it")
    run = Gathering(RunFolder(place))
    profiles = {stage: profile for stage in PROFILED if (profile := _profile(run, stage)) is not None}
    return redacted(str(place)), list(run.stages.values()), profiles


def _profile(found: Gathering, stage: str) -> Mapping[str, Any] | None:
    if stage not in found.manifests:
        return None
    place = found.run.stage(stage) / found.manifests[stage].attempt / "profile.json"
    profile: Mapping[str, Any] | None = place.read_json() if place.exists() else None
    return profile


def _before(found: Gathering) -> tuple[str, list[StageFacts], Profiles] | None:
    """The newest run of the history in which any stage had published something else."""
    history = found.run.place / "history"
    for number in reversed(found.run.history()):
        stages, profiles, other = [], Profiles(), False
        for name in REPORTED:
            folder = history / str(number) / name
            manifest = Manifest.read(folder)
            if manifest is None:
                continue
            now = found.manifests.get(name)
            other |= now is not None and now.attempt != manifest.attempt
            stages.append(_facts(found, manifest, folder))
            if name in PROFILED and (folder / "profile.json").exists():
                profiles[name] = (folder / "profile.json").read_json()
        if other:
            said = max((stage.published_at for stage in stages), default="")
            return f"the run before, of {said[:10]}", stages, profiles
    return None


def _facts(found: Gathering, manifest: Manifest, folder: Storage) -> StageFacts:
    made_from = found.run.facts(manifest.stage, manifest.attempt)  # there while the attempt is kept
    gate = folder / "gate.json"
    return StageFacts(
        name=manifest.stage, state="done", attempt=manifest.attempt, published_at=manifest.published_at,
        settings=redacted(made_from.get("settings", {})), counts=manifest.counts, metrics=manifest.metrics,
        rows={n: d.rows for n, d in manifest.datasets.items() if d.parts}, verdict=manifest.verdict,
        gate=gate.read_json() if gate.exists() else {},
    )  # fmt: skip
