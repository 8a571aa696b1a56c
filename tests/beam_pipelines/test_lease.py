from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from eclip.beam_pipelines import lease
from eclip.beam_pipelines.lease import Lease
from eclip.schemas.storage import Storage


@pytest.fixture(params=["memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Where a lock is kept; a heartbeat lasts a twentieth of a second."""
    if request.param == "s3":
        request.getfixturevalue("bucket")
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(lease, "SETTLE_S", 0.5)
    return Storage(f"{request.param}://catalogs/{tmp_path.name}/_lock.json")


def stale(place: Storage, age: float = lease.STALE_S + 1) -> None:
    place.write_json({"owner": "somebody", "token": "x", "beat": time.time() - age})


class Together(Lease):
    """Both takers have read the lock before one of them writes."""

    barrier: threading.Barrier
    waits = True

    def _read(self) -> dict[str, Any] | None:
        held = super()._read()
        if self.waits:
            self.waits = False
            self.barrier.wait()
        return held


@pytest.mark.parametrize("left", [True, False], ids=["stale", "free"])
def test_of_two_who_take_a_lock_together_one_has_it(place: Storage, left: bool) -> None:
    if left:
        stale(place)
    Together.barrier = threading.Barrier(2)
    takers = [Together(place), Together(place)]
    found: dict[Together, str | None] = {}
    threads = [threading.Thread(target=lambda t=t: found.update({t: t.take()})) for t in takers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner, loser = sorted(takers, key=lambda taker: found[taker] is not None)
    assert found[winner] is None
    assert "process" in str(found[loser])
    assert place.read_json()["token"] == winner._mine["token"]
    winner.give_up()
    assert not place.exists()


def test_a_fresh_lock_is_left_alone_and_a_stale_one_taken_over(place: Storage) -> None:
    stale(place, age=60)
    assert Lease(place).take() == "somebody"
    stale(place)
    taker = Lease(place)
    assert taker.take() is None
    first = place.read_json()
    time.sleep(0.5)
    assert place.read_json()["beat"] > first["beat"]  # it beats
    taker.give_up()
    assert not place.exists()


def test_who_wakes_after_its_lease_leaves_the_new_owner_alone(place: Storage) -> None:
    lost = threading.Event()
    sleeper = Lease(place, lost.set)
    assert sleeper.take() is None
    stale(place, age=0)  # somebody took it over
    assert lost.wait(60)
    assert sleeper.loss == "taken over by somebody"
    sleeper.give_up()
    assert place.read_json()["owner"] == "somebody"


def test_who_finds_no_lock_any_more_has_lost_it(place: Storage) -> None:
    lost = threading.Event()
    owner = Lease(place, lost.set)
    owner.take()
    place.remove()
    assert lost.wait(60)
    assert owner.loss == "somebody removed it"
    owner.give_up()


def failing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """Let the next so many writes fail."""
    write, failed = Storage.write_json, []

    def broken(self: Storage, value: Any) -> None:
        if len(failed) < times:
            failed.append(self.url)
            raise ConnectionError("the line is down")
        write(self, value)

    monkeypatch.setattr(Storage, "write_json", broken)
    return failed


def test_a_beat_that_fails_is_tried_again(place: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Lease(place)
    owner.take()
    failed = failing(monkeypatch, 2)
    before = place.read_json()["beat"]
    end = time.monotonic() + 5
    while place.read_json()["beat"] == before and time.monotonic() < end:
        time.sleep(0.05)
    assert len(failed) == 2
    assert place.read_json()["beat"] > before
    assert owner.loss is None
    owner.give_up()
    assert not place.exists()


def test_who_cannot_beat_until_others_may_take_over_has_lost_it(
    place: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "STALE_S", 0.5)
    lost = threading.Event()
    owner = Lease(place, lost.set)
    owner.take()
    failing(monkeypatch, 1000)
    assert lost.wait(60)
    assert str(owner.loss).startswith("no heartbeat since")
    assert "ConnectionError: the line is down" in str(owner.loss)
    owner.give_up()
