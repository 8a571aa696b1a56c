from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from eclip.quality.duplicates.cutting import cut_text, room_for
from eclip.quality.duplicates.letters import MOST_WORDS, alphabet
from eclip.quality.duplicates.wording import differing, substitutions
from eclip.quality.text.normalise import normalise


def substituted(left: str, right: str) -> bool:
    texts = normalise(pa.array([left, right]))
    there, back = substitutions(texts, np.array([0, 1]), np.array([1, 0]))
    assert there == back
    return bool(there)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Gooseberry Jam 340 g", "Quince Jam 340 g"),
        ("Velmo Lightening Moonlight Balm 20 ml", "Velmo Lightening SUNRISE Balm 20ml"),
        ("Quittengelee Omas Küche 250 g", "Schlehengelee Omas Küche 250 g"),
        ("Варенье крыжовник 300 г", "Варенье айва 300 г"),
        ("모과 잼 200g", "무화과 잼 200g"),
        ("山楂果酱 200g", "榅桲果酱200克"),
        ("红枣糕 200g", "黑枣糕200克"),
        ("ざくろジャム 200g", "あんずジャム 200g"),
        ("แยมสตรอเบอร์รี่", "แยมบลูเบอร์รี่"),
        ("مربى السفرجل 340", "مربى المشمش 340"),
        # A word that the lists know, and one that they do not.
        ("Strawberry Jam 340 g", "Gooseberry Jam 340 g"),
        ("Trellmark Bed Linen Cotton 135", "Trellmark Bed Linen Lyocell 135"),
        ("Halden mug red", "Halden mug ecru"),
        ("Erdbeermarmelade 200 g", "Quittenmarmelade 200 g"),
        ("草莓 果酱 200克", "榅桲 果酱 200克"),
        # Equal but for one place: two known words, or words too short to be compared elsewhere.
        ("Velmo brush soft 2 pcs", "Velmo brush mittel 2 pcs"),
        ("Velmo panel IPS 27", "Velmo panel VA 27"),
        ("连衣裙 长袖 黑色", "连衣裙 无袖 黑色"),
        # Without what the other names.
        ("Velmo litter clumping 10 l", "Velmo litter not clumping 10 l"),
        ("Trellmark BH Bügel", "Trellmark BH ohne Bügel"),
    ],
)
def test_each_says_a_word_that_the_other_lacks(left: str, right: str) -> None:
    assert substituted(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Wireless chargr pad", "wireless charger pad"),  # a slip
        ("Strawbery presevres 200 g", "Strawberry preserves"),
        ("Strawberry jam", "jam strawberries"),  # another ending, another order
        ("Шоколад молочный 100 г", "шоколада молочного 100г"),
        ("Smart phone holder", "smartphone holder"),  # written apart
        ("wht ceramic mug", "ceramic white mug"),  # without vowels
        ("Choc. biscuits", "chocolate biscuits"),  # cut short
        ("Jam", "Gooseberry jam"),  # says more, nothing else
        ("Kaos polos pria MURAH", "kaos polos pria promo terbaru"),  # what sellers add
        ("딸기잼 200g", "딸기잼 200g 무료배송"),
        ("Mug 300 ml", "Mug 400 ml"),  # numbers are the grammar's
        ("Rote Mug", "red mug"),
        ("café crème", "Cafe Creme"),
        ("", "Gooseberry jam"),
        ("Red mug Halden", "Mug Halden tableware"),  # each adds a word, at another place
        ("Rote Tasse Velmo", "Red Tasse Velmo Küche"),  # one colour
        ("Strawbery jam homemade", "Strawberry jam"),  # a known word, misspelled
        ("Velmo 13 128 GB smartphone", "Ardon Velmo 13 128GB"),  # two additions at different places
        ("Smartphone Velmo 13", "Ardon Velmo 13"),  # a kind of thing and a brand at one place
        ("Velmo Handy 128 GB", "Velmo Mobiltelefon 128 GB"),  # one kind of thing
        ("Smartphone Velmo 13", "スマホ Velmo 13"),
        ("ベルモ 充電器 20W", "VELMO 充電器 20W"),  # perhaps one word in two alphabets
        ("Kolonka Velmo", "Колонка Velmo"),
        ("Velmo mug blak", "Velmo mug black"),
        ("Jar with lid", "Jar without lid wood"),  # the grammar's
        ("2 m kabel", "200 cm kabel"),
    ],
)
def test_nothing_is_substituted(left: str, right: str) -> None:
    assert not substituted(left, right)


@pytest.mark.parametrize("piece", ["梅桃李杏 ", "梅桃李杏", "jam of plum ", "plum"])
def test_no_more_words_are_compared_than_a_title_has(piece: str) -> None:
    title = np.frombuffer((piece * 25_000).encode(), np.uint8)
    with np.errstate(over="ignore"):  # not compiled here
        text = cut_text(title, 0, len(title), *alphabet(), room_for(np.array([0, len(title)])))
    assert len(text.starts) <= MOST_WORDS
    begin = "あ" * 2 * MOST_WORDS  # what stands behind so many words is not looked at
    assert not substituted(begin + " gooseberry jam", begin + " quince jam")
    assert not substituted(piece * 25_000, piece * 25_001)


def test_the_words_that_differ_are_named() -> None:
    assert differing("gooseberry jam 340 g", "quince jam 340 g new") == (["gooseberry"], ["quince"])
    assert differing("红枣糕 200 g", "黑枣糕 200 克") == (["红"], ["黑"])
    assert differing("halden mug red", "halden mug ecru") == (["red"], ["ecru"])
    assert differing("litter clumping", "litter not clumping") == (["clumping"], ["not clumping"])
    assert differing("gooseberry jam", "gooseberry jam smartphone") == ([], [])


def test_a_slice_of_texts_is_read_where_it_begins() -> None:
    texts = pa.array(["", "x" * 50, "gooseberry jam", "quince jam"])[2:]
    assert substitutions(texts, np.array([0]), np.array([1])).tolist() == [True]
