"""A run killed anywhere and started again ends with the same rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from driver import FEW_STEPS, checksums, eclip

OPTIONS = (*FEW_STEPS, "--set", "runner.workers=1", "--set", "pretrain.checkpoint_every=10")

# A file of the run folder that shows how far the run is, and how many of its kind must be there.
PLACES = (
    ("ingest/partition-*/_shards/*.json", 1),
    ("ingest/[!ps]*/_shards/*.json", 3),
    ("filter/hot-*/_shards/*.json", 1),
    ("deduplicate/signs-*/_shards/*.json", 4),
    ("pretrain/*/checkpoints/*", 1),
    ("embed/*/_shards/*.json", 2),
    ("predict/match-*/_shards/*.json", 2),
)


def kill_at(config: Path, pattern: str, number: int) -> bool:
    """Start a run, kill it with -9 as soon as so many files match; say whether it came to that."""
    command = [str(Path(sys.executable).with_name("eclip")), "run", str(config), *OPTIONS]
    run = config.parent / "run"
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        while process.poll() is None:
            if len(list(run.glob(pattern))) >= number:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.002)
    return False


def test_killed_at_several_places_it_ends_the_same(finished: Path, own: Path) -> None:
    config = own / "catalog.yaml"
    killed = [kill_at(config, pattern, number) for pattern, number in PLACES]
    assert all(killed), list(zip(PLACES, killed, strict=True))
    done = eclip("run", config, *OPTIONS)
    assert done.code == 0, done.err
    assert checksums(own / "run") == checksums(finished / "run")
    assert not [
        p for p in (own / "run").rglob(".tmp-*") if p.parent.parent.parent.name in ("ingest", "filter", "embed")
    ]
