import json

import numpy as np
import pytest
import torch
from eclip.models import eclip
from eclip.models.pretrain import _learning_rate, _prompts, pretrain
from eclip.schemas.config import PretrainConfig
from eclip.schemas.errors import EclipError

from .conftest import TINY, listings, pairs_of


class KilledError(Exception):
    pass


def kill_at(step):
    def on_step(done, steps):
        if done == step:
            raise KilledError

    return on_step


def content(folder):
    return eclip.content_hash(folder / "model"), (folder / "metrics.jsonl").read_text()


@pytest.mark.parametrize("step", [6, 9])
def test_killed_and_called_again_ends_with_the_same_bytes(trained, tmp_path, train_rows, val_rows, step):
    train, val = pairs_of(train_rows), pairs_of(val_rows)
    with pytest.raises(KilledError):
        pretrain(train, val, TINY, tmp_path, kill_at(step))
    assert not (tmp_path / "model").exists()
    seen = []
    metrics = pretrain(train, val, TINY, tmp_path, lambda done, steps: seen.append(done))
    assert seen == list(range(7, 13))  # went on from the checkpoint of step 6
    assert content(tmp_path) == content(trained[0])
    assert metrics == trained[1]


def test_a_damaged_checkpoint_falls_back_to_the_one_before(trained, tmp_path, train_rows):
    train, config = pairs_of(train_rows), TINY.model_copy(update={"checkpoint_every": 4})
    with pytest.raises(KilledError):
        pretrain(train, None, config, tmp_path, kill_at(10))
    newest = tmp_path / "checkpoints" / "step-00000008.pt"
    newest.write_bytes(newest.read_bytes()[:1000])
    seen = []
    pretrain(train, None, config, tmp_path, lambda done, steps: seen.append(done))
    assert seen[0] == 5
    assert eclip.content_hash(tmp_path / "model") == eclip.content_hash(trained[0] / "model")


def test_another_configuration_starts_anew(tmp_path, train_rows):
    train = pairs_of(train_rows)
    with pytest.raises(KilledError):
        pretrain(train, None, TINY, tmp_path, kill_at(7))
    seen = []
    other = TINY.model_copy(update={"seed": 1, "steps": 2})
    pretrain(train, None, other, tmp_path, lambda done, steps: seen.append((done, steps)))
    assert seen == [(1, 2), (2, 2)]


def test_another_seed_gives_another_model(trained, tmp_path, train_rows):
    pretrain(pairs_of(train_rows), None, TINY.model_copy(update={"seed": 1}), tmp_path)
    assert eclip.content_hash(tmp_path / "model") != eclip.content_hash(trained[0] / "model")


def test_metrics_stand_beside_chance_and_baselines(trained):
    folder, metrics = trained
    expected = {"loss", "logit_scale", "val_titles", "val_titles_in_train"}
    for direction in ("photo_to_title", "title_to_photo"):
        for k in ("r1", "r10"):
            expected |= {f"{direction}_{k}", f"{direction}_{k}_chance", f"{direction}_{k}_cca"}
    expected |= {f"prompt_category_{name}" for name in ("image", "text", "both", "majority")}
    assert set(metrics) == expected
    assert all(isinstance(value, float) and np.isfinite(value) for value in metrics.values())
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 12]
    assert set(lines[0]) == {"step", "loss", "logit_scale", "learning_rate", "device", "precision"}
    card = (folder / "model" / "README.md").read_text()
    assert f"{metrics['photo_to_title_r10']:.3f}" in card


def test_it_learns_what_the_photos_show(tmp_path):
    rows, held = listings(120, seed=3), listings(40, seed=4)
    config = TINY.model_copy(update={"steps": 60, "batch": 24, "checkpoint_every": 1000})
    metrics = pretrain(pairs_of(rows), pairs_of(held), config, tmp_path)
    assert metrics["photo_to_title_r10"] > metrics["photo_to_title_r10_chance"] + 0.2
    assert metrics["prompt_category_both"] > metrics["prompt_category_majority"] + 0.2


def test_without_categories_and_validation_it_trains_all_the_same(tmp_path):
    rows = [{**row, "category": None} for row in listings(20)]
    metrics = pretrain(pairs_of(rows), None, TINY.model_copy(update={"steps": 2}), tmp_path)
    assert set(metrics) == {"loss", "logit_scale"}
    assert eclip.load(tmp_path / "model").preprocess.size == 32


def test_a_given_model_is_fine_tuned_with_its_own_transform_and_tokenizer(trained, tmp_path, train_rows, val_rows):
    start = trained[0] / "model"
    config = PretrainConfig(model=str(start), steps=2, batch=8, image_size=999, learning_rate=1e-4)
    train = pairs_of(train_rows, config)
    assert train.photos.shape[1] == 36
    pretrain(train, pairs_of(val_rows, config), config, tmp_path)
    ours = tmp_path / "model"
    assert (ours / "tokenizer.json").read_bytes() == (start / "tokenizer.json").read_bytes()
    before, after = (eclip.load(folder).network.state_dict() for folder in (start, ours))
    moved = [(before[name] - after[name]).abs().max().item() for name in before if "weight" in name]
    assert 0 < max(moved) < 0.01


def test_one_pair_is_no_contrast(tmp_path, train_rows):
    with pytest.raises(EclipError, match="1 training pairs"):
        pretrain(pairs_of(train_rows[:1]), None, TINY, tmp_path)


def test_the_rate_rises_then_falls_and_is_lower_from_a_given_model():
    config = PretrainConfig(steps=100, warmup=10)
    rates = [_learning_rate(step, config) for step in range(100)]
    assert rates[0] == pytest.approx(4e-4)
    assert max(rates) == rates[9] == pytest.approx(4e-3)
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] < 1e-5
    assert max(_learning_rate(step, PretrainConfig(model="x", steps=100)) for step in range(100)) == pytest.approx(1e-5)


def test_of_many_categories_the_batch_has_its_own_and_some_others():
    category = np.array([700, -1, 3, 700])
    asked, answers = _prompts(category, 1000, np.random.default_rng(0))
    assert len(asked) == len(set(asked)) == 256
    assert asked[answers[[0, 2, 3]]].tolist() == [700, 3, 700]
    assert answers[1] == -1


def test_the_number_of_threads_is_given_back(trained, tmp_path, train_rows):
    before = torch.get_num_threads()
    pretrain(pairs_of(train_rows), None, TINY.model_copy(update={"steps": 1}), tmp_path)
    assert torch.get_num_threads() == before
