"""Great Expectations, kept quiet: it reads the rules and judges numbers that were measured elsewhere.

`metrics_validate` and `get_validation_dependencies` are not marked as its public interface. So a test
compares them with a plain run for every type, and a metric that is not known here stops the gate and names
the version.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...schemas.errors import ConfigError, EclipError, nearest
from .examples import LIMIT
from .masks import UnfitError
from .measure import aggregate, aggregate_of
from .numbers import Moments, Numbers
from .quantiles import Quantiles
from .rule import KEYS, Rule
from .suite import Suite
from .values import Distinct, Present, Values

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports modules that Python deprecates
    import great_expectations as gx
    import great_expectations.expectations as gxe

VERSION: str = gx.__version__
MOVED = (
    f"Great Expectations {VERSION} is built differently from the versions that eclip knows ({{}}); "
    "install 'great-expectations>=1.24,<1.25' and report this"
)

try:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
except ImportError as error:
    raise EclipError(MOVED.format(error)) from error

# What it raises about a rule that it cannot read or apply; anything else is a fault that must be seen.
REFUSED = (GreatExpectationsError, TypeError, ValueError, KeyError, AttributeError, NotImplementedError)
Result = Any  # an ExpectationValidationResult


def build(suite: Suite) -> list[Any]:
    """Make Great Expectations' objects, one for each rule, in order.

    Raises:
        ConfigError: it refuses a rule, or drops it, which it does without an error.
    """
    try:
        made = _read(suite.rules)
    except REFUSED:
        made = []
    if len(made) == len(suite.rules):
        return made
    for rule in suite.rules:
        try:
            read = _read([rule])
        except REFUSED as error:
            raise ConfigError(f"{suite.where}: rule '{rule.id}': {_explain(error)}") from None
        if not read:
            known = [_snake(name) for name in dir(gxe) if name.startswith("Expect")]
            hint = nearest(rule.type, known).split("; known are")[0]
            raise ConfigError(
                f"{suite.where}: rule '{rule.id}': Great Expectations {VERSION} has no type {rule.type}{hint}"
            )
    raise ConfigError(f"{suite.where}: Great Expectations {VERSION} keeps only {len(made)} of {len(suite.rules)} rules")


def build_rule(rule: Rule) -> Any:
    """Make Great Expectations' object of one rule, which it is known to accept."""
    return _read([rule])[0]


def judge_numbers(expectation: Any, rule: Rule, partial: Mapping[str, Any]) -> Result:
    """Let an expectation judge a dataset's merged numbers.

    Raises:
        EclipError: this version of Great Expectations asks for a number that eclip does not know.
    """
    runtime = {
        "result_format": {
            "result_format": "SUMMARY",
            "partial_unexpected_count": LIMIT,
            "unexpected_index_column_names": [KEYS[rule.dataset]],
        }
    }
    engine = PandasExecutionEngine()
    try:
        needed = expectation.get_validation_dependencies(execution_engine=engine, runtime_configuration=runtime)
        validate, configurations = expectation.metrics_validate, needed.metric_configurations
    except AttributeError as error:
        raise EclipError(MOVED.format(error)) from error
    try:
        metrics = {wanted.id: _metric(name, rule, partial) for name, wanted in configurations.items()}
    except UnfitError as error:
        return not_evaluated(expectation, str(error))
    try:
        return validate(metrics, runtime_configuration=runtime, execution_engine=engine)
    except REFUSED as error:
        return not_evaluated(expectation, str(error))


def not_evaluated(expectation: Any, reason: str) -> Result:
    """Give the result of a rule that could not be evaluated, as Great Expectations writes it."""
    return ExpectationValidationResult(
        success=False,
        expectation_config=expectation.configuration,
        result={},
        exception_info={"raised_exception": True, "exception_message": reason, "exception_traceback": None},
    )


def settled(expectation: Any, result: Result) -> Result:
    """Give a result without what changes from run to run: random ids, tracebacks with a machine's paths."""
    if reason := raised(result):
        return not_evaluated(expectation, reason)
    return ExpectationValidationResult(
        success=bool(result.success),
        expectation_config=expectation.configuration,
        result=_python(result.result),
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )


def _python(value: Any) -> Any:
    """Write NumPy's numbers as Python's, which JSON holds."""
    if isinstance(value, Mapping):
        return {key: _python(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_python(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def raised(result: Result) -> str | None:
    """Say why a rule was not evaluated.

    `exception_info` has two shapes: the exception itself or, where a metric failed, exceptions by metric.
    """
    info = result.exception_info or {}
    for each in [info] if "raised_exception" in info else info.values():
        if each.get("raised_exception"):
            return str(each.get("exception_message") or "an exception without a message")
    return None


def suite_result(suite: Suite, results: Sequence[Result]) -> dict[str, Any]:
    """Sum results up as Great Expectations does, as JSON in the suite's order, without times and ids."""
    good = sum(bool(result.success) for result in results)
    whole: Any = ExpectationSuiteValidationResult(
        success=good == len(results),
        results=list(results),
        suite_name=suite.name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": good,
            "unsuccessful_expectations": len(results) - good,
            "success_percent": 100 * good / len(results) if results else None,
        },
        meta={"great_expectations_version": VERSION},
    )
    value: dict[str, Any] = whole.to_json_dict()
    return value


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Great Expectations from writing to the terminal; what matters is raised or stands in results.

    It deprecates row conditions that are texts, which the suites of many users have.
    """
    log, nowhere = logging.getLogger("great_expectations"), logging.NullHandler()
    passes_on, log.propagate = log.propagate, False
    log.addHandler(nowhere)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r".*\b(row_condition|condition_parser)\b", DeprecationWarning)
            yield
    finally:
        log.removeHandler(nowhere)
        log.propagate = passes_on


def _read(rules: Sequence[Rule]) -> list[Any]:
    with quiet():
        suite = gx.ExpectationSuite(name="suite", expectations=[rule.configuration for rule in rules])
    return list(suite.expectations)


def _metric(name: str, rule: Rule, partial: Mapping[str, Any]) -> Any:
    """Find the number that an expectation asks for by Great Expectations' name."""
    counts = partial["rules"].get(rule.id, {})
    rows = counts.get("rows", partial["rows"])  # those that a condition means
    if name == "table.row_count":
        return rows
    if name == "table.columns":
        return partial["columns"]
    if name == "table.column_count":
        return len(partial["columns"])
    if name.startswith("column."):
        return _number(name.removeprefix("column."), rule, partial)
    match name.rpartition(".")[2]:
        case "unexpected_count":
            of_nulls = name == "column_values.nonnull.unexpected_count"
            counts_nulls = rule.type == "expect_column_values_to_not_be_null"
            return counts["missing" if of_nulls and not counts_nulls else "unexpected"]
        case "filtered_row_count":
            return rows - counts["missing"]
        case "unexpected_values":
            values = [_shown(value) for _, value in counts["examples"]]
            if name.startswith(("compound", "multicolumn", "select")):  # there it wants records
                return [dict(zip(rule.columns, value, strict=True)) for value in values]
            return values
        case "unexpected_index_list":
            key, columns = KEYS[rule.dataset], rule.columns
            return [{key: i} | dict(zip(columns, _row(rule, v), strict=True)) for i, v in counts["examples"]]
        case "unexpected_index_query":
            return None
    raise EclipError(MOVED.format(f"{rule.type} asks for {name}"))


def _number(name: str, rule: Rule, partial: Mapping[str, Any]) -> Any:
    """Find one number of a column."""
    wanted = aggregate_of(rule)
    match name, aggregate(wanted, partial["aggregates"][wanted]):
        case ("standard_deviation", Moments() as moments):
            return moments.stdev()
        case ("mean" | "min" | "max" | "sum", Numbers() as numbers):
            return numbers.value(name)
        case ("median", Quantiles() as quantiles):
            return quantiles.median()
        case ("quantile_values", Quantiles() as quantiles):
            how = rule.kwargs.get("allow_relative_error") or "nearest"
            return [quantiles.quantile(q, how) for q in rule.kwargs["quantile_ranges"]["quantiles"]]
        case ("non_null_proportion", Present() as present):
            return present.n / partial["rows"] if partial["rows"] else 0
        case ("distinct_values.count", Values() | Distinct() as values):
            return values.distinct
        case ("unique_proportion", Values() | Distinct() as values):
            return values.distinct / values.n if values.n else 0
        case ("most_common_value", Values() as values):
            return values.most_common()
        case (_, Values() as values) if name.startswith("distinct_values."):
            found, wanted_values = set(values.counts), set(rule.kwargs["value_set"])
            apart = {"not_in_set": found - wanted_values, "missing_from_column": wanted_values - found}
            _, which, *counted = name.split(".")
            return len(apart[which]) if counted else sorted(apart[which], key=lambda v: (str(type(v)), v))
    raise EclipError(MOVED.format(f"{rule.type} asks for column.{name}"))


def _shown(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _row(rule: Rule, value: Any) -> list[Any]:
    return value if len(rule.columns) > 1 else [value]


def _explain(error: Exception) -> str:
    """Make one line of what Great Expectations says about a rule's arguments."""
    problems = getattr(error, "errors", None)
    if problems is None:
        return str(error)
    found = [(".".join(map(str, each["loc"])), each["msg"]) for each in problems()]
    return "; ".join(message if place == "__root__" else f"'{place}': {message}" for place, message in found)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
