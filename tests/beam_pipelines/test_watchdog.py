"""A job that will never end is seen, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eclip.beam_pipelines import watchdog
from eclip.beam_pipelines.flink_cluster import FlinkCluster
from eclip.beam_pipelines.watchdog import ShrunkError, Watchdog
from eclip.schemas.errors import ConfigError, StageError

from .job_manager import JobManager

POOL_GONE = """org.apache.flink.runtime.taskmanager.AsynchronousException
Caused by: java.lang.Exception: at org.apache.beam.runners.fnexecution.environment.ExternalEnvironmentFactory
Caused by: org.apache.beam.vendor.grpc.v1p60p1.io.grpc.StatusRuntimeException: UNAVAILABLE: io exception"""

CALL = "org.apache.beam.vendor.grpc.v1p60p1.io.grpc.StatusRuntimeException: CANCELLED: client cancelled"

# Every trace of a task has these places; they say nothing of the task manager.
FRAMES = """\tat org.apache.flink.runtime.taskmanager.Task.runWithSystemExitMonitoring(Task.java:958)
\tat org.apache.flink.runtime.taskexecutor.TaskExecutor.submitTask(TaskExecutor.java:1)
\tat java.base/java.lang.Thread.run(Thread.java:840)"""
OF_PYTHON = f"""java.lang.RuntimeException: Failed to finish remote bundle
{FRAMES}
Caused by: java.util.concurrent.ExecutionException: java.lang.RuntimeException: Error received from SDK harness for instruction 3: \
Traceback (most recent call last):
  File "apache_beam/runners/common.py", line 1, in process
    raise ValueError(3)
ValueError: no such thing: 3 [while running 'Clean/Write shard']

{FRAMES}"""


@pytest.fixture
def manager() -> Iterator[JobManager]:
    with JobManager() as found:
        found.jobs["j"] = {"state": "RUNNING"}
        yield found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("eclip.beam_pipelines.watchdog.time.monotonic", lambda: now[0])
    return now


def dog(manager: JobManager, strict: bool = False) -> Watchdog:
    return Watchdog(FlinkCluster(manager.address), "j", 2, 600, "localhost:50000", strict)


def test_a_job_without_progress_is_given_up(manager: JobManager, clock: list[float]) -> None:
    watched = dog(manager)
    watched.look(0)
    clock[0] += 599
    watched.look(0)
    clock[0] += 2
    with pytest.raises(StageError, match=r"no progress for 600 s .*task-manager.*runner.flink.silence_s"):
        watched.look(0)


@pytest.mark.parametrize("change", ["marker", "records"])
def test_a_marker_or_a_record_is_a_sign_of_life(manager: JobManager, clock: list[float], change: str) -> None:
    watched = dog(manager)
    for step in range(5):
        if change == "records":
            manager.jobs["j"]["records"] = step
        watched.look(step if change == "marker" else 0)
        clock[0] += 500
    assert watched.state == "running on 2 of 2 slots"


def test_a_cluster_that_does_not_answer_is_waited_for_for_a_while(manager: JobManager, clock: list[float]) -> None:
    watched = dog(manager)
    watched.look(0)
    watched.cluster = FlinkCluster("localhost:1")
    clock[0] += watchdog.LOST_S - 1
    watched.look(0)
    assert watched.state == "the cluster does not answer"
    clock[0] += 2
    with pytest.raises(StageError, match=r"no Flink JobManager answers at http://localhost:1 .*goes on from there"):
        watched.look(0)


def test_lost_task_managers_are_waited_for_for_a_while(manager: JobManager, clock: list[float]) -> None:
    watched = dog(manager)
    manager.slots = 1
    clock[0] += watchdog.LOST_S - 1
    watched.look(0)
    manager.slots = 2
    watched.look(1)
    manager.slots = 1
    clock[0] += watchdog.LOST_S + 1
    with pytest.raises(ShrunkError, match="2 slots are needed, 1 are left"):
        watched.look(2)


def test_a_job_that_only_restarts_makes_no_progress(manager: JobManager, clock: list[float]) -> None:
    watched = dog(manager)
    manager.jobs["j"]["records"] = 8
    watched.look(3)
    for step in range(7):
        clock[0] += 99
        manager.jobs["j"] = {
            "state": "RESTARTING" if step % 2 else "RUNNING",
            "records": step,
            "exceptions": ["x"] * step,
        }
        if step < 6:
            watched.look(3)
    with pytest.raises(StageError, match="no progress"):
        watched.look(3)


def test_a_pool_that_does_not_answer_is_waited_for_for_a_while(manager: JobManager, clock: list[float]) -> None:
    watched = dog(manager)
    manager.jobs["j"]["exceptions"] = [POOL_GONE, POOL_GONE]
    watched.look(0)  # it may be starting
    clock[0] += watchdog.LOST_S + 1
    with pytest.raises(
        StageError, match="no worker pool answers at localhost:50000 from the task manager tm-1:6122"
    ) as e:
        watched.look(0)
    assert e.value.exit_code == 1  # nothing is wrong with the configuration: a scheduler may try again


def test_the_probe_takes_one_failure_for_an_answer(manager: JobManager) -> None:
    manager.jobs["j"]["exceptions"] = [POOL_GONE]
    with pytest.raises(ConfigError, match="eclip pool"):
        dog(manager, strict=True).look(0)
    manager.jobs["j"]["exceptions"] = ["java.io.IOException: disk"]
    dog(manager).look(0)
    with pytest.raises(StageError, match="disk"):
        dog(manager, strict=True).look(0)


def test_what_a_worker_says_is_found_in_javas_trace(manager: JobManager) -> None:
    manager.jobs["j"]["exceptions"] = [
        "java.lang.Ex\nRuntimeError: worker refused: h has Python 3.9 [while running x]\n"
    ]
    with pytest.raises(ConfigError, match=r"cannot take this run: h has Python 3\.9$"):
        dog(manager).look(0)


def test_a_job_that_failed_for_the_cluster_may_be_tried_again_and_for_python_not(manager: JobManager) -> None:
    gone = f"java.util.concurrent.TimeoutException: TaskManager with id tm-1 is no longer reachable\n{FRAMES}"
    manager.jobs["j"] = {"state": "FAILED", "exceptions": [gone]}
    with pytest.raises(ShrunkError, match=r"tm-1 is no longer reachable$"):
        dog(manager).look(0)
    manager.jobs["j"]["exceptions"] = [OF_PYTHON]
    with pytest.raises(StageError, match="ValueError: no such thing: 3") as found:
        dog(manager).look(0)
    assert not isinstance(found.value, ShrunkError)
    manager.jobs["j"]["exceptions"] = [f"java.io.IOException: disk full\n{FRAMES}"]
    with pytest.raises(StageError, match="disk full") as found:
        dog(manager).look(0)
    assert not isinstance(found.value, ShrunkError)


def test_a_worker_that_was_killed_is_named_and_tried_again_only_where_flink_has_not(manager: JobManager) -> None:
    killed = f"java.util.concurrent.ExecutionException: {CALL}\n{FRAMES}\nCaused by: {CALL}"
    manager.jobs["j"] = {"state": "FAILED", "exceptions": [killed]}
    with pytest.raises(ShrunkError, match=r"a worker ended in the midst of its work.*memory.*localhost:50000"):
        dog(manager).look(0)
    manager.jobs["j"]["exceptions"] = [killed, killed]
    with pytest.raises(StageError, match=r"memory.*goes on from there") as found:
        dog(manager).look(0)
    assert not isinstance(found.value, ShrunkError)


def test_a_job_that_has_ended_well_is_over(manager: JobManager) -> None:
    manager.jobs["j"] = {"state": "FINISHED", "exceptions": [POOL_GONE]}
    assert dog(manager).look(0)
    manager.jobs["j"]["state"] = "RUNNING"
    assert not dog(manager).look(0)


def test_a_job_that_the_job_manager_has_forgotten_may_be_tried_again(manager: JobManager) -> None:
    watched = dog(manager)
    watched.look(0)
    manager.jobs.clear()
    with pytest.raises(ShrunkError, match="was started anew"):
        watched.look(0)
