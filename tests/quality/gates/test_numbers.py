from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.gates.masks import UnfitError
from eclip.quality.gates.numbers import Numbers, exact_sum, expansion
from hypothesis import given, settings
from hypothesis import strategies as st

floats = st.floats(allow_nan=False, allow_infinity=False)
anything = st.none() | st.floats()


@settings(max_examples=200, deadline=None)
@given(st.lists(floats, min_size=1, max_size=30))
def test_the_sum_is_exact(values):
    total = sum(map(Fraction, values), Fraction(0))
    assert exact_sum(np.array(values)) == total
    assert sum(map(Fraction, expansion(total)), Fraction(0)) == total


def of(*parts, kind=None):
    """Measure each part by itself, and merge what JSON keeps of them."""
    whole = Numbers()
    for part in parts:
        numbers = Numbers()
        numbers.add(pa.array(part, kind))
        whole.merge(json.loads(json.dumps(numbers.partial(), allow_nan=False)))
    return whole


@settings(max_examples=200, deadline=None)
@given(st.lists(anything, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_shards_in_any_order_give_the_same_numbers(values, a, b):
    a, b = sorted((a, b))
    parts = [values[:a], values[a:b], values[b:]]
    whole = of(values, kind=pa.float64())
    assert whole.partial() == of(*parts, kind=pa.float64()).partial() == of(*parts[::-1], kind=pa.float64()).partial()
    present = [v for v in values if v is not None and not math.isnan(v)]
    if present:
        assert whole.value("min") == min(present)
        assert whole.value("max") == max(present)
        if all(map(math.isfinite, present)):
            assert whole.value("mean") == float(sum(map(Fraction, present)) / len(present))
    else:
        assert whole.value("mean") is whole.value("min") is None


def test_one_large_number_does_not_swallow_small_ones():
    parts = [[1e16], [1.0] * 10, [-1e16]]
    assert of(*parts).value("mean") == 10 / 12
    assert np.array(parts[0] + parts[1] + parts[2]).sum() / 12 != 10 / 12


def test_whole_numbers_beyond_floats_keep_their_digits():
    high = of([2**62, 2**62 + 1], [2**62])
    assert (high.value("min"), high.value("max")) == (2**62, 2**62 + 1)
    assert of([2**64 - 1, 2**64 - 1], kind=pa.uint64()).partial()["sum"] == expansion(Fraction(2**65 - 2))
    assert of([-(2**63), -5], kind=pa.int64()).partial()["sum"] == expansion(Fraction(-(2**63) - 5))


def test_infinities_decide_the_mean():
    assert of([1.0, math.inf]).value("mean") == math.inf
    assert of([1.0], [-math.inf]).value("min") == -math.inf
    assert of([math.inf], [-math.inf]).value("mean") is None
    assert of([math.inf]).value("min") == math.inf


def test_booleans_have_a_share_and_times_have_ends():
    assert of([True, False, None, True]).value("mean") == pytest.approx(2 / 3)
    times = of([0], [10**15], kind=pa.timestamp("us", "Asia/Tokyo"))
    assert times.value("max").isoformat() == "2001-09-09T01:46:40+00:00"
    with pytest.raises(UnfitError, match="needs numbers"):
        times.value("mean")


def test_text_and_mixed_parts_do_not_fit():
    with pytest.raises(UnfitError, match="holds text"):
        of(["a"])
    numbers = of([1.0])
    with pytest.raises(UnfitError, match="times in one part"):
        numbers.add(pa.array([0], pa.timestamp("us")))


def test_zero_has_no_sign_whatever_comes_first():
    parts = []
    for values in ([-0.0], [0.0], [-0.0, 0.0]):
        part = Numbers()
        part.add(pa.array(values))
        parts.append(part.partial())
    for order in (parts, parts[::-1]):
        total = Numbers()
        for part in order:
            total.merge(part)
        assert [repr(total.value(name)) for name in ("min", "max")] == ["0.0", "0.0"]
