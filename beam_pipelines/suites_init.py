"""Write suites of one's own from what a good run has published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..quality.gates.proposal import propose
from ..quality.gates.suite import check, load_suite, shipped
from ..schemas.errors import ConfigError
from .run_folder import RunFolder


def write_suites(run: RunFolder, folder: Path) -> Iterator[str]:
    """Write STAGE.json for each stage that has passed its gate, and say what to do with them.

    Raises:
        ConfigError: no stage has passed, or a file is there already.
    """
    written = []
    for stage in shipped():
        manifest = run.manifest(stage)
        if manifest is None or not manifest.passed:
            continue
        target, place = folder / f"{stage}.json", run.stage(stage)
        if target.exists():
            raise ConfigError(f"{target} is there already; write to another folder (--output), or move it away")
        profile = place / "profile.json"
        suite = propose(
            load_suite(stage),
            manifest.metrics,
            profile.read_json() if profile.exists() else {},
            (place / "gate.json").read_json(),
        )
        check(load_suite(suite, where=str(target), stage=stage))
        written.append((target, suite))
    if not written:
        raise ConfigError(f"{run.place}: no stage has passed its gate there; run it first")
    folder.mkdir(parents=True, exist_ok=True)
    for target, suite in written:
        target.write_text(json.dumps(suite, ensure_ascii=False, indent=2) + "\n", "utf-8")
        yield f"{target}: {len(suite['expectations'])} rules"
    yield f"now, in the configuration:  gates: {{suites: {folder}}}"
