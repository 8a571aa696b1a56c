"""The worker processes of one local pipeline, watched: Beam waits for ever for the answer of one that has died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any

from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.job.utils import struct_to_dict
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from ..schemas.errors import StageError

GRACE_S = 5.0  # for processes that are told to stop: one that was still starting does not hear it
COMMAND = [sys.executable, "-m", f"{__package__}.worker"]


class Crew:
    """Processes that work together: when one dies the others are killed too, and the pipeline fails at once.

        with Crew(2) as crew:
            …  # a pipeline in crew.environment()

    Raises:
        StageError: at the end of the block, if one died.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.closing = False  # whether it is over, so that processes may end
        self.death: str | None = None  # how the first one died
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Crew:
        self._hook = threading.excepthook
        threading.excepthook = self._thread_failed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        threading.excepthook = self._hook
        if self.death is not None and isinstance(error, Exception):
            raise StageError(
                f"a worker process ended ({self.death}); finished shards are kept, and the next `eclip run` goes on "
                f"from there; fewer workers (now {self.size}: runner.workers) need less memory"
            ) from error

    def _thread_failed(self, found: threading.ExceptHookArgs) -> None:
        # Beam's threads that read what a worker sends fail when it dies, and would print a traceback each.
        if found.exc_type.__module__.partition(".")[0] != "grpc":
            self._hook(found)

    def environment(self) -> SubprocessSDKEnvironment:
        """Give the environment that has the next pipeline of this process done by this crew."""
        WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)(self._hire)
        return SubprocessSDKEnvironment.from_command_string(" ".join(COMMAND))

    def _hire(self, command: bytes, state: Any, provision_info: Any, grpc_server: Any) -> _Worker:
        del command
        worker = _Worker(self, state, provision_info, grpc_server)
        with self._lock:
            self._workers.append(worker)
        return worker

    def ended(self, code: int) -> None:
        """Note that a process ended; before its time, end what waits for it or works beside it."""
        with self._lock:
            if self.closing or self.death is not None:
                return
            often = ", often for lack of memory" if -code == signal.SIGKILL else ""
            self.death = f"signal {-code}{often}" if code < 0 else f"exit code {code}"
        self.end()

    def end(self) -> None:
        """Kill all processes and answer for them."""
        with self._lock:
            for worker in self._workers:
                worker.end()


class _Worker(GrpcWorkerHandler):
    """One process, as Beam's own handler starts it, but without a shell and a log server between."""

    def __init__(self, crew: Crew, state: Any, provision_info: Any, grpc_server: Any) -> None:
        super().__init__(state, provision_info, grpc_server)
        self.crew = crew
        self.process: subprocess.Popen[bytes] | None = None
        self.requests = _Requests(self.control_conn)
        self.control_conn = self.requests  # type: ignore[assignment]

    def start_worker(self) -> None:
        if self.crew.death is not None:
            self.end()  # another one died before this one had begun
            return
        options = struct_to_dict(self.provision_info.provision_info.pipeline_options)
        env = {
            **os.environ,
            "WORKER_ID": self.worker_id,
            "CONTROL_API_SERVICE_DESCRIPTOR": str(self.control_api_service_descriptor()),
            "PIPELINE_OPTIONS": json.dumps(options),
        }
        self.process = subprocess.Popen(COMMAND, env=env)
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        self.crew.ended(process.wait())

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
        self.requests.fail("a worker process ended")

    def close(self) -> None:
        self.crew.closing = True
        super().close()

    def stop_worker(self) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self.crew.end()
            self.process.wait()


class _Requests:
    """A worker's control connection that answers for the worker once it is dead."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._open: list[Any] = []
        self._error: str | None = None
        self._lock = threading.Lock()

    def push(self, request: Any) -> Any:
        future = self._connection.push(request)
        with self._lock:
            self._open = [f for f in self._open if not f.is_done()] + [future]
        if self._error is not None:
            self.fail(self._error)
        return future

    def fail(self, error: str) -> None:
        with self._lock:
            self._error = error
            for future in self._open:
                if not future.is_done():
                    future.set(beam_fn_api_pb2.InstructionResponse(error=error))

    def close(self) -> None:
        self._connection.close()
