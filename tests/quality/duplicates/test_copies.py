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


def near_hashes(n: int, flipped: int = 8) -> list[str]:
    """Hashes of 64 bits, any two of which differ in at most twice as many as are flipped of the same one."""
    draw = np.random.default_rng(0)
    bits = draw.permuted(np.tile(np.arange(64) < flipped, (n, 1)), axis=1)
    return [row.tobytes().hex() for row in np.packbits(bits, axis=1)]


def test_each_of_many_variants_under_one_title_leads_its_own_duplicates() -> None:
    colours = [f"shade {k:02d}" for k in range(60)]
    df = pd.DataFrame({"title": "velmo ceramic coffee mug", "shop": "s", "colour": colours * 3})
    df["hash"] = near_hashes(len(df))  # so that no two are equal in every sign
    found = find_duplicates(df, seller="shop", attributes=["colour"], phash="hash")
    assert len(found.dropped) == 120
    assert (df["colour"][found.dropped["dropped_id"]].values == df["colour"][found.dropped["kept_id"]].values).all()


@pytest.mark.parametrize(
    ("sellers", "hashes", "drops", "links", "named"),
    [
        (1, near_hashes(1) * 30_000, (29_999, 29_999), 0, 30_000),  # all equal: one stays
        (30_000, near_hashes(1) * 30_000, (0, 0), 60_000, 30_000),  # all stay, linked to a leader or two
        (15_000, near_hashes(1) * 30_000, (15_000, 15_000), 30_000, 30_000),
        (1, near_hashes(30_000, flipped=32), (0, 100), 30_000, 0),  # other photos: other products
    ],
    ids=["copies", "other sellers", "two of each seller", "other photos"],
)
def test_a_title_of_thirty_thousand_listings_costs_as_much_as_others(
    monkeypatch: pytest.MonkeyPatch,
    sellers: int,
    hashes: list[str],
    drops: tuple[int, int],
    links: int,
    named: int,
) -> None:
    n = 30_000
    df = pd.DataFrame(
        {"title": "velmo ceramic coffee mug", "shop": (np.arange(n) % sellers).astype(str), "hash": hashes}
    )
    pairs = []
    compare = candidates.compare

    def counted(rows: object, left: np.ndarray, *more: object) -> object:
        pairs.append(len(left))
        return compare(rows, left, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(candidates, "compare", counted)
    found = find_duplicates(df, seller="shop", phash="hash")
    assert drops[0] <= len(found.dropped) <= drops[1]
    assert len(found.links) <= links
    frames = (found.dropped[["dropped_id", "kept_id"]], found.links[["left_id", "right_id"]])
    assert len({name for frame in frames for name in frame.to_numpy().ravel()}) >= named  # none is overlooked
    assert sum(pairs) <= 4 * n


@pytest.mark.parametrize(("listings", "dropped"), [(100, 99), (101, 0)])
def test_equal_titles_of_one_seller_go_where_no_photo_speaks_against_it(listings: int, dropped: int) -> None:
    df = pd.DataFrame({"title": "velmo ceramic coffee mug", "shop": "s", "hash": near_hashes(listings)})
    found = find_duplicates(df, seller="shop", phash="hash")
    assert len(found.dropped) == dropped  # a larger set is not taken on trust
    if not dropped:
        assert "set too large" in set(found.links["veto"])


def test_copies_that_are_priced_apart_are_none() -> None:
    df = pd.DataFrame(
        {"title": "velmo mug", "shop": "s", "hash": "f0f0f0f0f0f0f0f0", "price": [1.0, 100.0, 100.0, 1.0, None]}
    )
    free, priced = (find_duplicates(df, seller="shop", phash="hash", config=DeduplicateConfig(price_ratio=ratio))
                    for ratio in (None, 3))  # fmt: skip
    assert len(free.dropped) == 4
    of = dict(enumerate(df["price"].fillna(0)))
    pairs = [{of[i] for i in pair} - {0} for pair in priced.dropped[["dropped_id", "kept_id"]].to_numpy().tolist()]
    assert len(pairs) == 3  # one of each price stays
    assert all(len(prices) == 1 for prices in pairs)
    assert set(priced.links["veto"].dropna()) <= {"price"}
