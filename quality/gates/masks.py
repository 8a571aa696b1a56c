"""Row masks: which values break a rule, as Great Expectations says it on pandas, computed by Arrow.

A missing value is null or NaN, as in pandas; it breaks no rule about values, only one about nulls.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Mask = np.ndarray  # bool of shape (n,)


class UnfitError(ValueError):
    """Say that a column is not of a kind that a rule can be evaluated on."""


def plain(array: pa.Array) -> pa.Array:
    """Bring an array to one of few types: text as large_string, numbers as they are, no dictionaries."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return plain(array.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.large_string())
    if pa.types.is_float16(kind):
        return array.cast(pa.float32())  # comparisons and minima have no kernel for half floats
    return array


def missing(array: pa.Array) -> Mask:
    """Mark null and NaN."""
    return np.asarray(pc.is_null(array, nan_is_null=True))


def unexpected(kind: str, kwargs: Mapping[str, Any], values: pa.Array) -> Mask:
    """Mark the values that break a rule; `values` are plain and none is missing.

    Raises:
        UnfitError: the column's type does not go with the rule.
    """
    if not len(values):
        return np.zeros(0, bool)
    return ~_HOLDS[kind](values, kwargs)


def pair(kwargs: Mapping[str, Any], left: pa.Array, right: pa.Array) -> tuple[Mask, Mask]:
    """Mark the rows that a rule about a > b looks at, and among all rows those that break it.

    A comparison with a missing value does not hold, as in pandas.

    Raises:
        UnfitError: the two columns cannot be compared.
    """
    no_left, no_right = missing(left), missing(right)
    ignore = kwargs.get("ignore_row_if", "both_values_are_missing")
    looked_at = np.ones(len(left), bool)
    if ignore == "both_values_are_missing":
        looked_at = ~(no_left & no_right)
    elif ignore == "either_value_is_missing":
        looked_at = ~(no_left | no_right)
    both = ~(no_left | no_right)
    holds = np.zeros(len(left), bool)
    if both.any():
        a, b = (side.filter(pa.array(both)) for side in (left, right))
        if _is_number(a.type) and _is_number(b.type):
            a, b = numbers(a), numbers(b)
        elif not (a.type.equals(b.type) and (_is_text(a.type) or pa.types.is_temporal(a.type))):
            raise UnfitError(
                f"'{kwargs['column_A']}' is {a.type} and '{kwargs['column_B']}' {b.type}; they do not compare"
            )
        compare = pc.greater_equal if kwargs.get("or_equal") else pc.greater
        holds[both] = np.asarray(compare(a, b))
    return looked_at, looked_at & ~holds


def numbers(values: pa.Array) -> np.ndarray:
    """Give numbers and booleans as float64, as pandas compares them.

    Raises:
        UnfitError: the column holds something else.
    """
    kind = values.type
    if not _is_number(kind):
        raise UnfitError(f"needs numbers, the column holds {_name(kind)}")
    if pa.types.is_boolean(kind):
        values = values.cast(pa.uint8())
    return np.asarray(values.cast(pa.float64(), safe=False))


def moment(text: str, kind: pa.DataType) -> pa.Scalar:
    """Read a bound on a column of times.

    Raises:
        UnfitError: the text is no time, or only one of the two has a time zone.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UnfitError(f"the bound {text!r} is not a time such as 2026-01-31T00:00:00+00:00") from None
    if pa.types.is_timestamp(kind) and (kind.tz is None) != (time.tzinfo is None):
        zone = "the column's times have a zone, the bound has none; write it as in 2026-01-31T00:00:00+00:00"
        raise UnfitError(zone if kind.tz else "the bound has a time zone, the column's times have none")
    return pa.scalar(time if pa.types.is_timestamp(kind) else time.date(), kind)


def _between(values: pa.Array, kwargs: Mapping[str, Any]) -> Mask:
    bounds = [kwargs.get("min_value"), kwargs.get("max_value")]
    texts = [isinstance(bound, str) for bound in bounds if bound is not None]
    kind = values.type
    column: Any
    if _is_number(kind) and not any(texts):
        column = numbers(values)
    elif (pa.types.is_timestamp(kind) or pa.types.is_date(kind)) and all(texts):
        column, bounds = values, [bound and moment(bound, kind) for bound in bounds]
    else:
        shown = ", ".join(repr(bound) for bound in bounds if bound is not None)
        raise UnfitError(f"the bounds {shown} do not go with a column of {_name(kind)}")
    return _inside(column, bounds, kwargs)


def _inside(column: Any, bounds: list[Any], kwargs: Mapping[str, Any]) -> Mask:
    strict = [kwargs.get("strict_min"), kwargs.get("strict_max")]
    kernels: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
        (operator.gt, operator.ge), (operator.lt, operator.le)
    ]  # fmt: skip
    if isinstance(column, pa.Array):
        kernels = [(pc.greater, pc.greater_equal), (pc.less, pc.less_equal)]
    holds = np.ones(len(column), bool)
    for bound, is_strict, (beyond, up_to) in zip(bounds, strict, kernels, strict=True):
        if bound is not None:
            holds &= np.asarray((beyond if is_strict else up_to)(column, bound))
    return holds


def _length_between(values: pa.Array, kwargs: Mapping[str, Any]) -> Mask:
    return _inside(_lengths(values), [kwargs.get("min_value"), kwargs.get("max_value")], kwargs)


def _length_equal(values: pa.Array, kwargs: Mapping[str, Any]) -> Mask:
    return np.asarray(_lengths(values) == kwargs["value"])


def _lengths(values: pa.Array) -> np.ndarray:
    return np.asarray(pc.utf8_length(_text(values)))


def _in_set(values: pa.Array, kwargs: Mapping[str, Any]) -> Mask:
    wanted = kwargs["value_set"]
    if _is_text(values.type):
        texts = pa.array([v for v in wanted if isinstance(v, str)], values.type)
        return np.asarray(pc.is_in(values, value_set=texts))
    if pa.types.is_integer(values.type):  # not as floats: large numbers would meet their neighbours
        whole = {int(v) for v in wanted if not isinstance(v, str) and float(v).is_integer()}
        return np.fromiter((v in whole for v in values.to_pylist()), bool, len(values))
    return np.isin(numbers(values), [float(v) for v in wanted if not isinstance(v, str)])


# Where Python's `re` and Arrow's RE2 may differ: classes and assertions that know Unicode or newlines, groups
# with options, possessive repeats, POSIX classes. There `re` decides, as in pandas. What RE2 cannot run at all is left
# to Great Expectations' own code.
_MAY_DIFFER = re.compile(r"\\[A-Za-z0-9]|\(\?|\$|\[:|[*+?}]\+")


def runs_in_re2(pattern: str) -> bool:
    """Whether RE2 can run a pattern: it knows no look-around, no back references, no repeats above 1,000.

    >>> runs_in_re2("ab?c"), runs_in_re2("a(?=b)")
    (True, False)
    """
    try:
        pc.match_substring_regex(pa.array(["", "a"]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def _matches(values: pa.Array, pattern: str) -> Mask:
    text = _text(values)
    if not _MAY_DIFFER.search(pattern):
        return np.asarray(pc.match_substring_regex(text, pattern))
    search = re.compile(pattern).search
    return np.fromiter((search(value) is not None for value in text.to_pylist()), bool, len(text))


def _matching(values: pa.Array, kwargs: Mapping[str, Any]) -> Mask:
    found = np.array([_matches(values, pattern) for pattern in kwargs["regex_list"]])
    return np.asarray(found.all(axis=0) if kwargs.get("match_on") == "all" else found.any(axis=0))


def _text(values: pa.Array) -> pa.Array:
    if not _is_text(values.type):
        raise UnfitError(f"needs text, the column holds {_name(values.type)}")
    return values


_HOLDS: dict[str, Callable[[pa.Array, Mapping[str, Any]], Mask]] = {
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_not_be_in_set": lambda values, kwargs: ~_in_set(values, kwargs),
    "expect_column_values_to_match_regex": lambda values, kwargs: _matches(values, kwargs["regex"]),
    "expect_column_values_to_not_match_regex": lambda values, kwargs: ~_matches(values, kwargs["regex"]),
    "expect_column_values_to_match_regex_list": lambda values, kwargs: _matching(values, kwargs),
    "expect_column_values_to_not_match_regex_list": lambda values, kwargs: (
        ~_matching(values, {**kwargs, "match_on": "any"})
    ),
    "expect_column_value_lengths_to_be_between": _length_between,
    "expect_column_value_lengths_to_equal": _length_equal,
}


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def _name(kind: pa.DataType) -> str:
    return "text" if _is_text(kind) else str(kind)
