from __future__ import annotations

import json

import pytest
from eclip.quality.report.labels import judge, read_labels, wilson
from eclip.quality.report.review import allot, band
from eclip.schemas.errors import ConfigError
from scipy.stats import binomtest


def labels(*answers: tuple[str, str, str], **more: object) -> str:
    rows = [{"case": f"c{n}", "rule": r, "band": b, "answer": a} for n, (r, b, a) in enumerate(answers)]
    return json.dumps({"format": "eclip.review/1", "of": "duplicates", "attempt": "a1", "labels": rows, **more})


@pytest.mark.parametrize(("right", "judged"), [(0, 5), (9, 10), (50, 50), (187, 200)])
def test_the_interval_is_wilsons(right: int, judged: int) -> None:
    expected = binomtest(right, judged).proportion_ci(method="wilson")
    assert wilson(right, judged) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_precision_by_rule_and_band() -> None:
    answers = [("text", "0.6 to 0.7", "y")] * 6 + [("text", "0.6 to 0.7", "n")] * 2 + [("text", "0.9 to 1", "y")] * 4
    answers += [("gtin", "", "y"), ("gtin", "", "?")]
    strata = [{"rule": "text", "band": "0.6 to 0.7", "rows": 10}, {"rule": "text", "band": "0.9 to 1", "rows": 90}]
    found = judge(read_labels(labels(*answers, strata=[*strata, {"rule": "gtin", "band": "", "rows": 1}]), "x"))
    lines = {(line.rule, line.band): line for line in found.lines}
    assert (lines["text", "0.6 to 0.7"].right, lines["text", "0.6 to 0.7"].judged) == (6, 8)
    assert lines["text", "all"].precision == pytest.approx(0.1 * 6 / 8 + 0.9)  # weighed by the rows that there are
    answers_worth = 1 / (0.1**2 / 8 + 0.9**2 / 4)  # Kish's: four answers stand for nine rows in ten
    assert lines["text", "all"].low == pytest.approx(wilson(0.975 * answers_worth, answers_worth)[0])
    assert (lines["gtin", ""].judged, lines["gtin", ""].unsure) == (1, 1)
    assert found.metrics["review_duplicates_text_precision"] == lines["text", "all"].precision
    assert found.metrics["review_duplicates_judged"] == 13
    assert found.metrics["review_duplicates_precision_low"] < found.metrics["review_duplicates_precision"]
    assert "Of 13 judged 11 are right" in found.sentence


def test_a_case_that_was_judged_twice_counts_once() -> None:
    rows = [{"case": "c", "rule": "text", "band": "", "answer": a} for a in "yn"]
    found = judge(read_labels(json.dumps({"format": "eclip.review/1", "of": "rejected", "labels": rows}), "x"))
    assert (found.lines[-1].judged, found.lines[-1].precision) == (1, 0.0)


def test_the_precision_of_noise_is_that_of_the_pairs_beyond_the_threshold() -> None:
    answers = [("mismatched_photo", "0.5 to 0.75", "y")] * 9 + [("mismatched_photo", "0.9 to 1", "n")]
    answers += [("fitting_photo", "0 to 0.1", "n")] * 19 + [("fitting_photo", "0.1 to 0.25", "y")]
    strata = [
        {"rule": r, "band": b, "rows": n}
        for r, b, n in (("mismatched_photo", "0.5 to 0.75", 90), ("mismatched_photo", "0.9 to 1", 10),
                        ("fitting_photo", "0 to 0.1", 800), ("fitting_photo", "0.1 to 0.25", 100))
    ]  # fmt: skip
    found = judge(read_labels(labels(*answers, of="noise", strata=strata), "x"))
    assert found.metrics["review_noise_precision"] == pytest.approx(0.9)
    assert found.metrics["review_noise_judged"] == 10
    worth = 1 / (0.9**2 / 9 + 0.1**2 / 1)
    assert found.metrics["review_noise_precision_low"] == pytest.approx(wilson(0.9 * worth, worth)[0])
    assert found.metrics["review_noise_share"] == pytest.approx((90 + 100) / 1000)
    assert found.metrics["review_noise_share_low"] < 0.19 < found.lines[-1].high
    assert found.metrics["review_noise_share_judged"] == 30
    assert not any("fitting" in name for name in found.metrics)
    assert "Beyond the threshold: Of 10 judged 9 are right" in found.sentence
    assert "Of all 1,000 scored pairs 19.0% show something else" in found.sentence
    assert "review_noise_precision" not in judge(read_labels(labels(*answers[10:], of="noise"), "x")).metrics


def test_nothing_judged_is_no_precision() -> None:
    found = judge(read_labels(labels(("text", "", "?")), "x"))
    assert found.metrics == {}
    assert found.lines[-1].cells[4] == "–"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "these are no labels of a review page"),
        ('{"labels": []}', "format"),
        (labels(of="dups"), "found 'eclip.review/1' of 'dups'"),
        (labels(format="other/1"), "expected labels of the format eclip.review/1"),
        (labels(("text", "", "yes")), "the answer to 'c0' is 'yes'; expected one of y, n, ?"),
    ],
)
def test_another_file_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_labels(text, "labels.json")
    assert says in str(error.value)
    assert "labels.json" in str(error.value)


def test_bands_meet_without_gaps() -> None:
    assert [band("duplicates", v) for v in (0, 0.3, 0.59, 0.6, 1.0)] == [
        "0 to 0.3", "0.3 to 0.5", "0.5 to 0.6", "0.6 to 0.7", "0.9 to 1"
    ]  # fmt: skip
    assert band("duplicates", float("nan")) == ""


def test_cases_are_allotted_alike_and_none_is_left_over() -> None:
    strata = {("a", "x"): 1000, ("a", "y"): 3, ("b", ""): 50}
    given = allot(strata, 100)
    assert sum(given.values()) == 100
    assert given["a", "y"] == 3
    assert abs(given["a", "x"] - given["b", ""]) <= 3
    assert allot({("a", ""): 2}, 100) == {("a", ""): 2}
