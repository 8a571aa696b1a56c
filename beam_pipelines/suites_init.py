"""Write suites of one's own from what a good run has published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..quality.gates.proposal import further, propose
from ..quality.gates.suite import Suite, check, load_suite, shipped
from ..schemas.config import Config
from ..schemas.errors import ConfigError
from ..schemas.manifest import Manifest
from ..schemas.storage import Storage
from .gate_keeper import own_suites
from .run_folder import RunFolder


def write_suites(run: RunFolder, config: Config, folder: Path) -> Iterator[str]:
    """Write STAGE.json for each stage that has passed its gate, and say what each was begun from and what to do.

    The suite that judged is where it starts: of a suite of one's own every rule stays as it is written.

    Raises:
        ConfigError: no stage has passed, a file is there already, or `gates.suites` cannot be read.
    """
    written, own = [], own_suites(config)
    for stage in shipped():
        manifest = run.manifest(stage)
        if manifest is None or not manifest.passed:
            continue
        target = folder / f"{stage}.json"
        if target.exists():
            raise ConfigError(f"{target} is there already; write to another folder (--output), or move it away")
        suite, begun = _begun(run, manifest, own.get(stage))
        check(load_suite(suite, where=str(target), stage=stage))
        written.append((target, suite, begun))
    if not written:
        raise ConfigError(f"{run.place}: no stage has passed its gate there; run it first")
    folder.mkdir(parents=True, exist_ok=True)
    for target, suite, begun in written:
        target.write_text(json.dumps(suite, ensure_ascii=False, indent=2) + "\n", "utf-8")
        yield f"{target}: {len(suite['expectations'])} rules, begun from {begun}"
    yield f"now, in the configuration:  gates: {{suites: {folder}}}"


def _begun(run: RunFolder, manifest: Manifest, own: Storage | None) -> tuple[dict[str, Any], str]:
    """Begin with the suite that judged a stage; the proposal, and what it was begun from."""
    stage, place = manifest.stage, run.stage(manifest.stage)
    seen = place / "profile.json"
    profile = seen.read_json() if seen.exists() else {}
    given, mine = load_suite(stage), load_suite(own.url, stage=stage) if own else None
    judged = manifest.verdict["suite"]
    if mine is None or own is None or judged == given.hash:
        result = (place / "gate.json").read_json()
        return propose(given, manifest.metrics, profile, result), f"the shipped suite{_since(given, judged)}"
    written = own.read_json()
    more = [rule.configuration for rule in further(mine, profile)]
    return {**written, "expectations": [*written["expectations"], *more]}, f"{own}{_since(mine, judged)}"


def _since(suite: Suite, judged: str) -> str:
    return "" if suite.hash == judged else ", which is not as it was when it judged"
