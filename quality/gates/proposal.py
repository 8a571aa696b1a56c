"""A proposal: a suite written from a good run, its limits the run's own figures with some slack.

What the shipped suite asks for stays; its guesses give way to what was seen. A suite of one's own has no guesses: it
stays as it is written. From the profile come rules about each column that holds something. All of it is plain Great
Expectations JSON, to be edited by hand or with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .drift import METRICS as ABOUT_DRIFT
from .drift import NOT_COMPARED
from .profile import FEW
from .rule import METRICS, Rule
from .suite import Suite

SLACK = 1.5  # what was seen may grow by a half …
SHARE = 0.01  # … and by one in a hundred
FEWEST = 0.5  # of the rows; with fewer an export is broken
DEVIATIONS = 0.5  # standard deviations that a mean may move


def propose(
    suite: Suite, metrics: Mapping[str, Any], profile: Mapping[str, Any], result: Mapping[str, Any]
) -> dict[str, Any]:
    """Write a suite for a stage that a shipped one has judged.

    Args:
        suite: The shipped one.
        metrics: Of the stage.
        profile: Of its main columns, as profile.json has it; empty for a model.
        result: The validation result, gate.json.
    """
    seen = {each["expectation_config"]["meta"]["rule"]: each["result"] for each in result.get("results", ())}
    rules = [_loosened(rule, metrics, seen.get(rule.id, {})) for rule in suite.rules]
    rules += further(suite, profile)
    meta = {"about": f"Limits of a good run of {suite.name}, with slack."}
    return {"name": suite.name, "expectations": [rule.configuration for rule in rules], "meta": meta}


def further(suite: Suite, profile: Mapping[str, Any]) -> list[Rule]:
    """Give rules about what a profile shows, as far as a suite does not ask for it yet."""
    of_all = [rule for rule in suite.rules if rule.columns and "row_condition" not in rule.kwargs]
    asked = {(rule.dataset, rule.type, *rule.columns) for rule in of_all}
    names = {rule.id for rule in suite.rules}
    found = _of_profile(profile, suite.main)
    return [rule for rule in found if (rule.dataset, rule.type, *rule.columns) not in asked and rule.id not in names]


def _loosened(rule: Rule, metrics: Mapping[str, Any], seen: Mapping[str, Any]) -> Rule:
    """Put what was seen in place of a guess; the contract, and what compares with a baseline, stay as they are."""
    kwargs = dict(rule.kwargs)
    if rule.severity == "critical" or any(name.startswith(ABOUT_DRIFT) for name in rule.columns):
        return rule
    if rule.dataset == METRICS:
        value = metrics.get(rule.columns[0]) if len(rule.columns) == 1 else None
        if not isinstance(value, int | float) or not math.isfinite(value):
            return rule
        if "max_value" in kwargs and "min_value" not in kwargs:
            kwargs["max_value"] = most(value, rule.columns[0].startswith("share_"))
        elif "min_value" in kwargs and "max_value" not in kwargs and value > kwargs["min_value"] > 0:
            kwargs["min_value"] = least(value)
    elif "mostly" in kwargs and seen.get("unexpected_percent") is not None:
        kwargs["mostly"] = mostly(seen["unexpected_percent"] / 100)
    return Rule(rule.id, rule.type, kwargs, rule.severity, rule.dataset, rule.why, rule.meta, rule.use)


def _of_profile(profile: Mapping[str, Any], dataset: str) -> Iterator[Rule]:
    if not profile:
        return
    fewest = max(1, int(profile["rows"] * FEWEST))
    why = f"A good run had {profile['rows']:,} rows; with half of them something is missing."
    yield Rule("rows_enough", "expect_table_row_count_to_be_between", {"min_value": fewest}, "critical", dataset, why)
    for name, column in profile["columns"].items():
        if name in NOT_COMPARED or column["nulls"] == column["rows"]:
            continue
        yield Rule(f"{name}_filled", "expect_column_values_to_not_be_null",
                   {"column": name, "mostly": mostly(column["null_share"])}, "warning", dataset,
                   f"{name} was empty on {100 * column['null_share']:.3g}% of the rows of a good run.")  # fmt: skip
        if column.get("counts") and len(column["counts"]) <= FEW and "seller" not in name:
            yield Rule(f"{name}_known", "expect_column_values_to_be_in_set",
                       {"column": name, "value_set": list(column["counts"]), "mostly": 1 - SHARE}, "warning", dataset,
                       f"The values of {name} in a good run.")  # fmt: skip
        if column.get("stdev") and column.get("mean") is not None:
            slack = DEVIATIONS * column["stdev"]
            bounds = {"min_value": _digits(column["mean"] - slack), "max_value": _digits(column["mean"] + slack)}
            yield Rule(f"{name}_mean", "expect_column_mean_to_be_between", {"column": name, **bounds}, "info", dataset,
                       "Within half a standard deviation of a good run.")  # fmt: skip


def most(value: float, is_share: bool) -> float:
    """The greatest value that is still as good as the one that was seen.

    >>> most(0.1, True), most(200, False), most(0, False)
    (0.16, 300, 0)
    """
    limit = value * SLACK + (SHARE if is_share else 0)
    return min(1.0, _digits(limit)) if is_share else math.ceil(limit) if float(value).is_integer() else _digits(limit)


def least(value: float) -> float:
    """The least value that is still as good.

    >>> least(0.9), least(300)
    (0.6, 200)
    """
    limit = value / SLACK
    return math.floor(limit) if float(value).is_integer() else _digits(limit)


def mostly(failing: float) -> float:
    """The share of rows that must hold a rule which so many broke.

    >>> mostly(0.0), mostly(0.1)
    (0.99, 0.84)
    """
    return max(0.0, _digits(1 - failing * SLACK - SHARE))


def _digits(value: float) -> float:
    return float(f"{value:.4g}")
