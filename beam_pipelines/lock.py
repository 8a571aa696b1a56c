"""One run at a time in a run folder.

Locally a file lock, which the system drops when the process ends, however it ends. On an object store a file that is
created only if it is not there, with its owner and a heartbeat; one without a heartbeat for two minutes is taken over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from ..schemas.errors import RunLockedError
from ..schemas.storage import Storage

NAME = "_lock.json"
HEARTBEAT_S = 20.0
STALE_S = 120.0


@contextlib.contextmanager
def lock(run: Storage) -> Iterator[None]:
    """Hold a run folder while the block runs.

    Raises:
        RunLockedError: another run holds it.
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
    place = run / NAME
    mine = {"owner": f"process {os.getpid()} on {socket.gethostname()}", "token": uuid.uuid4().hex}
    while not _create(place, mine):
        held = place.read_json()
        if time.time() - held["beat"] < STALE_S:
            raise RunLockedError(_held(run, held["owner"]))
        place.remove()
    ended = threading.Event()
    beats = threading.Thread(target=_beat, args=(place, mine, ended), daemon=True)
    beats.start()
    try:
        yield
    finally:
        ended.set()
        beats.join()
        place.remove()


def _create(place: Storage, mine: dict[str, str]) -> bool:
    import json

    value = json.dumps({**mine, "beat": time.time()}).encode()
    try:
        place.fs.pipe_file(place.path, value, mode="create")
    except FileExistsError:
        return False
    return True


def _beat(place: Storage, mine: dict[str, str], ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT_S):
        place.write_json({**mine, "beat": time.time()})
