import pytest
from eclip.quality.report.data import ReportData
from eclip.quality.report.learning import beside_cca, by_prompt, heads, retrieval

CATEGORY = {
    "trained": True,
    "rows_train": 900,
    "rows_val": 57,
    "labels": 6,
    "metric": "accuracy",
    "image": {"accuracy": 0.16, "macro_f1": 0.04},
    "text": {"accuracy": 0.25, "macro_f1": 0.08},
    "both": {"accuracy": 0.24, "macro_f1": 0.07},
    "baselines": {"majority": 0.07, "TF-IDF": 0.33},
}


def head(name="category", **values):
    return heads(ReportData(heads={"tasks": {name: {**CATEGORY, **values}}}))[0]


def bold(found):
    return [(row.method, place) for row in found.rows for place, (_, best) in enumerate(row.figures) if best]


def test_a_baseline_that_wins_is_bold_and_said():
    found = head()
    assert bold(found) == [("title", 1), ("TF-IDF on titles", 0)]
    assert found.said == "TF-IDF on titles is better here: accuracy 33.0%, against 25.0% for the head on titles."
    assert found.few


def test_a_head_that_wins_is_said_beside_the_strongest_baseline():
    found = head(baselines={"majority": 0.07, "TF-IDF": 0.2}, rows_val=5000)
    assert found.said == (
        "The best is the head on titles: accuracy 25.0%, against 20.0% for the strongest baseline, TF-IDF on titles."
    )
    assert not found.few


def test_a_draw_is_no_victory():
    assert head(baselines={"TF-IDF": 0.25}).said.startswith("No better than TF-IDF on titles")


def test_a_head_without_validation_rows_says_so():
    task = {"trained": True, "rows_train": 9, "rows_val": 0, "labels": 2, "metric": "f1"}
    found = heads(ReportData(heads={"tasks": {"matching": task}}))[0]
    assert found.said == "There was nothing to measure it on."
    assert found.rows == []


def test_a_head_that_was_not_trained_gives_its_reason():
    found = heads(ReportData(heads={"tasks": {"adult": {"trained": False, "reason": "no labels"}}}))[0]
    assert (found.trained, found.reason) == (False, "no labels")


def test_retrieval_stands_beside_cca_and_chance():
    metrics = {"photo_to_title_r1": 0.2, "photo_to_title_r1_cca": 0.35, "photo_to_title_r1_chance": 0.02}
    ((name, bars),) = retrieval(metrics)
    assert name == "Photo to title, recall at 1"
    assert [(bar.label, bar.value, bar.width) for bar in bars] == [
        ("e-CLIP", "20.0%", 20.0),
        ("CCA", "35.0%", 35.0),
        ("chance", "2.0%", 2.0),
    ]


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (0.1, "CCA finds more throughout."),
        (0.5, "The model finds at least as much as CCA throughout."),
        (None, ""),
    ],
)
def test_who_retrieves_better_is_said(ours, said):
    assert beside_cca({"photo_to_title_r1": ours, "photo_to_title_r1_cca": 0.3}) == said


def test_no_figures_no_charts():
    assert retrieval({}) == []
    assert by_prompt({}) == []
