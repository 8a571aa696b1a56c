"""The command line in a folder of its own."""

from __future__ import annotations

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
