from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.gates.gate import gate
from eclip.schemas.errors import ConfigError, SourceError
from eclip.schemas.listing import LISTINGS

SUITE = {
    "name": "mine",
    "expectations": [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}, "meta": {"rule": "ids"}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "title"}, "severity": "warning",
         "meta": {"rule": "titles"}},
        {"type": "expect_column_to_exist", "kwargs": {"column": "price"}, "meta": {"rule": "price"}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "lost", "max_value": 0},
         "meta": {"rule": "lost", "dataset": "metrics"}},
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 0},
         "meta": {"rule": "none rejected", "dataset": "rejected"}},
    ],
}  # fmt: skip
COLUMNS = {
    "id": ["b", "a", "b"],
    "title": ["Mug", "<b>Pan</b>", None],
    "price": [1.0, None, 2.0],
    "other": [1, 2, 3],
}
SAID = """\
Gate mine: stopped; 1 of 3 rules hold, 1 critical, 1 warning
  critical ids: 2 of 3 values of id stand on more than one row (66.7%), none allowed
  warning  titles: 1 of 3 rows have no title (33.3%), none allowed
  not judged here: lost, none rejected"""


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table, pa.record_batch], ids=["pandas", "table", "batch"])
def test_frames_of_every_kind_get_the_same_verdict(make):
    verdict = gate(make(COLUMNS), SUITE)
    assert repr(verdict) == SAID
    assert verdict.result["eclip"]["left_out"] == ["lost", "none rejected"]


def test_chunks_are_joined():
    table = pa.concat_tables([pa.table(COLUMNS).slice(i, 1) for i in range(3)])
    assert repr(gate(table, SUITE)) == SAID


def test_batches_are_read_one_at_a_time_and_must_come_sorted():
    ordered = pa.table(COLUMNS).sort_by("id")
    assert repr(gate(iter(ordered.to_batches(max_chunksize=1)), SUITE)) == SAID
    assert repr(gate(ordered.to_reader(), SUITE)) == SAID
    unsorted = gate(pa.table(COLUMNS).to_batches(), SUITE)
    assert "not sorted" in unsorted.of("critical")[0].message


def test_polars_and_others_come_as_arrow_streams():
    class Frame:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.table(COLUMNS).__arrow_c_stream__(requested_schema)

    assert repr(gate(Frame(), SUITE)) == SAID


def test_metrics_are_judged_where_they_are_given():
    verdict = gate(pa.table(COLUMNS), SUITE, metrics={"lost": 2})
    assert "lost: lost is 2, expected at most 0" in [failure.message for failure in verdict.failures]


def test_parameters_come_with_the_suite_or_with_the_call():
    rule = {"type": "expect_table_row_count_to_be_between", "kwargs": {"max_value": {"$PARAMETER": "most * 2"}}}
    suite = {"name": "mine", "expectations": [rule], "suite_parameters": {"most": 1}}
    assert gate(pd.DataFrame({"id": ["a", "b"]}), suite).passed
    assert not gate(pd.DataFrame({"id": ["a", "b", "c"]}), suite).passed
    assert gate(pd.DataFrame({"id": ["a", "b", "c"]}), suite, parameters={"most": 2}).passed


def test_a_shipped_suite_by_its_name():
    rows = [{"id": i, "title": f"<b>Red mug {i}</b>" if i == "c" else f"Red mug {i}", "lang": "en"} for i in "abcd"]
    verdict = gate(LISTINGS.conform(pa.RecordBatch.from_pylist(rows)), "clean")
    assert verdict.passed
    assert [(f.rule, f.examples) for f in verdict.failures] == [("title_without_html", ("c",))]


def test_an_empty_frame_knows_its_columns():
    verdict = gate(pd.DataFrame(COLUMNS).head(0), SUITE)
    assert [failure.rule for failure in verdict.failures] == ["empty"]


def test_ids_may_be_numbers_and_frames_may_lack_them():
    assert gate(pd.DataFrame({"id": [2, 1], "title": ["a", None], "price": 0.0}), SUITE).failures[0].examples == ("1",)
    lone = {"name": "x", "expectations": [SUITE["expectations"][1]]}
    assert gate(pd.DataFrame({"title": [None, "a"]}), lone).failures[0].examples == ()


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table, pa.record_batch], ids=["pandas", "table", "batch"])
def test_rows_are_counted_where_no_rule_names_a_column(make):
    rows = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}
    assert gate(make({"other": [1, 2, 3]}), {"name": "x", "expectations": [rows]}).passed


def test_what_cannot_be_judged_is_said():
    with pytest.raises(ConfigError, match=r"no rule is about metrics; 6 rules need metrics="):
        gate(pa.table(COLUMNS), "pretrain")
    with pytest.raises(SourceError, match="does not fit Arrow's types"):
        gate(pd.DataFrame({"id": ["a", "b"], "title": [1, "x"], "price": 1.0}), SUITE)
    twice = pd.DataFrame([["a", "b"]], columns=["id", "id"])
    with pytest.raises(SourceError, match="Duplicate column names"):
        gate(twice, SUITE)
    with pytest.raises(SourceError, match="found dict"):
        gate([{"id": "a"}], SUITE)


def test_a_verdict_is_a_small_table_in_a_notebook():
    html = gate(pa.table(COLUMNS | {"title": ["<script>", None, None]}), SUITE)._repr_html_()
    assert html.count("<tr>") == 3
    assert "stopped" in html
    suite = {"name": "<x>", "expectations": SUITE["expectations"][1:2]}
    assert "<x>" not in gate(pa.table(COLUMNS), suite)._repr_html_()


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table], ids=["pandas", "table"])
def test_of_a_frame_any_column_can_be_unique(make):
    unique = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "gtin"}, "meta": {"rule": "gtins"}}
    suite = {"name": "mine", "expectations": [SUITE["expectations"][0], unique]}
    frame = make({"id": ["c", "b", "a", "d", "e"], "gtin": ["7", "9", "7", None, None]})
    verdict = gate(frame, suite)
    assert "2 of 3 values of gtin stand on more than one row" in repr(verdict)
    assert sorted(row["id"] for row in verdict.failing_rows.to_pylist()) == ["a", "c"]
    assert gate(make({"id": ["b", "a"], "gtin": ["7", "8"]}), suite).passed
    with pytest.raises(ConfigError, match="lie in two shards"):
        gate(pa.table({"id": ["a"], "gtin": ["7"]}).to_batches(), suite)
