"""The worker pool beside a task manager: starts a worker process for each slot that asks for one.

    eclip pool --port 50000

Beam's own pool starts the bare word `python`, whichever that is, and never reads what it writes. This one starts its
own interpreter's, from a nursery that has imported everything, and stops what it started. Workers fetch no code: what
they run is what is installed here.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance

from ..schemas.errors import ConfigError, EclipError

STOP_S = 15.0  # for the nursery to end its workers
COMMAND = [sys.executable, "-m", f"{__package__}.nursery"]


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Start and stop workers as task managers ask.

        with Pool("localhost", 50000) as pool:
            pool.wait()

    Raises:
        ConfigError: the port is taken.
        EclipError: what workers need cannot be imported.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._lock = threading.Lock()

    def __enter__(self) -> Pool:
        # One server a port: or a second pool would be given half of the first one's workers.
        self._server = grpc.server(shared_unbounded_instance(), options=[("grpc.so_reuseport", 0)])
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(self, self._server)
        try:
            self.port = self._server.add_insecure_port(f"{self.host}:{self.port}")
        except RuntimeError as error:
            raise ConfigError(f"{self.host}:{self.port} cannot be listened on: is another pool there?") from error
        self._nursery = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._nursery.stdout is not None
        if self._nursery.stdout.readline().strip() != "ready":
            raise EclipError("what workers need cannot be imported; the message above says what is missing")
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop(0)
        assert self._nursery.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            self._nursery.stdin.close()
        try:
            self._nursery.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._nursery.kill()

    def wait(self) -> None:
        """Serve until the process is told to end, or its nursery has ended.

        Raises:
            EclipError: the nursery has ended.
        """
        code = self._nursery.wait()
        raise EclipError(f"the process that starts workers has ended ({code}); start the pool anew")

    def StartWorker(  # noqa: N802  (Beam's name)
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: Any
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Start a process that serves the task manager's control endpoint."""
        del context
        env = {
            "WORKER_ID": request.worker_id,
            "CONTROL_API_SERVICE_DESCRIPTOR": str(request.control_endpoint),
            "PIPELINE_OPTIONS": "{}",
        }
        try:
            self._tell({"start": request.worker_id, "env": env})
        except OSError as error:
            return beam_fn_api_pb2.StartWorkerResponse(error=f"no worker could be started: {error}")
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(  # noqa: N802
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: Any
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """End a process."""
        del context
        self._tell({"stop": request.worker_id})
        return beam_fn_api_pb2.StopWorkerResponse()

    def _tell(self, what: dict[str, Any]) -> None:
        assert self._nursery.stdin is not None
        with self._lock:
            self._nursery.stdin.write(json.dumps(what) + "\n")
            self._nursery.stdin.flush()
