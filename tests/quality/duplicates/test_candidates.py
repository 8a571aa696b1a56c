"""Verification inside buckets against all pairs compared by hand."""

from __future__ import annotations

import random
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.duplicates.find import find_duplicates
from eclip.quality.duplicates.frame import listings_of
from eclip.quality.duplicates.signs import signs
from eclip.quality.text.normalise import normalise
from eclip.schemas.deduplicate_config import DeduplicateConfig, LinkConfig
from eclip.schemas.errors import ConfigError, SourceError
from eclip.schemas.listing import IMAGES
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

ADJECTIVES = ("sturdy", "modern", "classic", "cosy", "elegant", "retro", "slim", "robust")
THINGS = (
    "ceramic coffee mug",
    "oak dining table",
    "running shoes",
    "wall clock",
    "linen cushion",
    "glass teapot",
    "desk lamp",
)
MAKERS = ("Velmo", "Kestrel", "Nordhaus", "Tarn", "Ostrava", "Lumea", "Brixton", "Halden", "Pico", "Sorrel")


def catalog(rows: int, seed: int = 0) -> pd.DataFrame:
    """Titles with near duplicates: words in another order, one left out, another added."""
    draw = random.Random(seed)
    titles: list[str] = []
    while len(titles) < rows:
        words = [draw.choice(MAKERS), draw.choice(ADJECTIVES), *draw.choice(THINGS).split(), draw.choice(ADJECTIVES)]
        titles.append(" ".join(words))
        for _ in range(draw.choice([0, 0, 0, 1, 2])):
            other = words[:]
            draw.shuffle(other)
            titles.append(" ".join(other[: len(other) - draw.choice([0, 1])]))
    return pd.DataFrame({"title": titles[:rows], "seller": [draw.choice("st") for _ in range(rows)]})


def similar(titles: list[str], floor: float) -> dict[tuple[int, int], float]:
    """All pairs, each compared by hand."""
    plain = normalise(pa.array(titles)).to_pylist()
    sets = [{t[i : i + 3] for i in range(len(t) - 2)} for t in plain]
    found = {}
    for i, one in enumerate(sets):
        for j in range(i + 1, len(sets)):
            value = len(one & sets[j]) / len(one | sets[j])
            if value >= floor:
                found[i, j] = value
    return found


def test_links_are_exact_and_most_pairs_are_found() -> None:
    df = catalog(400)
    by_words = LinkConfig(word_similarity=1, nearest=0)
    found = find_duplicates(df, config=DeduplicateConfig(leaders=400, store_floor=0.6, max_links=400, links=by_words))
    truth = similar(df["title"].tolist(), 0.6)
    pairs = pd.concat([found.links.rename(columns={"left_id": "a", "right_id": "b", "similarity": "text_similarity"}),
                       found.dropped.rename(columns={"dropped_id": "a", "kept_id": "b"})])  # fmt: skip
    ours = {
        (min(int(a), int(b)), max(int(a), int(b))): s
        for a, b, s in zip(pairs.a, pairs.b, pairs.text_similarity, strict=True)
    }
    assert all(abs(truth[pair] - value) < 1e-6 for pair, value in ours.items() if pair in truth)
    words = [set(title.lower().split()) for title in df["title"]]
    assert all(words[a] == words[b] for a, b in ours if (a, b) not in truth)
    # Pairs of which one was dropped are not linked again. Of a group that resembles its leader the others are not compared
    # with each other in that bucket: these pairs may be missing, the group is not.
    gone = set(found.dropped["dropped_id"].astype(int))
    expected = {pair for pair in truth if not gone & set(pair)}
    assert len(expected & set(ours)) >= 0.9 * len(expected)
    graph = coo_matrix((np.ones(len(ours)), np.array(list(ours)).T), shape=(len(df), len(df)))
    _, joined = connected_components(graph, directed=False)
    assert sum(joined[a] == joined[b] for a, b in expected) >= 0.99 * len(expected)


def test_few_leaders_keep_the_work_bounded_and_still_join_each_group() -> None:
    df = pd.DataFrame({"title": ["velmo ceramic coffee mug"] * 3000, "seller": ["s"] * 3000})
    found = find_duplicates(df, seller="seller")
    assert len(found.dropped) == 2999
    assert found.dropped["kept_id"].nunique() == 1
    assert len(found.links) == 0


def test_copies_of_one_seller_are_found_behind_those_of_others() -> None:
    # In one bucket a listing of another seller comes first; the two of seller t must still meet.
    rows = [("x", "velmo mug cosy 1"), *(("t", "velmo mug cosy 1") for _ in range(2)), ("y", "velmo mug cosy 1")]
    df = pd.DataFrame(
        [{"id": f"{seller}{n}", "title": title, "shop": seller} for n, (seller, title) in enumerate(rows)]
    )
    for seed in range(5):
        found = find_duplicates(df.assign(id=df["id"] + str(seed)), id="id", seller="shop")
        assert sorted(i[0] for i in found.dropped["dropped_id"]) == ["t"]


def test_a_variant_does_not_stand_between_two_duplicates() -> None:
    titles = ["velmo ceramic coffee mug modern red 300 ml"] * 1 + ["velmo ceramic coffee mug modern blue 300 ml"] * 2
    for seed in range(6):
        df = pd.DataFrame({"id": [f"{k}-{seed}" for k in range(3)], "title": titles, "shop": "s"})
        found = find_duplicates(df, id="id", seller="shop", config=DeduplicateConfig(leaders=2))
        assert [set(r) for r in found.dropped[["dropped_id", "kept_id"]].values.tolist()] == [
            {f"1-{seed}", f"2-{seed}"}
        ]
        assert set(found.links["veto"]) == {"colour"}


def test_hot_photos_and_empty_titles_make_no_keys() -> None:
    rows = pa.RecordBatch.from_pydict(
        {"id": ["a", "b"], "title": ["", None], "seller": ["s", "s"], "gtin": pa.nulls(2, pa.string()), "mpn": pa.nulls(2, pa.string()),
         "brand": pa.nulls(2, pa.string()), "attributes": pa.nulls(2), "phash": ["8000000000000000"] * 2}
    )  # fmt: skip
    hot, none = np.array([1 << 63], np.uint64), np.zeros(0, np.uint64)
    assert len(signs(rows, IMAGES.empty(), hot, DeduplicateConfig()).keys.key) == 0
    assert len(signs(rows, IMAGES.empty(), none, DeduplicateConfig()).keys.key) == 30


def test_equal_gtins_are_linked_whatever_the_titles_say() -> None:
    df = pd.DataFrame(
        {"title": ["Red mug", "Rote Tasse groß", "Oak table"], "gtin": ["4006381333931", "04006381333931", None]}
    )
    links = find_duplicates(df).links
    assert links[["kind"]].values.tolist() == [["gtin"]]


def test_a_threshold_below_the_floor_finds_what_it_says() -> None:
    df = pd.DataFrame({"title": ["velmo ceramic coffee mug blue", "velmo ceramic tea pot blue set"]})
    assert len(find_duplicates(df).links) == 0
    low = DeduplicateConfig(text_similarity=0.3, rows=1, bands=128)
    (alike,) = find_duplicates(df, config=low).links["similarity"]
    assert 0.3 <= alike < 0.5


def test_no_more_links_are_kept_than_asked_for() -> None:
    df = pd.DataFrame({"title": ["velmo ceramic coffee mug"] * 30})
    found = find_duplicates(df, config=DeduplicateConfig(leaders=30, max_links=3))
    assert {*found.links["left_id"], *found.links["right_id"]} == set(range(30))  # each offer beside the leader
    assert len(found.links) <= 30 * 3


@pytest.mark.parametrize(
    ("rule", "kept"), [("photo", "large"), ("cheapest", "cheap"), ("newest", "new"), ("oldest", "cheap")]
)
def test_the_survivor_rule_reads_what_it_names(rule: str, kept: str) -> None:
    def photo(side: int) -> bytes:
        file = BytesIO()
        Image.effect_mandelbrot((side, side), (-2, -1.5, 1, 1.5), 50).convert("RGB").save(file, "PNG")
        return file.getvalue()

    df = pd.DataFrame(
        {
            "id": ["cheap", "large", "new"], "title": ["velmo ceramic coffee mug"] * 3, "shop": ["s"] * 3,
            "photo": [photo(100), photo(300), photo(120)], "price": [5.0, 7.0, 9.0],
            "updated_at": ["2024-01-01", "2024-05-01", "2025-01-01"],
        }
    )  # fmt: skip
    config = DeduplicateConfig(survivor=[rule])  # type: ignore[list-item]
    found = find_duplicates(df, image="photo", id="id", seller="shop", config=config)
    assert set(found.dropped["kept_id"]) == {kept}


def test_a_photo_that_many_unlike_listings_share_is_no_sign() -> None:
    file = BytesIO()
    Image.effect_mandelbrot((100, 100), (-2, -1.5, 1, 1.5), 50).convert("RGB").save(file, "PNG")
    things = [f"{a} {t}" for a in ADJECTIVES for t in THINGS]
    few, many = (pd.DataFrame({"title": things[:n], "photo": [file.getvalue()] * n}) for n in (2, len(things)))
    assert "image" in set(find_duplicates(few, image="photo").links["kind"])
    assert "image" not in set(find_duplicates(many, image="photo").links["kind"])


def test_ids_come_back_as_they_were_given() -> None:
    df = pd.DataFrame({"sku": [7, 8, 9], "title": ["a red mug", "a red mug", "oak table"], "shop": ["s"] * 3})
    found = find_duplicates(df, id="sku", seller="shop")
    assert df[found.kept]["sku"].tolist() == df[~df["sku"].isin(found.dropped["dropped_id"])]["sku"].tolist()
    assert len(df[found.kept]) == 2
    assert set(found.families.index) == {7, 8, 9}


def test_the_answer_reads_like_an_answer() -> None:
    found = find_duplicates(
        pd.DataFrame({"title": ["a red mug", "a red mug", "b"], "shop": ["s", "s", "s"]}), seller="shop"
    )
    assert repr(found) == (
        "3 listings: 1 duplicate, 0 links (0 of them variants), 2 families\n  dropped by  equal_title 1"
    )
    assert find_duplicates(pd.DataFrame({"title": []})).rows == 0


def test_wrong_columns_and_ids_are_named() -> None:
    df = pd.DataFrame({"name": ["x", "y"], "sku": ["1", "1"]})
    with pytest.raises(ConfigError, match="no column 'title'"):
        find_duplicates(df)
    with pytest.raises(SourceError, match="id '1' stands twice"):
        find_duplicates(df, title="name", id="sku")


def test_values_are_read_as_the_pipeline_reads_them() -> None:
    # An EAN column with a gap is one of floats in pandas, prices come as text, and a title may be a number.
    df = pd.DataFrame(
        {
            "title": ["velmo mug", "velmo mug", 300],
            "gtin": [4006381333931.0, 4006381333931.0, np.nan],
            "price": ["1.299,00 €", "12,50 €", None],
            "shop": "s",
        }
    )
    found = find_duplicates(df, seller="shop", config=DeduplicateConfig(survivor=["cheapest"]))
    assert found.dropped[["dropped_id", "kept_id"]].values.tolist() == [[0, 1]]
    table, *_ = listings_of(df, "title", None, None, "shop", [])
    assert table["gtin"].to_pylist() == ["4006381333931", "4006381333931", None]
    assert table["title"].to_pylist()[2] == "300"
