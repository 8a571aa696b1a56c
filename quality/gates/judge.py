"""Judge: Great Expectations says whether each rule holds, the policy here says what that means for the run.

Great Expectations' own summary will not do. It fails a suite whose only failure is an info, and where a rule
could not be evaluated it reports the severity that the suite gave it, so that a warning on a column that is
gone stops nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .drift import COMPARED, without_baseline
from .kinds import COLUMNS, ROW_COUNTS
from .measure import aggregate_of
from .parameters import is_open, lacking
from .rule import METRICS, SEVERITIES, Rule
from .sentence import sentence
from .suite import Suite
from .verdict import Failure, Verdict

Metrics = Mapping[str, float | int | str | None]


def judge(
    suite: Suite,
    partials: Mapping[str, Mapping[str, Any]],
    metrics: Metrics,
    left_out: tuple[str, ...] = (),
    known: Mapping[str, Any] = MappingProxyType({}),
    notes: tuple[str, ...] = (),
) -> Verdict:
    """Judge the merged numbers of datasets, by name, and the metrics of a stage.

    Only a critical failure stops. A rule that could not be evaluated is one, whatever its severity, and so is
    a main dataset without rows unless a rule of the suite counts them: on nothing, every rule about values
    holds. `left_out` names rules that were taken out of the suite, for the record; `known` what suite parameters may
    be called, for what is said of those without a value; `notes` is what the verdict says beside its rules.

    Raises:
        ConfigError: Great Expectations does not accept the suite.
        EclipError: this version of Great Expectations is not the one that eclip was written for.
    """
    from . import expectations as ge
    from .metrics import judge_metrics, judge_type

    if COMPARED not in metrics:  # nothing was compared: rules on drift judge nothing
        metrics = {**without_baseline(suite.metrics), **metrics}
    made = dict(zip((rule.id for rule in suite.rules), ge.build(suite), strict=True))
    about_metrics = [rule for rule in suite.of(METRICS) if not is_open(rule)]
    found: dict[str, ge.Result] = {}
    with ge.quiet():
        if about_metrics:
            judged = judge_metrics(about_metrics, [made[rule.id] for rule in about_metrics], metrics)
            found = {rule.id: result for rule, result in zip(about_metrics, judged, strict=True)}
        for rule in suite.rules:
            if is_open(rule):
                found[rule.id] = ge.not_evaluated(made[rule.id], lacking(rule, known))
            elif rule.dataset != METRICS:
                gap = unmeasured(rule, partials.get(rule.dataset))
                expectation = made[rule.id]
                if gap:
                    found[rule.id] = ge.not_evaluated(expectation, gap)
                elif rule.kind.over == "types":
                    found[rule.id] = judge_type(rule, expectation, partials[rule.dataset])
                else:
                    found[rule.id] = ge.judge_numbers(expectation, rule, partials[rule.dataset])
        results = [ge.settled(made[rule.id], found[rule.id]) for rule in suite.rules]
        record = _finite(ge.suite_result(suite, results))
    failures, vacuous, blind = _empty(suite, partials), [], []
    for rule, result in zip(suite.rules, results, strict=True):
        if reason := ge.raised(result):
            blind.append(rule.id)
            failures.append(_failure(rule, "critical", f"could not be evaluated: {reason}"))
        elif not result.success:
            text = sentence(rule, result.result, metrics)
            failures.append(_failure(rule, rule.severity, text, _examples(rule, partials)))
        elif _is_vacuous(result.result):
            vacuous.append(rule.id)
    passed = not any(failure.severity == "critical" for failure in failures)
    record["eclip"] = {
        "passed": passed,
        "suite": suite.hash,
        "failures": {s: [_as_json(f) for f in failures if f.severity == s] for s in SEVERITIES},
        "not_evaluated": blind,
        "vacuous": vacuous,
        "left_out": [*suite.left_out, *left_out],
        "notes": list(notes),
    }
    return Verdict(passed, failures, record)


def unmeasured(rule: Rule, partial: Mapping[str, Any] | None) -> str | None:
    """Say why there are no numbers to judge a rule on; None if there are."""
    if not partial:
        return f"{rule.dataset} was not measured"
    kind = rule.kind
    if kind.over in ("table", "types"):
        unknown = (rule.columns or rule.type in COLUMNS) and partial["columns"] is None
        return f"no part of {rule.dataset} was read, so its columns are not known" if unknown else None
    place = partial["rules"].get(rule.id) if kind.names_rows else partial["aggregates"].get(aggregate_of(rule))
    reason: str | None = f"the rule was not measured on {rule.dataset}" if place is None else place["error"]
    return reason


def _empty(suite: Suite, partials: Mapping[str, Mapping[str, Any]]) -> list[Failure]:
    """Stop at a main dataset without rows that no rule counts."""
    partial, rules = partials.get(suite.main), suite.of(suite.main)
    if partial and not partial["rows"] and rules and not any(rule.type in ROW_COUNTS for rule in rules):
        text = f"empty: {suite.main} has no rows; if that is fine, allow it by a row count rule"
        return [Failure("empty", "critical", suite.main, None, text)]
    return []


def _failure(rule: Rule, severity: str, text: str, examples: tuple[str, ...] = ()) -> Failure:
    column = ", ".join(rule.columns) or None
    return Failure(rule.id, severity, rule.dataset, column, f"{rule.id}: {text}", examples)


def _examples(rule: Rule, partials: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Ids of rows that broke a rule, each once: the members of a set of equal ids have one id."""
    if rule.dataset == METRICS:
        return ()
    counts = partials[rule.dataset]["rules"].get(rule.id, {"examples": []})
    return tuple(dict.fromkeys(name for name, _ in counts["examples"] if name is not None))


def _as_json(failure: Failure) -> dict[str, Any]:
    return {**vars(failure), "examples": list(failure.examples)}


def _is_vacuous(result: Mapping[str, Any]) -> bool:
    """Whether a rule about values held because there was none."""
    rows = result.get("element_count")
    return rows is not None and (rows == 0 or rows == result.get("missing_count"))


def _finite(value: Any) -> Any:
    """Write infinities as text: JSON has none."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
