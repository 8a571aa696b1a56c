import pytest
from eclip.quality.report.claims import evaluated_on, measured, prompted
from eclip.quality.report.data import ReportData, StageFacts
from eclip.quality.report.page import render

FIGURES = {"photo_to_title_r10": 0.9, "photo_to_title_r10_cca": 0.8, "prompt_category_both": 0.98, "val_titles": 60.0,
           "val_titles_in_train": 0.0}  # fmt: skip
UNSEEN = "families and titles it has not seen"


def pretrain(**figures):
    settings = {"category_prompts": figures.pop("weight", 1.0)}
    return StageFacts(name="pretrain", attempt="a", metrics={**FIGURES, **figures}, settings=settings)


def pairs(crossing=0):
    return StageFacts(name="pairs", attempt="a", metrics={"families_across_splits": crossing})


def test_what_training_has_not_seen_is_claimed_where_it_is_so():
    said = measured(pretrain(), pairs())
    assert said.startswith(f"Measured on validation pairs whose {UNSEEN}. ")
    assert (
        "CCA of simple photo and title features, which sees no categories; the model was trained on their names."
        in said
    )


@pytest.mark.parametrize(
    ("model", "split", "says"),
    [
        (pretrain(val_titles_in_train=60.0), pairs(), "validation pairs, but 60 of 60 titles were trained on."),
        (pretrain(), pairs(80), "validation pairs, but 80 families stand in more than one split."),
        (pretrain(val_titles_in_train=2.0), pairs(1), "1 family stands in more than one split and 2 of 60 titles were trained on."),
        (pretrain(val_titles_in_train=None), pairs(), "Measured on validation pairs. "),
        (pretrain(), StageFacts(name="pairs"), "Measured on validation pairs. "),
    ],
)  # fmt: skip
def test_what_training_has_seen_is_said(model, split, says):
    said = measured(model, split)
    assert says in said
    assert UNSEEN not in said


def test_without_validation_nothing_is_claimed():
    assert (
        measured(StageFacts(name="pretrain", metrics={"loss": 1.0}), pairs()) == "There was nothing to measure it on."
    )


def test_a_model_that_was_trained_on_the_names_is_not_zero_shot():
    assert prompted({"category_prompts": 1.0}).title == "Category by prompt"
    assert "very names with weight 1: this is not zero-shot" in prompted({"category_prompts": 1.0}).sentence
    assert prompted({}).title == "Category by prompt"
    assert prompted({"category_prompts": 0.0}).title == "Zero-shot category"
    assert "trained on their names" not in measured(pretrain(weight=0.0), pairs())


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ({"families": 9, "families_in_train": 0, "titles": 9, "titles_in_train": 0},
         "Judged on validation rows whose families and titles no head has seen in training."),
        ({"evaluated_on": "test", "families": 60, "families_in_train": 60, "titles": 60, "titles_in_train": 60},
         "Judged on the source’s own test rows, but 60 of 60 families stand in training too and 60 of 60 titles stand in training too."),
        ({}, "Judged on validation rows."),
    ],
)  # fmt: skip
def test_heads_say_what_they_were_judged_on(figures, says):
    assert evaluated_on(ReportData(heads={"evaluated_on": "val", **figures})) == says
    assert evaluated_on(ReportData()) == ""


def test_the_page_claims_nothing_that_the_figures_do_not_show(data):
    stages = [pretrain(val_titles_in_train=60.0) if s.name == "pretrain" else s for s in data.stages]
    page = render(data.model_copy(update={"stages": stages}))
    assert "60 of 60 titles were trained on" in page
    assert "Category by prompt" in page
    for claim in (UNSEEN, "Zero-shot category"):
        assert claim not in page
