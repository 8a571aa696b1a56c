"""Compiled code is kept where it can be, and never where others could have put it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numba
import pytest
from eclip.quality.compiled import compiled, inner, sources
from eclip.quality.duplicates import statements


def double(value: int) -> int:
    return 2 * value


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which neither the source's folder nor the home can be written."""
    monkeypatch.setattr(numba.config, "CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator")
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_of_the_users_own_serves_where_no_other_can_be_written(temporary: Path) -> None:
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(double)
    assert compiled(double)(21) == 42
    kept = [path.suffix for path in temporary.rglob("*double*")]
    assert sorted(kept) == [".nbc", ".nbi"]
    assert numba.config.CACHE_DIR == ""


def test_code_is_not_loaded_from_a_folder_that_others_can_write(temporary: Path) -> None:
    compiled(double)
    next(temporary.iterdir()).chmod(0o777)
    assert compiled(double)(21) == 42
    assert list(temporary.rglob("*double*")) == []


def test_code_is_compiled_anew_when_a_file_changes_that_it_calls() -> None:
    names = [path.name for path in sources(statements.__name__)]
    assert {"statements.py", "figures.py", "grammar.py", "letters.py", "sorting.py"} <= set(names)
    assert "buckets.py" not in names


def test_inner_functions_are_compiled_into_their_callers_and_stay_python_for_python() -> None:
    assert not hasattr(inner(halve), "py_func")
    assert halve(7) == compiled(quarter)(14) == 3


@inner
def halve(value: int) -> int:
    return value // 2


def quarter(value: int) -> int:
    return halve(halve(value))
