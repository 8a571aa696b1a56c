"""Metrics: one row of numbers about a stage, judged by a plain run of Great Expectations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd

from ...schemas.errors import EclipError
from .expectations import MOVED, REFUSED, Result, not_evaluated, quiet
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
    try:
        results = _run(rules, frame)
    except REFUSED as error:
        if len(rules) == 1:
            return [not_evaluated(expectations[0], str(error))]
        pairs = zip(rules, expectations, strict=True)  # one rule must not hide what the others say
        return [judge_metrics([rule], [expectation], metrics)[0] for rule, expectation in pairs]
    if missing := [rule.id for rule in rules if rule.id not in results]:
        raise EclipError(MOVED.format(f"no result for {', '.join(missing)}"))
    return [results[rule.id] for rule in rules]


def _run(rules: Sequence[Rule], frame: pd.DataFrame) -> dict[str, Result]:
    with quiet(), _own_project() as context:
        source = context.data_sources.add_pandas("eclip").add_dataframe_asset("metrics")
        written = [rule.configuration for rule in rules]
        suite = context.suites.add(gx.ExpectationSuite(name="metrics", expectations=written))
        definition = gx.ValidationDefinition(
            name="metrics", data=source.add_batch_definition_whole_dataframe("one row"), suite=suite
        )
        run = context.validation_definitions.add(definition).run
        found = run(batch_parameters={"dataframe": frame}, result_format="SUMMARY").results
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
