"""What is missing for a run on Flink is said at once, all of it."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from eclip.beam_pipelines.flink import FlinkRunner
from eclip.beam_pipelines.job_server import flink_of
from eclip.beam_pipelines.runner import Runner
from eclip.beam_pipelines.runners import runner_for
from eclip.beam_pipelines.shards import MapShards, ShardWork
from eclip.schemas.attempt import Attempt
from eclip.schemas.config import Config
from eclip.schemas.errors import ConfigError
from eclip.schemas.runner_config import FlinkConfig
from eclip.schemas.storage import Storage
from pydantic import ValidationError

from .job_manager import JobManager

JAVA = shutil.which("java") or "java"


@pytest.fixture
def manager() -> Iterator[JobManager]:
    with JobManager() as found:
        yield found


def jar(folder: Path, flink: str = "1.19") -> Path:
    file = folder / f"server-{flink}.jar"
    with zipfile.ZipFile(file, "w") as written:
        written.writestr(f"META-INF/maven/org.apache.beam/beam-runners-flink-{flink}/pom.properties", "")
    return file


def config(tmp_path: Path, **flink: object) -> Config:
    runner = {"name": "flink", "flink": {"jar": str(jar(tmp_path)), **flink}}
    return Config.model_validate({"source": {"path": "x.csv"}, "run": str(tmp_path / "run"), "runner": runner})


def refused(found: Config) -> str:
    with runner_for(found) as runner, pytest.raises(ConfigError) as error:
        runner.run("Nothing", MapShards(ShardWork(), Attempt(Storage(str(found.folder)), 1)))
    return str(error.value)


def test_the_configuration_may_name_a_runner_alone() -> None:
    named = Config.model_validate({"source": {"path": "x.csv"}, "runner": "flink"})
    assert isinstance(runner_for(named), FlinkRunner)
    assert isinstance(runner_for(named, ["--runner=PortableRunner"]), Runner)


def test_all_that_is_missing_is_said_in_one_message(tmp_path: Path) -> None:
    said = refused(config(tmp_path, master="localhost:1", java="no-such-java", jar="no.jar"))
    assert "no Java at 'no-such-java'" in said
    assert "no job server no.jar (there is no such file)" in said
    assert "examples/flink/pom.xml" in said
    assert "no Flink JobManager answers at http://localhost:1" in said


def test_versions_of_cluster_and_jar_are_compared(tmp_path: Path, manager: JobManager) -> None:
    manager.version = "1.18.1"
    said = refused(config(tmp_path, master=manager.address, jar=str(jar(tmp_path, "1.20")), java=JAVA))
    assert "is for Flink 1.20, runner.flink.version is 1.19" in said
    assert "the cluster is Flink 1.18.1, runner.flink.version is 1.19" in said


@pytest.mark.parametrize(
    ("slots", "free", "wanted", "says"),
    [
        (0, 0, "auto", "has no slots: no task manager has registered"),
        (2, 1, "auto", "2 slots are wanted, 1 of 2 are free"),
        (2, 2, 3, "3 slots are wanted, 2 of 2 are free"),
    ],
)
def test_slots_are_counted(
    tmp_path: Path, manager: JobManager, slots: int, free: int, wanted: object, says: str
) -> None:
    manager.slots, manager.free = slots, free
    assert says in refused(config(tmp_path, master=manager.address, parallelism=wanted))


def test_what_a_killed_driver_left_of_this_run_is_cancelled_and_nothing_else(
    tmp_path: Path, manager: JobManager
) -> None:
    found = config(tmp_path, master=manager.address, java="no-such-java")
    mine = f"{FlinkRunner(found).prefix}clean-1"
    manager.jobs = {mine: {"state": "RUNNING"}, "eclip-other-clean-1": {"state": "RUNNING"}}
    refused(found)
    assert manager.cancelled == [mine]


def test_runs_of_equal_paths_on_two_machines_are_two(tmp_path: Path) -> None:
    here = FlinkRunner(config(tmp_path)).prefix
    assert FlinkRunner(config(tmp_path)).prefix == here
    (tmp_path / "run" / "_flink.json").unlink()  # as where another machine has such a path
    assert FlinkRunner(config(tmp_path)).prefix != here


@pytest.mark.parametrize(
    ("written", "read"), [(1.19, "1.19"), (1.2, "1.20"), (2.0, "2.0"), (2.1, "2.1"), ("1.20", "1.20")]
)
def test_a_version_needs_no_quotes(written: object, read: str) -> None:
    assert FlinkConfig.model_validate({"version": written}).version == read


@pytest.mark.parametrize("pool", ["eclip-pool", "localhost:", ":50000", "localhost:pool"])
def test_a_pool_is_named_by_host_and_port(pool: str) -> None:
    with pytest.raises(ValidationError, match="a pool is named by host and port, as in localhost:50000"):
        FlinkConfig(pool=pool)


def test_a_dry_run_asks_no_cluster_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_text("id,title\n1,a red mug\n")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    from eclip.beam_pipelines.dry_run import dry_run

    found = config(tmp_path, master="localhost:1", jar_on_cluster=True).model_copy(update={"folder": str(tmp_path)})
    assert "Flink 1.19 at localhost:1" in dry_run(found, last="clean").runner
    assert not list((tmp_path / "temporary").glob("beam-pipeline-temp*"))


def test_a_jar_says_for_which_flink_it_is(tmp_path: Path) -> None:
    assert flink_of(jar(tmp_path, "2.1")) == "2.1"
    named = tmp_path / "beam-runners-flink-1.20-job-server-2.77.0.jar"
    shutil.copy(jar(tmp_path, "1.19"), tmp_path / "other.jar")
    with zipfile.ZipFile(named, "w") as written:
        written.writestr("x", "")
    assert flink_of(named) == "1.20"
    (tmp_path / "text.jar").write_text("no jar")
    with pytest.raises(ValueError, match="is no jar"):
        flink_of(tmp_path / "text.jar")
