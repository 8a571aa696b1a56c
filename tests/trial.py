"""A Flink cluster on this machine, a run to compare with, and trials of one stage on the cluster."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from eclip.beam_pipelines.flink_cluster import FlinkCluster
from eclip.examples.flink.check import checksums, command, on
from eclip.examples.flink.cluster import Cluster

MISSING = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
needs_flink = [
    pytest.mark.skipif(bool(MISSING), reason=f"a Flink cluster needs {' and '.join(MISSING)}"),
    pytest.mark.skipif(sys.platform != "linux", reason="each pool has an address of 127.0.0.0/8, as only Linux has"),
]
# The job of each stage in which something is killed: its longest.
JOBS = {
    "ingest": "look-at-photos", "clean": "clean", "filter": "describe-pairs", "deduplicate": "compare", "pairs": "gather",
    "embed": "embed", "predict": "answer",
}  # fmt: skip


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])


class Trial:
    """One stage of a copy of the run, done anew on the cluster."""

    def __init__(self, cluster: Cluster, here: Path, folder: Path, stage: str) -> None:
        self.cluster, self.here, self.stage = cluster, here, stage
        self.folder = Path(shutil.copytree(here, folder / "catalog", symlinks=True))
        shutil.rmtree(self.folder / "run" / stage)
        cluster.up()
        self.flink = FlinkCluster(f"localhost:{cluster.port}")

    def start(self) -> subprocess.Popen[str]:
        called = command(self.folder / "catalog.yaml", self.folder / "run", *on(self.cluster))
        stages = ["--from", self.stage, "--to", self.stage]
        return subprocess.Popen([*called, *stages], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def begun(self) -> subprocess.Popen[str]:
        """Start, and wait until the stage's longest job is at work on the first task manager."""
        process = self.start()
        while process.poll() is None:
            for identifier, name in self.flink.jobs("eclip-").items():
                if f"-{JOBS[self.stage]}-" in name and "taskmanager-1" in self._at_work(identifier):
                    self.job = identifier
                    return process
            time.sleep(0.02)
        pytest.fail(f"{JOBS[self.stage]} was over before it was seen at work:\n{process.communicate()[0]}")

    def _at_work(self, job: str) -> set[str]:
        """The task managers that a job runs on."""
        found = set()
        for vertex in self._asked(f"/jobs/{job}")["vertices"]:
            tasks = self._asked(f"/jobs/{job}/vertices/{vertex['id']}")["subtasks"]
            found |= {task["taskmanager-id"] for task in tasks if task["status"] == "RUNNING"}
        return found

    def _asked(self, path: str) -> Any:
        with urllib.request.urlopen(self.flink.url + path, timeout=10) as answer:
            return json.load(answer)

    def again(self) -> None:
        """Forget what the cluster has done of the stage."""
        shutil.rmtree(self.folder / "run" / self.stage)

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        said = process.communicate(timeout=600)[0]
        return process.returncode, said

    def right(self, process: subprocess.Popen[str]) -> None:
        """Wait for its end, and compare with the run of this machine."""
        code, said = self.ended(process)
        assert code == 0, said
        assert checksums(self.folder / "run") == checksums(self.here / "run")


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def command_line(pid: int) -> bytes:
    """How a process was called; nothing where it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
