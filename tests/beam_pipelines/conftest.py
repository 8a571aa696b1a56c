"""The command line in a folder of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from eclip.beam_pipelines import cli


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Here:
    """The command line in this process, in a folder of its own with a small catalog."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        self.write("a.csv", "id,title,seller\n1,red mug,s\n2,blue mug,s\n3,oak table,t\n")
        self.config("source: {path: a.csv}")

    def write(self, name: str, text: str | bytes) -> None:
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def config(self, text: str) -> None:
        self.write("catalog.yaml", f"name: t\nrun: run\nshards: 2\nrunner: {{workers: 1}}\n{text}\n")

    def __call__(self, *arguments: str) -> Said:
        self.monkeypatch.setattr(sys, "argv", ["eclip", *arguments])
        self.monkeypatch.chdir(self.folder)
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = self.capsys.readouterr()
        return Said(int(end.value.code or 0), out, err)

    def run(self, *options: str) -> Said:
        return self("run", "catalog.yaml", "--to", "deduplicate", *options)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(tmp_path, monkeypatch, capsys)


HOSTILE_ID = "<script>alert(1)</script>\u202e=cmd()'\""
HOSTILE_TITLE = (
    "=cmd|' /C calc'!A0 <img src=x onerror=alert(2)> \u202egnp\u2066 \x1b[31mred\x1b[0m " + "very long " * 100_000
)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run to deduplicate of a small catalog with a put-back list and everything that sellers may think of."""
    from driver import eclip

    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {"id": "1", "title": "Red HOT SALE!! oak mug", "seller": "s", "price": 3.5},
        {"id": "2", "title": "red oak mug", "seller": "s", "price": 3.5, "description": "the longer one"},
        {"id": "3", "title": "red oak mug", "seller": "s"},
        {"id": "4", "title": "x", "seller": "t"},
        {"id": "5", "title": "?", "seller": "t"},
        {"id": "6", "title": "oak table", "seller": "t"},
        {"id": "6", "title": "another table", "seller": "t"},
        {"id": None, "title": "nameless", "seller": "t"},
        {"id": HOSTILE_ID, "title": "!", "seller": "<b>s</b>", "category": "a </style><script>alert(3)</script>"},
        {"id": "9", "title": HOSTILE_TITLE, "seller": HOSTILE_ID, "brand": "=1+1", "price": float("nan")},
    ]
    name = "a<b>&'quoted' =cmd().jsonl"
    (folder / name).write_text("\n".join(json.dumps(row) for row in rows) + "\nno json\n", "utf-8")
    (folder / "back.jsonl").write_text(
        "\n".join(
            json.dumps({"id": i, "reason": why, "date": "2026-11-25", "stage": stage})
            for i, why, stage in (
                ("4", "a real name", "filter"),
                ("3", "<i>another</i> mug", "deduplicate"),
                ("404", "typo", None),
            )
        ),
        "utf-8",
    )
    source = json.dumps({"path": name})
    (folder / "catalog.yaml").write_text(
        f"name: '<u>shop</u>'\nrun: run\nshards: 2\nput_back: back.jsonl\nrunner: {{workers: 1}}\nsource: {source}\n",
        "utf-8",
    )
    done = eclip("run", folder / "catalog.yaml", "--to", "deduplicate")
    assert done.code == 0, done.out + done.err
    assert eclip("report", folder / "run").code == 0
    return folder
