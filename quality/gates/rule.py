"""A rule: one line of a suite, and what a dataset's rules may say.

Rules on datasets are measured shard by shard, so only types whose numbers add up are among them. Rules on
`metrics` (one row of numbers about a stage) may be of any Great Expectations type and are not looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ...schemas.errors import nearest

SEVERITIES = ("critical", "warning", "info")

# The column that names a row, in each dataset that rules may be about; `metrics` has one row and needs none.
KEYS = {
    "listings": "id", "images": "id", "rejected": "id", "duplicates": "dropped_id", "links": "left_id",
    "train": "id", "val": "id", "embeddings": "id", "predictions": "id", "matches": "left_id",
    "clusters": "id",
}  # fmt: skip
METRICS = "metrics"
# Sorted by their groups first, so that equal ids need not be neighbours.
GROUPED = frozenset({"train", "val"})


@dataclass(frozen=True)
class Rule:
    """What is expected of a dataset, how badly, and under which stable id it is reported."""

    id: str
    type: str  # Great Expectations' name: expect_column_values_to_not_be_null
    kwargs: Mapping[str, Any]
    severity: str = "critical"
    dataset: str = "listings"
    why: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)  # what else the suite's author noted

    @property
    def columns(self) -> list[str]:
        """Columns that the rule reads; none for a rule about the whole table."""
        return [str(self.kwargs[name]) for name in ("column", "column_A", "column_B") if name in self.kwargs]

    @property
    def configuration(self) -> dict[str, Any]:
        """The rule as Great Expectations writes it."""
        meta = {**self.meta, "rule": self.id, "dataset": self.dataset} | ({"why": self.why} if self.why else {})
        return {"type": self.type, "kwargs": dict(self.kwargs), "severity": self.severity, "meta": meta}


@dataclass(frozen=True)
class Kind:
    """A type that can be measured on a dataset: its arguments, and what its numbers are counted over."""

    over: Literal["rows", "numbers", "table"]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


_BOUNDS = ("min_value", "max_value", "strict_min", "strict_max")
TYPES: dict[str, Kind] = {
    "expect_column_values_to_not_be_null": Kind("rows", ("column",), ("mostly",)),
    "expect_column_values_to_be_null": Kind("rows", ("column",), ("mostly",)),
    "expect_column_values_to_be_between": Kind("rows", ("column",), (*_BOUNDS, "mostly")),
    "expect_column_values_to_be_in_set": Kind("rows", ("column", "value_set"), ("mostly",)),
    "expect_column_values_to_not_be_in_set": Kind("rows", ("column", "value_set"), ("mostly",)),
    "expect_column_values_to_match_regex": Kind("rows", ("column", "regex"), ("mostly",)),
    "expect_column_values_to_not_match_regex": Kind("rows", ("column", "regex"), ("mostly",)),
    "expect_column_value_lengths_to_be_between": Kind("rows", ("column",), (*_BOUNDS, "mostly")),
    "expect_column_value_lengths_to_equal": Kind("rows", ("column", "value"), ("mostly",)),
    "expect_column_values_to_be_unique": Kind("rows", ("column",), ("mostly",)),
    "expect_column_pair_values_a_to_be_greater_than_b": Kind(
        "rows", ("column_A", "column_B"), ("or_equal", "ignore_row_if", "mostly")
    ),
    "expect_column_mean_to_be_between": Kind("numbers", ("column",), _BOUNDS),
    "expect_column_min_to_be_between": Kind("numbers", ("column",), _BOUNDS),
    "expect_column_max_to_be_between": Kind("numbers", ("column",), _BOUNDS),
    "expect_column_to_exist": Kind("table", ("column",)),
    "expect_table_row_count_to_be_between": Kind("table", (), _BOUNDS),
    "expect_table_row_count_to_equal": Kind("table", ("value",)),
}
ROW_COUNTS = frozenset(name for name in TYPES if name.startswith("expect_table_row_count"))
UNIQUE = "expect_column_values_to_be_unique"
IGNORE = ("both_values_are_missing", "either_value_is_missing", "neither")


def problem(rule: Rule) -> str | None:
    """Say why a rule on a dataset cannot be measured as it stands; None if it can."""
    kind = TYPES.get(rule.type)
    if kind is None:
        hint = nearest(rule.type, TYPES).removesuffix("?")
        also = "" if "; known are" in hint else f"; can be measured: {', '.join(TYPES)}"
        text = f"{rule.type} cannot be measured on a dataset, shard by shard"
        return f"{text}{hint}{also}; rules on '{METRICS}' may be of every type"
    known = (*kind.required, *kind.optional)
    for name, value in rule.kwargs.items():
        if name in ("row_condition", "condition_parser"):
            return f"{name} is not supported yet: a rule on a dataset looks at all rows"
        if isinstance(value, Mapping):
            return f"{name} is {dict(value)!r}; suite parameters are not supported, write the value itself"
        if name == "column_index":
            return "column_index is not supported: the order of columns is no part of a dataset's contract"
        if name not in known:
            return f"unknown argument '{name}'{nearest(name, known)}"
    for name in kind.required:
        if rule.kwargs.get(name) is None:
            return f"{rule.type} needs '{name}'"
    if rule.type == UNIQUE and (rule.dataset in GROUPED or rule.kwargs["column"] != KEYS[rule.dataset]):
        return _why_not_unique(rule)
    return next((found for name in known if (found := _misfit(rule, name))), None) or _bounds(rule)


def _why_not_unique(rule: Rule) -> str:
    if rule.dataset in GROUPED:
        return f"uniqueness cannot be measured on {rule.dataset}: its rows are sorted by group, not by id"
    return (
        f"uniqueness of '{rule.kwargs['column']}' cannot be measured: equal values may lie in two shards. "
        f"{rule.dataset} is sharded and sorted by '{KEYS[rule.dataset]}'; only that column can be checked"
    )


def _misfit(rule: Rule, name: str) -> str | None:
    """Say what is wrong with the value of one argument."""
    value = rule.kwargs.get(name)
    if value is None:
        return None
    expected = ""
    if name in ("column", "column_A", "column_B"):
        expected = "" if isinstance(value, str) and value else "a column's name"
    elif name == "mostly":
        expected = "" if _number(value) and 0 <= value <= 1 else "a share from 0 to 1"
    elif name in ("strict_min", "strict_max", "or_equal"):
        expected = "" if isinstance(value, bool) else "true or false"
    elif name in ("min_value", "max_value", "value"):
        timed = rule.type.endswith(_OF_TIMES)
        expected = "a number or a time such as 2026-01-31T00:00:00+00:00" if timed else "a number"
        expected = "" if _number(value) or (timed and _time(value)) else expected
    elif name == "ignore_row_if":
        expected = "" if value in IGNORE else f"one of {', '.join(IGNORE)}"
    elif name == "value_set":
        fits = isinstance(value, list) and value and all(isinstance(v, str | int | float) for v in value)
        expected = "" if fits else "a list of texts or numbers that is not empty"
    elif name == "regex":
        return _uncompiled(value)
    return f"{name} is {value!r}, expected {expected}" if expected else None


_OF_TIMES = ("_values_to_be_between", "_min_to_be_between", "_max_to_be_between")


def _time(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _uncompiled(pattern: object) -> str | None:
    if not isinstance(pattern, str):
        return f"regex is {pattern!r}, expected a text"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"regex {pattern!r} does not compile: {error}"
    if "{," in pattern:
        return f"regex {pattern!r}: engines read '{{,' differently, write '{{0,'"
    return None


def _bounds(rule: Rule) -> str | None:
    """Refuse bounds that can never fail or never hold."""
    if "min_value" not in TYPES[rule.type].optional:
        return None
    low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    if low is None and high is None:
        return f"{rule.type} needs min_value or max_value; without one it passes whatever the data"
    if low is not None and high is not None:
        if isinstance(low, str) != isinstance(high, str):
            return f"min_value is {low!r} and max_value {high!r}; they must be of one type"
        if low > high:
            return f"min_value {low!r} is greater than max_value {high!r}"
    return None
