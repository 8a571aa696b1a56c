from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from eclip.beam_pipelines import ingest, sources
from eclip.beam_pipelines.ingest import Ingest
from eclip.beam_pipelines.sources import Records, Unreadable
from eclip.schemas.config import Config, SourceConfig
from eclip.schemas.errors import ConfigError, EclipError, SourceError


def config(folder: Path, path: str | list[str], **more: object) -> Config:
    return Config(source=SourceConfig(path=path, **more), folder=str(folder))


def read(folder: Path, path: str, **more: object) -> tuple[list[dict], list[Unreadable], list[int]]:
    settings = config(folder, path, **more)
    splits = sources.find(settings)
    schema = sources.columns(splits, settings.source)
    rows: list[dict] = []
    bad: list[Unreadable] = []
    numbers: list[int] = []
    for split in splits:
        for found in sources.read(split, settings.source, schema):
            if isinstance(found, Records):
                rows += found.batch.to_pylist()
                numbers += found.rows.to_pylist()
            else:
                bad.append(found)
    return rows, bad, numbers


def test_csv_with_all_its_quoting(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,title\r\n1,"a, b"\r\n2,"two\nlines"\r\n\r\n3,"say ""hi"""\r\n4,\r\n')
    rows, bad, numbers = read(tmp_path, "a.csv")
    assert rows == [
        {"id": "1", "title": "a, b"}, {"id": "2", "title": "two\nlines"}, {"id": "3", "title": 'say "hi"'},
        {"id": "4", "title": None},
    ]  # fmt: skip
    assert numbers == [1, 2, 3, 4]
    assert bad == []


def test_csv_records_that_cannot_be_read_are_reported_and_the_others_are_not_lost(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,title\n1,ok\n2,"12" monitor"\n3,ok\n4,too,many\n5\n6,ok\n')
    rows, bad, numbers = read(tmp_path, "a.csv")
    assert [r["id"] for r in rows] == ["1", "3", "6"]
    assert numbers == [1, 3, 6]
    assert [(u.row, u.text) for u in bad] == [(2, '2,"12" monitor"'), (4, "4,too,many"), (5, "5")]
    assert "line 3" in bad[0].reason
    assert "3 fields, the header has 2" in bad[1].reason


def test_a_quote_that_is_never_closed_swallows_one_line_only(tmp_path: Path) -> None:
    lines = ["id,title", '1,"open', *(f"{n},ok" for n in range(2, 3000))]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    rows, bad, _ = read(tmp_path, "a.csv")
    assert len(rows) == 2998
    assert [u.row for u in bad] == [1]


def test_text_files_of_other_shapes(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("id\ttitle\n1\ta,b\n")
    assert read(tmp_path, "a.tsv")[0] == [{"id": "1", "title": "a,b"}]
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfid,title\n1,x\n"))
    assert read(tmp_path, "b.csv.gz")[0] == [{"id": "1", "title": "x"}]  # a byte order mark is no part of the name
    (tmp_path / "c.csv").write_bytes("id;title\n1;Größe\n".encode("cp1252"))
    assert read(tmp_path, "c.csv", encoding="cp1252", delimiter=";")[0] == [{"id": "1", "title": "Größe"}]
    (tmp_path / "d.csv").write_bytes(b"\xef\xbb\xbfid;title\n1;\xfc\n")  # a mark, and then another encoding
    assert read(tmp_path, "d.csv", encoding="cp1252", delimiter=";")[0] == [{"id": "1", "title": "ü"}]


def test_jsonl(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 1, "tags": ["a"], "price": 2.5}), "", '{"id": "2"', "[1]", json.dumps({"id": "\ud83d", "late": True}),
        '{"id": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    rows, bad, numbers = read(tmp_path, "a.jsonl")
    assert [r["id"] for r in rows] == ["1", "?"]  # half a surrogate pair fits no text
    assert rows[0] == {"id": "1", "tags": '["a"]', "price": "2.5", "late": None}
    assert rows[1]["late"] == "true"
    assert numbers == [1, 5]
    assert [u.row for u in bad] == [3, 4, 6]


def test_parquet_is_split_by_row_groups(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": range(10)}), tmp_path / "a.parquet", row_group_size=4)
    pq.write_table(pa.table({"id": pa.array([10], pa.int32()), "x": ["y"]}), tmp_path / "b.parquet")
    assert len(sources.find(config(tmp_path, "*.parquet"))) == 4
    rows, _, numbers = read(tmp_path, "*.parquet")
    assert [r["id"] for r in rows] == list(range(11))
    assert numbers == [*range(1, 11), 1]
    assert [r["x"] for r in rows] == [None] * 10 + ["y"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("*/l.csv", ["d1/l.csv", "d2/l.csv"]),
        ("d1/*.csv", ["l.csv"]),
        ("d1/l.csv", ["l.csv"]),
        (["d2/l.csv", "d1/*.csv"], ["d2/l.csv", "d1/l.csv"]),
        ("**/l.csv", ["d1/deep/l.csv", "d1/l.csv", "d2/l.csv"]),
        (["d1/deep/l.csv", "d1/l.csv"], ["deep/l.csv", "l.csv"]),
    ],
)
def test_files_are_named_from_the_source_on_in_the_order_listed(tmp_path: Path, path: str, names: list[str]) -> None:
    for name in ("d2/l.csv", "d1/l.csv", "d1/deep/l.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("id\n1\n")
    splits = sources.find(config(tmp_path, path))
    assert [split.name for split in splits] == names
    assert [split.number for split in splits] == list(range(len(names)))


def test_photos_in_parquet_files_are_weighed(tmp_path: Path) -> None:
    photos = [bytes([n]) * 10_000 for n in range(4)]
    nested = [{"bytes": photo, "path": None} for photo in photos]
    table = pa.table({"id": list("abcd"), "image": nested, "imaged": photos, "other": photos})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)

    def weights(**columns: object) -> list[int]:
        return [split.photo_bytes for split in sources.find(config(tmp_path, "a.parquet", columns=columns))]

    assert all(20_000 < weight < 21_000 for weight in weights())
    assert all(40_000 < weight < 42_000 for weight in weights(image=["imaged", "other"]))
    assert weights(image=[]) == [0, 0]
    assert [split.rows for split in sources.find(config(tmp_path, "a.parquet"))] == [2, 2]
    one_shard = Config(source=SourceConfig(path="a.parquet"), folder=str(tmp_path))
    assert Ingest().shards(one_shard, {}) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "IMAGE_BYTES_PER_SHARD", 15_000)
        assert Ingest().shards(one_shard, {}) == 4


def test_a_stamp_notices_a_change(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    file = sources.files(config(tmp_path, "a.csv"), "a.csv")[0]
    before = sources.stamp(file)
    (tmp_path / "a.csv").write_text("id\n1\n2\n")
    assert sources.stamp(file) != before


BAD = [
    ("nothing/*.csv", None, ConfigError, "nothing matches"),
    ("a.xlsx", b"x", ConfigError, "cannot tell the format"),
    ("a.csv", b"", SourceError, "the file is empty (0 bytes)"),
    ("a.parquet", b"PAR1 is not enough", SourceError, "cannot be read as Parquet"),
    ("a.csv", "id,title\n1,Größe\n".encode("cp1252"), ConfigError, "set source.encoding"),
    ("a.csv", "Größe,id\n1,x\n".encode("cp1252"), ConfigError, "byte 0xf6"),
    ("a.csv", b"id,title\n" + b"1,x\n" * 4000 + b"2,\xfc\n", ConfigError, "byte 0xfc in line 4002"),
    ("a.csv", b"id,id\n1,2\n", SourceError, "names column 'id' twice"),
    ("a.csv", b"\n1,2\n", SourceError, "expected column names"),
    ("a.csv.gz", gzip.compress(b"id\n" + b"1\n" * 1000, mtime=0)[:-20], SourceError, "breaks off"),
]


@pytest.mark.parametrize(("name", "content", "kind", "says"), BAD)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, name: str, content: bytes | None, kind: type[EclipError], says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(kind) as error:
        read(tmp_path, name)
    assert says in str(error.value)
    assert name in str(error.value)


def test_columns_of_types_that_do_not_go_together(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["a"]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"id": [[1]]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(SourceError, match=r"b\.parquet: column 'id' is list"):
        read(tmp_path, "*.parquet")
