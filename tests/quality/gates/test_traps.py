"""The traps of Great Expectations: in each, a gate that trusted it would have passed what it must not."""

from __future__ import annotations

import pyarrow as pa
import pytest
from eclip.quality.gates import expectations as ge
from eclip.quality.gates.judge import judge
from eclip.quality.gates.measure import Measure
from eclip.quality.gates.suite import MAIN, load_suite
from eclip.schemas.listing import LISTINGS, PAIRS
from eclip.schemas.prediction import CLUSTERS, PREDICTIONS, embeddings

NOT_NULL = "expect_column_values_to_not_be_null"
REGEX = "expect_column_values_to_match_regex"
BETWEEN = "expect_column_values_to_be_between"
AT_MOST = "expect_column_max_to_be_between"
ROWS = "expect_table_row_count_to_be_between"


def test_trap_1_a_missing_column_under_a_warning_stops(rule, judged):
    verdict = judged(rule("title", NOT_NULL, "warning", column="title"), rule("rows", ROWS, min_value=1), id=["a"])
    assert not verdict.passed
    [failure] = verdict.failures
    assert (failure.rule, failure.severity) == ("title", "critical")
    assert "could not be evaluated: there is no column 'title'" in failure.message
    assert verdict.result["eclip"]["not_evaluated"] == ["title"]


def test_trap_1_a_missing_metric_under_an_info_stops(metric, judged):
    """Great Expectations itself raises here, and keys exception_info by metric."""
    verdict = judged(metric("share", AT_MOST, column="share", max_value=1), metrics={"rows": 1})
    assert not verdict.passed
    assert verdict.of("critical")[0].rule == "share"
    assert verdict.result["results"][0]["exception_info"]["raised_exception"]


def test_trap_1_a_dataset_that_was_not_measured_stops(rule, judged):
    verdict = judged(rule("links", ROWS, "info", "links", min_value=1), rule("rows", ROWS, min_value=1), id=["a"])
    assert [f.message for f in verdict.of("critical")] == ["links: could not be evaluated: links was not measured"]


def test_trap_1_rules_that_a_partial_does_not_know_stop(rule):
    suite = load_suite({"name": "test", "expectations": [rule("title", NOT_NULL, "info", column="title")]})
    older = Measure([], "id")
    older.add(pa.record_batch({"id": ["a"], "title": ["b"]}))
    assert "not measured on listings" in judge(suite, {"listings": older.partial()}, {}).failures[0].message


def test_trap_2_a_rule_that_is_dropped_is_not_judged_around(monkeypatch, rule, judged):
    """Had it been dropped, the gate would have passed on what is left."""
    read = ge._read
    monkeypatch.setattr(ge, "_read", lambda rules: read(rules)[: max(1, len(rules) - 1)])
    with pytest.raises(ge.ConfigError, match="keeps only 1 of 2 rules"):
        judged(rule("a", NOT_NULL, column="id"), rule("b", NOT_NULL, column="gone"), id=["a"])


def test_trap_3_nothing_does_not_pass(rule, judged):
    nothing = {"id": pa.array([], pa.string()), "title": pa.array([], pa.string())}
    about_values = rule("title", NOT_NULL, column="title")
    verdict = judged(about_values, **nothing)
    assert not verdict.passed
    assert "listings has no rows" in verdict.failures[0].message
    assert verdict.result["success"], "Great Expectations passes it"
    assert verdict.result["eclip"]["vacuous"] == ["title"]
    assert judged(about_values, rule("rows", ROWS, "info", min_value=0), **nothing).passed


SCHEMAS = {
    "listings": LISTINGS,
    "train": PAIRS,
    "embeddings": embeddings(4),
    "predictions": PREDICTIONS,
    "clusters": CLUSTERS,
}


@pytest.mark.parametrize("stage", MAIN)
def test_trap_3_nothing_passes_no_shipped_suite(stage):
    suite = load_suite(stage)
    partials = {}
    if suite.main in SCHEMAS:
        measure = Measure(suite.of(suite.main), "id")
        measure.add(SCHEMAS[suite.main].empty())
        partials[suite.main] = measure.partial()
    verdict = judge(suite, partials, {})
    assert not verdict.passed
    if partials:
        assert "rows_present" in {failure.rule for failure in verdict.of("critical")}


def test_trap_4_a_column_of_nulls_is_seen(rule, judged):
    lone = judged(rule("title", REGEX, column="title", regex="."), rule("rows", ROWS, min_value=1),
                  id=["a"], title=pa.array([None], pa.string()))  # fmt: skip
    assert lone.passed
    assert lone.result["eclip"]["vacuous"] == ["title"]
    assert "no value to judge: title" in repr(lone)
    paired = judged(rule("title", REGEX, column="title", regex="."), rule("known", NOT_NULL, column="title"),
                    id=["a"], title=pa.array([None], pa.string()))  # fmt: skip
    assert [failure.rule for failure in paired.failures] == ["known"]


def test_trap_4_a_metric_that_is_null_does_not_meet_the_contract():
    suite = load_suite("clean")
    accounted = next(rule for rule in suite.rules if rule.id == "rows_accounted")
    lone = {"name": "test", "expectations": [accounted.configuration]}
    for value, passes in ((0, True), (None, False), (3, False), (-1, False)):
        assert judge(load_suite(lone), {}, {"unaccounted_rows": value}).passed is passes


def test_trap_5_mostly_counts_rows_that_have_a_value(rule, judged):
    price = [None, -1.0, 1.0, 1.0]
    loose = judged(rule("price", BETWEEN, column="price", min_value=0, mostly=0.66), id=list("abcd"), price=price)
    tight = judged(rule("price", BETWEEN, column="price", min_value=0, mostly=0.7), id=list("abcd"), price=price)
    assert loose.passed
    assert not tight.passed
    assert tight.failures[0].message == "price: 1 of 3 values of price are not at least 0 (33.3%), at most 30% allowed"


def test_trap_6_every_member_of_a_set_of_equal_ids_counts(rule, judged):
    verdict = judged(rule("ids", "expect_column_values_to_be_unique", column="id"), id=["a", "a", "b", "c", "c", "c"])
    assert verdict.result["results"][0]["result"]["unexpected_count"] == 5
    assert set(verdict.failures[0].examples) == {"a", "c"}


@pytest.mark.parametrize(("severity", "passed"), [("info", True), ("warning", True), ("critical", False)])
def test_trap_7_only_critical_failures_stop(severity, passed, rule, judged):
    verdict = judged(rule("title", NOT_NULL, severity, column="title"), id=["a"], title=pa.array([None], pa.string()))
    assert verdict.result["success"] is False, "Great Expectations fails it whatever the severity"
    assert verdict.passed is passed
    assert verdict.result["eclip"]["passed"] is passed
    assert len(verdict.result["eclip"]["failures"][severity]) == 1
