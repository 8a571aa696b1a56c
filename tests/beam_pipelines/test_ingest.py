"""The first steps of ingest through the command line: which row of an id stays, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from driver import eclip, manifest


def run(folder: Path, text: str, *more: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    (folder / "catalog.yaml").write_text(f"run: run\nshards: 2\nrunner: {{workers: 1}}\n{text}\n")
    done = eclip("run", folder / "catalog.yaml", "--to", "ingest", *more)
    assert done.code == 0, done.out + done.err
    return tuple(
        pd.read_parquet(folder / f"run/ingest/{name}").set_index("id").sort_index() for name in ("listings", "rejected")
    )  # type: ignore[return-value]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Two daily exports under one file name, the first with the longer file."""
    for day, rows in (("d1", "1,x\n2,x\n3,old\n,none\n"), ("d2", "3,new\n,none\n")):
        (tmp_path / day).mkdir()
        (tmp_path / day / "l.csv").write_text(f"id,title\n{rows}")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "policy", "kept", "said"),
    [
        ("'*/l.csv'", "keep_last", "new", "d1/l.csv row 3 has the id of d2/l.csv row 1, with other values"),
        ("'*/l.csv'", "keep_first", "old", "d2/l.csv row 1 has the id of d1/l.csv row 3, with other values"),
        ("[d2/l.csv, d1/l.csv]", "keep_last", "old", "d2/l.csv row 1 has the id of d1/l.csv row 3, with other values"),
    ],
)
def test_the_last_row_is_the_last_of_the_source_as_listed(
    exports: Path, path: str, policy: str, kept: str, said: str
) -> None:
    listings, rejected = run(exports, f"source: {{path: {path}, on_duplicate_id: {policy}}}")
    assert listings["title"].to_dict() == {"1": "x", "2": "x", "3": kept}
    assert rejected["detail"]["3"] == said
    # Rows without an id are told apart by their folders.
    assert sorted(rejected.index) == ["3", "d1/l.csv#4", "d2/l.csv#2"]
    assert listings["source_file"]["1"] == "d1/l.csv"


def test_the_order_of_rows_holds_across_row_groups(tmp_path: Path) -> None:
    rows = 60
    table = pa.table({"id": [str(n % 7) for n in range(rows)], "title": [f"t{n}" for n in range(rows)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=5)
    for policy, first in (("keep_first", 0), ("keep_last", rows - 7)):
        listings, rejected = run(tmp_path, f"source: {{path: a.parquet, on_duplicate_id: {policy}}}")
        expected = {str(n % 7): f"t{n}" for n in range(first, first + 7)}
        assert listings["title"].to_dict() == expected
        assert len(rejected) == rows - 7


def test_words_that_are_no_split_stop_the_run_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,title,split\n1,x,train\n2,y,gallery\n3,z,public_test\n")
    (tmp_path / "catalog.yaml").write_text("run: run\nshards: 2\nrunner: {workers: 1}\nsource: {path: a.csv}\n")
    said = eclip("run", tmp_path / "catalog.yaml", "--to", "ingest")
    assert said.code == 1
    words = " ".join(said.err.split())
    assert "a.csv row 3: split 'public_test' is not known; known are train, training, val" in words
    assert "source.columns.split: []" in words
    listings, _ = run(tmp_path, "source: {path: a.csv, columns: {split: []}}")
    assert listings["split"].isna().all()
    assert listings["source_split"].tolist() == ["train", "gallery", "public_test"]


def test_values_that_could_not_be_read_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "id,title,price,phash,attributes\n1,a,3.50,00ff00ff00ff00ff,{}\n2,b,call us,xyz,{broken\n3,c,,nonsense,\n"
    )
    (tmp_path / "catalog.yaml").write_text("run: run\nrunner: {workers: 1}\nsource: {path: a.csv}\n")
    done = eclip("run", tmp_path / "catalog.yaml", "--to", "ingest")
    assert done.code == 0, done.err
    figures = manifest(tmp_path / "run", "ingest")["metrics"]
    assert (figures["unread_price"], figures["unread_phash"], figures["unread_updated_at"]) == (1, 2, 0)
    assert figures["unread_attributes"] == 1
    assert "left empty: 1 of attributes, 2 of phash, 1 of price" in " ".join(done.out.split())


def test_sellers_photos_come_from_the_root_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "photos").mkdir()
    references = [
        "../secret",
        str(tmp_path / "secret"),
        "/dev/zero",
        "http://127.0.0.1:9/a b",
        "gs://bucket/a.jpg",
        "http://[",
    ]
    table = pa.table({"id": [str(n) for n in range(6)], "title": ["x"] * 6, "image": references})
    pq.write_table(table, tmp_path / "a.parquet")
    text = "source: {path: a.parquet}\nimage: {root: photos, tries: 1"
    listings, _ = run(tmp_path, text + "}")
    errors = listings["image_error"].tolist()
    assert all("outside of image.root" in said for said in errors[:3])
    assert "no public address" in errors[3]
    assert "below image.root only" in errors[4]
    assert "not a URL" in errors[5]
    listings, _ = run(tmp_path, text + ", allow: [secret, 'http://127.0.0.1:9', 'gs://bucket/']}")
    errors = listings["image_error"].tolist()
    assert all("not an image" in said for said in errors[:2])
    assert "does not answer" in errors[3]
    assert "ImportError" in errors[4] or "cannot be read" in errors[4]
