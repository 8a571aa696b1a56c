"""Drift against a baseline: what changed is named, what chance alone gives is not."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.gates.drift import FLOOR, METRICS, drift, psi, without_baseline
from eclip.quality.gates.profile import Profile, extract, merge


def profiled(parts: int = 1, **columns: Any) -> dict[str, Any]:
    """The profile of a table that was cut into parts."""
    table = pa.table(columns)
    partials = []
    schema = table.schema
    for part in range(parts):
        profile = Profile()
        profile.add(pa.RecordBatch.from_pylist([], schema=schema))
        for batch in table.take(pa.array(range(part, len(table), parts), pa.int64())).to_batches():
            profile.add(batch)
        partials.append(json.loads(json.dumps(profile.partial())))
    return extract(merge(partials))


def test_the_index_is_that_of_the_formula() -> None:
    then, now = [10, 20, 70], [30, 30, 40]
    expected = sum((b - a) / 100 * math.log(b / a) for a, b in zip(then, now, strict=True))
    assert psi(then, now) == pytest.approx(expected, rel=1e-12)
    assert psi(then, [3, 3, 4]) == pytest.approx(expected, rel=1e-12)  # shares count, not rows
    assert psi([], []) == psi([0, 5], [0, 0]) == 0.0


def test_an_empty_bin_is_floored() -> None:
    then, now = [100_000, 0], [90_000, 10_000]
    expected = (0.9 - 1) * math.log(0.9) + (0.1 - FLOOR) * math.log(0.1 / FLOOR)
    assert psi(then, now) == pytest.approx(expected)
    assert psi([20, 0], [19, 1]) < 0.06  # one row of twenty is little, whatever its bin


def test_equal_sources_are_stable_and_shards_do_not_matter() -> None:
    rng = np.random.default_rng(0)

    def export(n: int) -> dict[str, Any]:
        return {"price": rng.lognormal(3, 1, n), "category": rng.choice(list("abcdef"), n), "title": rng.choice(["x" * k for k in range(1, 90)], n)}  # fmt: skip

    for rows in (200, 2000, 20_000):
        one, other = export(rows), export(rows)
        found = drift(profiled(**one), profiled(**other), "history/1")
        assert {column["level"] for column in found["columns"].values()} == {"stable"}, rows
        assert found["metrics"]["largest_psi"] < 0.1
        assert drift(profiled(5, **one), profiled(3, **other), "history/1") == found


def test_an_index_is_judged_beyond_what_chance_makes_of_it() -> None:
    then, now = ["a"] * 60 + ["b"] * 40, ["a"] * 100 + ["b"] * 100
    found = drift(profiled(category=now), profiled(category=then), "history/1")
    column = found["columns"]["category"]
    assert column["psi"] == pytest.approx(psi([60, 40], [100, 100]))
    assert column["noise"] == pytest.approx((2 - 1) * (1 / 100 + 1 / 200))
    assert found["metrics"]["psi_category"] == pytest.approx(column["psi"] - column["noise"])


@pytest.mark.parametrize(
    ("column", "then", "now", "level"),
    [
        ("price", np.linspace(8, 9.9, 500), np.linspace(100, 120, 500), "shifted"),  # out of the baseline's only bin
        ("price", np.linspace(1, 100, 500), np.linspace(1, 100, 500) * 1.0, "stable"),
        ("width", [500, 1000] * 250, [500] * 200 + [32] * 300, "shifted"),  # sizes of photos
        ("lang", ["en"] * 400 + ["de"] * 100, ["en"] * 100 + ["de"] * 400, "shifted"),  # the mix of languages
        ("lang", ["en"] * 400 + ["de"] * 100, ["en"] * 400 + [None] * 100, "shifted"),
        ("price", [1.0] * 500, [None] * 500, "shifted"),  # emptied
        ("title", ["a" * 40] * 500, ["a" * 3] * 500, "shifted"),
        ("accepted", [True] * 500, [True] * 200 + [False] * 300, "shifted"),
    ],
)  # fmt: skip
def test_a_shift_is_named(column: str, then: Sequence[Any], now: Sequence[Any], level: str) -> None:
    kind = pa.float64() if column == "price" else None
    found = drift(profiled(**{column: pa.array(now, kind)}), profiled(**{column: pa.array(then, kind)}), "x")
    assert found["columns"][column]["level"] == level
    bins = found["columns"][column]["bins"]
    assert sum(each["then"] for each in bins) == sum(each["now"] for each in bins) == 500
    assert (found["metrics"][f"psi_{column}"] > 0.25) is (level == "shifted")


def test_bins_are_about_equally_full_and_open_at_both_ends() -> None:
    rng = np.random.default_rng(1)
    price = profiled(price=rng.lognormal(3, 1, 10_000))
    bins = drift(price, price, "x")["columns"]["price"]["bins"]
    assert bins[0]["from"] is None or bins[0]["then"]
    assert 8 <= len(bins) <= 12
    inner = [each["then"] for each in bins if each["then"]]
    assert max(inner) < 0.25 * 10_000


def test_new_and_vanished_classes_are_listed() -> None:
    then = profiled(category=["Toys"] * 4 + ["Mugs"] * 6, seller=["s1"] * 10)
    now = profiled(category=["Mugs"] * 15 + ["Pans"] * 5, seller=[f"s{k % 4 + 1}" for k in range(20)])
    found = drift(now, then, "history/7")
    assert found["baseline"] == "history/7"
    assert found["rows"] == {"then": 10, "now": 20}
    assert found["values"]["category"] == {
        "new": [["Pans", 5]], "new_count": 1, "new_share": 0.25,
        "vanished": [["Toys", 4]], "vanished_count": 1, "vanished_share": 0.4,
    }  # fmt: skip
    metrics = found["metrics"]
    assert (metrics["new_seller"], metrics["share_new_seller"], metrics["vanished_seller"]) == (3, 0.75, 0)
    assert metrics["row_ratio"] == 2.0
    json.dumps(found, allow_nan=False)


def test_more_classes_than_a_thousand_are_still_counted() -> None:
    then = profiled(seller=[f"s{k}" for k in range(1500)])
    now = profiled(seller=[f"s{k}" for k in range(1, 1501)])
    values = drift(now, then, "x")["values"]["seller"]
    assert (values["new"], values["vanished"]) == ([["s1500", 1]], [["s0", 1]])


def test_columns_come_and_go() -> None:
    then = profiled(a=[1, 2], b=["x", "y"], c=pa.array([None, None], pa.string()), id=["1", "2"])
    now = profiled(a=[1, 2], b=pa.array([None, None], pa.string()), c=["x", "y"], d=[1, 2], id=["3", "4"])
    found = drift(now, then, "x")
    assert (found["columns_new"], found["columns_gone"]) == (["c", "d"], ["b"])
    assert "id" not in found["columns"]


def test_nothing_is_no_drift() -> None:
    empty = profiled(price=pa.array([], pa.float64()))
    some = profiled(price=[1.0])
    assert drift(empty, some, "x")["columns"] == {}
    assert drift(some, empty, "x")["metrics"] == {"row_ratio": None, "largest_psi": None, "psi_price": None}


def test_a_column_that_is_empty_in_both_is_known_and_compares_nothing() -> None:
    """A rule on sellers must not stop a catalog without any, one on a column that does not exist must."""
    blank = profiled(seller=pa.array([None, None], pa.string()))
    metrics = drift(blank, blank, "x")["metrics"]
    assert metrics["share_vanished_seller"] is metrics["psi_seller"] is None
    assert "psi_sellers" not in metrics


def test_what_compares_is_unknown_without_a_baseline() -> None:
    names = ["rows_in", "psi_price", "share_new_category", "share_rejected", "row_ratio"]
    assert without_baseline(names) == {"psi_price": None, "share_new_category": None, "row_ratio": None}
    found = drift(profiled(category=["a"]), profiled(category=["a"]), "x")
    assert all(name.startswith(METRICS) for name in found["metrics"])


def test_bins_are_about_equally_full() -> None:
    prices = np.random.default_rng(0).lognormal(3, 1, 50_000)
    bins = drift(profiled(price=prices), profiled(price=prices), "x")["columns"]["price"]["bins"]
    shares = [each["then"] / 50_000 for each in bins]
    assert len(bins) >= 8
    assert shares[0] == pytest.approx(0.1, abs=0.05)
    assert max(shares) < 0.2
