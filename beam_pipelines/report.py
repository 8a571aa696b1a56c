"""report: manifests, gates, samples -> index.html and report.json.

Reads what is published, whatever it is, and says which stages were skipped, stopped or never run. Nothing is
judged here, so the stage has no gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xxhash

from ..quality.report.labels import QUESTIONS
from ..quality.report.page import render
from ..schemas.attempt import Attempt, Marker, Summary, fingerprint
from ..schemas.config import Config
from ..schemas.manifest import Manifest, Published
from .assembly import gather
from .gathering import REPORTED
from .reviewing import FOLDER
from .run_folder import RunFolder
from .stage import Stage, StageRun

FILES = ("index.html", "report.json")


class Report(Stage):
    """Write the report."""

    name = "report"
    version = 3
    gated = False
    lost = ()

    def settings(self, config: Config) -> dict[str, Any]:
        """Title and number of examples."""
        return config.report.model_dump()

    def sources(self, config: Config) -> dict[str, str]:
        """What each stage has published, how gates and people judged it, and what became of those that are not done."""
        run = RunFolder(config.run_folder)
        states, found = run.states(), {}
        for name in REPORTED:
            manifest, state = run.manifest(name), states.get(name, {})
            if manifest is not None:
                found[name] = fingerprint({"attempt": manifest.attempt, "verdict": manifest.verdict})
            if state.get("state", "done") != "done":
                found[f"{name}.state"] = f"{state['state']}: {state.get('reason', '')}"
        for of in QUESTIONS:
            place = run.place / FOLDER / f"{of}.json"
            if place.exists():
                found[f"review.{of}"] = xxhash.xxh3_64_hexdigest(place.read_bytes())
        return found

    def shards(self, config: Config, inputs: Mapping[str, Manifest]) -> int:
        """One page."""
        del config, inputs
        return 1

    def build(self, work: StageRun) -> None:
        """Gather, render, write."""
        if not work.attempt.missing():
            return
        data = gather(work.run, work.config)
        # pydantic writes NaN as null: what JSON has no word for would stop other readers.
        record = data.model_dump_json(indent=1, exclude={"photos"})
        (work.attempt.folder / "report.json").write_bytes(record.encode() + b"\n")
        (work.attempt.folder / "index.html").write_bytes(render(data).encode())
        work.attempt.finish(Marker(0, {}, {"pictures": len(data.photos)}))

    def artifacts(self, attempt: Attempt) -> dict[str, Published]:
        """The page, and its data for machines."""
        hashes = {name: xxhash.xxh3_128_hexdigest((attempt.folder / name).read_bytes()) for name in FILES}
        return {name: Published([f"{attempt.name}/{name}"], 0, checksum) for name, checksum in hashes.items()}

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """How large the page is."""
        return {"bytes": (work.attempt.folder / "index.html").size(), "pictures": summary.counts["pictures"]}

    def sentence(self, manifest: Manifest) -> str:
        """What was written."""
        return f"index.html, {(manifest.metrics['bytes'] or 0) / 1e6:.1f} MB"  # type: ignore[operator]
