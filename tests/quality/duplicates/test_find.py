"""One call on a frame: what it takes, and what the answer says."""

from __future__ import annotations

import sys
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest
from eclip.quality.duplicates.answer import Duplicates
from eclip.quality.duplicates.find import find_duplicates
from eclip.quality.duplicates.frame import listings_of, shared
from eclip.quality.duplicates.variants import veto
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.errors import ConfigError, SourceError
from rich.console import Console

SHOP = pd.DataFrame(
    {
        "sku": [11, 12, 13, 14, 15, 16],
        "name": ["Velmo coffee mug 300 ml", "velmo Coffee Mug 300ml", "Velmo coffee mug 500 ml", "Oak table", None, "Velmo mug"],
        "shop": ["s", "s", "s", "t", "t", "u"],
        "price": [5.0, 4.0, 6.0, 90.0, 1.0, 2.0],
    }
)  # fmt: skip


def pairs(found: Duplicates) -> list[list[Any]]:
    return found.dropped[["dropped_id", "kept_id"]].values.tolist()


@pytest.mark.parametrize("kind", [pd.DataFrame, pa.table, polars.DataFrame])
def test_any_table_is_read(kind: Any) -> None:
    table = kind(SHOP.astype(object).where(SHOP.notna(), None).to_dict("list"))
    found = find_duplicates(table, title="name", id="sku", seller="shop")
    assert [sorted(pair) for pair in pairs(found)] == [[11, 12]]
    assert found.links["veto"].dropna().tolist() == ["volume"]
    if isinstance(table, pd.DataFrame):
        kept = table[found.kept]["sku"].tolist()
    elif isinstance(table, polars.DataFrame):
        kept = table.filter(found.kept)["sku"].to_list()
    else:
        kept = table.filter(pa.array(found.kept))["sku"].to_pylist()
    assert kept == [sku for sku in SHOP["sku"] if sku not in set(found.dropped["dropped_id"])]
    with pytest.raises(ConfigError, match="list is no table; give a pandas, polars or pyarrow one"):
        find_duplicates([1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "titles", [[], ["a red mug"], [None, None, None], [np.nan, np.nan], ["", " "], [7, 7.5, True], ["x", "x"]]
)
def test_small_and_odd_frames_give_an_answer(titles: list[Any]) -> None:
    found = find_duplicates(pd.DataFrame({"title": titles}))
    assert found.rows == len(found.families) == len(titles)
    assert repr(found).startswith(f"{len(titles)} listing")
    assert len(found.links) == (titles == ["x", "x"])
    assert len(found.summary()) == len(found.links)
    assert len(found.show()) == 2 * len(found.links)
    assert "<pre>" in found._repr_html_()


def test_what_is_missing_is_named_with_what_is_near() -> None:
    for wrong, message in (
        ({"title": "nam"}, "no column 'nam'; did you mean 'name'"),
        ({"title": "name", "image": ["photo"]}, "no column 'photo'"),
        ({"title": "name", "phash": "hash"}, "no column 'hash'"),
        ({"title": "name", "brand": "pric"}, "no column 'pric'; did you mean 'price'"),
        ({"title": "name", "sellr": "shop"}, "no argument 'sellr'; did you mean 'seller'"),
    ):
        with pytest.raises(ConfigError, match=message):
            find_duplicates(SHOP, **wrong)  # type: ignore[arg-type]


def test_variants_and_links_are_shown_too() -> None:
    found = find_duplicates(SHOP, title="name", id="sku", seller="shop")
    shown = found.show()
    assert shown[["set", "outcome"]].values.tolist()[:3] == [[1, "kept"], [1, "dropped"], [1, "variant"]]
    assert shown.loc[2, ["id", "why"]].tolist() == [13, "veto: volume"]
    links = find_duplicates(SHOP[1:3], title="name", id="sku", seller="shop")
    assert links.dropped.empty
    assert links.show()[["set", "id", "outcome"]].values.tolist() == [[1, 12, "variant"], [1, 13, "variant"]]
    assert "<table" in links._repr_html_()
    assert links.show(sets=0).empty


def test_settings_can_be_given_one_by_one() -> None:
    df = pd.DataFrame({"title": ["Velmo coffee mug white", "Velmo coffee mug, white one"], "shop": "s"})
    assert len(find_duplicates(df, seller="shop", text_similarity=0.6).links) == 1
    strict = find_duplicates(df, seller="shop", text_similarity=1, links={"word_similarity": 1})
    assert strict.links.empty
    for wrong, message in (
        ({"text_similarity": 7}, "find_duplicates: text_similarity: .*less than or equal to 1 .found 7"),
        ({"bands": 3, "rows": 900}, "find_duplicates: bands x rows is 3 x 900 = 2700"),
        ({"text_similarty": 0.7}, "no argument 'text_similarty'; did you mean 'text_similarity'"),
        ({"max_set": 3, "config": DeduplicateConfig()}, "max_set and a config were given"),
    ):
        with pytest.raises(ConfigError, match=message):
            find_duplicates(df, **wrong)  # type: ignore[arg-type]


def test_an_index_that_repeats_is_refused_with_advice() -> None:
    twice = pd.concat([SHOP, SHOP])
    with pytest.raises(SourceError, match=r"'0' in the frame's index stands twice; .* df.reset_index\(drop=True\)"):
        find_duplicates(twice, title="name")
    assert len(find_duplicates(twice.reset_index(drop=True), title="name", seller="shop").dropped) == 6


def test_columns_by_other_names_decide_who_stays_and_what_varies() -> None:
    df = SHOP.rename(columns={"price": "eur"}).assign(maker=["Velmo", "Ardon", *["Velmo"] * 4])
    found = find_duplicates(df, title="name", id="sku", seller="shop", brand="maker")
    assert pairs(found) == []
    assert "brand" in set(found.links[(found.links["left_id"] == 11) & (found.links["right_id"] == 12)]["veto"])


def test_attributes_come_as_one_column_and_as_lists() -> None:
    df = pd.DataFrame({"title": ["velmo mug"] * 4, "shop": "s", "colour": ["red", "blue", None, "red"]})
    found = find_duplicates(df, seller="shop", attributes="colour")
    assert found.links["veto"].notna().any()
    several = df.assign(colour=[["red", "wide"], np.array(["blue", None], object), [], [None, " "]])
    batch, *_ = listings_of(several, "title", None, None, None, ["colour", "colour"])
    assert batch["attributes"].to_pylist() == [
        [{"name": "colour", "values": ["red", "wide"]}], [{"name": "colour", "values": ["blue"]}], [], []
    ]  # fmt: skip
    assert find_duplicates(several, attributes=["colour"]).rows == 4


@pytest.mark.parametrize("used", [{"title": "name"}, {"image": "name"}, {"attributes": "name"}, {"brand": "name"}, {}])
def test_a_column_that_is_there_twice_is_refused(used: dict[str, str]) -> None:
    twice = "name" if used else "price"
    df = pd.DataFrame([["a", "b", "c"]], columns=["title", twice, twice])
    with pytest.raises(ConfigError, match=f"two columns are called '{twice}'"):
        find_duplicates(df, **used)  # type: ignore[arg-type]
    find_duplicates(df.rename(columns={twice: "other"}))


def test_sellers_are_compared_without_spaces_and_capitals() -> None:
    df = pd.DataFrame({"title": ["Velmo coffee mug"] * 3, "shop": ["NORTH ", "north", "south"]})
    found = find_duplicates(df, seller="shop")
    assert [sorted(pair) for pair in pairs(found)] == [[0, 1]]


@pytest.mark.parametrize(("code", "agree"), [("n/a", 0), ("12", 0), ("4006381333932", 0), ("4006381333931", 1)])
def test_what_is_no_gtin_joins_nothing(code: str, agree: int) -> None:
    df = pd.DataFrame({"title": ["Velmo coffee mug", "oak side table"], "shop": "s", "gtin": [code, code]})
    found = find_duplicates(df, seller="shop")
    assert len(found.links) + len(found.dropped) == agree


def test_hashes_stand_for_photos() -> None:
    df = pd.DataFrame(
        {"title": ["velmo mug", "ardon pot", "oak table"], "hash": ["f0f0f0f0f0f0f0f0", "F0F0F0F0F0F0F0F1", "no hash"]}
    )
    links = find_duplicates(df, phash="hash").links
    assert links[["left_id", "right_id", "kind"]].values.tolist() == [[0, 1, "image"]]


def test_the_answer_says_what_was_found_and_why() -> None:
    df = SHOP.set_index("sku")
    found = find_duplicates(df, title="name", seller="shop")
    kept, lost = found.dropped["kept_id"][0], found.dropped["dropped_id"][0]
    shown = found.show(df)
    assert shown["id"].tolist() == [kept, lost, 13]
    assert shown["outcome"].tolist() == ["kept", "dropped", "variant"]
    assert shown["why"].tolist() == ["stands for 1", "titles are equal: 100% of their shingles", "veto: volume"]
    assert shown["title"].tolist() == df["name"].loc[[kept, lost, 13]].tolist()
    assert shown["price"].tolist() == df["price"].loc[[kept, lost, 13]].tolist()
    counts = {(row.outcome, row.by): row.pairs for row in found.summary().itertuples()}
    assert counts == {("dropped", "equal_title"): 1, ("linked", "text"): 2, ("variant", "volume"): 1}
    assert "dropped by  equal_title 1" in repr(found)
    assert "titles are equal" in found._repr_html_()


def test_progress_is_shown_where_somebody_watches_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_duplicates(SHOP, title="name")
    assert capsys.readouterr() == ("", "")
    for terminal, progress, expected in ((True, None, True), (True, False, False), (False, True, True)):
        screen = StringIO()
        shown = Console(file=screen, force_terminal=terminal or bool(progress))
        monkeypatch.setattr("rich.console.Console", lambda shown=shown, **_: shown)
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        find_duplicates(SHOP, title="name", progress=progress)
        assert ("duplicates" in screen.getvalue()) is expected


def test_the_order_of_rows_does_not_matter() -> None:
    found, turned = (find_duplicates(df, title="name", id="sku", seller="shop") for df in (SHOP, SHOP[::-1]))
    assert sorted(pairs(found)) == sorted(pairs(turned))
    assert sorted(found.links.fillna("").values.tolist()) == sorted(turned.links.fillna("").values.tolist())


def test_which_photos_are_hot_does_not_depend_on_the_order_of_rows() -> None:
    words = np.random.default_rng(0).permutation(
        [f"{a}{b}" for a in ("vel", "ar", "no", "tu") for b in ("mo", "ga", "li")]
    )
    titles = ["blue tea pot with a lid"] * 40 + [f"{words[k % 12]} {words[k * 7 % 12]} {k}" for k in range(40)]
    df = pd.DataFrame({"id": range(80), "title": titles, "hash": "f0f0f0f0f0f0f0f0", "brand": "x"})
    rows = [shared(*listings_of(some, "title", None, "id", None, (), "hash")[:2])
            for some in (df, df[::-1], df.sample(frac=1, random_state=1))]  # fmt: skip
    assert rows[0].num_rows == 1
    assert 0.05 < rows[0]["title_similarity"][0].as_py() < 0.95
    assert rows[0].equals(rows[1])
    assert rows[0].equals(rows[2])


def test_one_photo_of_two_flavours_drops_neither() -> None:
    titles = ["gooseberry jam glass jar 340 g", "quince jam glass jar 340 g", "jam glass jar gooseberry 340g"]
    df = pd.DataFrame({"title": titles, "shop": "s", "hash": "e091cccb9326cfc6"})
    found = find_duplicates(df, seller="shop", phash="hash")
    assert [sorted(pair) for pair in pairs(found)] == [[0, 2]]
    assert "wording" in set(found.links["veto"])
    assert len(find_duplicates(df, seller="shop", phash="hash", preset="training").dropped) == 2


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(SourceError, match="1 rows have no 'sku'"):
        find_duplicates(pd.DataFrame({"title": ["a", "b"], "sku": [1, None]}), id="sku")
    with pytest.raises(ConfigError, match="no preset 'trainin'; did you mean 'training'"):
        find_duplicates(SHOP, title="name", preset="trainin")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="preset training and a config were given"):
        find_duplicates(SHOP, title="name", preset="training", config=DeduplicateConfig())
    blank = pd.DataFrame({"title": ["red mug"] * 2, "photo": pd.array([pd.NA, pd.NA], dtype="string")})
    assert find_duplicates(blank, image="photo").rows == 2


@pytest.mark.parametrize(
    ("one", "other", "variants"),
    [
        ("Canvas 10x10 cm", "Canvas 100x100 cm", True),
        ("Teppich 80x150", "Teppich 80x15 cm", True),
        ("Kabel 3x1.5 mm", "Kabel 3x15 mm", True),
        ("Bett 90x200 cm", "Bett 90 x 200", False),
        ("Bett 90x200 cm", "Bett 900x2000 mm", False),
        ("Poster 20x30", "Poster 200x300 mm", False),
    ],
)
def test_sizes_of_products_say_how_large_they_are(one: str, other: str, variants: bool) -> None:
    assert (veto(one, other) is not None) is variants
