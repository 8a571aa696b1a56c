from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from eclip.beam_pipelines import lease
from eclip.beam_pipelines.lock import NAME, lock
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


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """A run folder on an object store, on which a lease beats often."""
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(lease, "SETTLE_S", 0.05)
    return Storage(f"memory://{tmp_path.name}")


OTHER = {"owner": "somebody", "token": "x"}


def test_on_an_object_store_a_second_run_is_kept_out_too(run: Storage) -> None:
    with lock(run):
        with pytest.raises(RunLockedError, match="another run is writing here \\(process"), lock(run):
            pass
        assert "process" in (run / NAME).read_json()["owner"]
    assert not (run / NAME).exists()
    (run / NAME).write_json({**OTHER, "beat": time.time() - 60})
    with pytest.raises(RunLockedError, match="somebody"), lock(run):
        pass
    assert (run / NAME).read_json()["token"] == "x"


def test_a_run_that_loses_its_lock_is_stopped_and_leaves_the_other_alone(run: Storage) -> None:
    started = time.monotonic()
    with pytest.raises(RunLockedError, match=r"lost its lock .taken over by somebody.*run again"), lock(run):
        (run / NAME).write_json({**OTHER, "beat": time.time()})
        try:
            time.sleep(30)
        except RunLockedError as error:
            raise RuntimeError("what Beam makes of it") from error
    assert time.monotonic() - started < 5
    assert (run / NAME).read_json()["token"] == "x"


def test_outside_the_main_thread_a_lost_lock_is_said_at_the_end(run: Storage) -> None:
    said: list[BaseException] = []

    def work() -> None:
        try:
            with lock(run):
                (run / NAME).write_json({**OTHER, "beat": time.time()})
                time.sleep(0.3)
        except RunLockedError as error:
            said.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "taken over by somebody" in str(said[0])
