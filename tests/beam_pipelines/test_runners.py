"""The same rows whatever runs the pipelines: one process, two workers, a job service with a worker pool of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from driver import FEW_STEPS, checksums, eclip


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])


def wait_for(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("localhost", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@contextlib.contextmanager
def serving(module: str, *arguments: str, port: int) -> Iterator[None]:
    """Run a server while the block runs."""
    # Beam's worker pool starts the bare word `python`: it must be this one.
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()


def test_two_workers_give_the_same_rows(finished: Path, own: Path) -> None:
    done = eclip("run", own / "catalog.yaml", *FEW_STEPS, "--set", "runner.workers=2", "--set", "runner.memory_mb=1")
    assert done.code == 0, done.err
    assert checksums(own / "run") == checksums(finished / "run")


def test_a_job_service_with_an_external_worker_pool_gives_the_same_rows(finished: Path, own: Path) -> None:
    jobs, pool = free_port(), free_port()
    service = "apache_beam.runners.portability.local_job_service_main"
    workers = "eclip.beam_pipelines.cli"
    with serving(service, "--port", str(jobs), port=jobs), serving(workers, "pool", "--port", str(pool), port=pool):
        done = eclip(
            "run", own / "catalog.yaml", *FEW_STEPS, "--", "--runner=PortableRunner", f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL", f"--environment_config=localhost:{pool}",
        )  # fmt: skip
    assert done.code == 0, done.err
    assert checksums(own / "run") == checksums(finished / "run")
