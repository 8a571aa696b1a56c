"""Runs on a real Flink cluster, whole and with parts of it killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eclip.beam_pipelines.flink_cluster import FlinkCluster
from eclip.examples.flink.check import checksums, command, on, timed
from eclip.examples.flink.cluster import HOME, Cluster

MISSING = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"a Flink cluster needs {' and '.join(MISSING)}"),
    pytest.mark.skipif(sys.platform != "linux", reason="each pool has an address of 127.0.0.0/8, as only Linux has"),
]
# The job of each stage in which something is killed: its longest.
JOBS = {
    "ingest": "look-at-photos", "clean": "clean", "filter": "describe-pairs", "deduplicate": "compare", "pairs": "gather",
    "embed": "embed", "predict": "answer",
}  # fmt: skip
ROWS = 300  # where CI waits
MANY = 1500  # where something has to be killed in time
TRIES = 5


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])


def test_the_one_command_holds_the_cluster_against_this_machine() -> None:
    """Runs here and there are equal, also with a task manager killed; nothing is left running."""
    program = [sys.executable, "-m", "eclip.examples.flink.check", "--rows", str(ROWS), "--to", "deduplicate",
               "--port", str(free_port()), "--pool-port", str(free_port())]  # fmt: skip
    done = subprocess.run(program, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("all equal") == 2  # whole, and to deduplicate
    assert "no process of it is left" in done.stdout


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    found = Cluster(HOME, 2, free_port(), free_port())
    found.install()
    found.up()
    yield found
    found.down()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with the run of this machine."""
    folder = tmp_path_factory.mktemp("flink") / "catalog"
    eclip = str(Path(sys.executable).with_name("eclip"))
    timed([eclip, "sample", str(folder), "--rows", str(MANY)])
    timed(command(folder / "catalog.yaml", folder / "run"))
    return folder


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


@pytest.fixture
def trial(cluster: Cluster, here: Path, tmp_path: Path) -> Callable[[str], Trial]:
    return lambda stage: Trial(cluster, here, tmp_path, stage)


@pytest.mark.slow
@pytest.mark.parametrize("stage", JOBS)
def test_a_task_manager_killed_in_the_middle_of_a_stage(trial: Callable[[str], Trial], stage: str) -> None:
    tried = trial(stage)
    for _ in range(TRIES):
        process = tried.begun()
        tried.cluster.stop("taskmanager-1", signal.SIGKILL)
        tried.cluster.start("taskmanager-1")
        tried.right(process)
        if tried.flink.failures(tried.job):
            return
        tried.again()  # what it had to do was done in the instant before
    pytest.fail(f"in {TRIES} tries the job was never hit")


@pytest.mark.slow
def test_a_task_manager_killed_for_good(trial: Callable[[str], Trial]) -> None:
    tried = trial("ingest")
    process = tried.begun()
    tried.cluster.stop("taskmanager-2", signal.SIGKILL)
    tried.right(process)


@pytest.mark.slow
def test_a_pool_killed_is_named_and_the_run_goes_on_once_it_is_back(trial: Callable[[str], Trial]) -> None:
    tried = trial("clean")
    process = tried.begun()
    tried.cluster.stop("pool-1", signal.SIGKILL)
    code, said = tried.ended(process)
    assert code == 1
    assert "no worker pool answers at eclip-pool" in said
    tried.cluster.up()
    tried.right(tried.start())


@pytest.mark.slow
def test_a_job_server_killed(trial: Callable[[str], Trial]) -> None:
    tried = trial("filter")
    process = tried.begun()
    servers = [child for child in children(process.pid) if b"flink-job-server" in command_line(child)]
    assert len(servers) == 1
    os.kill(servers[0], signal.SIGKILL)
    tried.right(process)


@pytest.mark.slow
def test_a_driver_killed_and_called_again(trial: Callable[[str], Trial]) -> None:
    tried = trial("deduplicate")
    process = tried.begun()
    servers = children(process.pid)
    process.kill()
    process.wait()
    assert not (tried.folder / "run" / "deduplicate" / "_manifest.json").exists()
    tried.right(tried.start())
    assert not any(b"flink-job-server" in command_line(server) for server in servers)


@pytest.mark.slow
def test_ctrl_c_cancels_the_job_of_flink(trial: Callable[[str], Trial]) -> None:
    tried = trial("ingest")
    process = tried.begun()
    process.send_signal(signal.SIGINT)
    code, said = tried.ended(process)
    assert code == 130, said
    assert not tried.flink.jobs("eclip-")
    tried.right(tried.start())


@pytest.mark.slow
def test_the_cluster_lost_in_the_middle(trial: Callable[[str], Trial]) -> None:
    tried = trial("clean")
    process = tried.begun()
    for name in reversed(tried.cluster.names):
        tried.cluster.stop(name, signal.SIGKILL)
    began = time.monotonic()
    code, said = tried.ended(process)
    assert code == 1, said
    assert "goes on from there" in said
    assert time.monotonic() - began < 120
    tried.cluster.up()
    tried.right(tried.start())


@pytest.mark.slow
def test_a_pool_with_another_build_is_refused(trial: Callable[[str], Trial]) -> None:
    tried = trial("clean")
    file = next((tried.cluster.home / "pool-2").glob("lib/*/site-packages/eclip/schemas/storage.py"))
    before = file.read_text()
    try:
        file.write_text(before + "# another build\n")
        tried.cluster.stop("pool-2")
        tried.cluster.up()
        code, said = tried.ended(tried.start())
    finally:
        file.write_text(before)
        tried.cluster.stop("pool-2")
    assert code == 2, said
    assert "another build of eclip" in said


@pytest.mark.slow
def test_fashion_runs_on_the_cluster_to_its_report(cluster: Cluster, tmp_path: Path) -> None:
    if "ECLIP_DATA" not in os.environ:
        pytest.skip("ECLIP_DATA names the folder of the data sets")
    cluster.up()
    catalog = Path(__file__).parents[2] / "examples" / "fashion.yaml"
    timed(command(catalog, tmp_path / "run", *on(cluster)))
    assert (tmp_path / "run" / "report" / "index.html").exists()


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
