"""The hard sample: variants that the title alone tells apart, copies in every disguise."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from eclip.examples.sample import write_sample
from eclip.examples.sample.disguises import HARD_DISGUISES
from eclip.examples.sample.products import HARD_CHANGES
from eclip.examples.sample.retouching import HARD_CHANGES as PHOTO_CHANGES
from eclip.examples.sample.traits import TRAITS


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hard")
    write_sample(folder, rows=1500, photos=False, hard=True)
    return folder


@pytest.fixture(scope="module")
def rows(hard: Path) -> dict[str, dict[str, str]]:
    found = {}
    for part in (hard / "listings").iterdir():
        with part.open(encoding="utf-8", newline="") as file:
            found.update({row["sku"]: row for row in csv.DictReader(file)})
    return found


@pytest.fixture(scope="module")
def truth(hard: Path) -> pd.DataFrame:
    return pd.read_parquet(hard / "truth.parquet")


def test_every_change_and_disguise_appears(truth: pd.DataFrame) -> None:
    assert set(truth[truth["kind"] == "variant"]["detail"]) == set(HARD_CHANGES)
    ways = truth[truth["kind"] == "relisting"]["detail"].str.split(expand=True)[1]
    assert set(ways) <= set(HARD_DISGUISES)
    assert len(set(ways)) > 10


def test_only_the_title_tells_variants_apart(rows: dict[str, dict[str, str]], truth: pd.DataFrame) -> None:
    variants = truth[(truth["kind"] == "variant") & truth["detail"].isin(list(TRAITS))]
    assert len(variants) > 20
    for fact in variants.itertuples():
        base, variant = rows[str(fact.of)], rows[str(fact.id)]
        assert base["name"] != variant["name"]
        assert base["ean"] == variant["ean"] == ""
        both = {name for name in ("colour", "size", "material", "pattern") if base[name] and variant[name]}
        assert all(base[name] == variant[name] for name in both)


def test_variants_share_a_photo_and_copies_are_retouched(tmp_path: Path) -> None:
    write_sample(tmp_path / "hard", rows=300, hard=True)
    truth = pd.read_parquet(tmp_path / "hard/truth.parquet")
    photos = {path.name.split("-")[0].upper(): path.stat().st_size for path in tmp_path.rglob("*-1.jpg")}
    pairs = [(str(f.id), str(f.of)) for f in truth[truth["kind"] == "variant"].itertuples()]
    equal = [photos[a] == photos[b] for a, b in pairs if a in photos and b in photos]
    assert 0.2 < sum(equal) / len(equal) < 0.8  # the others were compressed once more
    changes = truth[truth["kind"] == "relisting"]["detail"].str.split(expand=True)[2]
    assert set(changes) <= set(PHOTO_CHANGES)


def test_what_goes_without_saying_is_empty_in_all_languages() -> None:
    for values in TRAITS.values():
        for words in values.values():
            assert len({bool(word) for word in words.values()}) == 1
        assert len({tuple(words.values()) for words in values.values()}) == len(values)
