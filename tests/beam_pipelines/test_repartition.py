from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from eclip.beam_pipelines import repartition
from eclip.beam_pipelines.repartition import Spill, collect, in_order
from eclip.schemas.dataset import shard_of
from eclip.schemas.storage import Storage


@pytest.mark.parametrize("flush", [1, 500, 1 << 20])
def test_rows_come_back_in_order_shard_by_shard(tmp_path: Path, flush: int) -> None:
    spills, expected = [], {shard: [] for shard in range(4)}
    for split in range(3):
        ids = pa.array([f"{split}-{k}" for k in range(50)])
        shards = shard_of(ids, 4)
        place = Storage(str(tmp_path / f"{flush}-{split}"))
        with Spill(place, flush) as spill:
            for first in range(0, 50, 7):
                batch = pa.RecordBatch.from_pydict({"id": ids[first : first + 7]})
                spill.write(batch, shards[first : first + 7])
        spills.append((place, spill.runs))
        for row, shard in zip(ids.to_pylist(), shards.tolist(), strict=True):
            expected[shard].append(row)
    for shard in range(4):
        found = [row for batch in collect(spills, shard) for row in batch["id"].to_pylist()]
        assert found == expected[shard]


def test_a_spill_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Spill(Storage(str(tmp_path / "x"))) as spill:
        spill.write(pa.RecordBatch.from_pydict({"id": ["a"]}), np.zeros(1, np.int64))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_spill_whose_last_rows_do_not_fit_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(repartition._CODER, "encode", full)
    with pytest.raises(OSError, match="No space"), Spill(Storage(str(tmp_path / "x"))) as spill:
        spill.write(pa.RecordBatch.from_pydict({"id": ["a"]}), np.zeros(1, np.int64))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, 300, 1 << 20])
def test_rows_are_given_in_another_order_piece_by_piece(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(repartition, "BATCH_BYTES", size)
    ids = [str(n) for n in range(100)]
    batches = [pa.RecordBatch.from_pydict({"id": ids[a:b]}) for a, b in ((0, 40), (40, 40), (40, 41), (41, 100))]
    order = np.random.default_rng(0).permutation(100)[:70]
    pieces = list(in_order(batches, order))
    assert [row for piece in pieces for row in piece["id"].to_pylist()] == [ids[k] for k in order]
    assert len(pieces) == (70 if size == 1 else 1 if size > 1000 else len(pieces))
    assert max(piece.nbytes for piece in pieces) <= 1.5 * max(size, 10)  # by the mean size of a row
    assert list(in_order([], np.zeros(0, np.int64))) == []
