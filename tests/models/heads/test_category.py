import json

import numpy as np
import pytest
from eclip.models.heads.category import CategoryHead

NAMES = np.array(["Home > Kitchen > Mugs", "Home > Kitchen > Pans", "Toys > Balls"], dtype=object)


def test_saved_and_loaded_it_answers_the_same(made, tmp_path):
    vectors, kind = made(200)
    head = CategoryHead.fit(vectors, NAMES[kind].tolist(), "hash of the backbone")
    head.save(tmp_path)
    loaded = CategoryHead.load(tmp_path)
    assert (loaded.predict(vectors)[0] == head.predict(vectors)[0]).all()
    assert (loaded.predict(vectors)[1] == head.predict(vectors)[1]).all()
    described = json.loads((tmp_path / "head.json").read_text())
    assert described["backbone"] == "hash of the backbone"
    assert described["labels"] == sorted(NAMES)
    assert {file.name for file in tmp_path.iterdir()} == {"head.json", "head.safetensors"}


def test_a_parent_is_the_sum_of_its_leaves(made):
    vectors, kind = made(200)
    head = CategoryHead.fit(vectors, NAMES[kind].tolist(), "")
    probabilities = head.softmax.probabilities(vectors)
    parents, score = head.parents(vectors, 1)
    home = probabilities[:, 0] + probabilities[:, 1]
    assert parents.tolist() == np.where(home >= probabilities[:, 2], "Home", "Toys").tolist()
    assert score == pytest.approx(np.maximum(home, probabilities[:, 2]), abs=1e-6)
    leaves, score = head.parents(vectors, 9)
    assert (leaves == head.predict(vectors)[0]).all()
