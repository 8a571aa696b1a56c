"""Functions are compiled for Python, or into each other."""

from __future__ import annotations

from eclip.quality.compiled import compiled, inner


def test_inner_functions_are_compiled_into_their_callers_and_stay_python_for_python() -> None:
    assert not hasattr(inner(halve), "py_func")
    assert halve(7) == compiled(quarter)(14) == 3


@inner
def halve(value: int) -> int:
    return value // 2


def quarter(value: int) -> int:
    return halve(halve(value))
