from __future__ import annotations

import numpy as np
import pandas as pd
from eclip.quality.duplicates.find import find_duplicates
from eclip.schemas.deduplicate_config import DeduplicateConfig, LinkConfig

TITLES = ["canon powershot g7x black", "powershot canon g7x with case", "sony cybershot rx100 silver",
          "garden hose green", "garden chair green", "oak garden table"]  # fmt: skip
FAR, NEAR = ["0000000000000000", "ffffffffffffffff"], ["0000000000000000", "0000000000000fff"]


def linked(found: pd.DataFrame) -> set[tuple[int, int]]:
    return {(min(a, b), max(a, b)) for a, b in zip(found["left_id"], found["right_id"], strict=True)}


def test_titles_are_linked_by_rare_words_in_any_order() -> None:
    found = find_duplicates(pd.DataFrame({"title": TITLES}))
    assert (0, 1) in linked(found.links)
    row = found.links.iloc[0]
    assert row["kind"] == "text"
    assert row["similarity"] >= 0.5


def test_less_of_the_words_is_enough_beside_a_near_photo() -> None:
    titles = ["lumea desk lamp retro brass original", "lumea desk lamp sale cheap promo"]
    config = DeduplicateConfig(links=LinkConfig(word_similarity=0.6))
    for hashes, expected in ((NEAR, {(0, 1)}), (FAR, set())):
        df = pd.DataFrame({"title": titles, "phash": hashes})
        found = find_duplicates(df, phash="phash", config=config)
        assert linked(found.links) == expected
        if expected:
            assert found.links["kind"].tolist() == ["both"]


def test_of_a_crowd_only_the_nearest_are_linked() -> None:
    rows = [f"phone case soft black model {a} {b}" for a in ("alpha", "bravo", "delta") for b in ("xray", "yankee")]
    df = pd.DataFrame({"title": [*rows, "phone case soft black model alpha xray new"]})
    all_of_them = find_duplicates(df, config=DeduplicateConfig(links=LinkConfig(nearest=0, word_similarity=0.3)))
    nearest = find_duplicates(df, config=DeduplicateConfig(links=LinkConfig(nearest=0.95, word_similarity=0.3)))
    assert (0, 6) in linked(nearest.links)
    assert linked(nearest.links) < linked(all_of_them.links)


def test_max_links_are_kept_the_strongest_first() -> None:
    df = pd.DataFrame({"title": [f"velmo ceramic mug retro {k}" for k in "abcdefgh"]})
    many = find_duplicates(df, config=DeduplicateConfig(max_links=100)).links
    few = find_duplicates(df, config=DeduplicateConfig(max_links=2)).links
    assert len(few) <= 2 * len(df) < len(many)
    assert pd.concat([few["left_id"], few["right_id"]]).value_counts().reindex(df.index, fill_value=0).min() >= 2
    order = np.random.default_rng(0).permutation(len(df))
    mixed = find_duplicates(df.assign(id=df.index).iloc[order], id="id", config=DeduplicateConfig(max_links=2)).links
    again = find_duplicates(df.assign(id=df.index), id="id", config=DeduplicateConfig(max_links=2)).links
    assert linked(mixed) == linked(again)
    assert linked(few) < linked(many)


def test_equal_titles_of_one_seller_stay_where_the_photos_show_something_else() -> None:
    df = pd.DataFrame({"title": ["velmo mug"] * 2, "shop": "s", "phash": FAR})
    found = find_duplicates(df, seller="shop", phash="phash")
    assert len(found.dropped) == 0
    assert found.links["veto"].tolist() == ["photo"]
    assert len(find_duplicates(df, seller="shop").dropped) == 1
    assert np.unique(found.families).size == 1  # never on both sides of a split
