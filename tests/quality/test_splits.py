from __future__ import annotations

import pyarrow as pa
import pytest
from eclip.quality.splits import Families, named, split_of
from eclip.schemas.errors import SourceError

ALL = pa.array([f"g{n // 3}" for n in range(3000)])


def splits(groups: str, given: list[str | None], share: float = 0.0) -> list[str]:
    return split_of(pa.array(list(groups)), pa.array(given, pa.string()), share, 0)


def families(groups: str, given: list[str | None]) -> Families:
    table = pa.table({"group_id": list(groups), "split": pa.array(given, pa.string())})
    # However the catalog is cut into shards.
    return Families.of([table.slice(k, 1) for k in range(table.num_rows)])


def test_families_that_are_not_given_are_drawn_whole() -> None:
    nothing = pa.nulls(3000, pa.string())
    drawn = split_of(ALL, nothing, 0.2, 0)
    assert all(len({drawn[n], drawn[n + 1], drawn[n + 2]}) == 1 for n in range(0, 3000, 3))
    assert 0.16 < drawn.count("val") / 3000 < 0.24
    assert split_of(ALL, nothing, 0.2, 1) != drawn


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([None, "test", None], ["test", "test", "test"]),
        (["train", "test", None], ["train", "test", "test"]),  # what is given stays; the rest follows the strongest
        (["train", "val", None], ["train", "val", "val"]),
        (["val", "test", None], ["val", "test", "test"]),
        (["train", None, None], ["train", "train", "train"]),
        ([None, None, None], ["val", "val", "val"]),
    ],
)
def test_a_family_follows_its_given_members(given: list[str | None], expected: list[str]) -> None:
    assert splits("aaa", given, share=0.999999) == expected


def test_a_family_is_told_from_the_whole_catalog_not_from_a_batch() -> None:
    known = families("abac", [None, "val", "Test", "train"])
    found = split_of(pa.array(list("abcd")), pa.nulls(4, pa.string()), 0.0, 0, known)
    assert found == ["test", "val", "train", "train"]


def test_every_crossing_is_counted() -> None:
    assert (
        families("aabbccddee", ["train", "test", "train", "val", "val", "test", "test", None, None, None]).crossing == 3
    )
    assert families("", []).crossing == 0


def test_words_for_splits() -> None:
    for split, words in {
        "train": "train Training",
        "val": "val VALID validation dev",
        "test": "test query gallery holdout",
    }.items():
        assert {named(f" {word}") for word in words.split()} == {split}
    assert splits("abc", ["Validation", "TEST ", "gallery"]) == ["val", "test", "test"]


@pytest.mark.parametrize("word", ["public_test", "whatever", "0"])
def test_an_unknown_word_is_never_taken_for_training(word: str) -> None:
    with pytest.raises(SourceError, match=f"split '{word}' is not known; known are train, training, val"):
        splits("aa", [word, None])
    with pytest.raises(SourceError, match=word):
        families("aa", [word, None])
