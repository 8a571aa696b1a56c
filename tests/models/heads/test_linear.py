import numpy as np
import pytest
from eclip.models.heads import linear
from eclip.models.heads.linear import Softmax
from eclip.schemas.errors import EclipError

NAMES = np.array(["a", "b", "c"], dtype=object)


def test_one_head_serves_image_text_and_both(made):
    train, kind = made(600)
    test, truth = made(300, seed=1)
    softmax = Softmax.fit(train, NAMES[kind].tolist())

    def right(modality, which):
        answers = softmax.predict(test.only(modality))[0] == NAMES[truth]
        return answers[np.isin(truth, which)].mean()

    assert right("both", [0, 1, 2]) > 0.85
    assert right("image", [0]) > 0.75
    assert right("text", [1]) > 0.75
    # Of kinds 1 and 2 an image shows nothing: nearly half of them must be wrong.
    assert right("image", [1, 2]) < 0.75


def test_probabilities_sum_to_one_and_are_the_same_bits_every_time(made):
    vectors, kind = made(200)
    one, other = (Softmax.fit(vectors, NAMES[kind].tolist()) for _ in range(2))
    assert (one.weights == other.weights).all()
    assert one.probabilities(vectors).sum(1) == pytest.approx(1, abs=1e-5)


def test_two_labels_and_one_label_work_too(made):
    vectors, kind = made(200)
    two = Softmax.fit(vectors, np.where(kind == 0, "x", "y").tolist())
    assert two.labels == ["x", "y"]
    assert (two.predict(vectors)[0] == np.where(kind == 0, "x", "y")).mean() > 0.8
    assert two.probabilities(vectors).shape == (200, 2)
    one = Softmax.fit(vectors, ["only"] * 200)
    assert one.predict(vectors)[1].tolist() == [1.0] * 200


def test_a_head_of_another_task_or_none_is_refused(tmp_path):
    linear.write(tmp_path, "adult", "hash", {}, {})
    with pytest.raises(EclipError, match="a head of 'adult', expected one of 'category'"):
        linear.read(tmp_path, "category")
    with pytest.raises(EclipError, match="no head of 'category'"):
        linear.read(tmp_path / "nothing", "category")
