import pytest
from eclip.quality.duplicates.agreement import VETOES
from eclip.quality.duplicates.variants import KINDS
from eclip.quality.report.data import Duplicates, Variants
from eclip.quality.report.page import render
from eclip.quality.report.vetoes import READ, apart, apart_said, own_vetoes, says, why_apart

RAL = {"vetoes": [{"id": "ral", "pattern": "RAL ?(?P<value>[0-9]{4})"}, {"id": "plug", "use": "mypkg.rules:plug"}]}


def row(title, **values):
    return {**dict.fromkeys(READ), "title": title, **values}


def test_every_veto_is_said_in_words_of_its_own():
    said = [why_apart(name) for name in (*KINDS, *VETOES)]
    assert len(set(said)) == len(said)
    assert not any("own" in sentence.split() or "_" in sentence for sentence in said)
    assert why_apart("plug") == "plug differs: a rule of one’s own"


@pytest.mark.parametrize(
    ("name", "left", "right", "said"),
    [
        ("volume", row("Red mug 500 ml"), row("Red mug 250 ml"), ("500 ml", "250 ml")),
        ("condition", row("Drill"), row("Used drill"), ("", "Used")),
        ("gtin", row("Drill", gtin="4006381333931"), row("Drill", gtin="4006381333948"), ("4006381333931", "4006381333948")),
        ("price", row("Drill", price=12.5), row("Drill", price=99), ("12.5", "99")),
        ("wording", row("Gooseberry jam 340 g"), row("Quince jam 340 g"), ("gooseberry", "quince")),
        ("ral", row("Door RAL 9010"), row("Door RAL7016"), ("9010", "7016")),
        # What cannot be told again is not made up.
        ("colour", row("Red mug 500 ml"), row("Red mug 250 ml"), None),
        ("photo", row("Red mug"), row("Red mug"), None),
        ("plug", row("Lamp"), row("Lamp"), None),
        ("price", row("Drill"), row("Drill", price=99), None),
    ],
)  # fmt: skip
def test_each_listing_says_it_in_its_own_words(name, left, right, said):
    assert says(name, left, right, own_vetoes(RAL)) == said


def test_variants_and_what_the_decision_kept_are_told_apart():
    found = Duplicates(vetoes={"colour": 3, "pack": 1, "photo": 2, "set too large": 5})
    assert apart_said(found) == (
        "4 links join variants, which are never dropped for each other. 7 pairs were linked where the table says drop: "
        "the photos show something else (2) and too many listings would have been dropped for one (5)."
    )
    assert [bar.value for bar in apart(found)] == ["5", "3", "2", "1"]
    assert apart_said(Duplicates()) == ""


def test_both_words_stand_on_the_page_made_harmless(data):
    pair = data.duplicates.variants[0]
    shown = Variants(**{**pair.model_dump(), "said": ["<b>red</b>", ""]})
    found = data.duplicates.model_copy(update={"variants": [shown]})
    page = render(data.model_copy(update={"duplicates": found}))
    assert "the colour differs: <bdi>&lt;b&gt;red&lt;/b&gt;</bdi> | <bdi>–</bdi>" in page
