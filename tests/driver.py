"""Drive the command line as a user does, and read what it leaves."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ROWS = 300
FEW_STEPS = ("--set", "pretrain.steps=40", "--set", "heads.min_support=3")


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    code: int
    out: str
    err: str


def eclip(*arguments: object) -> Finished:
    """Run the command line in this process: Beam, torch and Great Expectations take seconds to import."""
    from eclip.beam_pipelines import cli

    before = sys.argv, {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    out, err, code = io.StringIO(), io.StringIO(), 0
    sys.argv = ["eclip", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before[0]
        for number, handler in before[1].items():
            signal.signal(number, handler)
    return Finished(code, out.getvalue(), err.getvalue())


def eclip_process(*arguments: object, timeout: float = 600) -> Finished:
    """Run it as a process of its own, as a user does."""
    command = [str(Path(sys.executable).with_name("eclip")), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
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
    """The catalog, and its run folder if it has one, in a folder of its own; the files are linked, not copied."""
    return Path(shutil.copytree(catalog, target, dirs_exist_ok=True, copy_function=os.link, symlinks=True))
