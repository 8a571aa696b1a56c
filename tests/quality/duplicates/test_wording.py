from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
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
    ],
)
def test_nothing_is_substituted(left: str, right: str) -> None:
    assert not substituted(left, right)


def test_the_words_that_differ_are_named() -> None:
    assert differing("gooseberry jam 340 g", "quince jam 340 g new") == (["gooseberry"], ["quince"])
    assert differing("红枣糕 200 g", "黑枣糕 200 克") == (["红"], ["黑"])


def test_a_slice_of_texts_is_read_where_it_begins() -> None:
    texts = pa.array(["", "x" * 50, "gooseberry jam", "quince jam"])[2:]
    assert substitutions(texts, np.array([0]), np.array([1])).tolist() == [True]
