"""Worker processes that die."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from eclip.beam_pipelines import crew
from eclip.beam_pipelines.local import LocalRunner
from eclip.beam_pipelines.shards import MapShards, ShardOutput, ShardWork
from eclip.schemas.attempt import Attempt
from eclip.schemas.errors import StageError
from eclip.schemas.listing import Contract
from eclip.schemas.runner_config import RunnerConfig
from eclip.schemas.storage import Storage


@dataclass
class Killed(ShardWork):
    """Write a row a shard; in one shard the process is killed, the first time."""

    note: Path
    contracts = {"rows": Contract("rows", pa.schema([("id", pa.string())]), ("id",))}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        if shard == 5 and not self.note.exists():
            self.note.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if not self.note.exists():
            time.sleep(0.1)
        output.write("rows", pa.RecordBatch.from_pydict({"id": [str(shard)]}))


def run(attempt: Attempt, note: Path) -> None:
    LocalRunner(RunnerConfig(workers=2)).run("Count", MapShards(Killed(note), attempt))


def test_a_killed_worker_ends_the_run_with_a_message_and_the_next_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    attempt = Attempt(Storage(str(tmp_path / "attempt")), 12)
    started = time.monotonic()
    with pytest.raises(
        StageError, match=r"a worker process ended \(signal 9, often for lack of memory\).*runner.workers"
    ):
        run(attempt, tmp_path / "note")
    assert time.monotonic() - started < 120
    assert "Traceback" not in capfd.readouterr().err
    assert 5 in attempt.missing()
    run(attempt, tmp_path / "note")
    assert attempt.missing() == []
    assert sorted(attempt.dataset("rows").read()["id"].to_pylist(), key=int) == [str(k) for k in range(12)]


def test_a_worker_that_does_not_start_ends_the_run_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "COMMAND", [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(StageError, match=r"a worker process ended \(exit code 3\)"):
        run(Attempt(Storage(str(tmp_path / "attempt")), 4), tmp_path / "note")
