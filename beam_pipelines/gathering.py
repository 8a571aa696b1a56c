"""What a run folder has published, whatever that is: states, counts, gates and settings of each stage, its datasets."""

from __future__ import annotations

from typing import Any

from ..quality.report.data import StageFacts
from ..schemas.dataset import Dataset
from ..schemas.manifest import Manifest
from ..schemas.redaction import redacted
from .run_folder import STAGES, RunFolder

REPORTED = tuple(name for name in STAGES if name != "report")


class Gathering:
    """What is published in a run folder; a skipped stage has nothing, whatever an earlier run left."""

    def __init__(self, run: RunFolder) -> None:
        place = run.place / "run.json"
        self.run = run
        self.known: dict[str, Any] = place.read_json() if place.exists() else {}
        self.manifests: dict[str, Manifest] = {}
        self.stages: dict[str, StageFacts] = {}
        for name in REPORTED:
            state = self.known.get("stages", {}).get(name, {})
            manifest = run.manifest(name) if state.get("state") != "skipped" else None
            if manifest is not None:
                self.manifests[name] = manifest
            self.stages[name] = self._stage(name, state, manifest)

    def _stage(self, name: str, state: dict[str, Any], manifest: Manifest | None) -> StageFacts:
        facts = StageFacts(
            name=name,
            state=state.get("state", "done" if manifest else "not run"),
            reason=state.get("reason", ""),
            seconds=state.get("seconds"),
            stopped=self._stopped(name, manifest) if state.get("state") == "failed" else {},
        )
        if manifest is None:
            return facts
        made_from = self.run.facts(name, manifest.attempt)
        gate = self.run.stage(name) / manifest.attempt / "gate.json"
        return facts.model_copy(
            update={
                "published_at": manifest.published_at,
                "attempt": manifest.attempt,
                "follows": self._follows({**made_from.get("content", {}), **made_from.get("inputs", {})}),
                "settings": redacted(made_from.get("settings", {})),
                "counts": manifest.counts,
                "metrics": manifest.metrics,
                "rows": {n: d.rows for n, d in manifest.datasets.items() if d.parts},
                "verdict": manifest.verdict,
                "gate": gate.read_json() if gate.exists() else {},
            }
        )

    def _follows(self, read: dict[str, str]) -> bool:
        """Whether what a stage read is what stands there now, all the way up."""
        for name, checksum in read.items():
            stage, _, dataset = name.partition("/")
            if stage in self.stages and dataset:
                current = self.manifests[stage].datasets.get(dataset) if stage in self.manifests else None
                if current is None or current.checksum != checksum or not self.stages[stage].follows:
                    return False
        return True

    def _stopped(self, name: str, manifest: Manifest | None) -> dict[str, Any]:
        """Gate and metrics of the attempt that was stopped; of one that is published its verdict says so."""
        found = self.run.stopped(name)
        if found is None or (manifest is not None and found.attempt == manifest.attempt):
            return {}
        gate = self.run.stage(name) / found.attempt / "gate.json"
        return {"gate": gate.read_json(), "metrics": found.metrics} if gate.exists() else {}

    def dataset(self, name: str) -> Dataset:
        """Open a published dataset, `stage/dataset`."""
        stage, _, dataset = name.partition("/")
        return self.manifests[stage].dataset(self.run.stage(stage), dataset)

    def step(self, stage: str, name: str) -> Dataset | None:
        """Open what an earlier step of a published attempt wrote: all scores, all verified pairs."""
        manifest = self.manifests.get(stage)
        steps = [n for n in manifest.steps if n.startswith(f"{name}-")] if manifest else []
        folders = [self.run.stage(stage) / step / name for step in steps]
        return next((Dataset(f, manifest.shards) for f in folders if manifest and f.exists()), None)
