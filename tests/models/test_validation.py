import numpy as np
import pytest
from eclip.models import eclip, validation
from eclip.models.encoder import Encoder
from eclip.models.transforms import fit

from .conftest import TINY, pairs_of


def test_held_photos_and_the_encoder_give_nearly_the_same_vectors(trained, val_rows):
    model, val = eclip.load(trained[0] / "model"), pairs_of(val_rows)
    model.network.eval()
    held = validation._encode(lambda at: model.network.encode_image(fit(val.photos[at], model.preprocess)), len(val))
    encoded = Encoder.load(trained[0] / "model").images([row["jpeg"] for row in val_rows])
    assert (held * encoded).sum(1).min() > 0.98


def test_the_answer_by_prompt_is_the_nearest_category(trained, train_rows, val_rows):
    encoder = Encoder.load(trained[0] / "model")
    names = sorted({row["category"] for row in train_rows})
    nearest = (encoder.texts([row["title"] for row in val_rows]) @ encoder.texts(names).T).argmax(1)
    right = np.mean([names[i] == row["category"] for i, row in zip(nearest, val_rows, strict=True)])
    assert trained[1]["prompt_category_text"] == pytest.approx(right)
    counts = [sum(row["category"] == name for row in train_rows) for name in names]
    common = np.mean([row["category"] == names[int(np.argmax(counts))] for row in val_rows])
    assert trained[1]["prompt_category_majority"] == pytest.approx(common)


def test_without_categories_retrieval_alone_is_measured(trained, train_rows, val_rows):
    model = eclip.load(trained[0] / "model")
    model.network.eval()
    train, val = (pairs_of([{**row, "category": None} for row in rows], TINY) for rows in (train_rows, val_rows))
    metrics = validation.measure(model, train, val, "cpu")
    assert not [name for name in metrics if name.startswith("prompt")]
    assert metrics["photo_to_title_r10"] == pytest.approx(trained[1]["photo_to_title_r10"])
