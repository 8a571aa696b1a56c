"""Data that a gate meets on bad days: nothing, one row, columns of nulls, columns without number, hostile texts."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.gates.failures import LONGEST
from eclip.quality.gates.gate import gate
from eclip.quality.gates.kinds import TYPES
from eclip.quality.gates.suite import load_suite

ARGUMENTS: dict[str, Any] = {
    "column": "title", "column_A": "price", "column_B": "cost", "column_list": ["id", "title"], "column_set": ["id"],
    "value_set": ["a"], "regex": "a", "regex_list": ["a"], "value": 1, "json_schema": {"type": "object"},
    "strftime_format": "%Y", "value_pairs_set": [[1, 2]], "sum_total": 1, "type_": "str", "type_list": ["str"],
    "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]},
}  # fmt: skip
ABOUT_NUMBERS = ("mean", "min_to", "max_to", "sum_to", "stdev", "median", "quantile", "values_to_be_between")


def one(kind: str, **changes: Any) -> dict[str, Any]:
    kwargs = {name: ARGUMENTS[name] for name in TYPES[kind].required}
    if "min_value" in TYPES[kind].optional:
        kwargs["min_value"] = 0
    if "column" in kwargs and any(part in kind for part in ABOUT_NUMBERS) and "_a_to" not in kind:
        kwargs["column"] = "price"
    if kind.endswith("to_be_unique") and "column" in kwargs:
        kwargs["column"] = "id"
    if "sum_to_equal" in kind:
        kwargs["column_list"] = ["price", "cost"]
    return {"type": kind, "kwargs": kwargs | changes, "severity": "info", "meta": {"rule": "r"}}


SCHEMA = pa.schema([("id", pa.string()), ("title", pa.string()), ("price", pa.float64()), ("cost", pa.float64())])


def table(*rows: tuple[Any, ...]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)


CASES = {
    "zero rows": table(),
    "one row": table(("a", "mug", 1.0, 2.0)),
    "all null": table(("a", None, None, None), ("b", None, None, None)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", TYPES)
def test_every_type_says_what_plain_great_expectations_says(kind: str, case: str, plain_gx: Any) -> None:
    rows = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}, "meta": {"rule": "rows"}}
    raw = {"name": "x", "expectations": [one(kind), rows]}
    verdict = gate(CASES[case], raw)
    ours = verdict.result["results"][0]
    theirs = plain_gx(CASES[case].to_pandas(), load_suite(raw))["r"]
    assert ours["exception_info"]["raised_exception"] is not (theirs["exception_info"].get("raised_exception") is False)
    assert ours["success"] is theirs["success"]
    json.dumps(verdict.result, allow_nan=False)
    assert repr(verdict)


MAY_NAME_WHAT_IS_GONE = ("expect_column_to_exist", "expect_table_columns_to_match_ordered_list")
NAMES_COLUMNS = [
    kind
    for kind in TYPES
    if {"column", "column_A", "column_list"} & {*TYPES[kind].required} and kind not in MAY_NAME_WHAT_IS_GONE
]


@pytest.mark.parametrize("kind", NAMES_COLUMNS)
def test_a_missing_column_stops_whatever_the_severity(kind: str) -> None:
    """Trap 1, for every type that names a column."""
    names = [name for name in TYPES[kind].required if name.startswith("column")]
    gone = {name: ["id", "nowhere"] if name == "column_list" else "nowhere" for name in names[:1]}
    raw = one(kind, **gone)
    if kind == "expect_column_values_to_be_unique":
        raw["kwargs"]["column"] = "id"
    data = CASES["one row"].drop_columns(["id"]) if kind == "expect_column_values_to_be_unique" else CASES["one row"]
    verdict = gate(data, {"name": "x", "expectations": [raw]})
    assert not verdict.passed
    [failure] = verdict.failures
    assert failure.severity == "critical"
    assert "could not be evaluated" in failure.message


def test_five_thousand_columns_pass() -> None:
    wide = pd.DataFrame({f"c{n}": [n, n + 1] for n in range(5000)}).assign(id=["a", "b"])
    rules = [
        one("expect_column_values_to_not_be_null", column=f"c{n}") | {"meta": {"rule": f"r{n}"}} for n in range(5000)
    ]
    count = {"type": "expect_table_column_count_to_equal", "kwargs": {"value": 5001}, "meta": {"rule": "columns"}}
    verdict = gate(wide, {"name": "x", "expectations": [*rules, count]})
    assert verdict.passed
    assert not verdict.failures
    assert verdict.result["statistics"]["evaluated_expectations"] == 5001


def test_hostile_texts_stay_texts() -> None:
    texts = ["<script>alert(1)</script>", "=cmd()", "\u202eevil", "x" * 1_000_000]
    data = pa.table({"id": texts, "title": texts})
    verdict = gate(
        data, {"name": "<x>", "expectations": [one("expect_column_values_to_be_null") | {"severity": "warning"}]}
    )
    assert verdict.failing_rows is not None
    assert verdict.failing_rows.num_rows == 4
    assert max(map(len, verdict.failing_rows["value"].to_pylist())) == LONGEST
    assert "<script>" not in verdict._repr_html_()


def test_failing_rows_are_all_of_them_in_the_order_of_the_data() -> None:
    rows = [(f"{n:04}", "mug" if n % 3 else None, float(n), None) for n in range(500)]
    raw = {"name": "x", "expectations": [
        one("expect_column_values_to_not_be_null") | {"meta": {"rule": "titles"}},
        one("expect_column_values_to_be_between", max_value=99.5, mostly=0.1) | {"meta": {"rule": "prices"}},
        one("expect_column_values_to_be_unique") | {"meta": {"rule": "ids"}},
        one("expect_compound_columns_to_be_unique") | {"meta": {"rule": "both"}},
    ]}  # fmt: skip
    doubled = pa.concat_tables([table(*rows), table(*rows[:2])])
    found = gate(doubled, raw).failing_rows
    assert found is not None
    by_rule = {
        rule: [row for row in found.to_pylist() if row["rule"] == rule] for rule in found["rule"].unique().to_pylist()
    }
    assert len(by_rule["titles"]) == 168
    assert [row["value"] for row in by_rule["prices"]] == [f"{n}" for n in range(100, 500)]
    assert [row["id"] for row in by_rule["ids"]] == ["0000", "0000", "0001", "0001"]
    assert [row["value"] for row in by_rule["both"]] == [
        '["0000", null]',
        '["0000", null]',
        '["0001", "mug"]',
        '["0001", "mug"]',
    ]
    assert found["id"].to_pylist() == sorted(found["id"].to_pylist())


UNIQUE = {"name": "x", "expectations": [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "odd"}, "severity": "info"},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "odd", "regex": "a(?=b)"}, "severity": "info"},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "odd"}},
]}  # fmt: skip


@pytest.mark.parametrize("in_batches", [False, True])
def test_texts_that_are_views_are_judged_as_other_texts(in_batches: bool) -> None:
    texts = ["ab", None, "ab", "a text too long to be kept in the view itself"]
    suite = {"name": "x", "expectations": UNIQUE["expectations"][1:]} if in_batches else UNIQUE
    found = []
    for kind in (pa.string_view(), pa.string()):
        rows = pa.table({"id": pa.array(list("abcd"), kind), "odd": pa.array(texts, kind)})
        verdict = gate(rows.to_batches() if in_batches else rows, suite)
        assert verdict.failing_rows is not None
        found.append((verdict.result, verdict.failing_rows.to_pylist()))
    assert found[0] == found[1]
    assert "not_evaluated" in found[0][0]["eclip"]
    assert found[0][0]["eclip"]["not_evaluated"] == []


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1], [1], None]), pa.array([{"a": 1}, None, {"a": 1}]), pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int8())),
    ],
    ids=["list", "struct", "map"],
)  # fmt: skip
def test_a_column_that_has_no_order_is_not_evaluated_and_stops(values: pa.Array) -> None:
    verdict = gate(pa.table({"id": ["a", "b", "c"], "odd": values}), UNIQUE)
    assert not verdict.passed
    assert "column_values_to_be_unique_odd" in verdict.result["eclip"]["not_evaluated"]


def test_half_floats_and_dictionaries_with_nothing_in_them_are_judged() -> None:
    halves = gate(pa.table({"id": list("abc"), "odd": np.array([1, 2, 1], np.float16)}), UNIQUE)
    assert [sorted(f.examples) for f in halves.failures if "be_unique" in f.rule] == [["a", "c"]]
    odd = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["ab", None]))
    texts = gate(pa.table({"id": list("abc"), "odd": odd}), UNIQUE)
    assert texts.result["eclip"]["not_evaluated"] == []
    assert texts.failures[0].message.endswith("2 of 3 rows have no odd (66.7%), none allowed")
