"""The gates: each rule of each stage in plain words, with its limit and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..gates.kinds import UNIQUE
from ..gates.phrases import ROWS, aggregate
from ..gates.phrases import words as arguments
from ..gates.rule import METRICS, SEVERITIES
from ..gates.sentence import interval, number, percent
from .data import ReportData, StageFacts
from .words import named, plural, shown


@dataclass(frozen=True)
class Judged:
    """A rule and what became of it."""

    stage: str
    rule: str
    why: str
    severity: str
    outcome: str  # fails, holds, vacuous or blind
    limit: str
    observed: str
    examples: list[str] = field(default_factory=list)
    before: str = ""  # what was found in the run that this one is compared with

    @property
    def word(self) -> str:
        """The outcome, for people."""
        return {
            "fails": "does not hold",
            "holds": "holds",
            "vacuous": "nothing to judge",
            "blind": "not evaluated",
        }[self.outcome]

    @property
    def stops(self) -> bool:
        """Whether the rule stops a run."""
        return self.severity == "critical" and self.outcome in ("fails", "blind")

    @property
    def said(self) -> str:
        """The rule in a sentence or two."""
        asked = f"; asked for: {self.limit}" if self.limit else ""
        said = f"{self.rule}: found {self.observed}{asked}" if self.observed else self.rule
        return f"{said}. {self.why}" if self.why else f"{said}."


@dataclass(frozen=True)
class Gate:
    """A stage's gate."""

    stage: str
    verdict: str  # passed, stopped or accepted
    rules: list[Judged]
    reason: str = ""  # why it was accepted
    attempt: str = ""  # "published" or "not published"

    @property
    def holding(self) -> int:
        """Rules that hold."""
        return sum(rule.outcome in ("holds", "vacuous") for rule in self.rules)


def gates(data: ReportData) -> list[Gate]:
    """All gates, in the order of the stages; where one stopped, first the attempt that is not published."""
    found = []
    then = {stage.name: stage for stage in data.compared.stages} if data.compared else {}
    for stage in data.stages:
        if stage.stopped:
            rules = _beside(judged(stage.name, **stage.stopped), then.get(stage.name))
            found.append(Gate(stage.name, "stopped", rules, attempt="not published"))
        if stage.published and stage.gate:
            accepted = stage.verdict.get("accepted")
            verdict = "accepted" if accepted else "stopped" if stage.refused else "passed"
            reason = str(accepted.get("reason", "")) if accepted else ""
            note = "published before" if stage.stopped else ""
            rules = _beside(judged(stage.name, stage.gate, stage.metrics), then.get(stage.name))
            found.append(Gate(stage.name, verdict, rules, reason, note))
    return found


def _beside(rules: list[Judged], then: StageFacts | None) -> list[Judged]:
    """Put what the same rules found in another run beside them."""
    if then is None or not then.gate:
        return rules
    found = {rule.rule: rule.observed for rule in judged(then.name, then.gate, then.metrics)}
    return [replace(rule, before=found.get(rule.rule, "")) for rule in rules]


def failing(found: list[Gate]) -> list[Judged]:
    """The rules of all gates that do not hold, the severest first."""
    rules = [rule for gate in found for rule in gate.rules if rule.outcome not in ("holds", "vacuous")]
    return sorted(rules, key=_severity)


def _severity(rule: Judged) -> int:
    return SEVERITIES.index(rule.severity) if rule.severity in SEVERITIES else len(SEVERITIES)


def judged(stage: str, gate: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[Judged]:
    """The rules of one validation result, failed ones first, by severity.

    Args:
        stage: Its name.
        gate: A Great Expectations validation result with the policy's verdict under `eclip`.
        metrics: What the rules about metrics were judged on.
    """
    policy = gate.get("eclip", {})
    failures = {f["rule"]: f for each in policy.get("failures", {}).values() for f in each}
    rules = []
    for result in gate.get("results", []):
        expectation = result["expectation_config"]
        meta = expectation.get("meta") or {}
        rule = str(meta.get("rule", expectation["type"]))
        failure = failures.pop(rule, {})
        outcome = "holds" if result.get("success") else "fails"
        if rule in policy.get("not_evaluated", ()):
            outcome = "blind"
        elif rule in policy.get("vacuous", ()):
            outcome = "vacuous"
        severity = str(failure.get("severity") or expectation.get("severity") or "critical")
        observed = _observed(expectation, result, metrics)
        if outcome == "blind":
            observed = str(failure.get("message", "")).removeprefix(f"{rule}: ")
        examples = [shown(example, 40) for example in failure.get("examples", ())[:5]]
        rules.append(
            Judged(
                stage,
                named(rule),
                str(meta.get("why", "")),
                severity,
                outcome,
                limit(expectation),
                observed,
                examples,
            )
        )
    for rule, failure in failures.items():  # of the policy itself, such as a dataset without rows
        text = str(failure["message"]).removeprefix(f"{rule}: ")
        rules.append(Judged(stage, named(rule), text, failure["severity"], "fails", "", ""))
    return sorted(rules, key=lambda rule: (rule.outcome in ("holds", "vacuous"), _severity(rule)))


def limit(expectation: Mapping[str, Any]) -> str:
    """Say what a rule asks for.

    >>> limit({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "title", "mostly": 0.99}})
    'title is filled, on at least 99% of rows'
    """
    kind, kwargs = expectation["type"], dict(expectation.get("kwargs") or {})
    words = {**kwargs, **arguments(kwargs, _shown), "range": _interval(kwargs)}
    about_metrics = (expectation.get("meta") or {}).get("dataset") == METRICS
    if kind in ROWS:
        said = ROWS[kind].asked.format_map(_Words(words))
        mostly = kwargs.get("mostly", 1)
        if about_metrics or (mostly >= 1 and kind == UNIQUE):
            return said
        return f"{said}, on {'every row' if mostly >= 1 else f'at least {100 * mostly:.4g}% of rows'}"
    if kind == "expect_column_to_exist":
        return f"there is a column {kwargs.get('column')}"
    if kind.startswith("expect_table_row_count"):
        return f"{words['range']} rows".replace(" 1 rows", " 1 row")
    column = str(kwargs.get("column", "?"))
    number_of = aggregate(kind, column)
    if number_of:
        return f"{column if about_metrics else number_of} is {words['range']}"
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in kwargs.items())
    return f"{kind.removeprefix('expect_').replace('_', ' ')} ({settings})"


def _shown(value: Any) -> str:
    return shown(value, 40)


class _Words(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _interval(kwargs: Mapping[str, Any]) -> str:
    return _shares(interval(kwargs), kwargs)


def _shares(text: str, kwargs: Mapping[str, Any]) -> str:
    """Write the bounds of a share as percent."""
    if not _is_share(kwargs):
        return text
    bounds = {n: v for n, v in kwargs.items() if n in ("min_value", "max_value") and isinstance(v, int | float)}
    said = interval({**kwargs, **{n: 100 * v for n, v in bounds.items()}})
    return " and ".join(f"{part}%" for part in said.split(" and ")) if said else said


def _is_share(kwargs: Mapping[str, Any]) -> bool:
    return str(kwargs.get("column", "")).startswith("share_")


def _observed(expectation: Mapping[str, Any], result: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    kwargs, found = expectation.get("kwargs") or {}, result.get("result") or {}
    if (expectation.get("meta") or {}).get("dataset") == METRICS:
        names = [kwargs[n] for n in ("column", "column_A", "column_B") if kwargs.get(n) in metrics]
        if names:
            return ", ".join(_value(metrics[name], name, alone=len(names) == 1) for name in names)
    if "unexpected_count" in found:
        return _rows(expectation["type"], found)
    if "observed_value" in found:
        said = number(found["observed_value"])
        return plural(int(found["observed_value"]), "row") if "row_count" in expectation["type"] else said
    return "it is there" if result.get("success") else "it is not there"


def _value(value: Any, name: str, alone: bool) -> str:
    said = percent(value) if name.startswith("share_") and isinstance(value, int | float) else number(value)
    return said if alone else f"{name} {said}"


def _rows(kind: str, found: Mapping[str, Any]) -> str:
    looked_at = found.get("element_count", 0) - (found.get("missing_count") or 0)
    bad = found.get("unexpected_count") or 0
    if not looked_at:
        return "no value"
    if not bad:
        return f"all of {looked_at:,}"
    what = ROWS[kind].found if kind in ROWS else "that break it"
    return f"{bad:,} of {looked_at:,} {what} ({percent(bad / looked_at)})"
