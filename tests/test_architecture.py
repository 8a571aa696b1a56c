"""The house has one direction: beam_pipelines -> models -> quality -> schemas."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from driver import ROOT

MAY_IMPORT = {
    "schemas": set(),
    "quality": {"schemas"},
    "models": {"schemas", "quality"},
    "beam_pipelines": {"schemas", "quality", "models", "examples"},
    "examples": {"schemas", "quality", "models", "beam_pipelines"},
}
# Where a library may be imported; `examples` may import what it shows.
HOMES = {"apache_beam": {"beam_pipelines"}, "torch": {"models"}, "open_clip": {"models"}, "transformers": {"models"}}
PEERS = ".peers"  # environments of other tools, which benchmarks make
FILES = [
    path.relative_to(ROOT)
    for room in MAY_IMPORT
    for path in sorted((ROOT / room).rglob("*.py"))
    if PEERS not in path.parts
]
LINES = 300


def imports(path: Path, text: str | None = None) -> list[tuple[int, str]]:
    """Line and full name of everything that a file imports, inside functions too; relative names are resolved."""
    found = []
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8") if text is None else text)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ["eclip", *path.parts[:-1]]
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = [*above, *([node.module] if node.module else [])]
            found += [(node.lineno, ".".join([*module, alias.name])) for alias in node.names]
    return found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from ...quality.text import rules", "eclip.quality.text.rules"),
        ("from .. import models", "eclip.examples.models"),
        ("from ... import models", "eclip.models"),
        ("from . import titles", "eclip.examples.sample.titles"),
        ("def late():\n    from .titles import write", "eclip.examples.sample.titles.write"),
        ("from eclip.quality import noise", "eclip.quality.noise"),
        ("import numpy.linalg", "numpy.linalg"),
    ],
)
def test_imports_are_resolved(text: str, name: str) -> None:
    assert [found for _, found in imports(Path("examples/sample/catalog.py"), text)] == [name]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_downwards(path: Path) -> None:
    room = path.parts[0]
    for line, name in imports(path):
        library, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if library == "eclip":
            assert other == room or other in MAY_IMPORT[room], f"{path}:{line}: {room} may not import {other}"
        elif library in HOMES and room != "examples":
            assert room in HOMES[library], f"{path}:{line}: {library} belongs to {', '.join(HOMES[library])}"


@pytest.mark.parametrize("path", [p for p in FILES if p.parts[:2] == ("examples", "sample")], ids=str)
def test_the_sample_knows_nothing_of_the_rules_that_it_tests(path: Path) -> None:
    for line, name in imports(path):
        assert not name.startswith("eclip") or name.startswith("eclip.examples.sample."), f"{path}:{line}: {name}"


def test_examples_are_imported_by_the_command_line_alone() -> None:
    for path in FILES:
        if path.parts[0] != "examples" and path.name != "cli.py":
            assert not any(name.startswith("eclip.examples") for _, name in imports(path)), path


@pytest.mark.parametrize("path", [p.relative_to(ROOT) for p in sorted(ROOT.glob("tests/**/*.py"))] + FILES, ids=str)
def test_no_file_is_longer_than_can_be_read(path: Path) -> None:
    assert len((ROOT / path).read_text("utf-8").splitlines()) <= LINES


def test_no_room_for_odds_and_ends() -> None:
    names = {part for path in FILES for part in (path.stem, *path.parts[:-1])}
    assert not names & {"utils", "util", "helpers", "helper", "common", "core", "misc"}
    assert [p.name for p in ROOT.glob("*.py")] == ["__init__.py"]


def test_tests_mirror_the_rooms() -> None:
    for test in ROOT.glob("tests/*/**/test_*.py"):
        folder = ROOT / test.parent.relative_to(ROOT / "tests")
        assert folder.is_dir(), f"{test.relative_to(ROOT)} mirrors no folder"
