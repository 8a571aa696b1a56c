"""Quantiles, deviations, counts of values at any size: within the stated error, in any order, exact where it says so."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.gates.judge import judge
from eclip.quality.gates.masks import UnfitError
from eclip.quality.gates.measure import Measure, merge
from eclip.quality.gates.numbers import Moments, exact_squares
from eclip.quality.gates.quantiles import ERROR, EXACT, Quantiles
from eclip.quality.gates.suite import load_suite
from eclip.quality.gates.values import MOST, Distinct, Values

SHARES = [0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1]
DATA = {
    "prices": lambda rng: rng.lognormal(3, 2, 30_000),
    "signs": lambda rng: rng.normal(0, 1e6, 30_000),
    "tiny": lambda rng: rng.normal(0, 1e-300, 30_000),
    "huge": lambda rng: rng.uniform(-1, 1, 30_000) * 1.7e308,
    "zeros": lambda rng: np.where(rng.random(30_000) < 0.5, 0.0, rng.normal(0, 1, 30_000)),
    "infinite": lambda rng: np.concatenate([rng.normal(0, 1, 30_000), [math.inf] * 50, [-math.inf] * 50]),
}  # fmt: skip


def sharded(values: np.ndarray, shards: int) -> list[dict]:
    parts = []
    for shard in range(shards):
        state = Quantiles()
        for chunk in np.array_split(values[shard::shards], 3):
            state.add(pa.array(chunk))
        parts.append(json.loads(json.dumps(state.partial(), allow_nan=False)))
    return parts


def merged(parts: list[dict]) -> Quantiles:
    state = Quantiles()
    for part in parts:
        state.merge(part)
    return state


@pytest.mark.parametrize("name", DATA)
def test_every_quantile_is_within_the_stated_error(name: str) -> None:
    assert ERROR == 0.001  # as the README states it
    values = DATA[name](np.random.default_rng(0))
    state = merged(sharded(values, 7))
    for q in SHARES:
        true = float(pd.Series(values).quantile(q, interpolation="nearest"))
        assert state.quantile(q) == true or abs(state.quantile(q) - true) <= ERROR * abs(true) * 1.0001, (q, true)


def test_shards_may_be_merged_in_any_order() -> None:
    values = np.random.default_rng(1).lognormal(0, 1, 4 * EXACT)
    parts = sharded(values, 3)
    states = [merged(list(order)).partial() for order in itertools.permutations(parts)]
    assert all(state == states[0] for state in states)
    few = [merged(list(order)).partial() for order in itertools.permutations(sharded(values[: EXACT // 2], 3))]
    assert all(state == few[0] for state in few)
    assert few[0]["exact"] is not None


def test_few_distinct_values_are_exact() -> None:
    values = np.random.default_rng(2).integers(0, EXACT, 50_000).astype(float)
    state = merged(sharded(values, 5))
    for q in SHARES:
        assert state.quantile(q) == float(pd.Series(values).quantile(q, interpolation="nearest"))
    assert state.median() == float(np.median(values))


def test_a_gate_on_quantiles_agrees_unless_the_limit_lies_within_the_error(plain_gx) -> None:
    rng = np.random.default_rng(3)
    values = rng.lognormal(2, 1, 20_000)
    true = [float(pd.Series(values).quantile(q, interpolation="nearest")) for q in (0.1, 0.5, 0.9)]
    for away, within in ((1 + 3 * ERROR, True), (1 - 3 * ERROR, True), (1.5, True), (0.5, True), (1.0, False)):
        suite = load_suite({"name": "q", "expectations": [
            {"type": "expect_column_quantile_values_to_be_between", "meta": {"rule": "q"}, "kwargs": {"column": "x",
             "quantile_ranges": {"quantiles": [0.1, 0.5, 0.9], "value_ranges": [[None, t * away] for t in true]}}},
            {"type": "expect_column_median_to_be_between", "meta": {"rule": "m"},
             "kwargs": {"column": "x", "max_value": true[1] * away}}]})  # fmt: skip
        partials = []
        for shard in range(4):
            measure = Measure(suite.rules, "id")
            for batch in pa.table({"x": values[shard::4]}).to_batches(max_chunksize=1000):
                measure.add(batch)
            partials.append(measure.partial())
        ours = {r["expectation_config"]["meta"]["rule"]: r["success"]
                for r in judge(suite, {"listings": merge(partials)}, {}).result["results"]}  # fmt: skip
        theirs = {name: found["success"] for name, found in plain_gx(pd.DataFrame({"x": values}), suite).items()}
        assert ours == theirs or not within


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1.0, 1e8, 1e150])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_deviations_are_exact_however_near_the_values(scale: float, shift: float) -> None:
    values = (np.random.default_rng(4).normal(0, 1, 5000) + shift) * scale
    parts = []
    for chunk in np.array_split(values, 6):
        state = Moments()
        state.add(pa.array(chunk))
        parts.append(json.loads(json.dumps(state.partial())))
    found = []
    for order in (parts, parts[::-1]):
        total = Moments()
        for part in order:
            total.merge(part)
        found.append(total.stdev())
    assert found[0] == found[1]
    scaled = values / scale  # pandas squares 1e-200 to nothing
    assert found[0] == pytest.approx(float(np.std(scaled, ddof=1)) * scale, rel=1e-9)


def test_squares_are_summed_without_rounding() -> None:
    from fractions import Fraction

    rng = np.random.default_rng(5)
    values = rng.normal(0, 1, 300) * 10.0 ** rng.integers(-160, 150, 300)
    assert exact_squares(values) == sum(Fraction(v) ** 2 for v in values.tolist())


def test_distinct_ids_are_counted_at_any_size() -> None:
    state = Distinct()
    for chunk in (["a", "b", "b"], ["b", "c"], [None, "d"]):
        state.add(pa.array(chunk))
    other = Distinct()
    other.add(pa.array(["e", "e"]))
    state.merge(other.partial())
    assert (state.distinct, state.n) == (5, 8)
    with pytest.raises(UnfitError, match="not sorted"):
        state.add(pa.array(["a"]))


def test_too_many_values_are_not_counted_wrongly() -> None:
    state = Values()
    state.add(pa.array([str(n) for n in range(MOST)]))
    with pytest.raises(UnfitError, match="more than 100,000 distinct values"):
        state.add(pa.array(["one more"]))
