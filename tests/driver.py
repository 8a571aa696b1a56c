"""Drive the command line as a user does, and read what it leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ROWS = 300
FEW_STEPS = ("--set", "pretrain.steps=40")


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    code: int
    out: str
    err: str


def eclip(*arguments: object, env: dict[str, str] | None = None, timeout: float = 600) -> Finished:
    """Run the command line as a user does."""
    command = [str(Path(sys.executable).with_name("eclip")), *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env={**os.environ, "COLUMNS": "200", **(env or {})}
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def checksums(run: Path) -> dict[str, str]:
    """Content checksum of every published dataset, model and head."""
    found: dict[str, str] = {}
    for file in sorted(run.glob("*/_manifest.json")):
        manifest = json.loads(file.read_text())
        if manifest["stage"] != "report":
            found |= {f"{manifest['stage']}/{name}": d["checksum"] for name, d in manifest["datasets"].items()}
    return found


def manifest(run: Path, stage: str) -> dict[str, Any]:
    """What a stage has published."""
    value: dict[str, Any] = json.loads((run / stage / "_manifest.json").read_text())
    return value


def copy_of(catalog: Path, target: Path) -> Path:
    """The catalog in a folder of its own, its photos as links."""
    return Path(shutil.copytree(catalog, target, dirs_exist_ok=True, copy_function=os.link))
