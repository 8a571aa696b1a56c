"""Buckets come together over shards and ranges of keys."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from eclip.beam_pipelines import buckets as modules
from eclip.beam_pipelines.buckets import KeyRange, RangeWork, range_of, ranges_for, read_batches, results
from eclip.beam_pipelines.local import LocalRunner
from eclip.beam_pipelines.shards import MapShards
from eclip.quality.duplicates.buckets import Buckets, buckets
from eclip.quality.duplicates.keys import Keys
from eclip.schemas.attempt import Attempt
from eclip.schemas.runner_config import RunnerConfig
from eclip.schemas.storage import Storage

SHARDS, ROWS = 5, 400


def keys_of(shard: int) -> np.ndarray:
    """Three keys a row, over the whole range; some shared by many rows, 0 and the largest among them."""
    draw = np.random.default_rng(shard)
    keys = draw.integers(0, 150, (ROWS, 3), np.uint64) * np.uint64((1 << 64) // 150)
    keys[0] = (0, (1 << 64) - 1, 7)
    keys[1, 0] = 7  # no two keys have the same rows: such a bucket is given once, but only within a range
    return keys


@dataclass
class Source:
    shards: int = SHARDS

    def keys(self, shard: int, span: KeyRange) -> Keys:
        keys, rows = keys_of(shard).ravel(), np.repeat(np.arange(ROWS), 3)
        mine = span.of(keys)
        return Keys(keys[mine], rows[mine], np.zeros(int(mine.sum()), np.uint32))

    def sizes(self, shard: int, rows: np.ndarray) -> np.ndarray:
        return np.full(len(rows), 100, np.int64)

    def payload(self, shard: int, rows: np.ndarray) -> pa.Table:
        return pa.table({"id": [f"{shard}-{r:04d}" for r in rows.tolist()]})


@dataclass
class Collect:
    """Each bucket as the ids in it, in the shard of the first."""

    def buckets(self, keys: Keys) -> Buckets:
        return buckets([keys], leaders=0, cap=len(keys.key))

    def __call__(self, rows: pa.Table, found: Buckets) -> tuple[np.ndarray, pa.Table]:
        members = [found.rows[a:b] for a, b in zip(found.starts, found.starts[1:], strict=False)]
        ids = [rows["id"].take(pa.array(m)).to_pylist() for m in members]
        return np.array([m[0] for m in members], np.int64), pa.table({"ids": pa.array(ids, pa.list_(pa.string()))})


def run(folder: Path, ranges: int) -> Attempt:
    attempt = Attempt(Storage(str(folder / "attempt")), ranges)
    work = RangeWork(Source(), Collect(), Storage(str(folder / "found")), ranges)
    LocalRunner(RunnerConfig(workers=1)).run("Test", MapShards(work, attempt))
    assert attempt.failures() == {}
    return attempt


@pytest.mark.parametrize("ranges", [1, 7])
def test_every_bucket_of_two_or_more_comes_whole_however_many_ranges(tmp_path: Path, ranges: int) -> None:
    members: dict[int, set[str]] = defaultdict(set)
    for shard in range(SHARDS):
        for row, keys in enumerate(keys_of(shard).tolist()):
            for key in keys:
                members[key].add(f"{shard}-{row:04d}")
    expected = sorted(sorted(ids) for ids in members.values() if len(ids) > 1)
    assert run(tmp_path, ranges).missing() == []
    found = []
    for shard in range(SHARDS):
        for table in results(Storage(str(tmp_path / "found")), shard):
            assert all(ids[0].startswith(f"{shard}-") for ids in table["ids"].to_pylist())
            found += table["ids"].to_pylist()
    assert sorted(found) == expected
    assert sum(len(t) for t in results(Storage(str(tmp_path / "found")))) == len(expected)


def test_the_payload_in_memory_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    monkeypatch.setattr(modules, "BATCH_BYTES", 20_000)

    class Watched(Collect):
        def __call__(self, rows: pa.Table, found: Buckets) -> tuple[np.ndarray, pa.Table]:
            held.append(100 * rows.num_rows)
            return super().__call__(rows, found)

    work = RangeWork(Source(), Watched(), Storage(str(tmp_path / "found")), 1)
    work(0, None)  # type: ignore[arg-type]
    assert len(held) > 10
    assert max(held) <= 20_000
    assert sum(len(t) for t in results(Storage(str(tmp_path / "found")))) > 100


def test_copies_of_remote_files_leave_room_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [Storage(f"memory://copies/{k}.arrow") for k in range(4)]
    table = pa.table({"a": list(range(1000))})
    for place in places:
        modules.write_batches(place, [table, table.slice(10)], table.schema)
    assert [b.num_rows for b in read_batches(places[0], 1)] == [990]  # read where it lies
    copies = modules.Copies()
    monkeypatch.setattr(modules, "_copies", lambda: copies)
    size = places[0].size()
    used = lambda: sum(p.stat().st_size for p in Path(copies._folder.name).iterdir())  # noqa: E731
    monkeypatch.setattr(modules.shutil, "disk_usage", lambda _: SimpleNamespace(total=4 * size, free=3 * size - used()))
    batches = [read_batches(place) for place in (*places, places[3], places[2])]
    assert used() == 2 * size  # a quarter of the disk stays free
    assert all([b.num_rows for b in some] == [1000, 990] for some in batches)
    assert all(some[0]["a"][999].as_py() == 999 for some in batches)  # what was removed stays mapped


def test_a_range_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    run(tmp_path, 3)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "found").iterdir()}
    (tmp_path / "attempt" / "_shards" / "00001.json").unlink()
    run(tmp_path, 3)
    after = {p: p.stat().st_mtime_ns for p in (tmp_path / "found").iterdir()}
    assert [p.name for p in before if before[p] != after[p]] == ["00001.arrow"]


def test_ranges_cover_all_keys_once_and_follow_the_memory() -> None:
    keys = np.random.default_rng(0).integers(0, 1 << 64, 20_000, np.uint64, endpoint=False)
    keys[:2] = 0, (1 << 64) - 1
    for ranges in (1, 3, 1000):
        number = range_of(keys, ranges)
        assert number[:2].tolist() == [0, ranges - 1]
        assert np.array_equal(np.sort(number), number[np.argsort(keys)])
        assert np.array_equal(KeyRange(ranges // 2, ranges).of(keys), number == ranges // 2)
        assert np.bincount(number, minlength=ranges).max() < 20_000 / ranges * 1.5 + 50
    assert ranges_for(1 << 24, 512, 2) == 4  # 16M keys of 64 bytes for two workers, 512 MB together
