"""Rules that look at some rows only: as plain Great Expectations on pandas, in shards of uneven size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from eclip.quality.gates.gate import gate
from eclip.quality.gates.judge import judge
from eclip.quality.gates.suite import Suite, load_suite
from eclip.schemas.errors import ConfigError

from .test_parity import COMPARED, _same, frame, sharded


def compares(column: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": column}, "operator": operator, "parameter": parameter}


def is_null(column: str, yes: bool) -> dict[str, Any]:
    return {"type": "nullity", "column": {"name": column}, "is_null": yes}


CONDITIONS: list[dict[str, Any]] = [
    *({"row_condition": c} for c in (
        compares("words", "==", "a"), compares("words", "!=", "a"), compares("number", ">", 0.1),
        compares("gaps", "<=", 1), compares("count", "IN", [1, 2, 3]), compares("text", "NOT_IN", ["a", ""]),
        compares("flag", "==", True), is_null("gaps", True), is_null("number", False), is_null("empty", False),
        {"type": "and", "conditions": [compares("words", "==", "a"), compares("count", ">", 0)]},
        {"type": "or", "conditions": [compares("number", "<", 0), is_null("words", True)]},
        {"type": "pass_through", "pass_through_filter": "count > 1 and flag"},
    )),
    *({"row_condition": c, "condition_parser": "pandas"} for c in (
        "words == 'a'", "number > 0.1 and count < 3", "~(gaps == 1) | flag", "count in [1, 2]", "`count` + gaps > 1",
        "text.str.len() > 2", "words.isnull()", "words.isin(['a'])", "not flag", "number > other",
    )),
    *({"row_condition": c, "condition_parser": "great_expectations"} for c in (
        'col("words") == "a"', 'col("count") >= 2', 'col("gaps").notnull()',
    )),
]  # fmt: skip
RULES: list[tuple[str, dict[str, Any]]] = [
    ("column_values_to_not_be_null", {"column": "text"}),
    ("column_values_to_be_null", {"column": "gaps"}),
    ("column_values_to_be_between", {"column": "number", "min_value": 0, "max_value": 3}),
    ("column_values_to_be_in_set", {"column": "text", "value_set": ["a", "Red mug"]}),
    ("column_values_to_match_regex", {"column": "text", "regex": "a(?=b)|e"}),
    ("column_value_lengths_to_be_between", {"column": "text", "max_value": 4}),
    ("column_values_to_be_unique", {"column": "id"}),
    ("column_values_to_be_json_parseable", {"column": "json"}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "number", "column_B": "other"}),
    ("column_pair_values_to_be_equal", {"column_A": "count", "column_B": "gaps"}),
    ("compound_columns_to_be_unique", {"column_list": ["id", "words"]}),
    ("multicolumn_sum_to_equal", {"column_list": ["count", "gaps"], "sum_total": 3}),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["count", "gaps"]}),
]


def drawn(rng: np.random.Generator) -> Suite:
    rules = []
    for n, (kind, kwargs) in enumerate(RULES):
        condition = CONDITIONS[int(rng.integers(len(CONDITIONS)))]
        share = {} if rng.random() < 0.4 else {"mostly": float(rng.choice([0.25, 0.5, 0.9]))}
        kwargs = {**kwargs, **condition, **share}
        rules.append({"type": f"expect_{kind}", "kwargs": kwargs, "meta": {"rule": f"{n} {kind}"}})
    return load_suite({"name": "some rows", "expectations": rules})


@pytest.mark.parametrize("seed", [*range(25), *(pytest.param(n, marks=pytest.mark.slow) for n in range(25, 150))])
def test_equal_to_plain_great_expectations(seed: int, plain_gx: Any) -> None:
    rng = np.random.default_rng(seed)
    table, rules = frame(rng), drawn(rng)
    verdict = judge(rules, {"listings": sharded(table, rules, rng)}, {})
    theirs = plain_gx(table.to_pandas(), rules)
    differ = []
    for ours in verdict.result["results"]:
        name, kwargs = ours["expectation_config"]["meta"]["rule"], ours["expectation_config"]["kwargs"]
        other = theirs[name]
        pairs = {"success": (ours["success"], other["success"])} | {
            key: (ours["result"].get(key), other["result"].get(key)) for key in COMPARED
        }
        assert not ours["exception_info"]["raised_exception"], ours
        differ += [(name, kwargs, key, a, b) for key, (a, b) in pairs.items() if not _same(a, b)]
    assert not differ


def suite(condition: Any, parser: str | None = None, kind: str = "column_values_to_not_be_null") -> dict[str, Any]:
    kwargs = {"column": "title", "row_condition": condition} | ({"condition_parser": parser} if parser else {})
    rule = {"type": f"expect_{kind}", "kwargs": kwargs, "meta": {"rule": "there"}}
    return {"name": "mine", "expectations": [rule]}


@pytest.mark.parametrize(
    ("condition", "parser", "says"),
    [
        ("price > price.mean()", "pandas", "it asks for .mean"),
        ("price.rank() > 1", None, "it asks for .rank"),
        ("title in brand", "pandas", "`in` is followed by something else"),
        ("title.isin(brand)", "pandas", "may look at other rows"),
        ("sin(price) > 0", "pandas", "may look at other rows"),
        ("price > @limit", "pandas", "names a variable"),
        ("[x for x in title]", "pandas", "it has a ListComp"),
        ("price >", "pandas", "invalid syntax"),
        ("", "pandas", "cannot be judged"),
        ("1 == 1", "pandas", "names no column"),
        ("price > 1", "great_expectations", "names no column"),
        ("price > 1", "spark", "condition_parser is 'spark', expected one of pandas, great_expectations"),
        ({"type": "nothing"}, None, "type is 'nothing', expected comparison"),
        ({"type": "comparison"}, None, "'column'"),
        ([1], None, "expected a text, or an object"),
    ],
)
def test_what_looks_at_more_than_one_row_is_refused(condition: Any, parser: str | None, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_suite(suite(condition, parser))
    assert says in str(error.value)


def test_of_numbers_of_a_column_it_says_what_to_do_instead() -> None:
    with pytest.raises(ConfigError, match=r"works on rules that name rows.*say it as one such rule"):
        load_suite(suite("price > 1", "pandas", "column_mean_to_be_between"))


SHOP = pd.DataFrame(
    {"id": ["a", "b", "c"], "title": [None, None, "mug"], "brand": ["x", "y", "x"], "my price": [1.0, 2.0, 3.0]}
)


def test_only_the_rows_that_are_meant_are_told() -> None:
    verdict = gate(SHOP, suite({**compares("brand", "==", "x")}))
    assert verdict.failures[0].message == ("there: 1 of 2 rows have no title where brand == 'x' (50.0%), none allowed")
    assert verdict.failing_rows is not None
    assert verdict.failing_rows["id"].to_pylist() == ["a"]
    verdict = gate(SHOP, suite("`my price` > 1.5"))
    assert verdict.failing_rows is not None
    assert verdict.failing_rows["id"].to_pylist() == ["b"]
    assert gate(SHOP, suite("brand == 'z'")).result["eclip"]["vacuous"] == ["there"]
    assert gate(SHOP.head(0), suite("brand == 'z'")).failures[0].rule == "empty"


@pytest.mark.parametrize("condition", ["maker == 'x'", "brand > 3", "brand + 1"])
def test_a_condition_that_cannot_be_evaluated_stops(condition: str) -> None:
    verdict = gate(SHOP, suite(condition))
    assert not verdict.passed
    assert "could not be evaluated" in verdict.failures[0].message


def test_failing_rows_of_all_rules_come_in_the_order_of_the_rows() -> None:
    rules = suite({**compares("brand", "==", "x")})
    rules["expectations"].append({"type": "expect_column_values_to_be_null", "kwargs": {"column": "brand"}})
    found = gate(SHOP, rules).failing_rows
    assert found is not None
    assert found["id"].to_pylist() == ["a", "a", "b", "c"]
