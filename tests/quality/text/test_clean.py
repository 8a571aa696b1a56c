"""Titles cleaned in a notebook, from whatever holds them."""

from __future__ import annotations

import re

import pandas as pd
import polars
import pyarrow as pa
import pytest
from eclip.quality.text.clean import clean
from eclip.schemas.errors import ConfigError

RAW = "HOT SALE!! Red mug"


def test_a_list_may_hold_nulls_and_half_characters() -> None:
    assert clean(["red \ud800 mug", None, float("nan"), RAW]) == ["red ? mug", None, None, "Red mug"]  # type: ignore[list-item]


def test_the_first_raw_title_stays() -> None:
    frame = clean(clean(pd.DataFrame({"title": [RAW]})))
    assert frame.to_dict("list") == {"title": ["Red mug"], "title_raw": [RAW]}  # type: ignore[union-attr]
    table = clean(clean(pa.table({"title": [RAW]})))
    assert table.to_pydict() == {"title": ["Red mug"], "title_raw": [RAW]}  # type: ignore[union-attr]


def test_what_hands_its_columns_over_as_arrow_comes_back_as_arrow() -> None:
    table = clean(polars.DataFrame({"title": [RAW]}))  # type: ignore[arg-type]
    assert isinstance(table, pa.Table)
    assert table["title"].to_pylist() == ["Red mug"]


def test_a_series_comes_back_as_a_series() -> None:
    for dtype in (object, "str", pd.ArrowDtype(pa.string())):
        series = clean(pd.Series([RAW, None], index=[7, 9], name="title", dtype=dtype))  # type: ignore[call-overload]
        assert isinstance(series, pd.Series)
        assert (series.index.tolist(), series.name) == ([7, 9], "title")
        assert series.tolist() == ["Red mug", None]
    assert clean(polars.Series([RAW, None])) == ["Red mug", None]  # type: ignore[arg-type]


def test_one_string_is_no_list() -> None:
    with pytest.raises(ConfigError, match=r"got one string; give a list of titles"):
        clean(RAW)


@pytest.mark.parametrize("title", ["SALE SALE", "HOT SALE!!", "[FREE SHIPPING] SALE", "BUY NOW", "sale"])
def test_a_title_of_nothing_but_noise_phrases_keeps_its_words(title: str) -> None:
    (cleaned,) = clean([title])
    words = re.findall(r"\w+", cleaned.casefold())
    assert words
    assert set(words) <= set(re.findall(r"\w+", title.casefold()))
