from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from eclip.quality.gates.kinds import ROW_COUNTS
from eclip.quality.gates.rule import METRICS
from eclip.quality.gates.suite import MAIN, check, load_suite, shipped
from eclip.schemas.errors import ConfigError
from eclip.schemas.listing import LISTINGS, PAIRS
from eclip.schemas.prediction import CLUSTERS, PREDICTIONS, embeddings

NOT_NULL = "expect_column_values_to_not_be_null"


def one(**changes):
    """A suite of one good rule, changed."""
    rule = {"type": NOT_NULL, "kwargs": {"column": "title"}, "severity": "warning", "meta": {"rule": "title"}}
    return {"name": "mine", "expectations": [rule | changes]}


def test_a_rule_is_read_whole():
    suite = load_suite(one(meta={"rule": "title", "dataset": "rejected", "why": "because", "owner": "us"}))
    rule = suite.rules[0]
    assert (rule.id, rule.type, rule.severity, rule.dataset, rule.why) == (
        "title", NOT_NULL, "warning", "rejected", "because")  # fmt: skip
    assert rule.kwargs == {"column": "title"}
    assert rule.configuration["meta"] == {
        "owner": "us",
        "rule": "title",
        "dataset": "rejected",
        "why": "because",
    }


def test_defaults_are_critical_a_readable_id_and_the_main_dataset():
    bare = {"name": "mine", "expectations": [{"type": NOT_NULL, "kwargs": {"column": "title"}}]}
    rule = load_suite(bare).rules[0]
    assert (rule.id, rule.severity, rule.dataset) == (
        "column_values_to_not_be_null_title",
        "critical",
        "listings",
    )
    assert load_suite(bare, stage="pairs").rules[0].dataset == "train"
    assert load_suite(bare, where="s3://bucket/suites/embed.json").rules[0].dataset == "embeddings"
    assert load_suite(bare | {"name": "predict"}).rules[0].dataset == "clusters"


def test_a_suite_is_read_from_a_file_and_named_after_it_in_messages(tmp_path):
    good, bad, broken = (tmp_path / f"{name}.json" for name in ("pairs", "bad", "broken"))
    good.write_text(json.dumps(one()))
    bad.write_text(json.dumps(one(severity="fatal")))
    broken.write_text('{"name": "x",')
    assert load_suite(good).main == "train"
    assert load_suite(str(good)).where == str(good)
    with pytest.raises(ConfigError, match=r"bad\.json.*'title'.*severity is 'fatal'.*critical, warning, info"):
        load_suite(bad)
    with pytest.raises(ConfigError, match=r"broken\.json: not valid JSON"):
        load_suite(broken)
    with pytest.raises(ConfigError, match="no such suite; shipped are clean, deduplicate"):
        load_suite(tmp_path / "nowhere.json")


def of(kind, meta=None, **kwargs):
    return one(type=f"expect_{kind}", kwargs=kwargs, meta={"rule": "title"} | (meta or {}))


REFUSED = {
    "unknown type": (of("column_values_to_not_be_nul", column="t"), "did you mean '.*_to_not_be_null'"),
    "type that does not add up": (
        of("column_kl_divergence_to_be_less_than", column="price", threshold=0.1),
        "less_than cannot be measured on a dataset.*can be measured: .*to_match_regex",
    ),
    "misspelt argument": (
        of("column_to_exist", colum="t"),
        "unknown argument 'colum'; did you mean 'column'",
    ),
    "argument left out": (one(kwargs={}), "needs 'column'"),
    "more than all": (one(kwargs={"column": "t", "mostly": 1.5}), "mostly is 1.5, expected a share from 0"),
    "percent": (one(kwargs={"column": "t", "mostly": 99}), "mostly is 99"),
    "misspelt key": (one(sevrity="info"), "unknown key 'sevrity'; did you mean 'severity'"),
    "unknown dataset": (one(meta={"dataset": "listing"}), "no dataset 'listing'; did you mean 'listings'"),
    "regex": (of("column_values_to_match_regex", column="t", regex="(a"), r"'\(a' does not compile"),
    "regex of two meanings": (of("column_values_to_match_regex", column="t", regex="a{,3}"), "write '{0,'"),
    "row condition": (of("column_to_exist", column="t", row_condition="x > 1"), "about all of them; say it as one"),
    "z-scores need the whole column": (
        of("column_value_z_scores_to_be_less_than", column="price", threshold=3, double_sided=True),
        "cannot be measured",
    ),
    "compound without the key": (
        of("compound_columns_to_be_unique", column_list=["title", "brand"]),
        "lie in two shards",
    ),
    "quantiles of two lengths": (
        of(
            "column_quantile_values_to_be_between", column="p", quantile_ranges={"quantiles": [0.5], "value_ranges": []}
        ),
        "of one length",
    ),
    "one regex of several": (of("column_values_to_match_regex_list", column="t", regex_list=["a", "("]), "compile"),
    "match_on": (of("column_values_to_match_regex_list", column="t", regex_list=["a"], match_on="some"), "any, all"),
    "columns as a text": (of("table_columns_to_match_set", column_set="title"), "a list of columns"),
    "unique beside the key": (
        of("column_values_to_be_unique", column="gtin"),
        "'gtin' cannot be measured: equal values may lie in two shards.*by 'id'",
    ),
    "unique where groups are sorted": (
        of("column_values_to_be_unique", {"dataset": "train"}, column="id"),
        "sorted by group",
    ),
    "no bound": (of("column_mean_to_be_between", column="price"), "passes whatever the data"),
    "bounds the wrong way": (
        of("table_row_count_to_be_between", min_value=2, max_value=1),
        "min_value 2 is greater than max_value 1",
    ),
    "bound of text": (
        of("column_values_to_be_between", column="p", min_value="low"),
        "min_value is 'low', expected a number or a time",
    ),
    "empty set": (of("column_values_to_be_in_set", column="l", value_set=[]), "not empty"),
    "column index": (of("column_to_exist", column="t", column_index=1), "order of columns"),
    "not a suite": ({"rules": []}, "expected a Great Expectations suite"),
    "no name": ({"expectations": [{}]}, "needs a name"),
    "no rules": ({"name": "x", "expectations": []}, "would pass everything"),
    "no type": ({"name": "x", "expectations": [{"expectation_type": NOT_NULL}]}, "rule 1: expected"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_not_be_judged_is_refused(case):
    suite, message = REFUSED[case]
    with pytest.raises(ConfigError, match=message) as caught:
        load_suite(suite, where="here.json")
    assert str(caught.value).startswith("here.json")
    assert caught.value.exit_code == 2


def test_two_rules_of_one_id_are_refused():
    rules = one()["expectations"] * 2
    with pytest.raises(ConfigError, match="two rules are called 'title'"):
        load_suite({"name": "mine", "expectations": rules})


def test_what_great_expectations_drops_is_refused(capfd):
    """Trap 2: it logs an unknown type and goes on with the rules that are left."""
    lost = of("column_medium_to_be_between", {"rule": "lost", "dataset": METRICS}, column="rows")
    rules = [*one()["expectations"], *lost["expectations"]]
    suite = load_suite({"name": "mine", "expectations": rules}, where="mine.json")
    with pytest.raises(ConfigError, match=r"mine\.json: rule 'lost'.*no type .*did you mean 'expect_column_median"):
        check(suite)
    check(load_suite(one()))
    assert capfd.readouterr() == ("", ""), "it logs a traceback"


def test_arguments_of_metric_rules_are_checked_by_great_expectations():
    kwargs = {"column": "rows", "mostly": 2, "min_value": 0}
    suite = load_suite(one(type="expect_column_values_to_be_between", kwargs=kwargs, meta={"dataset": METRICS}))
    with pytest.raises(ConfigError, match="'mostly'"):
        check(suite)


def test_the_hash_is_of_what_is_judged():
    suite = load_suite(one())
    assert len(suite.hash) == 32
    assert load_suite(one(), where="elsewhere").hash == suite.hash
    assert load_suite(one(id="7f", notes="by hand")).hash == suite.hash
    assert load_suite(one(severity="info")).hash != suite.hash
    assert load_suite(one(kwargs={"column": "title", "mostly": 0.9})).hash != suite.hash
    assert load_suite(one(), stage="pairs").hash != suite.hash


def test_what_is_measured_is_other_once_a_share_is_known():
    open_, known = ({"column": "title", "mostly": share} for share in ({"$PARAMETER": "baseline_share"}, 0.9))
    assert load_suite(one(kwargs=open_)).measured != load_suite(one(kwargs=known)).measured  # an open rule is not
    assert load_suite(one(kwargs=known)).measured == load_suite(one(kwargs={"column": "title"})).measured


def test_loading_needs_neither_great_expectations_nor_pandas():
    code = (
        "import sys, eclip.quality.gates.gate, eclip.quality.gates.measure, eclip.quality.gates.profile\n"
        "from eclip.quality.gates.suite import load_suite\n"
        "load_suite('clean')\n"
        "print([m for m in ('great_expectations', 'pandas', 'torch', 'apache_beam') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


SCHEMAS = {
    "listings": LISTINGS,
    "train": PAIRS,
    "embeddings": embeddings(4),
    "predictions": PREDICTIONS,
    "clusters": CLUSTERS,
}
COMPUTED_LATER = {"group_id"}  # deduplicate's, from there on


@pytest.mark.parametrize("stage", MAIN)
def test_shipped_suites_are_ones_that_great_expectations_opens(stage):
    import great_expectations as gx

    suite = load_suite(stage)
    check(suite)
    assert suite.name == stage
    text = (Path(suite.where)).read_text("utf-8")
    opened = gx.ExpectationSuite(**json.loads(text))
    assert len(opened.expectations) == len(suite.rules)
    # Opened and saved by Great Expectations, it is the same suite.
    saved = load_suite(opened.to_json_dict(), where=suite.where)
    assert [rule.id for rule in saved.rules] == [rule.id for rule in suite.rules]
    assert all(rule.why and rule.id for rule in suite.rules)
    assert all('"rule"' in json.dumps(entry["meta"]) for entry in json.loads(text)["expectations"])


@pytest.mark.parametrize("stage", MAIN)
def test_shipped_suites_name_columns_that_are_promised(stage):
    for rule in load_suite(stage).rules:
        if rule.dataset != METRICS:
            known = {*SCHEMAS[rule.dataset].schema.names, *COMPUTED_LATER}
            assert set(rule.columns) <= known, rule.id


def test_shipped_suites_stop_only_for_the_contract():
    assert set(shipped()) == set(MAIN)
    contract = {"expect_table_row_count_to_be_between", "expect_column_to_exist", NOT_NULL,
                "expect_column_values_to_be_unique", "expect_column_max_to_be_between", "expect_column_min_to_be_between"}  # fmt: skip
    for stage in MAIN:
        suite = load_suite(stage)
        critical = [rule for rule in suite.rules if rule.severity == "critical"]
        assert critical, stage
        assert {rule.type for rule in critical} <= contract
        assert not any("mostly" in rule.kwargs for rule in critical)


@pytest.mark.parametrize("stage", [stage for stage, main in MAIN.items() if main != METRICS])
def test_shipped_suites_count_rows_and_pair_value_rules_with_a_rule_on_nulls(stage):
    """Traps 3 and 4: nothing, and a column of nulls, hold every rule about values."""
    rules = load_suite(stage).of(MAIN[stage])
    assert any(rule.type in ROW_COUNTS and rule.severity == "critical" for rule in rules)
    about_nulls = {rule.kwargs["column"] for rule in rules if rule.type.endswith("_be_null")}
    serious = [rule for rule in rules if rule.severity != "info" and rule.kind.names_rows]
    assert {name for rule in serious for name in rule.columns} <= about_nulls
