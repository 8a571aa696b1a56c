"""Runs on a real Flink cluster, whole and with parts of it killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from eclip.examples.flink.check import command, on, timed
from eclip.examples.flink.cluster import Cluster
from trial import JOBS, Trial, children, command_line, free_port, needs_flink

pytestmark = needs_flink
ROWS = 300  # where CI waits
TRIES = 5


def test_the_one_command_holds_the_cluster_against_this_machine() -> None:
    """Runs here and there are equal, also with a task manager killed; nothing is left running."""
    program = [sys.executable, "-m", "eclip.examples.flink.check", "--rows", str(ROWS), "--to", "deduplicate",
               "--port", str(free_port()), "--pool-port", str(free_port())]  # fmt: skip
    done = subprocess.run(program, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("all equal") == 2  # whole, and to deduplicate
    assert "no process of it is left" in done.stdout


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
