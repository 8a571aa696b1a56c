from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pytest
from eclip.beam_pipelines.coder import RecordBatchCoder
from eclip.beam_pipelines.local import LocalRunner
from eclip.beam_pipelines.shard_gate import GatePlan
from eclip.beam_pipelines.shards import MapShards, ShardOutput, ShardWork, write_shard
from eclip.beam_pipelines.stage import check
from eclip.quality.gates.suite import load_suite
from eclip.schemas.attempt import SAMPLES, Attempt, summarise
from eclip.schemas.errors import SourceError, StageError
from eclip.schemas.listing import REJECTED, Contract
from eclip.schemas.runner_config import RunnerConfig
from eclip.schemas.storage import Storage

ROWS = Contract("rows", pa.schema([("id", pa.string()), ("worker", pa.int64())]), ("id",))


@dataclass
class Write(ShardWork):
    """Write ten rows a shard; fail on some."""

    broken: frozenset[int] = frozenset()
    contracts = {"rows": ROWS, "rejected": REJECTED}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        if shard in self.broken:
            raise SourceError(f"shard {shard} is not to be had")
        output.count("in", 10)
        output.write(
            "rows",
            pa.RecordBatch.from_pydict({"id": [f"{shard}-{k}" for k in range(10)], "worker": [os.getpid()] * 10}),
        )
        rejected = {"id": [f"r{shard}-{k}" for k in range(3)], "stage": ["x"] * 3, "rule": ["a", "a", "b"],
                    "rules": [["a"], ["a", "b"], ["b"]], "detail": [""] * 3, "row": ["{}"] * 3}  # fmt: skip
        output.write("rejected", pa.RecordBatch.from_pydict(rejected, schema=REJECTED.schema))


def run(attempt: Attempt, work: Write, workers: int = 1, gate: GatePlan | None = None) -> None:
    LocalRunner(RunnerConfig(workers=workers)).run("Test", MapShards(work, attempt, gate))


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    return Attempt(Storage(str(tmp_path / "attempt")), 8)


def test_markers_say_what_was_written(attempt: Attempt) -> None:
    run(attempt, Write())
    summary = summarise(attempt.markers())
    assert (summary.rows("rows"), summary.rows("rejected"), summary.counts["in"]) == (80, 24, 80)
    assert summary.counts["rejected:a"] == 16
    assert len(summary.samples["rejected:a"]) == SAMPLES
    assert attempt.dataset("rows").read().num_rows == 80


def test_a_shard_that_fails_leaves_the_others_and_is_done_by_the_next_run(attempt: Attempt) -> None:
    run(attempt, Write(frozenset({2, 5})))
    assert attempt.missing() == [2, 5]
    with pytest.raises(StageError, match="shard 2 is not to be had") as error:
        check(attempt, "test")
    assert "Traceback" in error.value.failures[2]["trace"]
    stamps = {p: p.stat().st_mtime_ns for p in Path(attempt.folder.path).rglob("part-*")}
    run(attempt, Write())
    check(attempt, "test")
    assert attempt.failures() == {}
    after = {p: p.stat().st_mtime_ns for p in Path(attempt.folder.path).rglob("part-*")}
    assert {p: after[p] for p in stamps} == stamps  # what was done is not done again


def test_a_worker_that_fails_late_leaves_what_another_has_finished(attempt: Attempt) -> None:
    class Zombie(Write):
        """Go on for so long that the runner has given the shard to another worker, and then fail."""

        def __call__(self, shard: int, output: ShardOutput) -> None:
            super().__call__(shard, output)
            assert write_shard(Write(), attempt, GatePlan(), shard)
            raise OSError("the connection is gone")

    assert write_shard(Zombie(), attempt, GatePlan(), 3)  # done, if not by this one
    assert attempt.failures() == {}
    assert attempt.dataset("rows").table(3).num_rows == 10
    assert (attempt.folder / "rows").children() == ["part-00003-of-00008.parquet"]


def test_work_is_spread_over_two_workers(tmp_path: Path) -> None:
    attempt = Attempt(Storage(str(tmp_path / "attempt")), 40)
    run(attempt, Write(), workers=2)
    workers = attempt.dataset("rows").read()["worker"].to_pylist()
    shares = [workers.count(w) for w in set(workers)]
    assert len(shares) == 2  # without the reshuffle after Create one worker does everything
    assert min(shares) >= 80
    assert os.getpid() not in workers


def test_the_gate_is_measured_in_the_same_pass(attempt: Attempt) -> None:
    suite = load_suite({"name": "t", "expectations": [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}, "meta": {"dataset": "listings"}}]})  # fmt: skip
    listings = Contract("listings", ROWS.schema, ("id",), unique=False)

    class Listings(Write):
        contracts = {"listings": listings}

        def __call__(self, shard: int, output: ShardOutput) -> None:
            output.write("listings", pa.RecordBatch.from_pydict({"id": ["a", "a"], "worker": [1, 2]}))

    run(attempt, Listings(), gate=GatePlan(suite.measured, {"listings": suite.of("listings")}, "listings"))
    partial = (attempt.folder / "_gate" / suite.measured / "00003.json").read_json()
    assert partial["datasets"]["listings"]["rules"]["column_values_to_be_unique_id"]["unexpected"] == 2
    assert (attempt.folder / "_profile" / "00003.json").read_json()["rows"] == 2


def test_the_coder_does_not_carry_the_parent_along() -> None:
    big = pa.RecordBatch.from_pydict({"x": list(range(100_000))})
    encoded = RecordBatchCoder().encode(big.slice(500, 10))
    assert len(encoded) < 2000
    assert RecordBatchCoder().decode(encoded).equals(big.slice(500, 10))
    empty = big.slice(0, 0)
    assert RecordBatchCoder().decode(RecordBatchCoder().encode(empty)).equals(empty)
    assert isinstance(beam.coders.registry.get_coder(pa.RecordBatch), RecordBatchCoder)
