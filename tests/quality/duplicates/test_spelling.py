"""Titles that differ in spelling alone have one hash; no two variants have."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.duplicates.find import find_duplicates
from eclip.quality.duplicates.spelling import title_hashes
from eclip.quality.text.normalise import normalise

from .test_hard_pairs import FILES, pairs


def hashes(*titles: str | None) -> list[int]:
    column = pa.array(titles, pa.string())
    found: list[int] = title_hashes(column, normalise(column)).tolist()
    return found


SAME = [
    ("Orangensaft 0,5 l Flasche", "Orangensaft 500ml Flasche"), ("Juice 0.5 L bottle", "Juice 50 cl bottle"),
    ("Kabel 1m", "Kabel 100cm"), ("Mehl 1 kg", "Mehl 1000 g"), ("Mehl 1.000 g", "Mehl 1000g"),
    ("Kissen 40x40 cm", "Kissen 40 x 40cm"), ("Kissen 40×40 cm", "Kissen 40 x 40 cm"), ("Kabel USB-C", "Kabel USB C"),
    ("Café Qualità", "Cafe Qualita"), ("Schuh Gr. 28", "Schuh Größe 28"), ("Shirt size M", "Shirt Größe M"),
    ("Monitor 24 Zoll", 'Monitor 24"'), ("Monitor 27″", "Monitor 27''"), ("Müsli", "Muesli"), ("Straße", "Strasse"),
    ("Größe Maß", "Groesse Mass"), ("RED  Mug!", "red mug"), ("Levi's 501", "Levi s 501"),
    ('"Matrix 24"', "Matrix 24"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_spelled_otherwise_is_one_title(one: str, other: str) -> None:
    left, right = hashes(one, other)
    assert left == right > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C++ Primer", "C# Primer"), ("C++ Primer", "C Primer"), ("A+++", "A+"), ("10²", "102"), ("10²", "10 2"),
        ("1½ l", "11/2 l"), ("50% Wolle", "50 Wolle"), ("bis -5 °C", "bis 5 °C"), ("Saft 0,5 l", "Saft 5 l"),
        ("Saft 0 5 l", "Saft 0,5 l"), ("Agent 007", "Agent 7"), ("Monitor 24 Zoll", "Monitor 24 cm"), ("तेल", "तल"),
        ("60 capsules", "60 tablets"), ("3 pairs", "3 pieces"), ("rosa", "rossa"), ("й", "и"), ("и\u0306", "и"), ("か", "が"),
        ("12345678901234567", "12345678901234568"), ("Schuh 28 EU", "Schuh 28 UK"),
    ],
)  # fmt: skip
def test_what_means_something_else_is_another_title(one: str, other: str) -> None:
    left, right = hashes(one, other)
    assert left != right


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_variants_are_one_title(path: object) -> None:
    rows = [row for row in pairs(path) if row[0] != "=="]  # type: ignore[arg-type]
    found = np.array(hashes(*(title for _, *both in rows for title in both))).reshape(-1, 2)
    assert not [row for row, (left, right) in zip(rows, found, strict=True) if left == right]


def test_what_normalises_to_nothing_has_no_hash_and_long_titles_have_one() -> None:
    assert hashes("", None, "★") == [0, 0, 0]
    long, other = hashes("word " * 300, "word " * 300 + "more")
    assert 0 < long != other > 0


def test_one_seller_keeps_one_of_each() -> None:
    spelled = [title for pair in SAME for title in pair]
    places = range(len(spelled))
    columns = {"id": [f"{n:02}" for n in places], "title": spelled, "seller": [f"shop {n // 2}" for n in places]}
    found = find_duplicates(pa.table(columns), title="title", id="id", seller="seller").dropped
    dropped = {tuple(sorted(pair)) for pair in found[["dropped_id", "kept_id"]].values.tolist()}
    assert dropped >= {(f"{n:02}", f"{n + 1:02}") for n in range(0, 2 * 13, 2)}


def test_a_hash_is_of_the_title_alone_whatever_stood_in_memory_before() -> None:
    """Marks behind the last word were once read beyond the end of the title, where an earlier one had left its own."""
    title = "müsli für größere schüsseln"
    size = len(title.encode())
    before = ["a" + "+" * (size - 1), "a" * size, "#" * size, "%" * size]
    found = hashes(*(each for other in before for each in [other, title] * 500))
    assert len(set(found[1::2])) == 1
