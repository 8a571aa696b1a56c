from eclip.models.card import card
from eclip.schemas.config import PretrainConfig

MEASURED = {
    "loss": 1.0,
    "val_titles": 60.0,
    "val_titles_in_train": 60.0,
    "photo_to_title_r10": 0.9,
    "prompt_category_both": 0.98,
}


def test_says_what_training_has_read_of_what_judges_it():
    text = card(2640, 12, PretrainConfig(), MEASURED)
    assert "of their 60 titles training has read 60." in text
    assert "12 categories were trained on as prompts: no figure is zero-shot" in text
    assert "other families" not in text
    assert "| photo_to_title_r10 | 0.900 |" in text
    assert "val_titles" not in text


def test_claims_no_prompts_where_there_were_none():
    assert "prompts" not in card(2640, 0, PretrainConfig(category_prompts=0), MEASURED)


def test_without_validation_nothing_is_said_of_it():
    assert "Measured" not in card(20, 3, PretrainConfig(), {"loss": 1.0})
