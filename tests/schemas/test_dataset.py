from __future__ import annotations

import contextlib
import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
from eclip.schemas import dataset
from eclip.schemas.dataset import Dataset, PartWriter, part_name, shard_of, slices
from eclip.schemas.listing import IMAGES, LISTINGS, REJECTED, Contract
from eclip.schemas.storage import Storage

CONTRACT = Contract("rows", pa.schema([("id", pa.string()), ("n", pa.int64())]), ("id",))


def rows(*ids: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"id": list(ids), "n": list(range(len(ids)))}, schema=CONTRACT.schema)


def write(folder: Path, *batches: pa.RecordBatch) -> PartWriter:
    with PartWriter(Storage(str(folder)) / part_name(0, 1), CONTRACT, CONTRACT.schema) as writer:
        for batch in batches:
            writer.write(batch)
    return writer


def test_a_shard_is_xxh64_of_the_id() -> None:
    ids = pa.array(["a", "머그컵", ""])
    assert shard_of(ids, 8).tolist() == [xxhash.xxh64_intdigest(i.encode()) % 8 for i in ids.to_pylist()]


def test_what_is_written_is_read_in_batches(tmp_path: Path) -> None:
    part = write(tmp_path, rows("a", "b"), rows("c")).part
    assert part is not None
    assert part.rows == 3
    data = Dataset(Storage(str(tmp_path)), 1)
    assert [b.num_rows for b in data.batches(0, rows=2)] == [2, 1]
    assert data.read()["id"].to_pylist() == ["a", "b", "c"]
    assert data.rows(["b", "zz"])["n"].to_pylist() == [1]


def test_no_rows_is_a_file_without_row_groups(tmp_path: Path) -> None:
    write(tmp_path, rows())
    part = tmp_path / part_name(0, 1)
    assert pq.ParquetFile(part).metadata.num_row_groups == 0
    assert pq.read_schema(part).names == ["id", "n"]
    only = next(Dataset(Storage(str(tmp_path)), 1).batches(0, ["n"]))
    assert (only.num_rows, only.schema.names) == (0, ["n"])


def test_row_groups_are_fixed_whatever_the_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "ROW_GROUP_ROWS", 3)
    one = write(tmp_path / "one", *(rows(i) for i in "abcdefg"))
    many = write(tmp_path / "many", rows(*"abcdefg"))
    for folder in ("one", "many"):
        metadata = pq.ParquetFile(tmp_path / folder / part_name(0, 1)).metadata
        assert [metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)] == [3, 3, 1]
    assert one.part is not None
    assert many.part is not None
    assert one.part.checksum != many.part.checksum  # n differs: 0 in each small batch


TWO = pa.schema([("id", pa.string()), ("position", pa.int32())])
ONCE, OFTEN = (Contract("images", TWO, ("id", "position"), unique=unique) for unique in (True, False))


def keyed(*keys: tuple[str | None, int | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"id": i, "position": p} for i, p in keys], TWO)


@pytest.mark.parametrize(
    ("contract", "batches", "said"),
    [
        (ONCE, [[("a", 0), ("b", 0)], [("a", 0)]], r"row 3 .*\('a', 0\) after \('b', 0\)"),
        (ONCE, [[("a", 0), ("a", 2), ("a", 1)]], r"row 3 .*\('a', 1\) after \('a', 2\)"),
        (ONCE, [[("a", 0)], [("a", 1)], [("a", 1)]], r"row 3 .*\('a', 1\) after \('a', 1\).*keep one row of each key"),
        (OFTEN, [[("a", 1), ("a", 0)]], r"row 2 .*\('a', 0\) after \('a', 1\)"),
        (ONCE, [[("a", 0), (None, 1)]], r"row 2 .*\(None, 1\) after \('a', 0\)"),
        (ONCE, [[("a", 0), ("a", None)]], r"row 2 .*\('a', None\) after \('a', 0\)"),
    ],
)
def test_rows_out_of_order_are_refused_by_file_row_and_keys(
    contract: Contract, batches: list, said: str, tmp_path: Path
) -> None:
    target = Storage(str(tmp_path / "part"))
    with pytest.raises(ValueError, match=f"part: {said}") as refused, PartWriter(target, contract, TWO) as writer:
        for batch in batches:
            writer.write(keyed(*batch))
    assert "sorted by (id, position)" in str(refused.value)
    assert list(tmp_path.iterdir()) == []  # nothing half written is left, not even a temporary file


def test_a_key_may_repeat_where_the_contract_says_so(tmp_path: Path) -> None:
    with PartWriter(Storage(str(tmp_path / "part")), OFTEN, TWO) as writer:
        for batch in (keyed(("a", 0), ("a", 0), ("a", 1)), keyed(("a", 1), ("b", 0))):
            writer.write(batch)
    assert writer.part is not None
    assert writer.part.rows == 5
    assert [c.name for c in (LISTINGS, IMAGES, REJECTED) if not c.unique] == ["rejected"]


@pytest.mark.parametrize("store", ["memory", "s3"])
def test_on_an_object_store_a_part_that_fails_leaves_the_old_one(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if store == "s3":
        request.getfixturevalue("bucket")
    folder = Storage(f"{store}://catalogs/{tmp_path.name}")
    for ids in (["a"], ["b", "a"]):  # the second comes unsorted
        with contextlib.suppress(ValueError), PartWriter(folder / part_name(0, 1), CONTRACT, CONTRACT.schema) as writer:
            for i in ids:
                writer.write(rows(i))
    assert Dataset(folder, 1).read()["id"].to_pylist() == ["a"]
    assert folder.children() == [part_name(0, 1)]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, rows("a"))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, rows("b"))
    assert Dataset(Storage(str(tmp_path)), 1).read()["id"].to_pylist() == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == [part_name(0, 1)]


def test_slices_are_bounded_by_rows_and_bytes() -> None:
    batch = pa.RecordBatch.from_pydict({"x": [b"0" * 1000] * 100})
    assert [b.num_rows for b in slices(batch, rows=40)] == [40, 40, 20]
    assert max(b.nbytes for b in slices(batch, size=10_000)) <= 11_000
    assert [b.num_rows for b in slices(batch, size=1)] == [1] * 100  # a row is never cut


def test_conform_adds_casts_and_keeps() -> None:
    batch = pa.RecordBatch.from_pydict({"extra": [1], "width": pa.array([7], pa.int64()), "id": ["a"]})
    shaped = LISTINGS.conform(batch)
    assert shaped.schema.names[: len(LISTINGS.schema)] == LISTINGS.schema.names
    assert shaped.schema.names[-1] == "extra"
    assert shaped.schema.field("width").type == pa.int32()
    assert shaped["title"].null_count == 1
