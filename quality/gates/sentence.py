"""Sentences for people about rules that do not hold: what was found, how much of it, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import conditions
from .kinds import ROW_COUNTS
from .phrases import ROWS, aggregate, members, words
from .rule import METRICS, Rule


def sentence(rule: Rule, result: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Say how a rule does not hold, from the `result` that Great Expectations gave it."""
    if rule.dataset == METRICS:
        return _about_metrics(rule, result, metrics)
    said = {**rule.kwargs, **words(rule.kwargs), "range": interval(rule.kwargs)}
    if rule.type in ROWS:
        return _about_rows(rule, result, ROWS[rule.type].broken.format(**said))
    if "unexpected_count" in result and "element_count" in result:  # a type of one's own
        return _about_rows(rule, result, f"values of {', '.join(rule.columns)} break it")
    if rule.type == "expect_column_to_exist":
        return f"there is no column {rule.kwargs['column']}"
    found = number(result.get("observed_value"))
    if rule.type in ROW_COUNTS:
        return f"{rule.dataset} has {found} rows, expected {said['range']}"
    if (name := aggregate(rule.type, str(rule.kwargs.get("column")))) is not None:
        return f"the {name} is {found}, expected {said['range']}"
    return _about_others(rule, result)


def _about_others(rule: Rule, result: Mapping[str, Any]) -> str:
    kwargs, found = rule.kwargs, result.get("observed_value")
    if rule.type == "expect_column_quantile_values_to_be_between":
        shares, ranges = kwargs["quantile_ranges"]["quantiles"], kwargs["quantile_ranges"]["value_ranges"]
        values = (found or {}).get("values") or [None] * len(shares)
        wrong = [
            f"quantile {q:g} is {number(value)}, expected {interval({'min_value': low, 'max_value': high})}"
            for q, value, (low, high), holds in zip(
                shares, values, ranges, result["details"]["success_details"], strict=True
            )
            if not holds
        ]
        return f"of {kwargs['column']} the " + "; the ".join(wrong)
    if rule.type.startswith("expect_column_distinct_values"):
        told = [
            f"{word} {members(result[name])}"
            for word, name in (("found", "partial_unexpected_list"), ("missing", "partial_missing_list"))
            if result.get(name)
        ]
        return f"the values of {kwargs['column']} are not those expected: {'; '.join(told)}"
    if rule.type == "expect_column_most_common_value_to_be_in_set":
        return f"the most common {kwargs['column']} is {members(found or [])}, expected {members(kwargs['value_set'])}"
    if rule.type.startswith("expect_column_values_to_be_"):  # of a type
        wanted = kwargs.get("type_") or members(kwargs.get("type_list") or [], str)
        return f"{kwargs['column']} is of type {found}, expected {wanted}"
    if rule.type.startswith("expect_table_column_count"):
        return f"{rule.dataset} has {number(found)} columns, expected {interval(kwargs)}"
    wanted_columns = kwargs.get("column_set") or kwargs.get("column_list") or []
    return f"{rule.dataset} has the columns {members(found or [], str)}, expected {members(wanted_columns, str)}"


def interval(kwargs: Mapping[str, Any]) -> str:
    """Say which values a rule's bounds allow.

    >>> interval({"min_value": 0, "strict_min": True, "max_value": 1})
    'more than 0 and at most 1'
    """
    if "value" in kwargs:
        return f"exactly {number(kwargs['value'])}"
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is not None and low == high:
        return f"exactly {number(low)}"
    parts = []
    if low is not None:
        parts.append(f"{'more than' if kwargs.get('strict_min') else 'at least'} {number(low)}")
    if high is not None:
        parts.append(f"{'less than' if kwargs.get('strict_max') else 'at most'} {number(high)}")
    return " and ".join(parts)


def number(value: Any) -> str:
    """Write a number for people; what is none is written as it is.

    >>> number(2000), number(0.30000000000000004), number(None)
    ('2,000', '0.3', 'unknown')
    """
    if value is None or value != value:
        return "unknown"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.156), percent(0.00001), percent(0.99999)
    ('15.6%', '<0.1%', '>99.9%')
    """
    if 0 < share < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 < share < 1 else f"{100 * share:.1f}%"


def _about_rows(rule: Rule, result: Mapping[str, Any], phrase: str) -> str:
    bad, looked_at = result["unexpected_count"], result["element_count"] - (result.get("missing_count") or 0)
    share = bad / looked_at if looked_at else 0.0
    mostly = rule.kwargs.get("mostly", 1)
    allowed = f"at most {100 * (1 - mostly):.4g}% allowed" if mostly < 1 else "none allowed"
    where = f" where {conditions.said(rule)}" if "row_condition" in rule.kwargs else ""
    return f"{bad:,} of {looked_at:,} {phrase}{where} ({percent(share)}), {allowed}"


def _about_metrics(rule: Rule, result: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """There is one row, so its number says more than a count of rows."""
    if rule.type == "expect_column_pair_values_a_to_be_greater_than_b":
        left, right = rule.columns
        return f"{left} is {number(metrics.get(left))}, not greater than {right}, {number(metrics.get(right))}"
    expected = interval(rule.kwargs)
    if "column" in rule.kwargs and rule.kwargs["column"] in metrics:
        name = rule.kwargs["column"]
        wanted = f", expected {expected}" if expected else f", which breaks {rule.type}"
        return f"{name} is {number(metrics[name])}{wanted}"
    seen = f"; observed {number(result['observed_value'])}" if "observed_value" in result else ""
    return f"{rule.type} does not hold{seen}"
