"""What the policy makes of Great Expectations' results, and the record that is kept."""

from __future__ import annotations

import json
import socket
import tempfile
from pathlib import Path

import great_expectations as gx
import pandas as pd
import pyarrow as pa
from eclip.quality.gates.judge import judge
from eclip.quality.gates.suite import load_suite
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationSuiteValidationResultSchema,
)
from great_expectations.data_context.data_context.context_factory import project_manager

NOT_NULL = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"
AT_MOST = "expect_column_max_to_be_between"
ROWS = "expect_table_row_count_to_be_between"


def test_metrics_are_judged_by_any_type(metric, judged):
    verdict = judged(
        metric("median", "expect_column_median_to_be_between", column="share", max_value=0.1),
        metric("fell", "expect_column_pair_values_a_to_be_greater_than_b", column_A="first", column_B="last"),
        metric("stage", "expect_column_values_to_be_in_set", column="stage", value_set=["clean"]),
        metric("cosine", BETWEEN, column="cosine", max_value=0.9),
        metrics={"share": 0.25, "first": 2, "last": 2.5, "stage": "clean", "cosine": None},
    )
    assert [failure.message for failure in verdict.failures] == [
        "median: share is 0.25, expected at most 0.1",
        "fell: first is 2, not greater than last, 2.5",
    ]
    assert verdict.result["eclip"]["vacuous"] == ["cosine"]


def test_the_mean_of_times_is_not_evaluated(rule, judged):
    day = pa.array([0], pa.timestamp("us"))
    verdict = judged(
        rule("mean", "expect_column_mean_to_be_between", "info", column="day", min_value=0), id=["a"], day=day
    )
    assert "mean: could not be evaluated: needs numbers, the column holds times" in verdict.of("critical")[0].message


def test_bounds_and_times_of_which_one_has_a_zone_are_not_compared(rule, judged):
    day = pa.array([0], pa.timestamp("us", "UTC"))
    for kind in (BETWEEN, AT_MOST):
        verdict = judged(rule("day", kind, "info", column="day", max_value="2026-01-31"), id=["a"], day=day)
        assert verdict.result["eclip"]["not_evaluated"] == ["day"]


def test_results_are_matched_by_rule_not_by_place(metric, judged):
    """Great Expectations gives those that raised first."""
    verdict = judged(
        metric("a", AT_MOST, column="a", max_value=0),
        metric("b", AT_MOST, column="b", max_value=2),
        metric("gone", AT_MOST, column="gone", max_value=2),
        metrics={"a": 1, "b": 2},
    )
    assert {failure.rule: failure.severity for failure in verdict.failures} == {
        "a": "info",
        "gone": "critical",
    }


def test_a_rule_that_makes_great_expectations_raise_stops_and_hides_no_other(metric, judged):
    verdict = judged(
        metric(
            "query",
            "unexpected_rows_expectation",
            unexpected_rows_query="select * from {batch}",
        ),
        metric("share", AT_MOST, column="share", max_value=0.1),
        metrics={"share": 0.25},
    )
    assert {failure.rule: failure.severity for failure in verdict.failures} == {
        "query": "critical",
        "share": "info",
    }


def test_sentences_say_what_how_much_and_what_is_allowed(rule, judged):
    verdict = judged(
        rule("title_present", NOT_NULL, column="title", mostly=0.9),
        rule("long", "expect_column_value_lengths_to_be_between", column="title", min_value=4),
        rule("lang", "expect_column_values_to_be_in_set", column="lang", value_set=["de", "en"]),
        rule("mean", "expect_column_mean_to_be_between", column="price", min_value=0, strict_min=True),
        rule("rows", ROWS, min_value=2000),
        rule("gtin", "expect_column_to_exist", column="gtin"),
        id=["a", "b", "c"], title=["Mug", None, "Red mug"], lang=["de", "xx", "en"], price=[0.0, 0.0, None],
    )  # fmt: skip
    assert [failure.message for failure in verdict.failures] == [
        "title_present: 1 of 3 rows have no title (33.3%), at most 10% allowed",
        "long: 1 of 2 values of title have a length that is not at least 4 (50.0%), none allowed",
        "lang: 1 of 3 values of lang are none of 'de', 'en' (33.3%), none allowed",
        "mean: the mean of price is 0, expected more than 0",
        "rows: listings has 3 rows, expected at least 2,000",
        "gtin: there is no column gtin",
    ]
    assert verdict.failures[0].examples == ("b",)


def test_the_result_is_an_ordinary_one_in_the_suite_s_order(rule, metric, judged):
    rules = [
        rule("rows", ROWS, min_value=1),
        rule("high", AT_MOST, column="price", max_value=5),
        metric("share", AT_MOST, column="share", max_value=1),
        rule("gone", NOT_NULL, "info", column="gone"),
        rule("id", NOT_NULL, column="id"),
    ]
    verdict = judged(*rules, metrics={"share": 2}, id=["a", "b"], price=[1.0, float("inf")])
    value = json.loads(json.dumps(verdict.result, allow_nan=False))
    policy = value.pop("eclip")
    opened = ExpectationSuiteValidationResult(**value)
    assert [each["expectation_config"]["meta"]["rule"] for each in value["results"]] == [
        "rows", "high", "share", "gone", "id"]  # fmt: skip
    assert opened.statistics == {
        "evaluated_expectations": 5,
        "successful_expectations": 2,
        "unsuccessful_expectations": 3,
        "success_percent": 40.0,
    }
    loaded = ExpectationSuiteValidationResultSchema().load(value)
    assert loaded["success"] is False
    assert policy["suite"] == load_suite({"name": "test", "expectations": rules}).hash
    assert [failure["rule"] for failure in policy["failures"]["critical"]] == ["high", "gone"]


def test_the_record_is_the_same_every_time(rule, metric, judged):
    rules = [rule("rows", ROWS, min_value=1), metric("share", AT_MOST, column="share", max_value=1),
             metric("gone", AT_MOST, column="gone", max_value=1)]  # fmt: skip
    first, second = (judged(*rules, metrics={"share": 2}, id=["a"]).result for _ in range(2))
    assert first == second
    assert "Traceback" not in json.dumps(first)


def test_judging_leaves_no_trace(capfd, caplog, monkeypatch, rule, metric, judged):
    """No progress bars, log lines, files or network; the user's own project is the current one again."""

    def refuse(*_):
        raise AssertionError("the network was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    theirs = gx.get_context(mode="ephemeral")
    caplog.clear()
    capfd.readouterr()
    before = set(Path(tempfile.gettempdir()).iterdir())
    judged(rule("rows", ROWS, min_value=1), metric("share", AT_MOST, column="share", max_value=1),
           metric("gone", AT_MOST, column="gone", max_value=1), metrics={"share": 2}, id=["a"])  # fmt: skip
    assert capfd.readouterr() == ("", "")
    assert not [record for record in caplog.records if record.name.startswith("great_expectations")]
    assert set(Path(tempfile.gettempdir()).iterdir()) <= before
    assert project_manager.get_current_project() is theirs


def test_the_parity_of_metrics_with_a_frame_of_one_row(plain_gx):
    suite = load_suite("embed")
    metrics = {"unaccounted_rows": 0, "share_with_text": 0.5, "share_with_image": 0.9, "vectors_off_length": 3,
               "mean_pairwise_cosine": 0.99}  # fmt: skip
    chosen = [each.configuration for each in suite.of("metrics")]
    ours = judge(load_suite({"name": "embed", "expectations": chosen}), {}, metrics).result["results"]
    theirs = plain_gx(pd.DataFrame([metrics]), load_suite({"name": "embed", "expectations": chosen}))
    for each in ours:
        assert each["result"] == theirs[each["expectation_config"]["meta"]["rule"]]["result"]
        assert each["success"] == theirs[each["expectation_config"]["meta"]["rule"]]["success"]
