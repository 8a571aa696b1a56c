"""Listings equal in every sign are compared once, for all of them; titles that very many share cost no more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from eclip.quality.duplicates import candidates
from eclip.quality.duplicates.copies import originals
from eclip.quality.duplicates.find import find_duplicates
from eclip.schemas.deduplicate_config import DeduplicateConfig


def test_the_first_of_each_content_is_the_original() -> None:
    content = np.random.default_rng(0).integers(0, 40, 300).astype(np.uint64)
    found = originals(content)
    for row, value in enumerate(content.tolist()):
        assert found[row] == (content.tolist().index(value) if value else row)


@pytest.mark.parametrize("rule", ["cheapest", "newest"])
def test_what_is_found_of_one_copy_is_said_of_the_one_that_stays(rule: str) -> None:
    # Ten copies of seller s; t offers nearly the same. The link must lead to whichever copy stays.
    prices = [9, 8, 7, 3, 5, 6, 4, 8, 9, 7]
    df = pd.DataFrame(
        {
            "title": ["velmo ceramic coffee mug with handle"] * 10 + ["velmo ceramic coffee mug with handles"],
            "shop": ["s"] * 10 + ["t"],
            "price": [*prices, 5],
            "updated_at": [f"2025-01-{20 - p:02d}" for p in prices] + ["2025-01-01"],
        }
    )
    found = find_duplicates(df, seller="shop", config=DeduplicateConfig(survivor=[rule]))  # type: ignore[list-item]
    assert set(found.dropped["kept_id"]) == {3}
    assert len(found.dropped) == 9
    assert found.links[["left_id", "right_id"]].values.tolist() in ([[10, 3]], [[3, 10]])
    assert found.families.nunique() == 1


def test_sellers_variants_and_gtins_make_different_contents() -> None:
    df = pd.DataFrame(
        {
            "title": "velmo ceramic coffee mug",
            "shop": ["s", "s", "t", "t", "s", "s"],
            "colour": ["red", "red", "red", "red", "blue", "blue"],
        }
    )
    found = find_duplicates(df, seller="shop", attributes=["colour"])
    drops = {tuple(sorted(pair)) for pair in found.dropped[["dropped_id", "kept_id"]].values.tolist()}
    assert drops == {(0, 1), (2, 3), (4, 5)}
    assert set(found.links["veto"].dropna()) == {"attribute"}


def test_each_of_many_variants_under_one_title_leads_its_own_duplicates() -> None:
    colours = [f"shade {k:02d}" for k in range(60)]
    df = pd.DataFrame({"title": "velmo ceramic coffee mug", "shop": "s", "colour": colours * 3})
    # The photos' hashes differ, so that no two are equal in every sign.
    df["hash"] = [f"{h:016x}" for h in np.random.default_rng(0).integers(0, 1 << 63, len(df))]
    found = find_duplicates(df, seller="shop", attributes=["colour"], phash="hash")
    assert len(found.dropped) == 120
    assert (df["colour"][found.dropped["dropped_id"]].values == df["colour"][found.dropped["kept_id"]].values).all()


@pytest.mark.parametrize(
    ("sellers", "hashes", "drops", "links"),
    [
        (1, 1, 29_999, 0),  # all equal: one stays
        (30_000, 1, 0, 29_999),  # each of another seller: all stay, linked to one
        (15_000, 1, 15_000, 14_999),
        (1, 30_000, 29_999, 0),  # equal titles of one seller, whatever the photos
    ],
)
def test_a_title_of_thirty_thousand_listings_costs_as_much_as_others(
    monkeypatch: pytest.MonkeyPatch, sellers: int, hashes: int, drops: int, links: int
) -> None:
    n = 30_000
    draw = np.random.default_rng(0)
    df = pd.DataFrame(
        {
            "title": "velmo ceramic coffee mug",
            "shop": (np.arange(n) % sellers).astype(str),
            "hash": [f"{h:016x}" for h in draw.integers(0, 1 << 63, hashes)] * (n // hashes),
        }
    )
    pairs = []
    compare = candidates.compare

    def counted(rows: object, left: np.ndarray, *more: object) -> object:
        pairs.append(len(left))
        return compare(rows, left, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(candidates, "compare", counted)
    found = find_duplicates(df, seller="shop", phash="hash")
    assert len(found.dropped) == drops
    assert len(found.links) <= links
    assert sum(pairs) <= 4 * n
