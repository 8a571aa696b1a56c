from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import fsspec
import fsspec.implementations.memory
import pytest
from eclip.beam_pipelines import lock as locking
from eclip.beam_pipelines.lock import lock
from eclip.schemas.errors import RunLockedError
from eclip.schemas.storage import Storage


def test_a_second_run_is_kept_out_and_told_by_whom(tmp_path: Path) -> None:
    place = Storage(str(tmp_path / "run"))
    with lock(place), pytest.raises(RunLockedError, match="another run is writing here \\(process"), lock(place):
        pass
    with lock(place):
        pass


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom eclip.beam_pipelines.lock import lock\nfrom eclip.schemas.storage import Storage\n"
        f"with lock(Storage('{tmp_path}')):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RunLockedError), lock(Storage(str(tmp_path))):
            pass
        process.kill()
        process.wait()
    with lock(Storage(str(tmp_path))):
        pass


class Exclusive(fsspec.implementations.memory.MemoryFileSystem):
    """An object store that can create a file only if it is not there."""

    protocol = "exclusive"
    store: dict = {}
    pseudo_dirs = [""]

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: object) -> None:
        if mode == "create" and self.exists(path):
            raise FileExistsError(path)
        with self.open(path, "wb") as file:
            file.write(value)


def test_on_an_object_store_a_lock_without_heartbeat_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.register_implementation("exclusive", Exclusive, clobber=True)
    place = Storage("exclusive://runs/a")
    with lock(place):
        with pytest.raises(RunLockedError), lock(place):
            pass
        monkeypatch.setattr(locking, "HEARTBEAT_S", 1000.0)
    assert not (place / locking.NAME).exists()
    (place / locking.NAME).write_json({"owner": "somebody", "token": "x", "beat": time.time() - 60})
    with pytest.raises(RunLockedError, match="somebody"), lock(place):
        pass
    (place / locking.NAME).write_json({"owner": "somebody", "token": "x", "beat": time.time() - locking.STALE_S - 1})
    with lock(place):
        assert "process" in (place / locking.NAME).read_json()["owner"]
