"""A lock on an object store, where no system drops what a dead process held: a file with its owner and a heartbeat.

The store creates a file only if it is not there, so that of many runs that start together one gets the lock. One
without a heartbeat for STALE_S is taken over: written over, and read again after a pause; of several takers the one
that wrote last has it. The owner reads the lock before each beat and before it removes it: one that finds another's
token there, or cannot beat until others may take the lock for a dead one's, is told that it has lost it.

What remains possible, for stores have no common "write if unchanged": a run that is held up between reading the lock
and writing it, for longer than the pause or longer than its lease, writes over another's, and so does one whose clock
is a minute and a half ahead. Then two runs work until the next beat, when one of them finds the other's token and
stops. What they do meanwhile is not mixed: each file is written whole, and equal inputs give equal shards.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from ..schemas.storage import Storage

HEARTBEAT_S = 20.0
STALE_S = 120.0
SETTLE_S = 5.0  # longer than it takes to read and to write a small file


class Lease:
    """Take the lock at `place`, beat until it is given up, call `on_loss` from another thread if it is lost."""

    def __init__(self, place: Storage, on_loss: Callable[[], None] = lambda: None) -> None:
        self.place, self.on_loss = place, on_loss
        self.loss: str | None = None  # how it was lost
        self._mine = {"owner": f"process {os.getpid()} on {socket.gethostname()}", "token": uuid.uuid4().hex}
        self._ended = threading.Event()
        self._beats = threading.Thread(target=self._keep, daemon=True)

    def take(self) -> str | None:
        """Get the lock and begin to beat; if somebody else has it, say who."""
        mine = False
        while not mine:
            held = self._read()
            if held is None:
                mine = self._create()
                continue
            if time.time() - held["beat"] < STALE_S:
                return str(held["owner"])
            self._write()
            time.sleep(SETTLE_S)
            mine = self._owns(self._read())  # if not, the next round says whose it is
        self._beats.start()
        return None

    def give_up(self) -> None:
        """Remove the lock, if it is still this one's."""
        self._ended.set()
        self._beats.join()
        with contextlib.suppress(
            Exception
        ):  # a store that cannot be reached: without heartbeat the lock is worth nothing
            if self._owns(self._read()):
                self.place.remove()

    def _keep(self) -> None:
        """Beat; an error is no loss until the last good beat is so old that others may take over before the next."""
        last = time.monotonic()
        while not self._ended.wait(HEARTBEAT_S):
            try:
                held = self._read()
                if not self._owns(held):
                    self._lose(f"taken over by {held['owner']}" if held else "somebody removed it")
                    return
                self._write()
                last = time.monotonic()
            except Exception as error:  # noqa: BLE001  (each store has errors of its own)
                if time.monotonic() - last > STALE_S - 2 * HEARTBEAT_S:
                    self._lose(f"no heartbeat since {time.monotonic() - last:.0f} s: {type(error).__name__}: {error}")
                    return

    def _lose(self, how: str) -> None:
        self.loss = how
        self.on_loss()

    def _owns(self, held: dict[str, Any] | None) -> bool:
        return held is not None and held.get("token") == self._mine["token"]

    def _read(self) -> dict[str, Any] | None:
        try:
            held: dict[str, Any] = self.place.read_json()
        except FileNotFoundError:
            return None
        return held

    def _create(self) -> bool:
        value = json.dumps({**self._mine, "beat": time.time()}).encode()
        try:
            self.place.fs.pipe_file(self.place.path, value, mode="create")
        except FileExistsError:
            return False
        return True

    def _write(self) -> None:
        self.place.write_json({**self._mine, "beat": time.time()})
