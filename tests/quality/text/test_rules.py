from __future__ import annotations

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from eclip.quality.text import noise_phrases
from eclip.quality.text.chain import KEPT_RESTLESS, apply
from eclip.quality.text.clean import KEPT_UNEMPTIED, check_rules, clean, clean_texts
from eclip.quality.text.rule import SETTLING, Rule
from eclip.quality.text.rules import DESCRIPTION_RULES, EMPTYING_RULES, RULES
from eclip.quality.text.signs import LETTER_OR_DIGIT, WORDS
from eclip.schemas.errors import ConfigError
from hypothesis import given, settings
from hypothesis import strategies as st


def cleaned(text: str) -> str:
    return all_cleaned([text])[0]


def all_cleaned(texts: list[str]) -> list[str]:
    return list(clean_texts(pa.array(texts, pa.string()), list(RULES))[0].to_pylist())


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
        ("【送料無料】マグカップ 即納", "マグカップ"),
        ("[COD] Mug Free-Shipping", "Mug"),
        ("包邮 陶瓷马克杯", "陶瓷马克杯"),
        ("แก้วมัค พร้อมส่ง", "แก้วมัค"),
        ("شحن مجاني كوب أحمر", "كوب أحمر"),
        ("KARGO BEDAVA Kırmızı kupa | HIZLI KARGO", "Kırmızı kupa"),
        (r"Caf\xc3\xa9 mug", "Café mug"),
        (r"Caf\\u00e9 \ud83d\ude00 mug", "Café mug"),
        (r"broken \xff\xfe bytes \ud83d", r"broken \xff\xfe bytes \ud83d"),
        ("b\"Levi's mug\"", "Levi's mug"),
        ("CafÃ© latte", "Café latte"),
        ("Levi\x92s 501", "Levi’s 501"),
        ("Tom &amp;amp; Jerry &lt;b&gt;cup&lt;/b&gt;", "Tom & Jerry cup"),
        ("AT&T; R&notebook; 5 &#48; &#xD800;", "AT&T; R&notebook; 5 0 \ufffd"),
        ("<![CDATA[Mug <br/> red]]><style>b{}</style>", "Mug red"),
        ("<NIKE> shoes", "<NIKE> shoes"),
        ("5 < 6 > 4 mugs", "5 < 6 > 4 mugs"),
        ("zero​width‮ and ﻿bom", "zerowidth and bom"),
        ("Wow!!! mug ---", "Wow! mug"),
        ("*Mug* 5*3*2 (+ free gift)", "Mug 5*3*2"),
        ("mug mug mug", "mug"),
        ("red mug red mug", "red mug"),
        ("Mug WA 0812-3456-7890 @shop_id", "Mug"),
        ("Mug t.me/mug_shop", "Mug"),
        ("Mug m.me/mugs red", "Mug red"),
        ("Mug anna (at) example (dot) com", "Mug"),
        ("Mug anna{ät}example.de", "Mug"),
        ("Mug anna [ at ] example.de", "Mug"),
        ("Mug anna(arroba)example.es", "Mug"),
        ("Mug anna at example dot com", "Mug"),
        ("Vitamin C +50 300 2000 ml", "Vitamin C +50 300 2000 ml"),
        ("Dress red #ootd #fashion #style", "Dress red"),
        ("tas/ransel/pria/cowok/anak/sekolah/sd/smp/sma/backpack/carrier/kerja/kantor", "tas/ransel/pria/cowok/anak/sekolah"),
        ("SALE! Rustic Water bottle", "Rustic Water bottle"),
        ("NEW!!! Compact Mirror", "Compact Mirror"),
        ("AKTION!! Kaffeemaschine", "Kaffeemaschine"),
        ("🔥 SALE 🔥 Lamp", "Lamp"),
        ("Offerta! tavolo", "tavolo"),
        ("¡¡OFERTA!! mesa", "mesa"),
        ("PROMO tavolo", "tavolo"),
        ("tavolo PROMO", "tavolo"),
        ("Mega Günstig!!! Stuhl", "Stuhl"),
        ("Stuhl inkl. MwSt", "Stuhl"),
        ("L@@K red lamp", "red lamp"),
        ("Носки БЕСПЛАТНАЯ ДОСТАВКА", "Носки"),
        ("Lampe de bureau LED - livraison gratuite - neuf", "Lampe de bureau LED - neuf"),
        ("Lamp | free shipping | boxed", "Lamp | boxed"),
        ("Winterjacke Damen Tel. 0171 2345678 anrufen", "Winterjacke Damen"),
        ("Red lamp ☎ 030 1234567 whatsapp", "Red lamp"),
        ("", ""),
    ],
)  # fmt: skip
def test_titles_as_sellers_write_them(raw: str, expected: str) -> None:
    assert cleaned(raw) == unicodedata.normalize("NFC", expected)


@pytest.mark.parametrize(
    "title",
    [
        # Names and numbers that look like what the rules take out.
        "Duran Duran Rio LP", "Bora Bora Shirt", "Tom Tom GO 520", "Peri Peri Sauce", "Kaos anak laki laki", "1 1 24 24",
        "Kardus 8 x 8 x 3 cm", "quad core 4 core 4 ghz", "Case iPhone 6, iPhone 7, iPhone 8, iPhone X",
        "Apple iPad Mini, Apple iPad Mini 2", "5\"/5s/6/6s/7/7+/8/8+/X/XS/XR/11/12/12 Pro case",
        "iPhone 12", "Levi's 501 0193", "Laken 90 x 200", "LEGO 75192", "RTX 3060 12GB", "Kalender 2024 2025",
        "EAN 4006381333931", "Bosch 2 607 001 526 Bit Set", "Nike 684658-003", "@home Vase", "Milk 1000ml @12pcs",
        "Shwetna.com Kurta", "Salekhard hot saleroom", "Cod liver oil", "COD LIVER OIL", "Ready Mix - Kheer", "New Balance 574",
        "new in box", "Original Penguin Polo", "Sale e pepe", "SALE E PEPE", "NEW BALANCE 574", "NEW Balance 574", "New York poster",
        "NEW YORK poster", "Promo-Code Buch", "PROMO-Code Buch", "HOT Wheels Auto", "Hot Wheels Auto", "Lamp - red - brass", "Poster New",
        "WhatsApp Sticker", "a sale sign", "할인 없는 머그컵", "무배색 원단", "The #1 Dad Mug", "Series #TL111 C#",
        # Signs that mean something.
        "20 m²", "C++ Primer", "Fridge A+++", "10²", "-10°C", "5%", "½ Liter", "Levi's®", "5.5\" off-white", "27″ Monitor",
        "Gr. 42½", "Levi´s", "C♯ minor", "PA+++ SPF50+", "24/7", "1:18", "S/M/L", "#8 screw",
        # Scripts.
        "빨간 머그컵 350ml", "ㄱ자 소파", "ヘッドホン ワイヤレス", "ノートPC用スタンド", "红色陶瓷马克杯 350毫升", "紅色馬克杯",
        "กระเป๋าผ้า สีน้ำเงิน", "كوب أحمر للقهوة", "ספל אדום לקפה", "लाल कॉफी मग 350 मिली", "कप‍ड़ा", "می‌خواهم",
        "красная кружка", "κόκκινη κούπα", "Đèn bàn học", "Żółty kubek", "Kırmızı kupa", "나이키 Air Max 270 블랙",
    ],
)  # fmt: skip
def test_titles_that_stay(title: str) -> None:
    assert cleaned(title) == unicodedata.normalize("NFC", title)


# Pieces that make something of each other when what stands between them goes.
PIECES = [
    "HOT SALE!!", "<b>x</b>", "free", "shipping", "free shipping", "&amp;", "amp;", "&#38;", "&lt;", "<", "br>", "<br", "/>",
    "--", "★", "COD", "cod", "liver", "[", "]", "【", "】", "[new]", r"\x", r"\xe2\x9d\xa4", r"\u00e9", r"\ud83d", r"\ude00",
    r"\x5c", "x26", 'b"', '"', "mug", "mug mug", "Mug", "24", "#tag", "*", "www.", "a.com", "me@", "t.me/", "(at)", "a", " dot com", "@shop_1", "WA",
    "0812-3456-7890", "+49 221 1234567", "/", ",", "무료", "배송", "무배", "送料無料", "ส่งฟรี", "on sale", "İNDİRİM", "ı", "ß",
    "ＦＲＥＥ", "&nbsp;", "&#8203;", "<!--", "-->", "<![CDATA[", "]]>", "Ã©", "â€™", "Ã¢â‚¬â„¢", "Â", "´", "ﬁ", "㎡", "ｶﾞ",
    "\u200b", "\u200d", "\ufe0f", "\u0301", "\u3164", "\u00a0", "\x80", "\x92", "🔥", "ำ", "...", " ", "  ",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=8).map(
    lambda parts: "".join(parts).encode("utf-8", "replace").decode()
)


@settings(deadline=None, max_examples=120)
@given(st.lists(HOSTILE, min_size=1, max_size=24))
def test_cleaning_twice_is_cleaning_once(raw: list[str]) -> None:
    texts = pa.array(raw)
    once = clean_texts(texts, list(RULES))[0]
    assert clean_texts(once, list(RULES))[0].to_pylist() == once.to_pylist()


@pytest.mark.parametrize("rule", list(RULES))
@settings(deadline=None, max_examples=40)
@given(raw=st.lists(HOSTILE, min_size=1, max_size=24))
def test_each_rule_is_idempotent_and_leaves_nulls_alone(rule: str, raw: list[str]) -> None:
    once = RULES[rule](pa.array([*raw, None]))
    assert RULES[rule](once).to_pylist() == once.to_pylist()
    assert once.is_null().to_pylist() == [False] * len(raw) + [True]


@settings(deadline=None, max_examples=80)
@given(st.lists(HOSTILE, min_size=1, max_size=24))
def test_no_title_is_emptied_and_none_grows(raw: list[str]) -> None:
    texts = pa.array(raw)
    result = clean_texts(texts, list(RULES))[0]
    gentle = apply(texts, {rule: RULES[rule] for rule in RULES if rule not in EMPTYING_RULES})[0]
    before, after = (pc.match_substring_regex(column, LETTER_OR_DIGIT).to_pylist() for column in (gentle, result))
    assert before == after
    for text, short in zip(raw, result.to_pylist(), strict=True):
        assert len(short) <= max(len(text), len(unicodedata.normalize("NFKC", text)))


def test_a_title_of_noise_alone_keeps_its_words() -> None:
    texts, counts = clean_texts(pa.array(["FREE SHIPPING!!", "mug", None]), list(RULES))
    assert texts.to_pylist() == ["FREE SHIPPING!", "mug", None]
    assert counts[KEPT_UNEMPTIED] == 1


def test_rows_changed_are_counted_per_rule() -> None:
    titles = ["<b>a</b>", "<i>b</i>", "c", None, "free &lt;b&gt;shipping x"]  # the last one takes two rounds
    texts, counts = clean_texts(pa.array(titles), list(RULES))
    assert texts.to_pylist() == ["a", "b", "c", None, "x"]
    assert counts == {"markup": 3, "seller_noise": 1, "whitespace": 3}


def test_a_text_that_does_not_come_to_rest_stays_as_it_came() -> None:
    grow = Rule(lambda draft: draft.rewrite(WORDS, lambda text: f"{text}x" if text.startswith("x") else text))
    texts, counts = apply(pa.array(["x", "y", None]), {"grow": grow})
    assert texts.to_pylist() == ["x", "y", None]
    assert counts == {KEPT_RESTLESS: 1}
    grown = apply(pa.array(["x", "y"]), {"grow": grow}, once=["grow"])[0].to_pylist()
    assert grown == ["x" * (1 + SETTLING + 1), "y"]


def test_each_phrase_is_taken_out() -> None:
    known = noise_phrases.phrases()
    left = all_cleaned([f"mug {phrase} tea" for phrase in known])
    assert [phrase for phrase, text in zip(known, left, strict=True) if text != "mug tea"] == []


def test_lines_in_brackets_and_with_a_mark_mean_what_the_lists_say() -> None:
    lines = noise_phrases.lines().values()
    bracketed = [line.strip("[]") for line in lines if line[0] == "["]
    assert bracketed
    assert set(all_cleaned([f"mug [{phrase}] tea" for phrase in bracketed])) == {"mug tea"}
    alone = [f"mug {phrase} tea" for phrase in (*bracketed, *(line[1:] for line in lines if line[0] == "!"))]
    assert all_cleaned(alone) == alone


def test_no_phrase_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for _, content in noise_phrases._files():
        for line in filter(None, (line.split("#")[0].strip() for line in content.splitlines())):
            meanings.setdefault(line.strip("![]").lower(), set()).add(line)
    assert [lines for lines in meanings.values() if len(lines) > 1] == []


def test_hostile_titles_end() -> None:
    for hostile in (
        "&amp;" * 20_000, "<" * 100_000, "!" * 100_000, r"\xe2" * 25_000, "\\" * 100_000, "[" * 100_000 + "hot sale",
        "🔥" * 25_000, "1" * 100_000, "0812 " * 20_000, "red mug " * 12_500, "#ab " * 25_000 + "x", "a (at) b dot " * 8_000, "a," * 50_000,
        "free" + " " * 100_000, "free " * 3_000 + "hot sale" + " shipping" * 3_000, "Ã" * 50_000, "a" * 100_000 + "@",
        "<script><b>" * 9_000, "(," * 50_000, "cod liver oil " * 9_000, "\u0301" * 30_000, "DE89 " * 20_000,
    ):  # fmt: skip
        cleaned(hostile)


def test_descriptions_keep_their_words_and_marks() -> None:
    prose = "Order now!!! Free shipping... call +49 221 1234567"
    assert apply(pa.array([prose]), {rule: RULES[rule] for rule in DESCRIPTION_RULES})[0].to_pylist() == [prose]


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
