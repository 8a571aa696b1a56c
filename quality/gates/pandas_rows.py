"""Rows that break a rule, told by Great Expectations' own pandas code: for types without a mask, and custom ones.

A batch is a frame of the rule's columns. Imported where a rule needs it: the import takes seconds.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...schemas.errors import EclipError
from . import conditions, custom
from .expectations import MOVED, build_rule, quiet
from .masks import Mask, UnfitError, plain
from .rule import Rule

try:
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
    from great_expectations.expectations.registry import get_metric_kwargs
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.metrics_calculator import MetricsCalculator
except ImportError as error:
    raise EclipError(MOVED.format(error)) from error


def _made(rule: Rule) -> Any:
    if rule.use:
        custom.load(rule.use, f"rule '{rule.id}'")
    with quiet():
        return build_rule(rule)


def _frame(names: list[str], columns: list[pa.Array]) -> pd.DataFrame:
    """Give columns to pandas.

    Raises:
        UnfitError: it has no type for one of them.
    """
    try:
        frame: pd.DataFrame = pa.table(dict(zip(names, map(plain, columns), strict=True))).to_pandas()
    except (ValueError, TypeError, pa.ArrowException) as error:
        raise UnfitError(f"the column does not fit pandas: {error}") from error
    return frame


class PandasRows:
    """Judge batches by one expectation."""

    def __init__(self, rule: Rule) -> None:
        self._columns = rule.columns
        expectation = _made(rule)
        self._name = f"{expectation.map_metric}.condition"
        self._kwargs = get_metric_kwargs(self._name, configuration=expectation.configuration, runtime_configuration={})

    def unexpected(self, columns: list[pa.Array]) -> tuple[Mask, Mask]:
        """Mark the rows that the rule looks at, and among all rows those that break it.

        Raises:
            UnfitError: the code raised, or gave no answer for a row.
        """
        with warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore")
            frame = _frame(self._columns, columns)
            engine = PandasExecutionEngine(batch_data_dict={"batch": frame})
            metric = MetricConfiguration(
                self._name, self._kwargs["metric_domain_kwargs"], self._kwargs["metric_value_kwargs"]
            )
            found, failed = MetricsCalculator(engine, show_progress_bars=False).compute_metrics([metric])
        if metric.id not in found:
            raise UnfitError(_why(failed))
        return self._masks(found[metric.id][0], frame)

    @staticmethod
    def _masks(condition: Any, frame: pd.DataFrame) -> tuple[Mask, Mask]:
        looked_at, bad = np.zeros(len(frame), bool), np.zeros(len(frame), bool)
        if not isinstance(condition, pd.Series) or not condition.index.isin(frame.index).all():
            raise UnfitError("the expectation gave no true or false for each row")
        rows = condition.index.to_numpy()
        looked_at[rows] = True
        bad[rows] = condition.fillna(True).to_numpy(bool)  # no answer is no yes
        return looked_at, bad


class RowCondition:
    """Say which rows of batches a rule's condition means."""

    def __init__(self, rule: Rule) -> None:
        self._columns = conditions.columns(rule.kwargs)
        kwargs = _made(rule).configuration.kwargs
        self._domain = {name: kwargs[name] for name in conditions.ARGUMENTS if name in kwargs}

    def mask(self, columns: list[pa.Array]) -> Mask:
        """Mark the rows that are meant, given the columns that the condition reads, in their order.

        Raises:
            UnfitError: the condition cannot be evaluated on them.
        """
        frame = _frame(self._columns, columns)
        engine = PandasExecutionEngine(batch_data_dict={"batch": frame})
        try:
            with warnings.catch_warnings(), quiet():
                warnings.simplefilter("ignore")
                found = engine.get_domain_records(self._domain)
        except Exception as error:  # whatever pandas makes of it
            raise UnfitError(f"row_condition: {type(error).__name__}: {error}") from error
        meant = np.zeros(len(frame), bool)
        meant[found.index.to_numpy()] = True
        return meant


def _why(failed: Any) -> str:
    for each in (failed or {}).values():
        info = each.get("exception_info", each)
        message = getattr(info, "exception_message", None) or (
            info.get("exception_message") if isinstance(info, dict) else None
        )
        if message:
            return str(message).splitlines()[0]
    return "Great Expectations did not say why"
