from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from eclip.quality.text import noise_phrases
from eclip.quality.text.clean import KEPT_UNEMPTIED, check_rules, clean, clean_texts
from eclip.quality.text.rules import RULES
from eclip.schemas.errors import ConfigError
from hypothesis import given, settings
from hypothesis import strategies as st


def cleaned(text: str) -> str:
    found: str = clean_texts(pa.array([text]), list(RULES))[0][0].as_py()
    return found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("HOT SALE!! <b>Red</b>&nbsp;mug ★★ [Official Store]", "Red mug"),
        ("Red mug - free shipping", "Red mug"),
        ("ＭＵＧ　５００ｍｌ", "MUG 500ml"),
        ("무료배송 빨간 머그컵", "빨간 머그컵"),
        ("★신상★ 머그컵 【무료배송】", "신상 머그컵"),
        ("Kostenloser Versand! Große Tasse", "Große Tasse"),
        ("Tasse rouge (livraison gratuite)", "Tasse rouge"),
        (r"Caf\xc3\xa9 mug", "Café mug"),
        (r"broken \xff\xfe bytes", r"broken \xff\xfe bytes"),
        ("CafÃ© latte", "Café latte"),
        ("Tom &amp;amp; Jerry &lt;b&gt;cup&lt;/b&gt;", "Tom & Jerry cup"),
        ("5 < 6 > 4 mugs", "5 < 6 > 4 mugs"),
        ("zero​width‮ and ﻿bom", "zerowidth and bom"),
        ("Wow!!! mug ---", "Wow! mug"),
        ("5.5\" -10°C 50% off-white", '5.5" -10°C 50% off-white'),
        ("Salekhard hot saleroom", "Salekhard hot saleroom"),
        ("Cod liver oil", "Cod liver oil"),
        ("Fridge A+++ 20 m² Gr. 42½ Brand™ C++", "Fridge A+++ 20 m² Gr. 42½ Brand C++"),
        ("할인 없는 머그컵", "할인 없는 머그컵"),
        ("ヘッドホン ｶﾀｶﾅ", "ヘッドホン カタカナ"),
        ("กระเป๋าผ้า", "กระเป๋าผ้า"),
        ("كوب أحمر", "كوب أحمر"),
        ("कप‍ड़ा", "कप‍ड़ा"),
        ("می‌خواهم", "می‌خواهم"),
        ("", ""),
    ],
)  # fmt: skip
def test_titles_as_sellers_write_them(raw: str, expected: str) -> None:
    assert cleaned(raw) == unicodedata.normalize("NFC", expected)


# Without the marks of mojibake: ftfy may take a space behind one for a part of the broken character, so mending
# random texts of them a second time can find more.
ANY = st.text(st.characters(exclude_characters="ÃÂâÐÑìíëê"), max_size=40)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        ANY | st.sampled_from(["HOT SALE!!", "<b>x</b>", "free shipping", "&amp;", "--", "★"]),
        max_size=4,
    )
)
def test_cleaning_twice_is_cleaning_once_and_never_empties(parts: list[str]) -> None:
    raw = " ".join(parts).encode("utf-8", "replace").decode()
    once = cleaned(raw)
    assert cleaned(once) == once
    if any(unicodedata.category(c)[0] in "LN" for c in once):
        return
    # Nothing is left only where nothing was: pictures and marks aside.
    mended = RULES["mojibake"](RULES["escaped_bytes"](pa.array([raw])))
    gentle = unicodedata.normalize("NFKC", mended[0].as_py())
    assert not any(unicodedata.category(c)[0] in "LN" and c < "\u2000" for c in gentle) or "<" in raw or "&" in raw


def test_a_title_of_noise_alone_keeps_its_words() -> None:
    texts, counts = clean_texts(pa.array(["FREE SHIPPING!!", "mug", None]), list(RULES))
    assert texts.to_pylist() == ["FREE SHIPPING!", "mug", None]
    assert counts[KEPT_UNEMPTIED] == 1


def test_rows_changed_are_counted_per_rule() -> None:
    _, counts = clean_texts(pa.array(["<b>a</b>", "<i>b</i>", "c", None]), list(RULES))
    assert counts["markup"] == 2
    assert "mojibake" not in counts


def test_each_phrase_is_taken_out() -> None:
    kept = [p for p in noise_phrases.phrases() if cleaned(f"mug {p} tea") != "mug tea"]
    assert kept == []


def test_hostile_titles_end() -> None:
    for hostile in ("&amp;" * 50_000, "<" * 50_000, "!" * 100_000, r"\xe2" * 50_000, "[" * 20_000 + "hot sale"):
        cleaned(hostile)


def test_unknown_rules_are_named() -> None:
    with pytest.raises(ConfigError, match="no rule 'markp'; did you mean 'markup'"):
        check_rules(["markp"])


def test_clean_gives_back_what_it_got() -> None:
    import pandas as pd

    frame = clean(pd.DataFrame({"name": ["HOT SALE mug", None]}, index=[5, 6]), title="name")
    assert frame["name"].tolist()[0] == "mug"
    assert frame["name_raw"].tolist()[0] == "HOT SALE mug"
    assert frame.index.tolist() == [5, 6]
    table = clean(pa.table({"title": ["HOT SALE mug"]}))
    assert table.to_pydict() == {"title": ["mug"], "title_raw": ["HOT SALE mug"]}
    with pytest.raises(ConfigError, match="no column 'titel'; did you mean 'title'"):
        clean(pa.table({"title": ["x"]}), title="titel")
