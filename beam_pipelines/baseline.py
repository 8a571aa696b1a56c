"""The baseline: what a stage is compared with, the last accepted run of this run folder or one that is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..quality.gates.drift import drift
from ..quality.gates.parameters import values_of
from ..schemas.config import Config
from ..schemas.errors import ConfigError
from ..schemas.manifest import NAME, Manifest
from ..schemas.storage import Storage
from .run_folder import STAGES, RunFolder

LAST = "last"


@dataclass(frozen=True)
class Baseline:
    """What a stage of an earlier run was like."""

    name: str  # history/3, or a path
    metrics: Mapping[str, Any]
    profile: Mapping[str, Any]  # as profile.json has it; empty for models

    @property
    def parameters(self) -> dict[str, float]:
        """What suites may call its numbers."""
        return values_of(self.metrics, self.profile)

    def drift(self, profile: Mapping[str, Any]) -> dict[str, Any] | None:
        """Compare a profile with it; nothing where one of them has no columns."""
        return drift(profile, self.profile, self.name) if profile and self.profile else None


def baseline_of(stage: str, config: Config, folder: RunFolder, attempt: str) -> Baseline | None:
    """Find what an attempt at a stage is compared with; None for a first run.

    `gates.baseline: last` takes the newest run in history/ that holds another attempt: so an attempt that is judged
    again is not compared with itself.

    Raises:
        ConfigError: `gates.baseline` names no run.
    """
    wanted = config.gates.baseline
    if wanted is None:
        return None
    if wanted != LAST:
        place = config.place(wanted)
        if not any((place / name / NAME).exists() for name in STAGES):
            raise ConfigError(
                f"gates.baseline: no run lies in {place}; expected '{LAST}', a run folder, or an entry of its history/"
            )
        return _read(wanted, place / stage)
    for number in reversed(folder.history()):
        place = folder.place / "history" / str(number) / stage
        found = Manifest.read(place)
        if found is not None and found.attempt != attempt:
            return _read(f"history/{number}", place)
    return None


def lacking(stage: str, config: Config) -> str | None:
    """Say that the run which `gates.baseline` names holds nothing of this stage; None where it does."""
    wanted = config.gates.baseline
    if wanted in (None, LAST) or Manifest.read(config.place(str(wanted)) / stage) is not None:
        return None
    return f"gates.baseline: {wanted} has published nothing of {stage}, so {stage} is compared with nothing"


def _read(name: str, stage: Storage) -> Baseline | None:
    manifest = Manifest.read(stage)
    if manifest is None:
        return None
    profile = stage / "profile.json"
    return Baseline(name, manifest.metrics, profile.read_json() if profile.exists() else {})
