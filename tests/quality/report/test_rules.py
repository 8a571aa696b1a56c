import pytest
from eclip.quality.gates.kinds import TYPES
from eclip.quality.gates.suite import load_suite, shipped
from eclip.quality.report.data import Compared
from eclip.quality.report.page import render
from eclip.quality.report.rules import failing, gates, judged, limit


def test_failed_rules_come_first_by_severity(expectation, gate):
    record = gate(
        expectation("fine", "expect_column_to_exist", {"column": "title"}, "critical"),
        expectation(
            "small",
            "expect_table_row_count_to_be_between",
            {"min_value": 9},
            "info",
            success=False,
            observed_value=3,
        ),
        expectation(
            "worse",
            "expect_column_values_to_not_be_null",
            {"column": "id"},
            "critical",
            success=False,
            element_count=4,
            unexpected_count=1,
        ),
        critical=[{"rule": "worse", "severity": "critical", "message": "worse: …", "examples": ["L1"]}],
        info=[{"rule": "small", "severity": "info", "message": "small: …", "examples": []}],
    )
    rules = judged("clean", record, {})
    assert [(r.rule, r.outcome) for r in rules] == [("Worse", "fails"), ("Small", "fails"), ("Fine", "holds")]
    assert rules[0].observed == "1 of 4 empty (25.0%)"
    assert rules[0].examples == ["L1"]
    assert (rules[1].limit, rules[1].observed) == ("at least 9 rows", "3 rows")


def test_shares_are_percent(expectation, gate):
    rule = expectation(
        "share",
        "expect_column_max_to_be_between",
        {"column": "share_rejected", "max_value": 0.05},
        dataset="metrics",
        observed_value=0.0642,
        success=False,
    )
    found = judged("filter", gate(rule), {"share_rejected": 0.0642})[0]
    assert (found.limit, found.observed) == ("share_rejected is at most 5%", "6.4%")


def test_a_rule_that_could_not_be_evaluated_is_critical_and_says_why(expectation, gate):
    record = gate(expectation("colour", "expect_column_to_exist", {"column": "colour"}, "info", success=False))
    record["eclip"]["not_evaluated"] = ["colour"]
    record["eclip"]["failures"]["critical"] = [
        {
            "rule": "colour",
            "severity": "critical",
            "message": "colour: could not be evaluated: no such column",
            "examples": [],
        }
    ]
    found = judged("clean", record, {})[0]
    assert (found.severity, found.word) == ("critical", "not evaluated")
    assert found.observed == "could not be evaluated: no such column"


def test_a_rule_without_values_is_not_praised(expectation, gate):
    record = gate(
        expectation(
            "lang",
            "expect_column_values_to_not_be_null",
            {"column": "lang"},
            element_count=0,
            unexpected_count=0,
        )
    )
    record["eclip"]["vacuous"] = ["lang"]
    assert judged("clean", record, {})[0].word == "nothing to judge"


def test_a_failure_of_the_policy_itself_is_a_row(gate):
    record = gate(critical=[{"rule": "empty", "severity": "critical", "message": "empty: listings has no rows"}])
    assert judged("clean", record, {})[0].why == "listings has no rows"


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_said_in_words(kind):
    values = {
        "column": "price",
        "column_A": "a",
        "column_B": "b",
        "value_set": ["x"],
        "regex": "^x$",
        "value": 4,
        "min_value": 1,
        "max_value": 2,
        "regex_list": ["^x$", "^y$"],
        "match_on": "any",
        "strftime_format": "%Y",
        "column_list": ["a", "b"],
        "sum_total": 3,
    }
    kwargs = {name: values[name] for name in (*TYPES[kind].required, *TYPES[kind].optional) if name in values}
    said = limit({"type": kind, "kwargs": kwargs})
    assert "expect" not in said
    assert "_" not in said.replace("column_", "")
    assert "?" not in said


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_rule_is_said_in_words(name):
    for rule in load_suite(name).rules:
        said = limit(rule.configuration)
        assert "expect" not in said
        assert "to be between" not in said


def test_a_stopped_attempt_stands_beside_what_is_published(data, expectation, gate):
    broken = gate(
        expectation(
            "title_present",
            "expect_column_values_to_not_be_null",
            {"column": "title"},
            "critical",
            success=False,
            element_count=10,
            unexpected_count=9,
        ),
        critical=[{"rule": "title_present", "severity": "critical", "message": "x: y", "examples": []}],
    )
    stages = [
        s.model_copy(update={"state": "failed", "stopped": {"gate": broken, "metrics": {}}})
        if s.name == "filter"
        else s
        for s in data.stages
    ]
    found = gates(data.model_copy(update={"stages": stages}))
    assert [(g.stage, g.verdict, g.attempt) for g in found] == [
        ("filter", "stopped", "not published"),
        ("filter", "passed", "published before"),
    ]
    assert [rule.rule for rule in failing(found)] == ["Title present"]


def test_what_the_run_before_found_stands_beside_each_rule(data, changed, expectation, gate):
    kwargs = {"column": "share_rejected", "max_value": 0.5}
    one = gate(expectation("share", "expect_column_max_to_be_between", kwargs, dataset="metrics", observed_value=0.2))
    then = data.by_name["filter"].model_copy(update={"gate": one, "metrics": {"share_rejected": 0.2}})
    data = changed(data, "filter", gate=one, metrics={"rows_in": 1990, "share_rejected": 0.246})
    data = data.model_copy(update={"compared": Compared(name="the run before", stages=[then])})
    (rule,) = next(each for each in gates(data) if each.stage == "filter").rules
    assert (rule.observed, rule.before) == ("24.6%", "20.0%")
    page = render(data)
    assert page.count('<th scope="col">Before</th>') >= 1
    assert "20.0%" in page
