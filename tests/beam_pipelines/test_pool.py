"""The worker pool: what asks for a worker gets one, and none outlives it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc, endpoints_pb2
from eclip.beam_pipelines.pool import Pool
from eclip.schemas.errors import ConfigError, EclipError


def below(pid: int) -> list[int]:
    """Processes that a process has started, and that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def soon(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def test_workers_are_started_stopped_and_ended_with_the_pool() -> None:
    """One pool for all: to import everything takes it seconds."""
    with Pool("localhost", 0) as pool, grpc.insecure_channel(f"localhost:{pool.port}") as channel:
        stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
        nursery = pool._nursery.pid
        # Nobody listens at this endpoint: workers wait there for a while, and that is enough to count them.
        nowhere = endpoints_pb2.ApiServiceDescriptor(url="localhost:1")
        for name in ("1-1", "1-2"):
            started = stub.StartWorker(beam_fn_api_pb2.StartWorkerRequest(worker_id=name, control_endpoint=nowhere))
            assert started.error == ""
        assert soon(lambda: len(below(nursery)) == 2)
        stub.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="1-1"))
        stub.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="no such"))
        assert soon(lambda: len(below(nursery)) == 1)
        left = below(nursery)
        own = below(os.getpid())
        with pytest.raises(ConfigError, match=f"localhost:{pool.port} cannot be listened on"):
            Pool("localhost", pool.port).__enter__()
        assert sorted(below(os.getpid())) == sorted(own)  # refused before anything is started
        pool._nursery.kill()
        with pytest.raises(EclipError, match="start the pool anew"):
            pool.wait()
        assert stub.StartWorker(beam_fn_api_pb2.StartWorkerRequest(worker_id="1-3")).error != ""
    assert soon(lambda: not any(alive(pid) for pid in [*left, nursery]))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
