from __future__ import annotations

from pathlib import Path

import pytest
from eclip.schemas.errors import ConfigError
from eclip.schemas.put_back import Entry, PutBack
from eclip.schemas.storage import Storage

HEAD = "id,reason,date"


def read(folder: Path, text: str, name: str = "back.csv") -> PutBack:
    (folder / name).write_text(text, "utf-8")
    return PutBack.read(Storage.of(folder / name))


def test_csv_and_jsonl_say_the_same(tmp_path: Path) -> None:
    entries = (Entry("7", "a real mug", "2026-11-25", "filter", "tiny_photo"), Entry("8", "two, really", "2026-11-24"))
    table = f'\ufeff{HEAD},stage,rule\n8,"two, really",2026-11-24,,\n7,a real mug,2026-11-25,filter,tiny_photo\n'
    lines = (
        '{"id": 7.0, "reason": "a real mug", "date": "2026-11-25T10:00:00Z", "stage": "filter", "rule": "tiny_photo"}\n'
        '\n{"id": "8", "reason": "two, really", "date": "2026-11-24", "rule": null}\n'
    )
    assert read(tmp_path, table).entries == entries
    assert read(tmp_path, lines, "back.jsonl").entries == entries


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("7,,2026-11-25,,", "line 2 has no reason"),
        (",why,2026-11-25,,", "line 2 has no id"),
        ("7,why,,,", "line 2 has no date"),
        ("7,why,25.11.2026,,", "'25.11.2026' is no date; expected one such as 2026-11-25"),
        ("7,why,2026-11-31,,", "'2026-11-31' is no date"),
        ("7,why,2026-11-25,ingest,", "nothing can be put back into ingest, only into filter and deduplicate"),
        ("7,why,2026-11-25,,,too many", "more values than columns"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ConfigError, match="put_back") as error:
        read(tmp_path, f"{HEAD},stage,rule\n{line}\n")
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("back.csv", "sku,reason,date\n", "has no column id"),
        ("back.csv", f"{HEAD},ruel\n7,w,2026-11-25,x\n", "'ruel' is not a column of the list; did you mean 'rule'?"),
        ("back.jsonl", "{", "cannot be read"),
        ("back.jsonl", "[7]\n", "line 1 has no id"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text, name)
    assert says in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*back\.csv"):
        PutBack.read(Storage.of(tmp_path / "back.csv"))
    assert PutBack.read(None).entries == ()


def test_another_list_has_another_hash_in_any_order_the_same(tmp_path: Path) -> None:
    one = read(tmp_path, f"{HEAD}\n7,why,2026-11-25\n8,why,2026-11-25\n")
    assert one.content == read(tmp_path, f"{HEAD}\n8,why,2026-11-25\n7,why,2026-11-25\n").content
    assert one.content != read(tmp_path, f"{HEAD}\n7,because,2026-11-25\n8,why,2026-11-25\n").content
    assert PutBack().content is None


def test_the_list_is_kept_beside_what_was_made_by_it(tmp_path: Path) -> None:
    folder = Storage.of(tmp_path / "attempt")
    assert PutBack.written(folder) == PutBack()
    one = read(tmp_path, f"{HEAD}\n7,why,2026-11-25\n")
    one.write(folder)
    assert PutBack.written(folder) == one


def test_each_stage_honours_what_is_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD},stage,rule\n1,w,2026-11-25,,\n2,w,2026-11-25,filter,b\n3,w,2026-11-25,,c\n")
    assert found.of("filter").rules(["a", "b"], "filter") == {"1": [0, 1], "2": [1]}
    assert found.of("deduplicate").rules(["c"], "deduplicate") == {"1": [0], "3": [0]}
    with pytest.raises(ConfigError, match="put back from the rule 'b' of filter, which has no such rule"):
        found.of("filter").rules(["a"], "filter")
    found.check(["a", "b", "c"])
    with pytest.raises(ConfigError, match="put back from the rule 'c', which no stage has"):
        found.check(["a", "b"])
    assert found.absent(lambda ids: ["2"]) == ["1", "3"]
