from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from eclip.quality.noise import mismatch_limits
from eclip.quality.report.distance import filter_in_force, measures
from eclip.schemas.filter_config import FilterConfig, MismatchConfig

CONFIG = FilterConfig(min_side=64, max_aspect=3, min_characters=2, mismatch=MismatchConfig(max_score=0.5))


@pytest.mark.parametrize(
    ("scores", "rejecting", "otherwise"),
    [
        ({"photo_min_side": 52}, ["tiny_photo"], "filter.min_side were 52 or less"),
        ({"photo_min_side": 64}, [], ""),
        ({"photo_aspect": 3.5}, ["odd_photo"], "filter.max_aspect were 3.5 or more"),
        ({"title_characters": 1}, ["short_title"], "filter.min_characters were 1 or less"),
        ({"mismatch": 0.75}, ["mismatched_photo"], "filter.mismatch.max_score were 0.75 or more"),
        ({"mismatch": None}, [], ""),
    ],
)
def test_each_score_beside_its_limit(scores: dict, rejecting: list[str], otherwise: str) -> None:
    found = measures(scores, CONFIG)
    assert [m.rule for m in found if m.rejects] == rejecting
    assert [m.otherwise for m in found if m.rejects] == ([otherwise] if otherwise else [])


def test_the_worst_share_of_a_group_is_a_limit_too() -> None:
    (found,) = measures({"mismatch": 0.4}, CONFIG, worst=0.3)
    assert (found.rejects, found.limit, found.otherwise) == (True, 0.3, "filter.mismatch.share were smaller")


@pytest.mark.parametrize("limit", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_listing_just_at_the_limit_is_told_as_the_filter_judged_it(limit: float) -> None:
    at = np.float32(limit)
    scores = pa.array([np.nextafter(at, np.float32(0)), at, np.nextafter(at, np.float32(1))], pa.float32())
    config = FilterConfig(mismatch=MismatchConfig(max_score=limit))
    batch = pa.RecordBatch.from_pylist([{"id": "a", "category": None}] * 3)
    judged = pc.greater(scores, pa.array(mismatch_limits(batch, config.mismatch, {}))).to_pylist()
    found = [measures({"mismatch": score}, config)[0] for score in scores.to_pylist()]
    assert [m.rejects for m in found] == judged == [False, False, True]
    assert f"just the limit of {limit:g}" in found[1].said
    assert [f"under the limit of {limit:g}" in found[0].said, f"over the limit of {limit:g}" in found[2].said] == [
        True
    ] * 2


def test_a_placeholder_is_told_by_all_four() -> None:
    shared = {"photo_listings": 12, "information": -0.0, "photo_title_similarity": 0.07, "photo_brands": 7}
    (found,) = measures(shared, CONFIG)
    assert found.rejects
    assert "12 listings share it (at least 5)" in found.said
    assert "-0" not in found.said
    assert "filter.placeholder.min_listings were over 12" in found.otherwise
    (found,) = measures({**shared, "photo_brands": 1}, CONFIG)
    assert not found.rejects
    assert "they are of 1 brands (at least 2: no)" in found.said


def test_the_limits_that_were_in_force_are_read_from_the_attempt() -> None:
    settings = {**CONFIG.model_dump(), "own": {"mine": {}}, "put_back": "f00"}
    assert filter_in_force(settings) == CONFIG
