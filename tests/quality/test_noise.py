from __future__ import annotations

import pyarrow as pa
import pytest
from eclip.quality.noise import HOT, RULES, judge, pairs, score, share
from eclip.schemas.filter_config import FilterConfig, PlaceholderConfig
from eclip.schemas.listing import LISTINGS


def listings(*rows: dict[str, object]) -> pa.RecordBatch:
    full = [
        {
            "id": f"{n:02d}",
            "title": "a red mug",
            "photo_count": 1,
            "width": 300,
            "height": 300,
            "information": 3.0,
            "image_error": None,
            "phash": None,
            **row,
        }
        for n, row in enumerate(rows)
    ]
    return LISTINGS.conform(pa.RecordBatch.from_pylist(full))


def rules(
    *rows: dict[str, object], hot: pa.Table | None = None, config: FilterConfig | None = None
) -> list[str | None]:
    batch = listings(*rows)
    kept, rejected = judge(batch, score(batch, hot if hot is not None else HOT.empty_table()), config or FilterConfig())
    assert kept.num_rows + rejected.num_rows == batch.num_rows
    found = dict(zip(rejected["id"].to_pylist(), rejected["rule"].to_pylist(), strict=True))
    return [found.get(i) for i in batch["id"].to_pylist()]


def test_each_rule_at_its_threshold() -> None:
    assert rules(
        {}, {"width": 64, "height": 100}, {"width": 63, "height": 100}, {"width": 300, "height": 100}, {"width": 301, "height": 100},
        {"image_error": "truncated", "width": None, "height": None}, {"photo_count": 0, "width": None, "height": None},
    ) == [None, None, "tiny_photo", None, "odd_photo", "unreadable_photo", None]  # fmt: skip
    assert rules({"title": "ab"}, {"title": "a!"}, {"title": "러그"}, {"title": None}, {"title": "★ ★"}, {"title": "42"}) == [
        None, "short_title", None, "short_title", "short_title", None
    ]  # fmt: skip


HOT_PHOTO = {"phash": "00ff00ff00ff00ff", "information": 0.8}


@pytest.mark.parametrize(
    ("listing", "shared", "rejected"),
    [
        ({}, {}, True),
        ({"information": 2.0}, {}, False),  # there is something to see on it
        ({}, {"listings": 4}, False),  # few share it
        ({}, {"title_similarity": 0.5}, False),  # they sell the same
        ({}, {"brands": 1}, False),  # one maker's
    ],
)
def test_a_placeholder_is_all_four_at_once(listing: dict, shared: dict, rejected: bool) -> None:
    hot = pa.Table.from_pylist(
        [{"phash": HOT_PHOTO["phash"], "listings": 5, "title_similarity": 0.1, "brands": 2, **shared}], HOT
    )
    assert rules({**HOT_PHOTO, **listing}, hot=hot) == ["placeholder_photo" if rejected else None]
    off = FilterConfig(placeholder=PlaceholderConfig(min_listings=10_000))
    assert rules({**HOT_PHOTO, **listing}, hot=hot, config=off) == [None]


def test_scores_are_kept_as_columns_and_reasons_are_sentences() -> None:
    batch = listings({"width": 20, "height": 400, "title": ""})
    kept, rejected = judge(listings({}), score(listings({}), HOT.empty_table()), FilterConfig())
    assert kept["photo_min_side"].to_pylist() == [300]
    assert kept["title_characters"].to_pylist() == [7]
    row = judge(batch, score(batch, HOT.empty_table()), FilterConfig())[1].to_pylist()[0]
    assert row["rule"] == "tiny_photo"
    assert row["rules"] == ["tiny_photo", "odd_photo", "short_title"]
    assert row["detail"] == "20 x 400 pixels, the shorter side under 64"
    assert rejected.num_rows == 0


def test_sharing_is_described() -> None:
    alike = share("00", 2, pa.array(["a red mug", "a red mug!"]), 1)
    unlike = share("00", 700, pa.array(["a red mug", "oak table"]), 1)
    assert (alike["title_similarity"], alike["brands"], alike["listings"]) == (1.0, 1, 2)
    assert (unlike["title_similarity"] < 0.1, unlike["listings"]) == (True, 700)


def test_no_rows() -> None:
    batch = listings({}).slice(0, 0)
    kept, rejected = judge(batch, score(batch, HOT.empty_table()), FilterConfig())
    assert (kept.num_rows, rejected.num_rows) == (0, 0)
    assert "photo_aspect" in kept.schema.names


def test_what_was_put_back_is_kept_and_marked() -> None:
    tiny_one = {"width": 10, "height": 10}
    batch = listings(tiny_one, {**tiny_one, "title": "a"}, {**tiny_one, "title": "a"}, {})
    scores = score(batch, HOT.empty_table())
    tiny, short = RULES.index("tiny_photo"), RULES.index("short_title")
    spared = {"00": [tiny], "01": [tiny], "02": [tiny, short], "03": [tiny]}
    kept, lost = judge(batch, scores, FilterConfig(min_side=64), spared=spared)
    marks = dict(zip(kept["id"].to_pylist(), kept["put_back"].to_pylist(), strict=True))
    assert marks == {"00": "filter: tiny_photo", "02": "filter: tiny_photo, short_title", "03": None}
    assert (lost["id"].to_pylist(), lost["rules"].to_pylist()) == (["01"], [["short_title"]])


def test_only_pairs_that_could_fit_count_for_the_share_of_misfits() -> None:
    rows = [
        {"mismatched": 0.9},
        {"width": 20},
        {"title": "!"},
        {"phash": "aa", "information": 0.1},
        {"phash": "bb"},
        {},
    ]
    batch = listings(*({k: v for k, v in row.items() if k != "mismatched"} for row in rows))
    hot = pa.Table.from_pylist([{"phash": "aa", "listings": 99, "title_similarity": 0.0, "brands": 9},
                                {"phash": "bb", "listings": 99, "title_similarity": 0.0, "brands": 1}], HOT)  # fmt: skip
    scores = score(batch, hot, pa.array([0.9, 0.9, 0.9, 0.9, 0.9, None], pa.float32()))
    strict = FilterConfig.model_validate({"mismatch": {"max_score": 0.5}})
    for config in (FilterConfig(), strict):  # what is rejected for this alone is what is counted
        assert pairs(batch, scores, config).tolist() == [True, False, False, False, False, False]
