"""One run at a time in a run folder.

Locally a file lock, which the system drops when the process ends, however it ends; on an object store a lease.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..schemas.errors import RunLockedError
from ..schemas.storage import Storage
from .lease import Lease

NAME = "_lock.json"


@contextlib.contextmanager
def lock(run: Storage) -> Iterator[None]:
    """Hold a run folder while the block runs.

    Raises:
        RunLockedError: another run holds it; or, on an object store, has taken it over while the block ran.
    """
    with _local(run) if run.is_local else _remote(run):
        yield


@contextlib.contextmanager
def _local(run: Storage) -> Iterator[None]:
    path = Path(run.make().path) / NAME
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise RunLockedError(_held(run, file.read().strip())) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _held(run: Storage, owner: str) -> str:
    return f"{run}: another run is writing here ({owner or 'owner unknown'}); wait for it or stop it, then run again"


@contextlib.contextmanager
def _remote(run: Storage) -> Iterator[None]:
    with _interruption() as interrupt:
        lease = Lease(run / NAME, interrupt)
        owner = lease.take()
        if owner is not None:
            raise RunLockedError(_held(run, owner))
        try:
            try:
                yield
            finally:
                lease.give_up()
        except BaseException as error:
            if lease.loss is None:
                raise
            raise _lost(run, lease) from error  # whatever Beam has made of the interruption
        if lease.loss is not None:
            raise _lost(run, lease)


def _lost(run: Storage, lease: Lease) -> RunLockedError:
    return RunLockedError(
        f"{run}: this run has lost its lock ({lease.loss}) and stopped, so that no two write here; what is finished "
        f"is kept; see that no other run goes on here, then run again"
    )


@contextlib.contextmanager
def _interruption() -> Iterator[Any]:
    """Give what another thread calls to interrupt the block; does nothing where the block is not in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return

    def stop(*_: object) -> None:
        raise RunLockedError("the lock is lost")

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        yield lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
