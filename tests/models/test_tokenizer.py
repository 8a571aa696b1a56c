from eclip.models import tokenizer
from transformers import PreTrainedTokenizerFast

TITLES = ["Rote Tasse 0,3 l", "Red mug", "赤いマグカップ", "Red mug XL", "Krug rot", "red mugs"] * 5


def test_equal_titles_give_an_equal_tokenizer_in_any_order(tmp_path):
    tokenizer.save(tokenizer.train(TITLES, 300, 16), tmp_path / "a")
    tokenizer.save(tokenizer.train(TITLES[::-1], 300, 16), tmp_path / "b")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_every_script_survives_also_unseen_ones(tmp_path):
    tokenizer.save(tokenizer.train(TITLES, 300, 16), tmp_path)
    loaded = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    for title in ("red mug", "كوب أحمر", "😀 ø"):
        ids = loaded(title).input_ids
        assert ids[0] == 1
        assert ids[-1] == tokenizer.EOS_ID
        assert loaded.decode(ids, skip_special_tokens=True).strip() == title


def test_case_and_width_do_not_matter_and_pairs_are_learnt():
    learnt = tokenizer.train(TITLES, 300, 16)
    assert learnt("Red MUG").input_ids == learnt("ｒｅｄ mug").input_ids
    assert len(learnt("red mug").input_ids) < len(learnt("gum der").input_ids)
    assert len(learnt) <= 300


def test_a_long_title_keeps_its_end_mark():
    learnt = tokenizer.train(TITLES, 300, 8)
    ids = learnt("mug " * 50, max_length=8, truncation=True).input_ids
    assert len(ids) == 8
    assert ids[-1] == tokenizer.EOS_ID
