"""A Flink cluster: pipelines go to it by a job server, Python runs in the worker pools beside its task managers.

All that is missing is said before anything is submitted. A job that makes no progress is given up, one whose cluster
shrinks is submitted again to what is left: shards that have a marker are not done again, so that this costs little.
"""

from __future__ import annotations

import contextlib
import copy
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions

from ..schemas.config import Config
from ..schemas.errors import ConfigError, StageError
from .flink_cluster import ClusterLostError, FlinkCluster, ShrunkError
from .job_server import JobServer, empty_jar, fetched_jar, flink_of
from .probe import Probe
from .runner import Done, Runner, quiet
from .watchdog import GOES_ON, LOST_S, Watchdog

POLL_S = 0.5
SUBMISSIONS = 3  # of one pipeline, where the cluster loses what it had
PROBE_S = 90.0  # for all workers to start and answer
CANCEL_S = 20.0  # for jobs to let go of their slots
UNSEEN_S = 5.0  # in which a job that was being submitted may still appear


class FlinkRunner(Runner):
    """Run pipelines on a Flink cluster; a configuration names it, `open` begins to use it."""

    def __init__(self, config: Config, options: Sequence[str] = ()) -> None:
        super().__init__(config.runner, options, "PortableRunner")
        self.catalog, self.flink = config, config.runner.flink
        self.cluster = FlinkCluster(self.flink.master)
        self.stages: tuple[str, ...] = ()
        self.wanted = self.parallelism = 0
        self._jar: Path | None = None
        self._server: JobServer | None = None

    @cached_property
    def _logs(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="eclip-flink-"))

    @cached_property
    def prefix(self) -> str:
        """What the names of this run folder's jobs begin with, whoever submits them: a killed driver cancels none."""
        note = self.catalog.run_folder / "_flink.json"
        if not note.exists():
            note.write_json({"jobs": f"eclip-{uuid.uuid4().hex[:12]}-"})
        return str(note.read_json()["jobs"])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.stop()
        named = isinstance(error, StageError) and str(self._logs) in str(error)
        if not named:
            shutil.rmtree(self._logs, ignore_errors=True)

    @property
    def title(self) -> str:
        """Which cluster."""
        return f"Flink {self.flink.version} at {self.flink.master}"

    def ready(self, config: Config, stages: Collection[str]) -> None:
        """Note what is to be run; the cluster is asked by `open`, when it is sure that something will."""
        del config
        self.stages = tuple(stages)

    def workers(self, seconds: float) -> int:
        """All slots: workers are there already, no start has to pay."""
        del seconds
        self.open()
        return self.parallelism

    def pipeline(self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0) -> beam.Pipeline:
        """Build a pipeline for the worker pools."""
        del seconds
        return self._pipeline(label, transform, f"eclip-{_slug(label)}")

    def _pipeline(self, label: str, transform: beam.PTransform[Any, Any], name: str) -> beam.Pipeline:
        options = [f"--job_name={name}", "--environment_type=EXTERNAL", f"--environment_config={self.flink.pool}"]
        if self.parallelism:  # known once the cluster has been asked
            options.append(f"--parallelism={self.parallelism}")
        if self._server is not None:
            options.append(f"--job_endpoint={self._server.endpoint}")
            if self.flink.jar_on_cluster:
                options.append(f"--files_to_stage={empty_jar(self._logs)}")  # of none at all Flink would take its own
        pipeline = beam.Pipeline(runner=self.name, options=PipelineOptions([*options, *self.options]))
        pipeline | label >> copy.copy(transform)  # it may be submitted again, and belongs to one pipeline alone
        return pipeline

    def run(
        self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0, done: Done | None = None
    ) -> None:
        """Run one pipeline to its end, again where the cluster loses what it had.

        Raises:
            StageError: the job failed, made no progress for `silence_s`, or the cluster is gone.
        """
        del seconds
        quiet()
        self.open()
        self._settle()  # what was lost may be back
        for left in reversed(range(SUBMISSIONS)):
            try:
                return self._submit(label, transform, self.flink.silence_s, done)
            except ShrunkError as error:
                if not left:
                    raise StageError(f"{error}; {GOES_ON}") from error
                try:
                    self._settle()
                    self._ask()  # who is left, or new, may differ
                except StageError as after:
                    raise StageError(f"{error}; then: {after}; {GOES_ON}") from error

    def _settle(self) -> None:
        """Take the cluster as it is now.

        Raises:
            ClusterLostError: it does not answer, for a while.
            StageError: no task manager is left.
        """
        end = time.monotonic() + LOST_S
        while True:
            try:
                total, _ = self.cluster.slots()
            except ClusterLostError:
                if time.monotonic() > end:
                    raise
                total = 0
            if total:
                break
            if time.monotonic() > end:
                raise StageError(f"the cluster at {self.cluster.url} has no task manager any more")
            time.sleep(POLL_S)
        self.parallelism = min(self.wanted, total)
        if self._server is not None and not self._server.alive:
            self._server = self._job_server()

    def _submit(
        self, label: str, transform: beam.PTransform[Any, Any], silence_s: float, done: Done | None = None,
        strict: bool = False,
    ) -> None:  # fmt: skip
        name = f"{self.prefix}{_slug(label)}-{time.time_ns():x}"
        dog = Watchdog(self.cluster, name, self.parallelism, silence_s, self.flink.pool, strict)
        finished = 0
        try:
            result = self._pipeline(label, transform, name).run()
            while True:
                if dog.job is None:
                    self._alive(result)
                with contextlib.suppress(Exception):  # a listing that fails once is no reason to end a job
                    finished = done() if done else 0
                if dog.look(finished):
                    return
                self.state = dog.state
                time.sleep(POLL_S)
        except BaseException as error:
            if not isinstance(error, Exception) and self._server is not None:
                self._server.stop()  # or it would submit what it was given a moment ago
            with contextlib.suppress(StageError):
                self._cancel(seen=dog.job is not None)
            if isinstance(error, grpc.RpcError | grpc.FutureTimeoutError):
                raise self._of_server(error) from error
            raise
        finally:
            self.state = ""

    def _alive(self, result: Any) -> None:
        """Look after a job that the JobManager does not know yet: the job server may fail before."""
        assert self._server is not None
        if self._server.state(result._job_id) in ("FAILED", "CANCELLED"):
            raise StageError(f"the job server could not submit the job:\n    {self._server.said()}")

    def _of_server(self, error: Exception) -> StageError:
        assert self._server is not None
        if not self._server.alive:
            return ShrunkError(f"the job server ended (its log: {self._server.log})")
        details = getattr(error, "details", lambda: "")() or type(error).__name__
        return StageError(f"the job server did not take the job: {details} (its log: {self._server.log})")

    def _cancel(self, seen: bool = True) -> None:
        """End all jobs of this run folder, and wait until they let go of their slots.

        Args:
            seen: Whether a job that was submitted last is known to the cluster; if not, it is waited for.
        """
        started = time.monotonic()
        while True:
            jobs = self.cluster.jobs(self.prefix)
            for identifier in jobs:
                self.cluster.cancel(identifier)
            waited = time.monotonic() - started
            if waited > CANCEL_S or (not jobs and (seen or waited > UNSEEN_S)):
                return
            time.sleep(POLL_S / 2)

    def open(self, say: Callable[[str], object] = str) -> None:
        """Check everything, start the job server, ask the workers; once.

        Raises:
            ConfigError: something is missing; each thing is named.
        """
        if self._server is not None:
            return
        say(f"{self.title}: its job server is started, and its workers are asked whether they can do this run")
        problems = [*self._java_problems(), *self._cluster_problems()]
        if problems:
            raise ConfigError("\n  ".join(["the run cannot be submitted to Flink:", *problems]))
        self._server = self._job_server()
        try:
            self._ask()
        except BaseException:
            self._server.stop()
            self._server = None
            raise

    def _java_problems(self) -> list[str]:
        flink, found = self.flink, []
        try:
            subprocess.run([flink.java, "-version"], check=True, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            found.append(f"no Java at '{flink.java}': install Java 11 or 17, or name it (runner.flink.java)")
        try:
            self._jar = fetched_jar(flink.jar and self._local(flink.jar), flink.version)
            built = flink_of(self._jar)
            if built not in (None, flink.version):
                found.append(
                    f"the job server {self._jar} is for Flink {built}, runner.flink.version is {flink.version}"
                )
        except Exception as error:  # noqa: BLE001  (whatever a download raises)
            own = "Beam's own job server could not be fetched" if flink.jar is None else f"no job server {flink.jar}"
            found.append(f"{own} ({error}): build one with examples/flink/pom.xml and name it (runner.flink.jar)")
        return found

    def _local(self, jar: str) -> str:
        return jar if "://" in jar else self.catalog.place(jar).path

    def _cluster_problems(self) -> list[str]:
        try:
            version = self.cluster.version()
            self._cancel()  # what a killed driver has left
            total, free = self.cluster.slots()
        except ClusterLostError as error:
            return [str(error)]
        found = []
        if version.rpartition(".")[0] != self.flink.version:
            found.append(f"the cluster is Flink {version}, runner.flink.version is {self.flink.version}")
        wanted = total if self.flink.parallelism == "auto" else self.flink.parallelism
        if not total:
            found.append(f"the cluster at {self.cluster.url} has no slots: no task manager has registered")
        elif free < wanted:
            found.append(
                f"{wanted} slots are wanted, {free} of {total} are free: wait for other jobs, or set "
                f"runner.flink.parallelism"
            )
        self.wanted = self.parallelism = wanted
        return found

    def _job_server(self) -> JobServer:
        assert self._jar is not None
        artifacts = self.flink.artifacts  # workers of a pool fetch none
        folder = self._logs / "artifacts" if artifacts is None else self.catalog.place(artifacts).make().path
        command = [self.flink.java, *self.flink.java_options]
        return JobServer(command, self._jar, self.cluster.url, str(folder), self._logs / "job-server.log").start()

    def _ask(self) -> None:
        """Have workers in all slots say that they are what this process is."""
        asked = self.catalog.run_folder / ".probe"
        note = asked / f"{time.time_ns():x}"
        note.write_json({"asks": self.prefix})
        try:
            self._submit("Probe", Probe(self.catalog, note, self.parallelism, self.stages), PROBE_S, strict=True)
            answers = [name for name in asked.children() if name.startswith(f"{note.name}-")]
            if not answers:
                raise ConfigError(
                    f"workers do not write where the driver reads: {note} got no answer; the run folder must lie where "
                    f"all machines see it under one path"
                )
        finally:
            asked.remove()


def _slug(label: str) -> str:
    return label.lower().replace(" ", "-")
