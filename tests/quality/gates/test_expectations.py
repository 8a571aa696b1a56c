"""Great Expectations as judge of merged numbers: what it says is kept, what it cannot say stops."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from eclip.quality.gates import expectations as ge
from eclip.quality.gates.judge import judge
from eclip.quality.gates.measure import Measure
from eclip.quality.gates.rule import Rule
from eclip.quality.gates.suite import load_suite
from eclip.schemas.errors import ConfigError, EclipError


def test_examples_are_shown_with_their_ids():
    positive = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "price", "min_value": 0}}
    rules = load_suite({"name": "s", "expectations": [positive]})
    measure = Measure(rules.of("listings"), "id")
    measure.add(pa.record_batch({"id": ["a", "b", "c"], "price": [1.0, -2.0, -3.0]}))
    result = judge(rules, {"listings": measure.partial()}, {}).result["results"][0]["result"]
    assert sorted(result["partial_unexpected_list"]) == [-3.0, -2.0]
    assert {each["id"]: each["price"] for each in result["partial_unexpected_index_list"]} == {
        "b": -2.0,
        "c": -3.0,
    }


class Stranger:
    """An expectation of a version to come, which wants a number that nobody measured."""

    def get_validation_dependencies(self, **_: Any) -> Any:
        return SimpleNamespace(metric_configurations={"table.new_metric": SimpleNamespace(id="new")})


@pytest.mark.parametrize("has_validate", [True, False])
def test_a_version_that_is_built_differently_stops_and_is_named(has_validate, monkeypatch):
    if has_validate:
        monkeypatch.setattr(Stranger, "metrics_validate", lambda *_, **__: None, raising=False)
    rule = Rule("rows", "expect_table_row_count_to_equal", {"value": 1})
    partial = {"rows": 1, "columns": [], "rules": {}, "aggregates": {}}
    with pytest.raises(EclipError, match=rf"{ge.VERSION}.*{'new_metric' if has_validate else 'metrics_validate'}"):
        ge.judge_numbers(Stranger(), rule, partial)


def test_both_shapes_of_an_exception_are_seen():
    class Result:
        exception_info: Any = None

    result = Result()
    assert ge.raised(result) is None
    result.exception_info = {"raised_exception": False, "exception_message": None}
    assert ge.raised(result) is None
    result.exception_info = {"raised_exception": True, "exception_message": "here"}
    assert ge.raised(result) == "here"
    result.exception_info = {"MetricConfigurationID(…)": {"raised_exception": True, "exception_message": "there"}}
    assert ge.raised(result) == "there"


def test_a_refusal_is_one_readable_line():
    rules = load_suite({"name": "s", "expectations": [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "x", "max_valeu": 1},
         "meta": {"dataset": "metrics", "rule": "top"}}]})  # fmt: skip
    with pytest.raises(ConfigError, match=r"rule 'top': .*max_valeu") as caught:
        ge.build(rules)
    assert "\n" not in str(caught.value)
