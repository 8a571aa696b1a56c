"""A worker of the cluster that runs out of memory, by a rule of one's own that a wheel brought there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from eclip.examples.benchmarks.flink import cpu
from eclip.examples.flink.check import command, timed
from eclip.examples.flink.cluster import Cluster
from trial import Trial, children, needs_flink

pytestmark = [*needs_flink, pytest.mark.slow]
STARTED_S = 0.3  # CPU of a worker that has surely spoken with its task manager
FEW = 5  # listings: the examples of a rule are run by the driver
RULES = """
import os, signal
from pathlib import Path

FILE = Path({file!r})


def tidy(texts):
    asked = FILE.read_text() if FILE.exists() and len(texts) > {few} else ""
    if asked == "killed":  # as the kernel does where memory ends
        os.kill(os.getpid(), signal.SIGKILL)
    if asked == "refused":
        bytearray(1 << 60)
    return texts
"""
PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "greedy"
version = "1.0"
[tool.setuptools]
py-modules = ["greedy"]
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says how the rule fails; without it the rule does nothing."""
    return tmp_path_factory.mktemp("greedy") / "asked"


@pytest.fixture(scope="module")
def greedy(cluster: Cluster, here: Path, asked: Path) -> Iterator[Path]:
    """A catalog with a rule of a package that is installed here and, from its wheel, in the pools; run here."""
    source = asked.parent / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "greedy.py").write_text(RULES.format(file=str(asked), few=FEW))
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", asked.parent, source], check=True)
    cluster.install([next(asked.parent.glob("*.whl"))])
    cluster.up()
    catalog = here / "catalog.yaml"
    config = yaml.safe_load(catalog.read_text())
    config.setdefault("clean", {})["own"] = [{"id": "tidy", "use": "greedy:tidy", "examples": [["mug", "mug"]]}]
    catalog.write_text(yaml.safe_dump(config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(source), os.environ.get("PYTHONPATH", "")]))
        timed(command(catalog, here / "run", last="clean"))
        yield here


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ("killed", "a worker ended in the midst of its work, which is most often for a lack of memory"),
        ("refused", "greedy:tidy raised MemoryError"),
    ],
    ids=["killed", "refused"],
)
def test_workers_out_of_memory_end_the_run_with_a_word_and_it_goes_on_once_they_have_enough(
    cluster: Cluster, greedy: Path, asked: Path, tmp_path: Path, how: str, word: str
) -> None:
    tried = Trial(cluster, greedy, tmp_path, "clean")
    asked.write_text(how)
    began = time.monotonic()
    try:
        code, said = tried.ended(tried.start())
    finally:
        asked.unlink()
    assert code == 1, said
    assert word in said
    assert time.monotonic() - began < 180  # Flink tries six times, two seconds apart
    tried.right(tried.start())


def test_a_worker_killed_for_lack_of_memory_is_replaced(cluster: Cluster, greedy: Path, tmp_path: Path) -> None:
    tried = Trial(cluster, greedy, tmp_path, "ingest")
    process = tried.begun()
    pool = cluster.pid("pool-1")
    assert pool is not None
    worker = None
    while worker is None:
        assert process.poll() is None, process.communicate()[0]
        workers = [worker for nursery in children(pool) for worker in children(nursery)]
        worker = next((each for each in workers if cpu(each) > STARTED_S), None)
    os.kill(worker, signal.SIGKILL)
    tried.right(process)
    assert tried.flink.failures(tried.job)


def test_a_task_manager_without_heap_ends_and_the_run_goes_on_with_the_other(
    cluster: Cluster, greedy: Path, tmp_path: Path
) -> None:
    """Without -XX:+ExitOnOutOfMemoryError it would live on, and its job with it, for ever."""
    tried = Trial(cluster, greedy, tmp_path, "clean")
    cluster.stop("taskmanager-1")
    java = Cluster._java
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Cluster, "_java", lambda self, *how: java(self, *("-Xmx48m" if o == "-Xmx1200m" else o for o in how))
        )
        cluster.start("taskmanager-1")
    before = cluster.log("taskmanager-1").stat().st_size
    cluster.wait(2)
    try:
        code, said = tried.ended(tried.start())
        assert code == 0 or (code == 1 and "taskmanager-1" in said), said  # it may end before anything has begun
        assert cluster.pid("taskmanager-1") is None
        assert "OutOfMemoryError" in cluster.log("taskmanager-1").read_text()[before:]
        tried.right(tried.start())
    finally:
        cluster.stop("taskmanager-1")
