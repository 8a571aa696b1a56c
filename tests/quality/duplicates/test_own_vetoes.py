from __future__ import annotations

import pandas as pd
import pytest
from eclip.quality.duplicates.find import Duplicates, find_duplicates
from eclip.quality.duplicates.own_vetoes import MOST_VETOES, OwnVetoes
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.errors import ConfigError

TITLES = {
    "a": "steel garden door nine panels, fitting Quox",
    "b": "steel garden door nine panels fitting quox",
    "c": "steel garden door nine panels fitting zelb",
}
DROP = {"same_seller": "drop", "other_seller": "drop", "unknown_seller": "drop"}
EVERYTHING = dict.fromkeys(("image_and_text", "equal_title", "equal_gtin", "text", "image"), DROP)
FITTING = {"id": "fitting", "pattern": r"(?i)fitting (?P<value>\w+)"}


def found(titles: dict[str, str], *vetoes: dict[str, object]) -> Duplicates:
    config = DeduplicateConfig.model_validate({"vetoes": list(vetoes), "decision": EVERYTHING, "text_similarity": 0.5})
    frame = pd.DataFrame({"title": list(titles.values()), "seller": "s"}, index=list(titles))
    return find_duplicates(frame, seller="seller", config=config)


def test_listings_that_say_different_things_are_variants() -> None:
    assert len(found(TITLES).dropped) == 2
    vetoed = found(TITLES, FITTING)
    assert {frozenset(pair) for pair in vetoed.dropped[["dropped_id", "kept_id"]].to_numpy().tolist()} == {
        frozenset("ab")
    }
    assert set(vetoed.links["veto"]) == {"fitting"}


def test_a_listing_that_says_nothing_is_no_variant() -> None:
    silent = {"a": TITLES["a"], "d": "steel garden door nine panels"}
    assert len(found(silent, FITTING).dropped) == 1
    assert len(found(TITLES, {"id": "none", "pattern": "no such word"}).dropped) == 2


def test_several_vetoes_are_told_apart() -> None:
    titles = {
        "a": "garden door of steel, fitting quox, hinge mip",
        "b": "garden door of steel, fitting quox, hinge tol",
    }
    vetoed = found(titles, FITTING, {"id": "hinge", "pattern": r"hinge (?P<value>\w+)"})
    assert vetoed.links["veto"].tolist() == ["hinge"]


def test_more_vetoes_than_can_be_told_apart_are_refused() -> None:
    rules = [{"id": f"rule{k}", "pattern": f"word{k}"} for k in range(MOST_VETOES + 1)]
    OwnVetoes.of(DeduplicateConfig.model_validate({"vetoes": rules[1:]}))
    with pytest.raises(ConfigError, match=f"{MOST_VETOES} can be told apart"):
        OwnVetoes.of(DeduplicateConfig.model_validate({"vetoes": rules}))
