from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.gates import profile as module
from eclip.quality.gates.profile import DISTINCT, LENGTH_EDGES, NUMBER_EDGES, Profile, extract, merge
from eclip.schemas.listing import LISTINGS
from hypothesis import given, settings
from hypothesis import strategies as st

SCHEMA = pa.schema(
    [
        ("brand", pa.string()),
        ("mpn", pa.string()),
        ("price", pa.float64()),
        ("width", pa.int32()),
        ("accepted", pa.bool_()),
        ("updated_at", pa.timestamp("us", "UTC")),
        ("tags", pa.list_(pa.string())),
        ("jpeg", pa.binary()),
    ]
)
row = st.fixed_dictionaries(
    {
        "brand": st.none() | st.text("abc", max_size=3),
        "price": st.none() | st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf, -math.inf]),
        "width": st.none() | st.integers(-5, 2000),
        "accepted": st.none() | st.booleans(),
        "updated_at": st.none() | st.integers(0, 10**15),
        "tags": st.none() | st.lists(st.text("ab", max_size=2), max_size=3),
        "jpeg": st.none() | st.binary(max_size=4),
    }
)
rows = st.lists(row, max_size=25)


def of(values):
    profile = Profile()
    profile.add(pa.RecordBatch.from_pylist(values, schema=SCHEMA))
    return json.loads(json.dumps(profile.partial(), allow_nan=False))


def settled(partial):
    """Take out what rounds: the squares about the mean."""
    squares = {}
    value = json.loads(json.dumps(partial))
    for name, column in value["columns"].items():
        if "numbers" in column:
            squares[name] = column["numbers"].pop("m2")
    return value, squares


def equal(a, b):
    (a, squares_a), (b, squares_b) = settled(a), settled(b)
    assert a == b
    # Numbers up to 1e9 have squares up to 1e18; what is left after cancelling is that much less exact.
    assert squares_a == pytest.approx(squares_b, rel=1e-6, abs=1e3)


@settings(max_examples=50, deadline=None)
@given(rows, rows, rows)
def test_merging_is_associative_and_commutative_and_equals_one_pass(a, b, c):
    x, y, z = of(a), of(b), of(c)
    equal(merge([merge([x, y]), z]), merge([x, merge([y, z])]))
    equal(merge([x, y]), merge([y, x]))
    equal(merge([z, x, y]), of(c + a + b))
    assert merge([x]) == x


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.integers(1, 29))
def test_mean_and_deviation_are_numpy_s(values, cut):
    halves = [of([{"price": v} for v in part]) for part in (values[:cut], values[cut:])]
    column = extract(merge(halves))["columns"]["price"]
    assert column["mean"] == pytest.approx(np.mean(values), abs=1e-6)
    assert column["stdev"] == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-6)
    assert (column["min"], column["max"]) == (min(values), max(values))
    assert sum(n for _, _, n in column["histogram"]) == len(values)


def test_merging_does_not_change_what_is_merged():
    a, b = of([{"brand": "x", "price": 1.0}]), of([{"brand": "y", "price": 2.0}])
    before = json.dumps([a, b])
    merge([a, b, a])
    assert json.dumps([a, b]) == before


def test_what_is_extracted_is_for_people():
    values = [{"brand": "Acme", "price": 9.99, "width": 0, "accepted": True, "tags": ["a", "b"], "jpeg": b"123"}] * 3
    values += [{"brand": "ACME GmbH", "price": math.inf, "width": -20, "accepted": False, "updated_at": 0}]
    found = extract(of(values))
    assert found["rows"] == 4
    columns = found["columns"]
    assert columns["brand"]["top"] == [["Acme", 3], ["ACME GmbH", 1]]
    assert columns["brand"]["length"] == {
        "min": 4, "mean": 5.25, "max": 9, "histogram": [[3, 5, 3], [5, 10, 1]]}  # fmt: skip
    assert columns["price"]["infinite"] == 1
    assert columns["price"]["mean"] == 9.99
    assert columns["price"]["histogram"] == [[7.94328, 10.0, 3]]
    assert columns["width"]["histogram"] == [[-25.1189, -19.9526, 1], [-1e-6, 1e-6, 3]]
    assert (columns["accepted"]["true"], columns["accepted"]["false"]) == (3, 1)
    assert (columns["updated_at"]["min"], columns["updated_at"]["null_share"]) == (
        "1970-01-01T00:00:00+00:00",
        0.75,
    )
    assert columns["tags"]["length"]["mean"] == 2
    assert columns["jpeg"]["bytes"] == 9
    json.dumps(found, allow_nan=False)


def test_many_values_are_not_counted_and_it_is_said():
    many = [{"mpn": f"{i}"} for i in range(DISTINCT + 1)]
    for partial in (of(many), merge([of(many[:600]), of(many[600:])]), merge([of(many), of(many[:1])])):
        column = extract(partial)["columns"]["mpn"]
        assert column["top"] is None
        assert "more than 1,000 values" in column["top_left_out"]
    assert extract(of(many[:-1]))["columns"]["mpn"]["distinct"] == DISTINCT
    assert extract(of([{"mpn": "x" * 201}]))["columns"]["mpn"]["top"] is None


def test_counting_stops_where_it_was_given_up(monkeypatch):
    profile = Profile()
    profile.add(pa.RecordBatch.from_pylist([{"mpn": f"{i}"} for i in range(DISTINCT + 1)], schema=SCHEMA))
    monkeypatch.setattr(module, "_values", lambda *_: pytest.fail("counted again"))
    profile.add(pa.RecordBatch.from_pylist([{"mpn": "a"}], schema=SCHEMA))


def test_edges_are_sorted_and_cover_zero():
    assert sorted(set(NUMBER_EDGES)) == NUMBER_EDGES
    assert sorted(set(LENGTH_EDGES)) == LENGTH_EDGES
    assert NUMBER_EDGES[len(NUMBER_EDGES) // 2 - 1] == -1e-6


def test_every_column_of_a_dataset_has_a_profile():
    vector = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(8, np.float16)), 4)
    profile = Profile()
    profile.add(LISTINGS.empty())
    rows = pa.RecordBatch.from_pylist([{"id": "a", "attributes": [{"name": "n", "values": ["v"]}]}, {"id": "b"}])
    profile.add(LISTINGS.conform(rows))
    assert set(extract(profile.partial())["columns"]) == set(LISTINGS.schema.names)
    assert extract(profile.partial())["columns"]["attributes"]["length"]["max"] == 1
    other = Profile()
    other.add(pa.record_batch({"image": vector, "nothing": pa.nulls(2), "day": pa.array([0, 1], pa.date32())}))
    columns = extract(other.partial())["columns"]
    assert columns["image"]["bytes"] == 16
    assert columns["nothing"]["null_share"] == 1
    assert columns["day"]["max"] == "1970-01-02"


def test_shards_of_two_types_are_both_named():
    a, b = Profile(), Profile()
    a.add(pa.record_batch({"x": ["1"]}))
    b.add(pa.record_batch({"x": [1]}))
    column = extract(merge([a.partial(), b.partial()]))["columns"]["x"]
    assert column["type"] == "int64 | string"
    assert (column["max"], column["length"]["max"]) == (1, 1)


def test_numbers_whose_sum_or_square_leaves_float64_have_a_profile():
    for values in ([1e308] * 3, [1e200, 0.0, 1.0], [1e308, -1e308, 5e-324]):
        parts = []
        for value in values:
            part = Profile()
            part.add(pa.record_batch({"price": [value]}))
            parts.append(part.partial())
        whole = Profile()
        whole.add(pa.record_batch({"price": values}))
        merged, alone = (extract(each)["columns"]["price"] for each in (merge(parts), whole.partial()))
        json.dumps([merged, alone], allow_nan=False)
        assert {**merged, "stdev": None} == {**alone, "stdev": None}  # of shards of one row each there may be one
        assert merged["mean"] == pytest.approx(float(sum(map(Fraction, values)) / 3))
