from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from eclip.beam_pipelines.repartition import Spill, collect, wide
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


def test_wide_takes_32_bit_offsets_away() -> None:
    table = wide(pa.table({"a": ["x"], "b": [b"y"], "c": [1]}))
    assert [f.type for f in table.schema] == [pa.large_string(), pa.large_binary(), pa.int64()]
