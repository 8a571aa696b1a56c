from __future__ import annotations

import pickle
from typing import Any

import pyarrow as pa
import pytest
from eclip.quality.text.clean import KEPT_UNEMPTIED, Cleaning, clean_listings
from eclip.quality.text.own_rules import in_order
from eclip.quality.text.rules import RULES
from eclip.schemas.clean_config import CleanConfig
from eclip.schemas.errors import ConfigError
from eclip.schemas.listing import LISTINGS

BUILT_IN = list(RULES)


def config(*own: dict[str, Any], **more: Any) -> CleanConfig:
    return CleanConfig.model_validate({"own": list(own), **more})


def cleaned(clean: CleanConfig, *rows: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    batch = LISTINGS.conform(pa.RecordBatch.from_pylist([{"id": str(n), **row} for n, row in enumerate(rows)]))
    listings, counts = clean_listings(batch, pickle.loads(pickle.dumps(Cleaning.of(clean))))
    assert listings.schema.equals(batch.schema)
    return listings.to_pylist(), dict(counts)


def place(*own: dict[str, Any], **more: Any) -> list[str]:
    return list(in_order(config(*own, **more)))


def test_the_order_is_that_of_the_configuration() -> None:
    one, two = {"id": "one", "pattern": "1"}, {"id": "two", "pattern": "2"}
    last = BUILT_IN.index("whitespace")
    assert place(one, two) == [*BUILT_IN[:last], "one", "two", *BUILT_IN[last:]]
    after = [{**rule, "after": "markup"} for rule in (one, two)]
    markup = BUILT_IN.index("markup") + 1
    assert place(*after) == [*BUILT_IN[:markup], "one", "two", *BUILT_IN[markup:]]
    assert place({**one, "before": "markup"})[markup - 1 : markup + 1] == ["one", "markup"]
    assert place(one, {**two, "before": "one"})[last : last + 2] == ["two", "one"]
    assert place(one, two, skip=["one", "markup"]) == [n for n in place(two) if n != "markup"]
    assert place(one, two, rules=["two", "markup"]) == ["two", "markup", "one"]
    assert place({**one, "after": "markup"}, skip=["markup"])[markup - 1] == "one"  # its place is still there


@pytest.mark.parametrize(
    ("own", "more", "says"),
    [
        ([{"id": "one", "pattern": "1", "before": "puctuation"}], {}, "did you mean 'punctuation'?"),
        (
            [{"id": "one", "pattern": "1", "after": "markup"}],
            {"rules": ["unicode"]},
            "'markup' is not among clean.rules",
        ),
        ([{"id": "markup", "pattern": "1"}], {}, "'markup' is the id of a built-in rule"),
        ([{"id": "one", "pattern": "1"}], {"skip": ["oen"]}, "clean.skip: there is no rule 'oen'; did you mean 'one'?"),
        ([], {"rules": ["markp"]}, "clean.rules: there is no rule 'markp'; did you mean 'markup'?"),
        ([{"id": "one", "use": "no_such_package:f"}], {}, "clean.own.one: use 'no_such_package:f'"),
    ],
)
def test_a_rule_that_does_not_exist_is_named(own: list[dict[str, Any]], more: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as error:
        Cleaning.of(config(*own, **more))
    assert says in str(error.value)


def test_patterns_change_the_field_that_they_are_for() -> None:
    rows, counts = cleaned(
        config(
            {"id": "sku", "pattern": r"\bSKU-(\d+)", "replace": r"no. \1"},
            {"id": "house", "field": "brand", "pattern": "^House of .*"},
            {"id": "shelf", "field": "category", "pattern": "^Shop > "},
            {"id": "tracking", "field": "url", "pattern": r"\?utm.*"},
        ),
        {
            "title": "mug SKU-12",
            "brand": "House of Mugs",
            "category": "Shop > Mugs",
            "url": "https://x.example/1?utm=2",
        },
        {"title": None, "brand": "SKU-12", "category": None, "url": None},
    )
    assert [rows[0][n] for n in ("title", "title_raw", "brand", "category", "url")] == [
        "mug no. 12", "mug SKU-12", None, "Mugs", "https://x.example/1"
    ]  # fmt: skip
    assert [rows[1][n] for n in ("title", "brand", "category", "url")] == [None, "SKU-12", None, None]
    assert {n: counts[n] for n in ("sku", "house", "shelf", "tracking")} == dict.fromkeys(
        ("sku", "house", "shelf", "tracking"), 1
    )


def test_a_rule_for_a_language_leaves_others_alone() -> None:
    german = {"id": "offer", "pattern": "(?i)angebot", "language": "de"}
    rows, counts = cleaned(
        config(german, {"id": "ab", "field": "description", "pattern": "ab", "language": "de"}),
        {"title": "Angebot Tasse", "lang": "de", "description": "ab"},
        {"title": "Angebot mug", "lang": "en", "description": "ab"},
        {"title": "Angebot: große Kaffeetasse aus Porzellan, spülmaschinenfest", "description": "ab"},  # told by itself
    )
    assert [row["title"] for row in rows] == [
        "Tasse",
        "Angebot mug",
        "große Kaffeetasse aus Porzellan, spülmaschinenfest",
    ]
    assert [row["description"] for row in rows] == [None, "ab", None]
    assert [row["lang"] for row in rows] == ["de", "en", "de"]
    assert (counts["offer"], counts["ab"]) == (2, 2)
    rows, _ = cleaned(config(german, language=False), {"title": "Angebot Tasse"})
    assert rows[0]["title"] == "Angebot Tasse"  # of no known language


def test_a_rule_that_empties_a_title_is_taken_back() -> None:
    everything = {"id": "everything", "pattern": ".*"}
    rows, counts = cleaned(config(everything), {"title": "Red&nbsp;mug FREE SHIPPING"}, {"title": "★"}, {"title": ""})
    assert rows[0]["title"] == "Red mug FREE SHIPPING"
    assert rows[1]["title"] == ""  # there was no word in it
    assert counts[KEPT_UNEMPTIED] == 1
    rows, _ = cleaned(config({"id": "mug", "pattern": "mug"}), {"title": "mug FREE SHIPPING"})
    assert rows[0]["title"] == "FREE SHIPPING"  # the seller's words are kept before one's own rule is given up
