from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.duplicates.survivor import COLUMNS, rank, scores
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.listing import LISTINGS

ROWS = [
    {"title": "t", "seller": "own", "width": 100, "height": 100, "price": 5.0, "updated_at": dt.datetime(2024, 1, 1)},
    {"title": "t", "seller": "partner", "width": 50, "height": 50, "price": 3.0, "brand": "b",
     "updated_at": dt.datetime(2025, 1, 1)},
    {"title": "t", "seller": None, "width": None, "height": None, "price": None, "updated_at": None},
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "first"),
    [("photo", 0), ("attributes", 1), ("newest", 1), ("oldest", 0), ("cheapest", 1), ("trusted", 1)],
)
def test_each_part_of_the_rule(rule: str, first: int) -> None:
    config = DeduplicateConfig.model_validate({"survivor": [rule], "trusted_sellers": ["partner", "own"]})
    places = rank(scores(listings(), config))
    assert places.argmin() == first
    assert places[2] == places.max()  # what is not known never wins


def test_the_sellers_trusted_first_come_before_the_better_photo() -> None:
    config = DeduplicateConfig(trusted_sellers=["partner"])
    assert rank(scores(listings(), config)).tolist() == [1, 0, 2]
    assert rank(scores(listings(), DeduplicateConfig())).tolist() == [0, 1, 2]


def test_what_is_no_gtin_fills_nothing_in_and_a_seller_is_known_however_written() -> None:
    rows = [{"title": "t", "gtin": code, "seller": "NORTH "} for code in ("n/a", "12", "4006381333931")]
    table = pa.Table.from_pylist(rows, listings().schema)
    assert scores(table, DeduplicateConfig(survivor=["attributes"]))[:, 0].tolist() == [1, 1, 2]
    trusted = DeduplicateConfig(survivor=["trusted"], trusted_sellers=["south", "North"])
    assert set(scores(table, trusted)[:, 0].tolist()) == {-1.0}


def test_without_a_rule_all_are_equal() -> None:
    assert np.unique(rank(scores(listings(), DeduplicateConfig(survivor=[])))).tolist() == [0]


def listings() -> pa.Table:
    schema = pa.schema([LISTINGS.schema.field(name) for name in COLUMNS])
    return pa.Table.from_pylist(ROWS, schema)
