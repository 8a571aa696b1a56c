from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from eclip.beam_pipelines.buckets import key_ranges, results, run_passes
from eclip.beam_pipelines.runners import Runner
from eclip.schemas.config import RunnerConfig
from eclip.schemas.storage import Storage

SHARDS, ROWS = 5, 400


def keys_of(shard: int) -> np.ndarray:
    """Three keys a row, over the whole range; some shared by many rows, 0 and the largest among them."""
    draw = np.random.default_rng(shard)
    keys = draw.integers(0, 150, (ROWS, 3), np.uint64) * np.uint64((1 << 64) // 150)
    keys[0] = (0, (1 << 64) - 1, 7)
    return keys


@dataclass
class Source:
    shards: int = SHARDS
    asked: list[int] = field(default_factory=list)

    def keys(self, shard: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        keys = keys_of(shard).ravel()
        rows = np.repeat(np.arange(ROWS), 3)
        mine = (keys >= np.uint64(low)) & (keys <= np.uint64(high - 1))
        return keys[mine], rows[mine]

    def payload(self, shard: int, rows: np.ndarray) -> pa.RecordBatch:
        return pa.RecordBatch.from_pydict(
            {"id": [f"{shard}-{r:04d}" for r in rows.tolist()], "shard": pa.array([shard] * len(rows), pa.int32())}
        )


@dataclass
class Collect:
    def __call__(self, buckets: pa.Table) -> pa.RecordBatch:
        return buckets.select(["key", "id", "shard"]).combine_chunks().to_batches()[0]


def test_every_bucket_of_two_or_more_comes_whole_whatever_the_passes(tmp_path: Path) -> None:
    expected: dict[int, set[str]] = defaultdict(set)
    for shard in range(SHARDS):
        for row, keys in enumerate(keys_of(shard).tolist()):
            for key in keys:
                expected[key].add(f"{shard}-{row:04d}")
    expected = {key: ids for key, ids in expected.items() if len(ids) > 1}
    runner = Runner(RunnerConfig())
    for memory, passes in ((64, 1), (64, 7)):
        folder = Storage(str(tmp_path / str(passes)))
        run_passes("Test", runner, Source(), Collect(), folder, passes * 64 * (1 << 20) / 6.01, memory)
        assert len([n for n in folder.children() if n.endswith(".json")]) == passes
        found: dict[int, set[str]] = defaultdict(set)
        for shard in range(SHARDS):
            for table in results(folder, shard):
                for key, row in zip(table["key"].to_pylist(), table["id"].to_pylist(), strict=True):
                    assert row.startswith(f"{shard}-")
                    found[key].add(row)
        # A row that has a key twice stands in its bucket twice; that alone makes no bucket of two rows.
        assert {key: ids for key, ids in found.items() if len(ids) > 1} == expected


def test_a_pass_that_is_done_is_not_run_again(tmp_path: Path) -> None:
    folder = Storage(str(tmp_path))
    run_passes("Test", Runner(RunnerConfig()), Source(), Collect(), folder, 1, 64)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.parquet")}
    run_passes("Test", Runner(RunnerConfig()), Source(), Collect(), folder, 1, 64)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.parquet")} == before


def test_ranges_cover_all_keys_once() -> None:
    for size in (1, 1 << 30, 1 << 36):
        ranges = key_ranges(size, 512)
        assert ranges[0].low == 0
        assert ranges[-1].high == 1 << 64
        assert all(a.high == b.low for a, b in itertools.pairwise(ranges))
    assert len(key_ranges(1 << 30, 512)) == 12  # 1 GB x 6 in passes of 512 MB
