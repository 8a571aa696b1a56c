"""A Flink cluster for a module's tests, and a run of this machine to compare with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eclip.examples.flink.check import command, timed
from eclip.examples.flink.cluster import HOME, Cluster
from trial import Trial, free_port

MANY = 1500  # rows, for something has to be killed in time


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


@pytest.fixture
def trial(cluster: Cluster, here: Path, tmp_path: Path) -> Callable[[str], Trial]:
    return lambda stage: Trial(cluster, here, tmp_path, stage)
