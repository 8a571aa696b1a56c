from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.gates import masks
from eclip.quality.gates.masks import UnfitError, missing, pair, plain, unexpected
from hypothesis import given, settings
from hypothesis import strategies as st

REGEX = "expect_column_values_to_match_regex"
BETWEEN = "expect_column_values_to_be_between"
PATTERNS = ["a", "^a", "[^a]", "a.c", "b|c", "(ab)+", "a*?b", "[а-я]", r"\.", r"\-", "a{2,3}", "x{0,2}1", "]",
            "a|", "[a-c]{2}", "é", ".", "^.{2}"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PATTERNS), st.lists(st.text("abcABC123.-]xéя\n 👟", max_size=6), min_size=1, max_size=8))
def test_where_arrow_matches_it_matches_as_python_does(pattern, texts):
    assert not masks._MAY_DIFFER.search(pattern)
    bad = unexpected(REGEX, {"regex": pattern}, plain(pa.array(texts)))
    assert bad.tolist() == [re.search(pattern, text) is None for text in texts]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(r"^\w+$", "кружка"), (r"\d", "٣"), ("e$", "the\n"), (r"a\b", "aé"), ("(?i)É", "é"), ("(?<=a)b", "ab"),
     (r"a\sb", "a\u2003b"), ("a++b", "aab"), ("(.)\\1", "xx")],
)  # fmt: skip
def test_where_engines_differ_python_decides(pattern, text):
    values = plain(pa.array([text]))
    assert unexpected(REGEX, {"regex": pattern}, values).tolist() == [re.search(pattern, text) is None]


def test_nan_is_missing_and_infinity_is_not():
    assert missing(pa.array([1.0, float("nan"), None, float("inf")])).tolist() == [False, True, True, False]
    half = plain(pa.array(np.array([1, np.nan], np.float16)))
    assert missing(half).tolist() == [False, True]


@pytest.mark.parametrize("make", [
    lambda: pa.array(["a", "bb", "a"]).dictionary_encode(),
    lambda: pa.array(["a", "bb", "a"], pa.string_view()),
    lambda: pa.array(["a", "bb", "a"], pa.large_string()),
])  # fmt: skip
def test_text_is_text_however_it_is_stored(make):
    kwargs = {"value": 1}
    assert unexpected("expect_column_value_lengths_to_equal", kwargs, plain(make())).tolist() == [
        False,
        True,
        False,
    ]


def test_large_whole_numbers_do_not_meet_their_neighbours():
    values = pa.array([2**53, 2**53 + 1])
    assert unexpected("expect_column_values_to_be_in_set", {"value_set": [2**53]}, values).tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("kind", "kwargs", "values", "message"),
    [
        (REGEX, {"regex": "1"}, pa.array([1]), "needs text, the column holds int64"),
        ("expect_column_value_lengths_to_equal", {"value": 1}, pa.array([1.0]), "needs text"),
        (BETWEEN, {"min_value": 0}, pa.array(["1"]), "the bounds 0 do not go with a column of text"),
        (BETWEEN, {"min_value": "2026-01-01"}, pa.array([1]), "do not go with a column of int64"),
        (
            BETWEEN,
            {"min_value": "2026-01-01"},
            pa.array([0], pa.timestamp("us", "UTC")),
            "the bound has none",
        ),
        (
            BETWEEN,
            {"min_value": "2026-01-01T00+00:00"},
            pa.array([0], pa.timestamp("us")),
            "bound has a time zone",
        ),
        (BETWEEN, {"min_value": 1}, pa.array([[1]]), r"list<"),
        ("expect_column_values_to_be_in_set", {"value_set": ["a"]}, pa.array([[1]]), "needs numbers"),
    ],
)
def test_a_column_that_does_not_fit_the_rule_is_named(kind, kwargs, values, message):
    with pytest.raises(UnfitError, match=message):
        unexpected(kind, kwargs, plain(values))


def test_columns_that_do_not_compare_are_named():
    kwargs = {"column_A": "a", "column_B": "b"}
    with pytest.raises(UnfitError, match="'a' is int64 and 'b' large_string"):
        pair(kwargs, pa.array([1]), plain(pa.array(["1"])))


def test_times_and_days_have_bounds():
    days = pa.array([0, 20_000], pa.date32())
    assert unexpected(BETWEEN, {"min_value": "2000-01-01"}, days).tolist() == [True, False]
    times = pa.array([0, 10**12], pa.timestamp("ms", "Europe/Berlin"))
    assert unexpected(BETWEEN, {"max_value": "1999-01-01T00:00+01:00"}, times).tolist() == [False, True]
