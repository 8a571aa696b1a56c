"""Short ways to write and judge rules, and Great Expectations as its own manual runs it, to compare with."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.gates.judge import judge
from eclip.quality.gates.measure import Measure, merge
from eclip.quality.gates.suite import Suite, load_suite
from eclip.quality.gates.verdict import Verdict

BATCHES: list[Any] = []  # a context takes long to make


def run(frame: pd.DataFrame, suite: Suite) -> dict[str, dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        if not BATCHES:
            context = gx.get_context(mode="ephemeral")
            context.variables.progress_bars = ProgressBarsConfig(globally=False)
            source = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
            BATCHES.append(source.add_batch_definition_whole_dataframe("whole"))
        rules = [rule.configuration for rule in suite.rules]
        batch = BATCHES[0].get_batch({"dataframe": frame})
        # Not by a ValidationDefinition: its store cannot write NumPy's booleans, which rules about quantiles give.
        result = batch.validate(gx.ExpectationSuite(name="plain", expectations=rules), result_format="SUMMARY")
    return {
        r.expectation_config.meta["rule"]: {
            "success": bool(r.success),
            "result": r.result,
            "exception_info": r.exception_info,
        }
        for r in result.results
    }


@pytest.fixture(scope="session")
def plain_gx():
    return run


def write(name: str, kind: str, severity: str = "critical", dataset: str = "listings", **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": {"rule": name, "dataset": dataset}}


@pytest.fixture(scope="session")
def rule():
    """Write a rule on listings."""
    return write


@pytest.fixture(scope="session")
def metric():
    """Write an info on metrics."""
    return lambda name, kind, **kwargs: write(name, kind, "info", "metrics", **kwargs)


@pytest.fixture(scope="session")
def judged():
    """Measure and judge listings with these columns."""

    def run_gate(*rules: dict[str, Any], metrics: Any = None, **columns: Any) -> Verdict:
        suite = load_suite({"name": "test", "expectations": list(rules)})
        partials = {}
        if columns:
            table = pa.table(columns)
            measure = Measure(suite.of("listings"), "id")
            measure.add(pa.RecordBatch.from_pylist([], schema=table.schema))
            for batch in table.to_batches():
                measure.add(batch)
            partials["listings"] = merge([measure.partial()])
        return judge(suite, partials, metrics or {})

    return run_gate
