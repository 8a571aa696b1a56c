"""The arguments of a rule on a dataset: what cannot be measured as it stands is refused when the suite is read.

Rules on `metrics` (one row of numbers about a stage) may be of any Great Expectations type and are not looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...schemas.errors import nearest
from . import conditions
from .kinds import COMPOUND, DISTINCT, IGNORE_PAIR, IGNORE_ROW, INTERPOLATION, MATCH_ON, TYPES, UNIQUE, patterns
from .rule import GROUPED, KEYS, METRICS, Rule

PARAMETER = "$PARAMETER"


def problem(rule: Rule, whole: bool = False) -> str | None:
    """Say why a rule on a dataset cannot be measured as it stands; None if it can.

    A suite parameter stands for a value that is not known yet, and is not looked at. Of a `whole` frame the values of
    any column can be brought together, of a dataset in shards only those of its key.
    """
    if (found := _general(rule)) is not None or rule.use:
        return found or conditions.problem(rule.kwargs)
    kind = TYPES.get(rule.type)
    if kind is None:
        hint = nearest(rule.type, TYPES).removesuffix("?")
        also = "" if "; known are" in hint else f"; can be measured: {', '.join(TYPES)}"
        text = f"{rule.type} cannot be measured on a dataset, shard by shard"
        return f"{text}{hint}{also}; rules on '{METRICS}' may be of every type, and meta.use of the suite adds your own"
    if kind.names_rows:
        if (found := conditions.problem(rule.kwargs)) is not None:
            return found
    elif any(name in rule.kwargs for name in conditions.ARGUMENTS):
        return (
            f"row_condition works on rules that name rows, and {rule.type} is about all of them; say it as one such "
            "rule, or bring a type of your own (meta.use)"
        )
    known = (*kind.required, *kind.optional, *(conditions.ARGUMENTS if kind.names_rows else ()))
    for name in rule.kwargs:
        if name not in known:
            return f"unknown argument '{name}'{nearest(name, known)}"
    for name in kind.required:
        if rule.kwargs.get(name) is None:
            return f"{rule.type} needs '{name}'"
    if not (whole and rule.type == UNIQUE) and (found := _unsorted(rule)) is not None:
        return found
    looked_at = (*kind.required, *kind.optional)
    return next((found for name in looked_at if (found := _misfit(rule, name))), None) or _bounds(rule)


def _general(rule: Rule) -> str | None:
    for name in rule.kwargs:
        if name == "column_index":
            return "column_index is not supported: the order of columns is no part of a dataset's contract"
    return None if rule.use and not rule.columns else _misfit(rule, "column")


def _unsorted(rule: Rule) -> str | None:
    """Refuse to look for equal values that may lie in two shards."""
    key = KEYS[rule.dataset]
    if rule.type not in (UNIQUE, COMPOUND) or (key in rule.columns and rule.dataset not in GROUPED):
        return None
    if rule.dataset in GROUPED:
        return f"uniqueness cannot be measured on {rule.dataset}: its rows are sorted by group, not by id"
    return (
        f"uniqueness of '{', '.join(rule.columns)}' cannot be measured: equal values may lie in two shards. "
        f"{rule.dataset} is sharded and sorted by '{key}'; only that column can be checked, or several with it"
    )


def sorted_by_itself(rule: Rule) -> bool:
    """Whether a rule on unique values needs rows in another order than that of the dataset."""
    return rule.type == UNIQUE and _unsorted(rule) is not None


def counted_by_neighbours(rule: Rule) -> bool:
    """Whether a rule counts the distinct values of the column that the rows are sorted by."""
    return rule.type in DISTINCT and rule.dataset not in GROUPED and rule.columns == [KEYS[rule.dataset]]


def _misfit(rule: Rule, name: str) -> str | None:
    """Say what is wrong with the value of one argument."""
    value = rule.kwargs.get(name)
    if value is None or is_parameter(value):
        return None
    if name in ("regex", "regex_list"):
        return next((found for each in patterns(rule.kwargs) if (found := _uncompiled(each))), None)
    expected, fits = _expected(rule, name)
    return None if fits(value) else f"{name} is {value!r}, expected {expected}"


def _expected(rule: Rule, name: str) -> tuple[str, Any]:
    timed = rule.type.endswith(_OF_TIMES)
    row_count = rule.type.startswith(("expect_compound", "expect_multicolumn", "expect_select"))
    return {
        "column": ("a column's name", _is_name),
        "column_A": ("a column's name", _is_name),
        "column_B": ("a column's name", _is_name),
        "column_list": ("a list of columns", _are_names),
        "column_set": ("a list of columns", _are_names),
        "mostly": ("a share from 0 to 1", lambda v: _number(v) and 0 <= v <= 1),
        **dict.fromkeys(
            ("strict_min", "strict_max", "or_equal", "ties_okay", "exact_match"),
            ("true or false", lambda v: isinstance(v, bool)),
        ),
        **dict.fromkeys(
            ("min_value", "max_value", "value", "sum_total"),
            (
                "a number or a time such as 2026-01-31T00:00:00+00:00" if timed else "a number",
                lambda v: _number(v) or (timed and _time(v)),
            ),
        ),
        "ignore_row_if": _one_of(IGNORE_ROW if row_count else IGNORE_PAIR),
        "match_on": _one_of(MATCH_ON),
        "allow_relative_error": (
            f"false or one of {', '.join(INTERPOLATION)}",
            lambda v: v is False or v in INTERPOLATION,
        ),
        "value_set": ("a list of texts or numbers that is not empty", _are_values),
        "type_list": ("a list of types' names", _are_names),
        "value_pairs_set": (
            "a list of pairs",
            lambda v: isinstance(v, list) and v and all(isinstance(p, list) and len(p) == 2 for p in v),
        ),
        "quantile_ranges": (
            '{"quantiles": [0.5, …], "value_ranges": [[low, high], …]}, of one length, quantiles rising from 0 to 1',
            _are_ranges,
        ),
        "type_": ("a type's name", _is_name),
        "strftime_format": ("a format such as %Y-%m-%d", _is_name),
        "json_schema": ("a JSON schema", lambda v: isinstance(v, Mapping)),
    }[name]


_OF_TIMES = ("_values_to_be_between", "_min_to_be_between", "_max_to_be_between")


def is_parameter(value: object) -> bool:
    """Whether an argument is a suite parameter, as Great Expectations writes one: {"$PARAMETER": "name * 1.1"}."""
    return isinstance(value, Mapping) and PARAMETER in value


def _one_of(known: tuple[str, ...]) -> tuple[str, Any]:
    return f"one of {', '.join(known)}", lambda value: value in known


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _are_names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_name, value))


def _are_values(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, str | int | float) for v in value)


def _are_ranges(value: object) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"quantiles", "value_ranges"}:
        return False
    shares, ranges = value["quantiles"], value["value_ranges"]
    if not (isinstance(shares, list) and isinstance(ranges, list) and shares and len(shares) == len(ranges)):
        return False
    rising = all(_number(q) and 0 <= q <= 1 for q in shares) and sorted(shares) == shares
    ends = [list(r) for r in ranges if isinstance(r, list) and len(r) == 2 and all(e is None or _number(e) for e in r)]
    return rising and len(ends) == len(ranges) and all(None in r or r[0] <= r[1] for r in ends)


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
    if low is not None and high is not None and not is_parameter(low) and not is_parameter(high):
        if isinstance(low, str) != isinstance(high, str):
            return f"min_value is {low!r} and max_value {high!r}; they must be of one type"
        if low > high:
            return f"min_value {low!r} is greater than max_value {high!r}"
    return None
