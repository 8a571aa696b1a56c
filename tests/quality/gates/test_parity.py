"""Ours against plain Great Expectations on pandas: every type, random frames, shards of uneven size."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from eclip.quality.gates.judge import judge
from eclip.quality.gates.kinds import TYPES
from eclip.quality.gates.measure import Measure, merge
from eclip.quality.gates.suite import Suite, load_suite
from eclip.schemas.dataset import shard_of

WORDS = [None, "", "a", "Red mug", "красная кружка", "赤いマグ", "naïve café", "x1", "42", "٣٤",
         "two\nlines", "end\n", "tab\there", "a" * 40, "👟 shoe", "$9", "nan", "None", " "]  # fmt: skip
REGEXES = ["a", "^[A-Z]", r"\d", r"\w+", "[^a-z]", r"\s", "$", "e$", "(?i)mug", r"(?<!x)1", "[кр]|グ", "^.*$",
           r"\.", "x{0,2}1", "👟|é"]  # fmt: skip
NUMBERS = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, -1.5, 0.1, 0.5, 1.0, 3.0, 99.99, 1e-9, 1e16]
FRAMES = 200
JSON = [None, "1", "{", '{"a": 1}', '{"a": "b"}', "[1, 2]", "null", "NaN", ""]
COMPARED = ["element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent",
            "unexpected_percent_total", "unexpected_percent_nonmissing", "observed_value"]  # fmt: skip


def frame(rng: np.random.Generator) -> pa.Table:
    n = int(rng.integers(0, 60))
    pick = lambda values, p=None: [values[i] for i in rng.integers(0, len(values), n)]  # noqa: E731
    finite = [v for v in NUMBERS if v is None or math.isfinite(v)]
    ids = [f"id-{i}" for i in rng.integers(0, max(1, 2 * n), n)]
    times = [None, *rng.integers(0, 2 * 10**15, 5).tolist()]
    return pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "text": pa.array(pick(WORDS), pa.string()),
            "number": pa.array(pick(NUMBERS if rng.random() < 0.5 else finite), pa.float64()),
            "other": pa.array(pick(finite), pa.float64()),
            "single": pa.array(pick([v for v in finite if v is None or abs(v) < 100]), pa.float32()),
            "count": pa.array(pick([0, 1, 2, 3, -7, 2**40]), pa.int64()),
            "gaps": pa.array(pick([None, 0, 1, 5]), pa.int32()),
            "flag": pa.array(pick([True, False]), pa.bool_()),
            "time": pa.array(pick(times), pa.timestamp("us", "UTC")),
            "empty": pa.array([None] * n, pa.string()),
            "json": pa.array(pick(JSON), pa.string()),
            "date": pa.array(pick(["2026-01-31", "31.1.2026", "soon", "12:30", "2026-02-30", None]), pa.string()),
            "words": pa.array(pick(["a", "b", None]), pa.string()),
            "whole": pa.array(pick([0, 1, 2, 2**60 + 1, -(2**60)]), pa.int64()),
        }
    )


def suite(rng: np.random.Generator) -> Suite:
    """Every type that can be measured, with bounds and shares drawn so that rules pass and fail."""
    rules: list[tuple[str, dict[str, Any]]] = []

    def mostly() -> dict[str, float]:
        return {} if rng.random() < 0.4 else {"mostly": float(rng.choice([0.25, 0.5, 0.75, 0.9, 1.0]))}

    def bounds(low: float, high: float) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if rng.random() < 0.8:
            chosen |= {"min_value": low, "strict_min": bool(rng.random() < 0.5)}
        if rng.random() < 0.8 or not chosen:
            chosen |= {"max_value": high, "strict_max": bool(rng.random() < 0.5)}
        return chosen

    def add(kind: str, share: bool = True, **kwargs: Any) -> None:
        rules.append((f"expect_{kind}", kwargs | (mostly() if share else {})))

    for column in ("text", "number", "gaps", "empty", "id", "flag"):
        add("column_values_to_not_be_null", column=column)
        add("column_values_to_be_null", column=column)
    for column in ("number", "single", "count", "gaps", "flag"):
        add("column_values_to_be_between", column=column, **bounds(float(rng.choice([0, 0.1, 1])), 3))
        for name in ("mean", "min", "max"):
            add(f"column_{name}_to_be_between", share=False, column=column, **bounds(0, 1))
    day = "1990-01-01T00:00:00+00:00"
    add("column_values_to_be_between", column="time", **bounds(day, "2020-01-01T00:00:00+00:00"))
    add("column_min_to_be_between", share=False, column="time", min_value=day)
    add("column_max_to_be_between", share=False, column="time", max_value=day)
    for kind in ("to_be_in_set", "to_not_be_in_set"):
        add(f"column_values_{kind}", column="text", value_set=["a", "Red mug", "", "赤いマグ", 42])
        add(f"column_values_{kind}", column="number", value_set=[0, 0.1, 99.99, "1.0"])
        add(f"column_values_{kind}", column="count", value_set=[1, 2.0, 2.5, 2**40])
        add(f"column_values_{kind}", column="single", value_set=[0.5, 0.1, 3])
        add(f"column_values_{kind}", column="empty", value_set=["a"])
    for regex in REGEXES:
        add("column_values_to_match_regex", column="text", regex=regex)
        add("column_values_to_not_match_regex", column="text", regex=regex)
    add("column_value_lengths_to_be_between", column="text", **bounds(1, 8))
    add("column_value_lengths_to_be_between", column="empty", **bounds(1, 8))
    add("column_value_lengths_to_equal", column="text", value=3)
    add("column_values_to_be_unique", column="id")
    for column in ("text", "nowhere"):
        add("column_to_exist", share=False, column=column)
    add("table_row_count_to_be_between", share=False, **bounds(10, 50))
    add("table_row_count_to_equal", share=False, value=int(rng.integers(0, 60)))
    for ignore in ("both_values_are_missing", "either_value_is_missing", "neither"):
        pair = {"column_A": "number", "column_B": "other", "ignore_row_if": ignore}
        add("column_pair_values_a_to_be_greater_than_b", **pair, or_equal=bool(rng.random() < 0.5))
    add("column_pair_values_a_to_be_greater_than_b", column_A="count", column_B="number")
    for match_on in ("any", "all"):
        add("column_values_to_match_regex_list", column="text", regex_list=["a", "[кр]", r"\d"], match_on=match_on)
    add("column_values_to_match_regex_list", column="empty", regex_list=["a"])
    add("column_values_to_match_regex_list", column="text", regex_list=["a", "(?=1)"])  # RE2 has no look-ahead
    add("column_values_to_not_match_regex_list", column="text", regex_list=["^a", "e$"])
    add("column_values_to_be_json_parseable", column="json")
    add("column_values_to_be_json_parseable", column="empty")
    add("column_values_to_match_json_schema", column="json", json_schema={"type": "object"})
    add("column_values_to_be_dateutil_parseable", column="date")
    add("column_values_to_match_strftime_format", column="date", strftime_format="%Y-%m-%d")
    add("column_pair_values_to_be_equal", column_A="count", column_B="gaps")
    add("column_pair_values_to_be_equal", column_A="text", column_B="words", ignore_row_if="either_value_is_missing")
    add("column_pair_values_to_be_in_set", column_A="words", column_B="count", value_pairs_set=[["a", 1], ["b", 2]])
    for ignore in ("all_values_are_missing", "any_value_is_missing", "never"):
        add("compound_columns_to_be_unique", column_list=["id", "words"], ignore_row_if=ignore)
        add("multicolumn_values_to_be_equal", column_list=["text", "words"], ignore_row_if=ignore)
        add("select_column_values_to_be_unique_within_record", column_list=["count", "gaps"], ignore_row_if=ignore)
    add("compound_columns_to_be_unique", column_list=["gaps", "id", "number"])
    add("multicolumn_sum_to_equal", column_list=["count", "gaps"], sum_total=3)
    for column in ("number", "single", "count", "gaps", "other"):
        add("column_sum_to_be_between", share=False, column=column, **bounds(0, 100))
        add("column_stdev_to_be_between", share=False, column=column, **bounds(0.5, 2))
    add("column_stdev_to_be_between", share=False, column="whole", **bounds(0.5, 2))
    for column in ("number", "count", "gaps", "other"):
        add("column_median_to_be_between", share=False, column=column, **bounds(0, 1))
        how = {"allow_relative_error": str(rng.choice(["linear", "lower", "higher", "midpoint", "nearest"]))}
        add("column_quantile_values_to_be_between", share=False, column=column,
            quantile_ranges={"quantiles": [0, 0.05, 0.25, 0.5, 0.77, 1], "value_ranges": [[None, 5], [0, 3], [0, 3], [-1, 1], [0, None], [0, 1]]},
            **({} if rng.random() < 0.5 else how))  # fmt: skip
    for column in ("text", "number", "empty"):
        add("column_proportion_of_non_null_values_to_be_between", share=False, column=column, **bounds(0.5, 0.95))
    for column in ("id", "text", "number", "count", "flag", "empty"):
        add("column_unique_value_count_to_be_between", share=False, column=column, **bounds(3, 30))
        add("column_proportion_of_unique_values_to_be_between", share=False, column=column, **bounds(0.2, 0.9))
    for kind in ("to_be_in_set", "to_contain_set", "to_equal_set"):
        add(f"column_distinct_values_{kind}", share=False, column="words", value_set=["a", "b"])
        add(f"column_distinct_values_{kind}", share=False, column="count", value_set=[0, 1, 2, 3, -7.0])
        add(f"column_distinct_values_{kind}", share=False, column="flag", value_set=[True, False])
        add(f"column_distinct_values_{kind}", share=False, column="empty", value_set=["a"])
    for column, chosen in (("words", ["a"]), ("count", [0, 1, 2]), ("text", ["a", ""]), ("empty", ["a"])):
        ties = {"ties_okay": True} if rng.random() < 0.5 else {}
        add("column_most_common_value_to_be_in_set", share=False, column=column, value_set=chosen, **ties)
    for column, name in (
        ("count", "int64"),
        ("gaps", "float64"),
        ("gaps", "int32"),
        ("flag", "bool"),
        ("text", "str"),
        ("time", "datetime64"),
    ):
        add("column_values_to_be_of_type", share=False, column=column, type_=name)
        add("column_values_to_be_in_type_list", share=False, column=column, type_list=[name, "float32"])
    add("table_column_count_to_be_between", share=False, min_value=10, max_value=int(rng.choice([12, 20])))
    add("table_column_count_to_equal", share=False, value=int(rng.choice([13, 14])))
    names = [
        "id",
        "text",
        "number",
        "other",
        "single",
        "count",
        "gaps",
        "flag",
        "time",
        "empty",
        "json",
        "date",
        "words",
        "whole",
    ]
    add(
        "table_columns_to_match_set",
        share=False,
        column_set=names[:: int(rng.choice([-1, 2]))],
        exact_match=bool(rng.random() < 0.5),
    )
    add("table_columns_to_match_ordered_list", share=False, column_list=names[:: int(rng.choice([-1, 1]))])
    rules = [rules[i] for i in sorted(rng.choice(len(rules), 18, replace=False))]
    return load_suite(
        {
            "name": "parity",
            "expectations": [
                {"type": kind, "kwargs": kwargs, "meta": {"rule": f"{n} {kind}"}}
                for n, (kind, kwargs) in enumerate(rules)
            ],
        }
    )


def sharded(table: pa.Table, rules: Suite, rng: np.random.Generator) -> dict[str, Any]:
    """Measure as a run does: by shard of the id, sorted by id, in batches of any size."""
    shards = int(rng.integers(1, 6))
    where = shard_of(table["id"], shards)
    partials = []
    for shard in range(shards):
        part = table.filter(pa.array(where == shard))
        part = part.take(pc.sort_indices(part["id"]))
        measure = Measure(rules.of("listings"), "id")
        measure.add(pa.RecordBatch.from_pylist([], schema=table.schema))
        for batch in part.to_batches(max_chunksize=int(rng.integers(1, 30))):
            measure.add(batch)
        measure.end()
        partials.append(json.loads(json.dumps(measure.partial(), allow_nan=False)))
    rng.shuffle(partials)
    return merge(partials)


@pytest.mark.parametrize("seed", [*range(60), *(pytest.param(n, marks=pytest.mark.slow) for n in range(60, FRAMES))])
def test_equal_to_plain_great_expectations(seed, plain_gx):
    table, rules, rng = _draw(seed)
    verdict = judge(rules, {"listings": sharded(table, rules, rng)}, {})
    theirs = plain_gx(table.to_pandas(), rules)
    differ = []
    for ours in verdict.result["results"]:
        name = ours["expectation_config"]["meta"]["rule"]
        kwargs = ours["expectation_config"]["kwargs"]
        theirs_evaluated = theirs[name]["exception_info"].get("raised_exception") is False
        ours_evaluated = not ours["exception_info"]["raised_exception"]
        pairs = {
            "success": (ours["success"], theirs[name]["success"]),
            "evaluated": (ours_evaluated, theirs_evaluated),
        }
        for key in COMPARED:
            pairs[key] = ours["result"].get(key), theirs[name]["result"].get(key)
        differ += [
            (name, kwargs, key, a, b)
            for key, (a, b) in pairs.items()
            if not _same(a, b, kwargs.get("column") == "single")
        ]
    assert not differ


def _same(a: Any, b: Any, single: bool = False) -> bool:
    a, b = (v.item() if isinstance(v, np.generic) else v for v in (a, b))
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (a, b)]
    if all(numbers) and a == a and b == b:
        return math.isclose(a, b, rel_tol=1e-6 if single else 1e-12)  # pandas adds float32 as float32
    if isinstance(a, str) and numbers[1]:  # ours writes infinity as text, JSON has none
        return a == str(b)
    if isinstance(a, str) and isinstance(b, datetime.datetime):
        return datetime.datetime.fromisoformat(a) == b
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_same(a[key], b[key], single) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y, single) for x, y in zip(a, b, strict=True))
    missing = [v is None or v is pd.NaT or v != v or v == "nan" for v in (a, b)]
    return all(missing) or a == b


def test_the_comparison_covers_every_type():
    drawn = {rule.type for seed in range(FRAMES) for rule in _draw(seed)[1].rules}
    assert drawn == set(TYPES)
    assert len(TYPES) >= 25


def _draw(seed: int) -> tuple[pa.Table, Suite, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return frame(rng), suite(rng), rng
