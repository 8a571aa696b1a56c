"""Gather what a report shows: small files of all stages, counts of columns, a bounded number of rows."""

from __future__ import annotations

import json
from typing import Any

from ..quality.report.data import (
    Duplicates,
    Listing,
    Measured,
    Misfit,
    Predictions,
    Rejected,
    ReportData,
    Retitled,
    StageFacts,
)
from ..quality.report.page import REJECTING
from ..schemas.config import Config
from ..schemas.dataset import Dataset
from ..schemas.manifest import Manifest
from ..schemas.redaction import redacted
from . import exhibits
from .duplicates_shown import duplicates
from .run_folder import STAGES, RunFolder, now

REPORTED = tuple(name for name in STAGES if name != "report")
OPENED = {  # datasets that people open first, and the stages that write them, the last one first
    "listings": ("deduplicate", "filter", "clean", "ingest"),
    "rejected": ("filter", "ingest"),
    "duplicates": ("deduplicate",),
    "predictions": ("predict",),
    "clusters": ("predict",),
}


def gather(run: RunFolder, config: Config) -> ReportData:
    """Read a run folder, whatever has been published there.

    Args:
        run: The run folder.
        config: Title, and how many examples of each rule.
    """
    return Gathering(run).report(config)


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

    def report(self, config: Config) -> ReportData:
        """Gather everything."""
        rejected = self._rejected(config.report.samples)
        found, misfits = self._duplicates(), self._misfits()
        # What ingest rejects has the id of another listing, or none: the photo of that id is not its own.
        shown: list[Listing] = [each.listing for each in rejected if each.stage != "ingest"]
        shown += [each.listing for each in misfits]
        for group in found.sets:
            shown += [group.kept, *(member.listing for member in group.dropped)]
        for pair in found.variants:
            shown += [pair.left, pair.right]
        pictures, errors = self._photos({listing.id for listing in shown})
        return ReportData(
            title=config.report.title or "",
            name=self.known.get("name", config.name),
            folder=redacted(str(self.run.place)),
            data=self._data(),
            made_at=now(),
            config=redacted(self.known.get("config", {})),
            versions=self.known.get("versions", {}),
            stages=list(self.stages.values()),
            retitled=self._retitled(),
            rejected=rejected,
            misfits=misfits,
            measured=self._measured(),
            duplicates=found,
            losses=self._losses(),
            heads=self._heads(),
            predictions=self._predictions(),
            photos=pictures,
            photo_errors=errors,
        )

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

    def _dataset(self, name: str) -> Dataset:
        stage, _, dataset = name.partition("/")
        return self.manifests[stage].dataset(self.run.stage(stage), dataset)

    def _rejected(self, most: int) -> list[Rejected]:
        there = [(name, self.manifests[name].attempt) for name in REJECTING if name in self.manifests]
        return [
            each for name, attempt in there for each in exhibits.rejected(name, self.run.stage(name) / attempt, most)
        ]

    def _retitled(self) -> list[Retitled]:
        if "clean" not in self.manifests:
            return []
        return exhibits.retitled(self._dataset("clean/listings"), self.stages["clean"].settings.get("rules", ()))

    def _misfits(self) -> list[Misfit]:
        manifest = self.manifests.get("filter")
        if manifest is None or "clean" not in self.manifests or not manifest.metrics.get("pairs_scored"):
            return []
        steps = [self.run.stage("filter") / name / "scores" for name in manifest.steps if name.startswith("scores-")]
        scores = next((Dataset(folder, manifest.shards) for folder in steps if folder.exists()), None)
        if scores is None:
            return []
        return exhibits.misfits(
            scores, *(self._dataset(name) for name in ("clean/listings", "filter/listings", "filter/rejected"))
        )

    def _measured(self) -> list[Measured]:
        manifest = self.manifests.get("filter")
        place = self.run.stage("filter") / (manifest.attempt if manifest else "") / "profile.json"
        return exhibits.measured(place.read_json()) if manifest is not None and place.exists() else []

    def _duplicates(self) -> Duplicates:
        manifest = self.manifests.get("deduplicate")
        if manifest is None:
            return Duplicates()
        stage = self.run.stage("deduplicate")
        steps = [stage / name / "edges" for name in manifest.steps if name.startswith("edges-")]
        edges = next((Dataset(folder, manifest.shards) for folder in steps if folder.exists()), None)
        listings, dropped, links = (self._dataset(f"deduplicate/{n}") for n in ("listings", "duplicates", "links"))
        settings = self.stages["deduplicate"].settings
        return duplicates(listings, dropped, links, edges, stage / manifest.attempt, settings, manifest.metrics)

    def _predictions(self) -> Predictions:
        if "predict" not in self.manifests:
            return Predictions()
        names = ("predictions", "matches", "clusters")
        return exhibits.predictions(*(self._dataset(f"predict/{name}") for name in names))

    def _photos(self, ids: set[str]) -> tuple[dict[str, str], dict[str, str]]:
        return exhibits.photos(self._dataset("ingest/images"), ids) if "ingest" in self.manifests else ({}, {})

    def _losses(self) -> list[tuple[int, float]]:
        manifest = self.manifests.get("pretrain")
        place = self.run.stage("pretrain") / (manifest.attempt if manifest else "") / "metrics.jsonl"
        if manifest is None or not place.exists():
            return []
        lines = [json.loads(line) for line in place.read_bytes().decode().splitlines() if line.strip()]
        return [(int(line["step"]), float(line["loss"])) for line in lines]

    def _heads(self) -> dict[str, Any]:
        manifest = self.manifests.get("finetune")
        if manifest is None:
            return {}
        figures: dict[str, Any] = (self.run.stage("finetune") / manifest.attempt / "metrics.json").read_json()
        return figures

    def _data(self) -> dict[str, str]:
        """Where datasets lie; locally by the link that stays the same."""
        found = {}
        for name, stages in OPENED.items():
            stage = next((s for s in stages if name in self.stages[s].rows), None)
            if stage is not None:
                folder = self.run.stage(stage)
                place = folder if self.run.place.is_local else folder / self.manifests[stage].attempt
                found[name] = str(place / name)
        return found
