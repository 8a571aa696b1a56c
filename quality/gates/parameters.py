"""Suite parameters, as Great Expectations knows them: limits that are said in terms of other numbers.

    {"column": "share_rejected", "max_value": {"$PARAMETER": "baseline_share_rejected * 1.5 + 0.01"}}

Names are values given by the caller, those of the suite's own `suite_parameters`, and where there is a baseline what is
known of it: `baseline_<metric>`, `baseline_rows`, `baseline_<column>_<statistic>` of its profile (mean, min, max,
stdev, null_share, distinct, length_mean, length_min, length_max).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...schemas.errors import EclipError, nearest
from .arguments import PARAMETER, is_parameter, problem
from .rule import METRICS, Rule
from .suite import Suite

PREFIX = "baseline_"
_STATISTICS = ("mean", "min", "max", "stdev", "null_share", "distinct")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_$]*")
_FUNCTIONS = frozenset({"sin", "cos", "tan", "exp", "abs", "trunc", "round", "sgn", "now", "datetime", "timedelta",
                        "e", "E", "pi", "PI"})  # fmt: skip


def values_of(metrics: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, float]:
    """Name what is known of a baseline: its metrics, and the statistics of its columns."""
    found: dict[str, Any] = {f"{PREFIX}{name}": value for name, value in metrics.items()}
    found[f"{PREFIX}rows"] = profile.get("rows")
    for column, known in profile.get("columns", {}).items():
        name = f"{PREFIX}{re.sub(r'[^A-Za-z0-9_]', '_', column)}"
        found |= {f"{name}_{statistic}": known.get(statistic) for statistic in _STATISTICS}
        found |= {f"{name}_length_{s}": (known.get("length") or {}).get(s) for s in ("mean", "min", "max")}
    return {name: v for name, v in found.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def resolve(suite: Suite, given: Mapping[str, Any], baseline: Mapping[str, Any] | None) -> Suite:
    """Put values in place of the suite's parameters.

    Without a baseline the rules that compare with it are left out and named. A parameter of any other kind that has no
    value stays, and its rule counts as one that could not be evaluated.
    """
    if not any(map(is_open, suite.rules)):
        return suite
    known = {**suite.parameters, **(baseline or {}), **given}
    rules, left_out = [], []
    for rule in suite.rules:
        lacking = _names(rule) - known.keys()
        if baseline is None and any(name.startswith(PREFIX) for name in lacking):
            left_out.append(rule.id)
        else:
            rules.append(rule if lacking else _filled(rule, known, suite.whole))
    return replace(suite, rules=tuple(rules), left_out=tuple(left_out), written=suite.hash)


def is_open(rule: Rule) -> bool:
    """Whether a limit of a rule is a parameter without a value."""
    return any(map(is_parameter, rule.kwargs.values()))


def lacking(rule: Rule, known: Mapping[str, Any]) -> str:
    """Say which parameters of a rule have no value."""
    names = sorted(_names(rule) - known.keys())
    if not names:
        return str(rule.meta.get("unresolved", "a parameter could not be worked out"))
    return f"there is no value for {PARAMETER} {', '.join(names)}{nearest(names[0], known) if known else ''}"


def _names(rule: Rule) -> set[str]:
    """Names that a rule's parameters need; a parameter that brings its own value needs none."""
    written = [v[PARAMETER] for v in rule.kwargs.values() if is_parameter(v) and f"{PARAMETER}.{v[PARAMETER]}" not in v]
    return {name for text in written for name in _NAME.findall(str(text))} - _FUNCTIONS


def _filled(rule: Rule, known: Mapping[str, Any], whole: bool) -> Rule:
    from great_expectations.core.suite_parameters import build_suite_parameters
    from great_expectations.exceptions.exceptions import SuiteParameterError

    said = {name: value[PARAMETER] for name, value in rule.kwargs.items() if is_parameter(value)}
    try:
        kwargs, _ = build_suite_parameters({**rule.kwargs}, dict(known))
    except (SuiteParameterError, EclipError) as error:
        return replace(rule, meta={**rule.meta, "unresolved": str(error).splitlines()[0]})
    filled = replace(rule, kwargs=kwargs, meta={**rule.meta, "parameters": said})
    found = problem(filled, whole) if rule.dataset != METRICS else None
    return replace(rule, meta={**rule.meta, "unresolved": found}) if found else filled
