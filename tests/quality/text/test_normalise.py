from __future__ import annotations

import pyarrow as pa
import pytest
from eclip.quality.text.language import identify
from eclip.quality.text.normalise import normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Levi's® 501, RED!", "levi s 501 red"),
        ("ＲＥＤ　ＭＵＧ", "red mug"),
        ("STRASSE", "Strasse"),
        ("빨간  머그컵!", "빨간 머그컵"),
        ("e\u0301tui", "étui"),
        ("Mug 500ml", "mug 500 ml"),
        ("İstanbul", "i̇stanbul"),
    ],
)
def test_what_is_written_alike_compares_alike(one: str, other: str) -> None:
    left, right = normalise(pa.array([one, other])).to_pylist()
    assert left == right


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C++ Primer", "C# Primer"), ("C++ Primer", "C Primer"), ("A+++", "A+"), ("Vitamin B+", "Vitamin B"),
        ("10²", "102"), ("1½", "11/2"), ("50% Wolle", "50 Wolle"), ("bis -5 °C", "bis 5 °C"),
    ],
)  # fmt: skip
def test_what_means_something_else_compares_unlike(one: str, other: str) -> None:
    left, right = normalise(pa.array([one, other])).to_pylist()
    assert left != right


def test_letters_digits_and_marks_stay() -> None:
    assert normalise(pa.array(["กระเป๋า 5L", None, "★"])).to_pylist() == ["กระเป๋า 5 l", "", ""]


def test_languages() -> None:
    texts = [
        "Große Kaffeetasse aus Porzellan, spülmaschinenfest",
        "빨간 머그컵",
        "マグカップ",
        "500",
        None,
        "Tasse rouge en céramique",
    ]
    assert identify(pa.array(texts)).to_pylist() == ["de", "ko", "ja", None, None, "fr"]
