"""The job server between Beam and Flink: one Java process for all pipelines of a run, ended with it."""

from __future__ import annotations

import ctypes
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from apache_beam.runners.portability.flink_runner import FlinkJarJobServer

from ..schemas.errors import StageError

START_S = 60.0
ANSWER_S = 30.0
SAID_LINES = 5  # of the log, where it does not start
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class JobServer:
    """Start `java -jar` of a job server and know whether it lives.

    Args:
        command: Java and its options.
        jar: A local file.
        master: The JobManager's REST address, with its scheme.
        artifacts: A folder that the task managers see too.
        log: Where it writes to.

    Raises:
        StageError: at the start, if it ends or does not answer.
    """

    def __init__(self, command: Sequence[str], jar: Path, master: str, artifacts: str, log: Path) -> None:
        self.log = log
        with socket.socket() as found:
            found.bind(("localhost", 0))
            port = found.getsockname()[1]
        self.endpoint = f"localhost:{port}"
        # Without memory it must end: one that lives on would answer nobody.
        self._command = [
            *command, "-XX:+ExitOnOutOfMemoryError", "-jar", str(jar), "--flink-master", master,
            "--artifacts-dir", artifacts, "--job-port", str(port), "--artifact-port", "0", "--expansion-port", "0",
        ]  # fmt: skip

    def start(self) -> JobServer:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C must reach us first, so that we can cancel the job through it.
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=_end_with_driver if sys.platform == "linux" else None,
            )  # fmt: skip
        try:
            return self._answering()
        except BaseException:
            self.stop()
            raise

    def _answering(self) -> JobServer:
        end = time.monotonic() + START_S
        with grpc.insecure_channel(self.endpoint) as channel:
            ready = grpc.channel_ready_future(channel)
            while time.monotonic() < end and self.alive:
                try:
                    ready.result(timeout=0.5)
                except grpc.FutureTimeoutError:
                    continue
                return self
        raise StageError(f"the Flink job server did not start (its log: {self.log}):\n    {self.said()}")

    def said(self) -> str:
        """The last lines of its log."""
        return "\n    ".join(self.log.read_text(errors="replace").splitlines()[-SAID_LINES:])

    def state(self, job: str) -> str:
        """What it says of a job, as in RUNNING.

        Raises:
            grpc.RpcError: it does not answer.
        """
        with grpc.insecure_channel(self.endpoint) as channel:
            stub = beam_job_api_pb2_grpc.JobServiceStub(channel)
            found = stub.GetState(beam_job_api_pb2.GetJobStateRequest(job_id=job), timeout=ANSWER_S)
        return str(beam_job_api_pb2.JobState.Enum.Name(found.state))

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _end_with_driver() -> None:
    """Have Linux end this process when the one that started it is gone, however that came about."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def fetched_jar(jar: str | None, version: str) -> Path:
    """Give the local file of a job server, downloaded once where it is a URL or Beam's own.

    Raises:
        OSError: it cannot be had.
        ValueError: it is neither a file nor a URL.
    """
    if jar and "://" not in jar and not Path(jar).is_file():
        raise FileNotFoundError("there is no such file")
    options = PipelineOptions([f"--flink_version={version}", *([f"--flink_job_server_jar={jar}"] if jar else [])])
    server = FlinkJarJobServer(options)
    return Path(server.local_jar(server.path_to_jar(), None))


def flink_of(jar: Path) -> str | None:
    """Read from a jar for which Flink it was built, as in 1.19; None where it does not say.

    Raises:
        ValueError: it is no jar.
    """
    if not zipfile.is_zipfile(jar):
        raise ValueError(f"{jar} is no jar")
    with zipfile.ZipFile(jar) as opened:
        names = "\n".join(opened.namelist())
    built = re.search(r"^META-INF/maven/org\.apache\.beam/beam-runners-flink-(\d+\.\d+)/", names, re.MULTILINE)
    named = built or re.search(r"flink-(\d+\.\d+)-job-server", jar.name)
    return named[1] if named else None


def empty_jar(folder: Path) -> Path:
    """Give a jar without classes."""
    file = folder / "empty.jar"
    if not file.exists():
        with zipfile.ZipFile(file, "w") as written:
            written.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    return file
