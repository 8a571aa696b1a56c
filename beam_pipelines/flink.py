"""A Flink cluster: pipelines go to it by a job server, Python runs in the worker pools beside its task managers.

All that is missing is said before anything is submitted. A job in which nothing changes is given up, one whose cluster
shrinks is submitted again to what is left: shards that have a marker are not done again, so that this costs little.
"""

from __future__ import annotations

import contextlib
import copy
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import apache_beam as beam
import grpc
import xxhash
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineState

from ..schemas.config import Config
from ..schemas.errors import ConfigError, StageError
from .flink_cluster import ClusterLostError, FlinkCluster
from .job_server import JobServer, empty_jar, fetched_jar, flink_of
from .probe import Probe
from .runner import Done, Runner, quiet
from .watchdog import ShrunkError, Watchdog

POLL_S = 1.0
SUBMISSIONS = 3  # of one pipeline, where the cluster loses what it had
ENDED = (PipelineState.FAILED, PipelineState.CANCELLED)
PROBE_S = 60.0  # for all workers to start and answer


class FlinkRunner(Runner):
    """Run pipelines on a Flink cluster.

    Raises:
        ConfigError: at the first pipeline, if something is missing; each thing is named.
    """

    def __init__(self, config: Config, options: Sequence[str] = ()) -> None:
        super().__init__(config.runner, options, "PortableRunner")
        self.catalog, self.flink = config, config.runner.flink
        self.cluster = FlinkCluster(self.flink.master)
        # Jobs of this run folder, whoever submitted them: a driver that was killed could not cancel its own.
        self.prefix = f"eclip-{xxhash.xxh64_hexdigest(config.run_folder.url.encode())}-"
        self.wanted = self.parallelism = 0
        self._jar: Path | None = None
        self._server: JobServer | None = None
        self._submitted = 0

    def __enter__(self) -> FlinkRunner:
        self._logs = Path(tempfile.mkdtemp(prefix="eclip-flink-"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.stop()
        if error is None:
            shutil.rmtree(self._logs, ignore_errors=True)

    @property
    def title(self) -> str:
        """Which cluster."""
        return f"Flink {self.flink.version} at {self.flink.master}"

    def workers(self, seconds: float) -> int:
        """All slots: workers are there already, no start has to pay."""
        del seconds
        self._open()
        return self.parallelism

    def pipeline(self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0) -> beam.Pipeline:
        """Build a pipeline for the worker pools."""
        return self._pipeline(label, transform, f"{self.prefix}{label.lower().replace(' ', '-')}")

    def _pipeline(self, label: str, transform: beam.PTransform[Any, Any], name: str) -> beam.Pipeline:
        options = [*self.options, f"--job_name={name}", "--environment_type=EXTERNAL"]
        options.append(f"--environment_config={self.flink.pool}")
        if self.flink.jar_on_cluster:
            options.append(f"--files_to_stage={empty_jar(self._logs)}")  # of no file at all Flink would take its own
        if self.parallelism:  # known once the cluster has been asked
            options.append(f"--parallelism={self.parallelism}")
        if self._server is not None:
            options.append(f"--job_endpoint={self._server.endpoint}")
        pipeline = beam.Pipeline(runner=self.name, options=PipelineOptions(options))
        pipeline | label >> copy.copy(transform)  # it may be submitted again, and belongs to one pipeline alone
        return pipeline

    def run(
        self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0, done: Done | None = None
    ) -> None:
        """Run one pipeline to its end, again where the cluster loses what it had.

        Raises:
            StageError: the job failed, nothing changed for `silence_s`, or the cluster is gone.
        """
        del seconds
        quiet()
        self._open()
        self._settled()  # what was lost may be back
        for left in reversed(range(SUBMISSIONS)):
            try:
                return self._submit(label, transform, self.flink.silence_s, done)
            except ShrunkError as error:
                if not left or not self._settled():
                    raise StageError(f"{error}; finished shards are kept, `eclip run` goes on from there") from error

    def _settled(self) -> bool:
        """Take what is left of the cluster; whether there is something left."""
        total, _ = self.cluster.slots()
        self.parallelism = max(1, min(self.wanted, total))
        if self._server is not None and not self._server.alive:
            self._server = self._job_server()
        return total > 0

    def _submit(
        self, label: str, transform: beam.PTransform[Any, Any], silence_s: float, done: Done | None = None,
        strict: bool = False,
    ) -> None:  # fmt: skip
        self._submitted += 1
        name = f"{self.prefix}{label.lower().replace(' ', '-')}-{time.time_ns():x}"
        dog = Watchdog(self.cluster, name, self.parallelism, silence_s, self.flink.pool, strict)
        try:
            result = self._pipeline(label, transform, name).run()
            while (state := self._state(result)) != PipelineState.DONE:
                if state in ENDED:
                    dog.failed()
                dog.look(done() if done else 0)
                self.state = dog.state
                time.sleep(POLL_S)
        except BaseException as error:
            with contextlib.suppress(Exception):
                self._cancel()
            if isinstance(error, grpc.RpcError | grpc.FutureTimeoutError):
                raise ShrunkError(f"the job server ended (its log: {self._logs / 'job-server.log'})") from error
            raise
        finally:
            self.state = ""

    def _state(self, result: Any) -> str:
        assert self._server is not None
        if not self._server.alive:
            raise ShrunkError(f"the job server ended (its log: {self._server.log})")
        return str(result.state)

    def _cancel(self) -> None:
        """End all jobs of this run folder, and wait until they let go of their slots."""
        for identifier in self.cluster.jobs(self.prefix):
            self.cluster.cancel(identifier)
        end = time.monotonic() + 20
        while self.cluster.jobs(self.prefix) and time.monotonic() < end:
            time.sleep(POLL_S / 2)

    def _open(self) -> None:
        """Check everything, start the job server, ask the workers; once.

        Raises:
            ConfigError: something is missing.
        """
        if self._server is not None:
            return
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
        artifacts = self._artifacts()
        command = [self.flink.java, *self.flink.java_options]
        return JobServer(command, self._jar, self.cluster.url, artifacts, self._logs / "job-server.log").start()

    def _artifacts(self) -> str:
        if self.flink.artifacts is not None:
            return self.catalog.place(self.flink.artifacts).make().path
        return str(self._logs / "artifacts")  # workers of a pool fetch none

    def _ask(self) -> None:
        note = self.catalog.run_folder / ".probe" / f"{time.time_ns():x}"
        note.write_json({"asks": self.prefix})
        try:
            self._submit("Probe", Probe(self.catalog, note, self.parallelism), PROBE_S, strict=True)
            answers = [name for name in (self.catalog.run_folder / ".probe").children() if name.startswith(note.name)]
            if len(answers) < 2:  # the note, and answers
                raise ConfigError(
                    f"workers do not write where the driver reads: {note} got no answer; the run folder must lie where "
                    f"all machines see it under one path"
                )
        finally:
            (self.catalog.run_folder / ".probe").remove()
