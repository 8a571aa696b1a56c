from __future__ import annotations

import pyarrow as pa
import pytest
from eclip.quality.text.brand import normalise_brand


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" Bosch ", "Bosch"), ("Levi's®", "Levi's"), ("Nike (TM)", "Nike"), ("Brand: Zara", "Zara"), ("브랜드: 나이키", "나이키"),
        ("Apple, Inc.", "Apple"), ("Müller GmbH & Co. KG", "Müller"), ("Samsung Electronics Co., Ltd", "Samsung Electronics"),
        ("(주)한국", "한국"), ("株式会社バンダイ", "バンダイ"), ("&nbsp;L&#39;Or&eacute;al", "L'Oréal"), ("ＳＯＮＹ", "SONY"),
        ('"Nike"', "Nike"), ("The Moms Co", "The Moms Co"), ("Limited Too", "Limited Too"), ("Limited", "Limited"),
        ("H&M", "H&M"), ("3M", "3M"), ("Yes!", "Yes!"), ("s.Oliver", "s.Oliver"), ("&Tradition", "&Tradition"),
    ],
)  # fmt: skip
def test_brands_are_named_alike(raw: str, expected: str) -> None:
    once = normalise_brand(pa.array([raw]))
    assert once.to_pylist() == [expected]
    assert normalise_brand(once).to_pylist() == [expected]


@pytest.mark.parametrize(
    "raw",
    [
        "N/A",
        "n.a.",
        "-",
        "",
        "™",
        "No Brand",
        "Unbranded",
        "Does not apply",
        "ohne Marke",
        "ノーブランド品",
        "无品牌",
        "없음",
    ],
)
def test_what_says_that_there_is_none_is_null(raw: str) -> None:
    assert normalise_brand(pa.array([raw, None, "Bosch"])).to_pylist() == [None, None, "Bosch"]
