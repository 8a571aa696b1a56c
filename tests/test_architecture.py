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
FILES = [path.relative_to(ROOT) for room in MAY_IMPORT for path in sorted((ROOT / room).rglob("*.py"))]
LINES = 300


def imports(path: Path) -> list[tuple[int, int, str]]:
    """Line, level and module of every import of a file, those inside functions too."""
    found = []
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, 0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, node.level, node.module or ""))
    return found


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_downwards(path: Path) -> None:
    room = path.parts[0]
    for line, level, module in imports(path):
        other = (
            module.split(".")[0]
            if level == len(path.parts)
            else module.split(".")[1]
            if module.startswith("eclip.")
            else room
        )
        assert other == room or other in MAY_IMPORT[room], f"{path}:{line}: {room} may not import {other}"
        library = module.split(".")[0]
        if not level and library in HOMES and room != "examples":
            assert room in HOMES[library], f"{path}:{line}: {library} belongs to {', '.join(HOMES[library])}"


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parts[0] == "examples" and "benchmarks" not in p.parts], ids=str
)
def test_the_sample_knows_nothing_of_the_rules_that_it_tests(path: Path) -> None:
    for line, _, module in imports(path):
        assert not module.startswith("eclip.") or "sample" not in path.parts, f"{path}:{line}"


def test_examples_are_imported_by_the_command_line_alone() -> None:
    for path in FILES:
        if path.parts[0] in ("schemas", "quality", "models", "beam_pipelines") and path.name != "cli.py":
            assert not any(module.split(".")[0] == "examples" for _, level, module in imports(path) if level > 1), path


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
