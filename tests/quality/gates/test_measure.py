from __future__ import annotations

import itertools
import json

import pyarrow as pa
import pytest
import xxhash
from eclip.quality.gates.examples import LIMIT, collect, lowest
from eclip.quality.gates.measure import Measure, columns, merge
from eclip.quality.gates.rule import Rule
from eclip.schemas.listing import LISTINGS
from hypothesis import given, settings
from hypothesis import strategies as st

NULL = Rule("present", "expect_column_values_to_not_be_null", {"column": "title"})
SHORT = Rule("short", "expect_column_value_lengths_to_be_between", {"column": "title", "max_value": 2})
UNIQUE = Rule("unique", "expect_column_values_to_be_unique", {"column": "id"})
MEAN = Rule("mean", "expect_column_mean_to_be_between", {"column": "price", "min_value": 0})
PAIR = Rule("pair", "expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "price", "column_B": "cost"})
ROWS = Rule("rows", "expect_table_row_count_to_be_between", {"min_value": 1})
RULES = [NULL, SHORT, UNIQUE, MEAN, PAIR, ROWS]

rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 20).map(lambda i: f"{i:02}"),
            "title": st.none() | st.text("abc", max_size=4),
            "price": st.none() | st.floats(-10, 10),
            "cost": st.none() | st.floats(-10, 10),
        }
    ),
    max_size=40,
).map(lambda found: sorted(found, key=lambda row: row["id"]))
SCHEMA = pa.schema([("id", pa.string()), ("title", pa.string()), ("price", pa.float64()), ("cost", pa.float64())])


def measured(values, *cuts, rules=RULES):
    measure = Measure(rules, "id")
    for start, stop in itertools.pairwise([0, *sorted(cuts), len(values)]):
        measure.add(pa.RecordBatch.from_pylist(values[start:stop], schema=SCHEMA))
    return json.loads(json.dumps(measure.partial(), allow_nan=False))


@settings(max_examples=80, deadline=None)
@given(rows, st.lists(st.integers(0, 40), max_size=5))
def test_batches_may_be_cut_anywhere(values, cuts):
    assert measured(values, *(min(cut, len(values)) for cut in cuts)) == measured(values)


@settings(max_examples=80, deadline=None)
@given(rows, st.integers(1, 4), st.randoms(use_true_random=False))
def test_shards_may_be_merged_in_any_order(values, shards, random):
    parts = [[row for row in values if int(row["id"]) % shards == shard] for shard in range(shards)]
    partials = [measured(part) for part in parts]
    random.shuffle(partials)
    whole = measured(values)
    assert merge(partials) == merge([whole])
    halves = [merge(partials[: shards // 2]), merge(partials[shards // 2 :])]
    assert merge(halves if shards > 1 else halves[1:]) == merge([whole])


def test_the_members_of_a_run_count_across_batches():
    ids = ["a", "b", "b", "b", "c", "d", "d"]
    for cuts in itertools.combinations_with_replacement(range(len(ids) + 1), 3):
        found = measured([{"id": i} for i in ids], *cuts)["rules"]["unique"]
        assert found["unexpected"] == 5
        assert {name for name, _ in found["examples"]} == {"b", "d"}


def test_uniqueness_of_unsorted_rows_is_not_claimed():
    found = measured([{"id": "a"}, {"id": "b"}, {"id": "a"}])["rules"]["unique"]
    assert "not sorted" in found["error"]
    assert "not sorted" in measured([{"id": "b"}, {"id": "a"}], 1)["rules"]["unique"]["error"]


def test_examples_are_those_of_lowest_hash():
    values = [{"id": f"{i:03}", "title": None} for i in range(100)]
    examples = measured(values, 30, 60)["rules"]["present"]["examples"]
    ranked = sorted((row["id"] for row in values), key=lambda i: xxhash.xxh64_intdigest(i.encode()))
    assert [name for name, _ in examples] == ranked[:LIMIT]


def test_examples_without_ids_and_of_any_value_can_be_kept():
    values = pa.array([b"abc", b"d"])
    assert sorted(collect(None, values), key=str) == [[None, "1 bytes"], [None, "3 bytes"]]
    long = collect(pa.array(["a"]), pa.array(["x" * 1000]))[0][1]
    assert len(long) == 200
    json.dumps(collect(pa.array([1]), pa.array([float("inf")]), pa.array([[1, 2]])), allow_nan=False)
    assert lowest([]) == []


def test_a_column_that_is_not_there_is_written_down():
    measure = Measure([*RULES, Rule("regex", "expect_column_values_to_match_regex", {"column": "price", "regex": "1"})])
    measure.add(pa.record_batch({"id": ["a"], "price": [1.0]}))
    partial = measure.partial()
    assert partial["rules"]["present"]["error"] == "there is no column 'title', or more than one"
    assert "needs text" in partial["rules"]["regex"]["error"]
    assert partial["aggregates"]["numbers:price"]["error"] is None
    assert partial["columns"] == ["id", "price"]


KINDS = [pa.list_(pa.int8()), pa.struct([("a", pa.int8())]), pa.month_day_nano_interval(), pa.binary(),
         pa.null(), pa.duration("s"), pa.map_(pa.string(), pa.int8())]  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_column_makes_a_worker_fail(rule, kind):
    value = {"list": [1], "struct": {"a": 1}, "map": [("a", 1)], "binary": b"a", "duration": 1}
    name = str(kind).split("<")[0].split("[")[0]
    column = pa.array([value.get(name, pa.MonthDayNano([1, 1, 1])) if name != "null" else None] * 2, kind)
    measure = Measure([rule], "id")
    measure.add(pa.record_batch({"id": column, "title": column, "price": column, "cost": column}))
    json.dumps(merge([measure.partial()]), allow_nan=False)


def test_a_rule_not_measured_everywhere_is_not_measured():
    both = merge([measured([{"id": "a"}]), measured([{"id": "b"}], rules=[UNIQUE])])
    assert both["rules"]["present"]["error"] == "was not measured in every shard"
    assert both["rules"]["unique"]["error"] is None


def test_an_error_in_one_shard_stays():
    good, bad = measured([{"id": "a"}]), measured([{"id": "b"}, {"id": "a"}])
    for order in ([good, bad], [bad, good]):
        assert "not sorted" in merge(order)["rules"]["unique"]["error"]


def test_columns_of_a_part_without_batches_are_not_known_and_do_not_count():
    nothing = Measure(RULES, "id").partial()
    assert nothing["columns"] is None
    assert merge([nothing, measured([{"id": "a"}])])["columns"] == SCHEMA.names
    empty = Measure([NULL], "id")
    empty.add(LISTINGS.empty())
    assert "title" in empty.partial()["columns"]
    assert merge([]) == merge([nothing, {}]) | {"rules": {}, "aggregates": {}}


def test_columns_to_read_are_those_that_rules_name():
    assert columns(RULES, "id") == ["id", "title", "price", "cost"]
    assert columns([ROWS]) == []


@pytest.mark.parametrize(("one", "other"), [(None, float("nan")), (0.0, -0.0)])
def test_what_pandas_takes_for_equal_is_equal(one: float | None, other: float) -> None:
    rule = Rule("both", "expect_compound_columns_to_be_unique", {"column_list": ["id", "price"]})
    measure = Measure([rule], "id")
    measure.add(pa.record_batch({"id": ["a", "a", "b"], "price": pa.array([one, other, 1.0], pa.float64())}))
    measure.end()
    assert measure.partial()["rules"]["both"]["unexpected"] == 2
