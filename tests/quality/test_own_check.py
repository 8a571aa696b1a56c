from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from eclip.quality import own_check
from eclip.quality.noise import HOT, RULES, judge, score
from eclip.quality.own_filters import OwnFilters
from eclip.schemas.clean_config import CleanConfig
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.errors import ConfigError, RuleError
from eclip.schemas.filter_config import FilterConfig
from eclip.schemas.listing import LISTINGS

MODULE = """
import pyarrow as pa
import pyarrow.compute as pc


def heavy(listings):
    return pc.greater(listings["title_characters"], 8)


def careless(listings):
    return pa.array(["sample" in title for title in listings["title"].to_pylist()])


def first_word(listings):
    return pc.struct_field(pc.extract_regex(listings["title"], r"^(?P<word>\\w+)"), "word")


def doubled(texts):
    return pc.binary_join_element_wise(texts, texts, "")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_check_rules.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "own_check_rules"


def cleaning(*own: dict[str, Any]) -> list[str]:
    found = own_check.cleaning(CleanConfig.model_validate({"own": list(own)}))
    assert [rule.place for rule in found] == [f"clean.own.{rule['id']}" for rule in own]
    return [problem for rule in found for problem in rule.problems]


def test_examples_of_cleaning_rules(module: str) -> None:
    sku = {"id": "sku", "pattern": r"SKU-\d+", "examples": [["mug  SKU-12 ", "mug"], ["SKU-x", "SKU-x"]]}
    assert cleaning(sku, {"id": "none", "pattern": "a"}) == []
    assert cleaning({**sku, "field": "url", "examples": [["SKU-1 x", " x"]]}) == []  # no other rule cleans a url
    assert cleaning({**sku, "examples": [["mug SKU-12", "mug SKU"]]}) == [
        "clean.own.sku: 'mug SKU-12' comes out as 'mug', expected 'mug SKU'"
    ]
    assert cleaning({"id": "ab", "pattern": "ab", "examples": [["aabb", "ab"]]}) == [
        "clean.own.ab: 'aabb' comes out as 'ab', and cleaned once more as ''; a rule must leave alone what it has cleaned"
    ]
    german = {"id": "offer", "pattern": "(?i)angebot", "language": "de", "examples": [["Angebot Tasse", "Tasse"]]}
    assert cleaning(german) == []  # an example is of the rule's language
    assert (
        "cleaned once more as 'aaaa'" in cleaning({"id": "d", "use": f"{module}:doubled", "examples": [["a", "aa"]]})[0]
    )
    assert "there is no package 'nowhere'" in cleaning({"id": "gone", "use": "nowhere:f"})[0]


def test_examples_of_filters(module: str) -> None:
    def filters(**rule: Any) -> list[str]:
        config = FilterConfig.model_validate({"own": [{"id": "heavy", "use": f"{module}:heavy", **rule}]})
        return [problem for tried in own_check.filters(config) for problem in tried.problems]

    assert filters(examples=[[{"title": "a very long mug"}, True], [{"title": "mug", "price": 3}, False]]) == []
    assert filters(examples=[[{"title": "mug"}, True]]) == [
        "filter.own.heavy: {'title': 'mug'} is not rejected, expected that it is"
    ]
    assert filters(examples=[[{"title": "a very long mug"}, False]])[0].endswith("is rejected, expected that it is not")
    assert "do not fit the columns" in filters(examples=[[{"title": 3}, True]])[0]
    said = filters(use=f"{module}:careless")  # titles can be null, and none of its examples says so
    assert "raised TypeError" in said[0]
    assert "is the id of a built-in filter" in filters(id=RULES[0])[0]


def test_examples_of_vetoes(module: str) -> None:
    def vetoes(**rule: Any) -> list[str]:
        config = DeduplicateConfig.model_validate({"vetoes": [{"id": "ral", **rule}]})
        return [problem for tried in own_check.vetoes(config) for problem in tried.problems]

    ral = r"(?i)RAL ?(?P<value>\d{4})"
    same = [["ral 9010", "RAL9010", False], ["RAL 9010", "door", False], ["RAL 9010", "RAL 7016", True]]
    assert vetoes(pattern=ral, examples=same) == []
    assert vetoes(pattern=ral, examples=[["RAL 9010", "RAL 9010", True]]) == [
        "deduplicate.vetoes.ral: of 'RAL 9010' and 'RAL 9010' it says '9010' and '9010', expected that they are variants"
    ]
    assert (
        vetoes(use=f"{module}:first_word", examples=[["Left door", "right door", True], ["Left a", "left b", False]])
        == []
    )
    assert "is the id of a built-in veto" in vetoes(id="colour", pattern="a")[0]


def test_a_filter_of_ones_own_stands_beside_the_others(module: str) -> None:
    config = FilterConfig.model_validate({"own": [{"id": "heavy", "use": f"{module}:heavy", "detail": "too long"}]})
    rows = [{"id": "1", "title": "a very long mug"}, {"id": "2", "title": "mug"},
            {"id": "3", "title": "a very long mug", "image_error": "broken"}]  # fmt: skip
    batch = pa.RecordBatch.from_pylist(rows, schema=LISTINGS.schema)
    own = OwnFilters.of(config.own, RULES)
    kept, lost = judge(batch, score(batch, HOT.empty_table()), config, own=own)
    assert kept["id"].to_pylist() == ["2"]
    assert lost["rules"].to_pylist() == [["heavy"], ["unreadable_photo", "heavy"]]
    assert lost["rule"].to_pylist() == ["heavy", "unreadable_photo"]
    assert lost["detail"].to_pylist()[0] == "too long"
    careless = FilterConfig.model_validate({"own": [{"id": "careless", "use": f"{module}:careless"}]})
    nameless = batch.set_column(1, "title", pa.array(["mug", None, "mug"]))
    with pytest.raises(RuleError, match="first on listing '2': None"):
        judge(nameless, score(nameless, HOT.empty_table()), careless, own=OwnFilters.of(careless.own, RULES))
    with pytest.raises(ConfigError, match="is the id of a built-in filter"):
        OwnFilters.of(config.own, ["heavy"])
