"""Metrics: one row of numbers about a stage, judged by a plain run of Great Expectations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pyarrow as pa

from ...schemas.errors import EclipError
from .expectations import MOVED, REFUSED, Result, not_evaluated, quiet
from .measure import types_of
from .rule import Rule

try:
    import great_expectations as gx
    from great_expectations.data_context.data_context.context_factory import project_manager
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.exceptions.exceptions import DataContextRequiredError
except ImportError as error:
    raise EclipError(MOVED.format(error)) from error


def judge_metrics(
    rules: Sequence[Rule], expectations: Sequence[Any], metrics: Mapping[str, float | int | str | None]
) -> list[Result]:
    """Run plain Great Expectations on one row of numbers; one result for each rule, in order."""
    frame = pd.DataFrame([{name: math.nan if value is None else value for name, value in metrics.items()}])
    return _judge_frame(rules, expectations, frame)


def judge_type(rule: Rule, expectation: Any, partial: Mapping[str, Any]) -> Result:
    """Judge a rule about a column's type as plain Great Expectations does, on a frame with such a column."""
    part, name = partial["types"], rule.kwargs["column"]
    schema = pa.schema([]) if part is None else types_of(part)
    if name not in schema.names:
        gone = name not in partial["columns"]
        text = f"there is no column '{name}', or more than one" if gone else f"'{name}' is not of one type throughout"
        return not_evaluated(expectation, text)
    # A column of whole numbers with gaps is one of floats in pandas.
    array = pa.nulls(int(name in part["nulls"]), schema.field(name).type)
    frame = pa.table({name: array}).to_pandas()
    if frame[name].dtype == object:
        return not_evaluated(
            expectation, f"'{name}' holds {schema.field(name).type}, which is no type of its own in pandas"
        )
    return _judge_frame([rule], [expectation], frame)[0]


def _judge_frame(rules: Sequence[Rule], expectations: Sequence[Any], frame: pd.DataFrame) -> list[Result]:
    try:
        results = _run(rules, frame)
    except REFUSED as error:
        if len(rules) == 1:
            return [not_evaluated(expectations[0], str(error))]
        pairs = zip(rules, expectations, strict=True)  # one rule must not hide what the others say
        return [_judge_frame([rule], [expectation], frame)[0] for rule, expectation in pairs]
    if missing := [rule.id for rule in rules if rule.id not in results]:
        raise EclipError(MOVED.format(f"no result for {', '.join(missing)}"))
    return [results[rule.id] for rule in rules]


def _run(rules: Sequence[Rule], frame: pd.DataFrame) -> dict[str, Result]:
    with quiet(), _own_project() as context:
        source = context.data_sources.add_pandas("eclip").add_dataframe_asset("metrics")
        suite = gx.ExpectationSuite(name="metrics", expectations=[rule.configuration for rule in rules])
        batch = source.add_batch_definition_whole_dataframe("one row").get_batch({"dataframe": frame})
        found = batch.validate(suite, result_format="SUMMARY").results
    # They come grouped by table, pair and column, not in the suite's order.
    return {result.expectation_config.meta["rule"]: result for result in found}


@contextmanager
def _own_project() -> Iterator[Any]:
    """Give a context in memory and put the user's own back afterwards, where a notebook has one."""
    try:
        theirs = project_manager.get_current_project()
    except DataContextRequiredError:
        theirs = None
    try:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        yield context
    finally:
        project_manager.set_project(theirs)
