"""Sentences for people about rules that do not hold: what was found, how much of it, what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .phrases import ROWS, aggregate, members
from .rule import METRICS, ROW_COUNTS, Rule


def sentence(rule: Rule, result: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Say how a rule does not hold, from the `result` that Great Expectations gave it."""
    if rule.dataset == METRICS:
        return _about_metrics(rule, result, metrics)
    words = {**rule.kwargs, "range": interval(rule.kwargs), "set": members(rule.kwargs.get("value_set", []))}
    if rule.type in ROWS:
        return _about_rows(rule, result, ROWS[rule.type].broken.format(**words))
    if rule.type == "expect_column_to_exist":
        return f"there is no column {rule.kwargs['column']}"
    found = number(result.get("observed_value"))
    if rule.type in ROW_COUNTS:
        return f"{rule.dataset} has {found} rows, expected {words['range']}"
    return f"the {aggregate(rule.type, rule.kwargs['column'])} is {found}, expected {words['range']}"


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
    return f"{bad:,} of {looked_at:,} {phrase} ({percent(share)}), {allowed}"


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
