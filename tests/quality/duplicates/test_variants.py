from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.duplicates.lexicon import FIRM, feature, lexicon
from eclip.quality.duplicates.variants import KINDS, conflict, features
from eclip.quality.duplicates.variants import veto as why

Row = dict[str, Any]


def veto(left: str, right: str, left_row: Row | None = None, right_row: Row | None = None) -> str | None:
    found = features([left, right], [left_row or {}, right_row or {}])
    values, offsets = np.asarray(found.flatten()), np.asarray(found.offsets).astype(np.int64)
    one, other = conflict(values, offsets, 0, 1), conflict(values, offsets, 1, 0)
    assert one == other  # whoever comes first
    return KINDS[one] if one >= 0 else None


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        ("Red mug 500ml", "Red mug 250 ml", "volume"),
        ("Red mug", "Blue mug", "colour"),
        ("Rote Tasse", "blaue Tasse", "colour"),
        ("빨간색머그컵", "파란색머그컵", "colour"),
        ("T-shirt XL", "T-shirt L", "size"),
        ("Robe taille M", "Robe taille S", "size"),
        ("iPhone 12 case", "iPhone 13 case", "number"),
        ("Halden A20 speaker", "Halden A30 speaker", "code"),
        ("Phone 64GB 4GB", "Phone 128GB 4GB", "storage"),
        ("Socken 3er Pack", "Socken 6er Pack", "pack"),
        ("양말 3개입", "양말 5개입", "pack"),
        ("Pack of 2 towels", "Pack of 4 towels", "pack"),
        ("Herren Schuh", "Damen Schuh", "audience"),
        ("Cable 1m", "Cable 2m", "length"),
        ("Shoes size 38", "Shoes size 39", "size"),
        ("Shoes 38", "Shoes size 39", "number"),
        ("iPhone 12 64GB", "iPhone 12 Pro 64GB", "edition"),
        ("iPhone 12 64GB", "iPhone 12 64GB refurbished", "condition"),
        ("Case for iPhone 12", "iPhone 12", "role"),
        ("Jar with lid", "Jar without lid", "with"),
        ("Cola 330 ml", "Cola 6 x 330 ml", "pack"),
        ("Battery 2000mAh", "Battery 3000mAh", "charge"),
    ],
)
def test_variants_conflict(left: str, right: str, kind: str) -> None:
    assert veto(left, right) == kind


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Red mug 500 ml", "mug RED 0.5 l"),
        ("Rote Tasse", "Red mug"),
        ("Red mug", "Red and white mug"),  # it says more, nothing else
        ("Mug", "Red mug"),
        ("3 pack socks", "Socks, pack of 3"),
        ("1,5 kg rice", "1.5kg rice"),
        ("Set of 2 mugs", "Mugs 2 pcs"),
        ("Halden A-20", "halden a20"),
        ("", "Red mug"),
    ],
)
def test_duplicates_do_not(left: str, right: str) -> None:
    assert veto(left, right) is None


def test_what_the_source_knows_counts_too() -> None:
    def colour(value: str, name: str = "colour") -> Row:
        return {"attributes": [{"name": name, "values": [value]}]}

    assert veto("Mug", "Mug", colour("red"), colour("Blue", "Colour")) == "attribute"
    assert veto("Mug", "Mug", colour("Rot"), colour("red")) is None
    assert veto("Mug", "Mug", {"brand": "Halden"}, {"brand": "Nordhaus"}) == "brand"
    assert veto("Mug", "Mug", {"brand": "HALDEN "}, {"brand": "Halden"}) is None
    assert veto("Mug", "Mug", {"gtin": "4006381333931"}, {"gtin": "4006381333948"}) == "gtin"
    assert veto("Mug", "Mug", {"gtin": "04006381333931"}, {"gtin": "4006381333931"}) is None


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ({"gtin": "4006381333931"}, {"gtin": "4006381-333931"}, None),
        ({"gtin": "4006381333931"}, {"gtin": "N/A"}, None),
        ({"gtin": "4006381333931"}, {"gtin": "0"}, None),
        ({"gtin": "4006381333931"}, {"gtin": "4006381333948"}, "gtin"),
        ({"brand": "Velmo"}, {"brand": "-"}, None),
        ({"brand": "Velmo"}, {"brand": "Unbranded"}, None),
        ({"brand": "Velmo"}, {"brand": "Ardon"}, "brand"),
        ({"mpn": "AB-12"}, {"mpn": "ab12"}, None),
        ({"mpn": "AB-12"}, {"mpn": "AB-13"}, "mpn"),
    ],
)
def test_what_is_not_known_conflicts_with_nothing(one: dict[str, str], other: dict[str, str], kind: str | None) -> None:
    found = features(["red mug", "red mug"], [one, other])
    number = conflict(np.asarray(found.values), np.asarray(found.offsets).astype(np.int64), 0, 1)
    assert (KINDS[number] if number >= 0 else None) == kind


def test_a_veto_is_explained_in_the_words_of_the_titles() -> None:
    assert str(why("RED mug 500 ml", "Blue mug 0.5 l")) == "colour: RED | Blue"
    assert str(why("Cola 330 ml", "Cola 6 x 330 ml")) == "pack: – | 6 x 330 ml"
    assert why("红色 T恤 ＸＬ", "红色 T恤 S") == ("size", "ＸＬ", "S")
    assert why("Café crème 1,5 kg", "Cafe creme 1.5kg") is None
    assert str(why("Mug", "Mug", {"brand": "Halden"}, {"brand": "Nordhaus"})) == "brand: Halden | Nordhaus"
    attributes = [{"name": "Size", "values": ["S"]}], [{"name": "size", "values": ["L"]}]
    assert str(why("Mug", "Mug", *({"attributes": a} for a in attributes))) == "attribute: Size S | size L"


def test_titles_are_read_alike_in_any_company_and_form() -> None:
    titles = [
        "Red mug 500 ml",
        "",
        "x" * 3000,
        "7 Up 6 x 330 ml",
        "\ud55c\uad6d \ub808\ub4dc XL",
        "1/2",
        "½",
        "12.",
        "a-",
        "+5",
    ]
    together = features(titles).to_pylist()
    assert together == [features([title]).to_pylist()[0] for title in titles]
    assert features(pa.array(titles)[3:]).to_pylist() == together[3:]
    assert features(titles, [{} for _ in titles]).to_pylist() == together
    assert all(row == sorted(set(row)) for row in together)


def test_what_the_row_says_is_added_to_what_the_title_says() -> None:
    titles, rows = ["Red mug", "Mug", "Blue mug"], [{"brand": "Halden"}, {}, {"brand": "Halden", "mpn": "A-1"}]
    found = features(titles, rows).to_pylist()
    alone = features(titles).to_pylist()
    assert [len(f) - len(a) for f, a in zip(found, alone, strict=True)] == [1, 0, 2]
    assert all(row == sorted(set(row)) and set(a) <= set(row) for row, a in zip(found, alone, strict=True))


def test_a_listing_that_says_a_thing_twice_says_it_firmly_once() -> None:
    found = features(["Softcase iPhone 12 pack of 4, 4 pcs"]).to_pylist()[0]
    assert len({f >> 1 for f in found}) == len(found)
    assert any(f >> 56 == KINDS.index("pack") and f & FIRM for f in found)


def test_the_lists_are_read_whole() -> None:
    words = lexicon()
    assert len(words.feature) > 4000
    assert int(feature("colour", "red")) in set(words.feature.tolist())
    assert np.count_nonzero(words.keys) * 4 <= len(words.keys) * 2  # room to find that a word is none
