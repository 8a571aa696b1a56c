from __future__ import annotations

import numpy as np
import pyarrow as pa
from eclip.quality.duplicates.words import BINS, cosine, frequencies, weights, word_keys, words
from eclip.quality.text.normalise import normalise
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

TITLES = ["red ceramic mug 300 ml", "ceramic mug red", "blue ceramic bowl", "canon eos 5d mk4 body", "canon eos 5d",
          "도자기 머그 빨강", "머그 빨강", "", "mug mug mug"]  # fmt: skip


def test_the_cosine_is_that_of_scikit_learn() -> None:
    said = words(pa.array(TITLES))
    left, right = (side.ravel() for side in np.indices((len(TITLES), len(TITLES))))
    ours = cosine(said, weights(frequencies(said), len(TITLES)), left, right).reshape(len(TITLES), -1)
    theirs = TfidfVectorizer(token_pattern=r"\S+", binary=True).fit_transform(TITLES)
    assert np.abs(ours - (theirs @ theirs.T).toarray()).max() < 1e-6


def test_frequencies_of_shards_add_up() -> None:
    whole = frequencies(words(pa.array(TITLES)))
    parts = [frequencies(words(pa.array(TITLES[a:b]))) for a, b in ((0, 4), (4, 9))]
    assert whole.shape == (BINS,)
    assert (whole == parts[0] + parts[1]).all()
    assert whole.max() == 3  # mug: counted once a title


def test_rare_words_count_more() -> None:
    catalog = pa.array(["original new case", "original new cover", "original new strap", "x100 case", "original x100"])
    said = words(catalog)
    rarity = weights(frequencies(said), len(catalog))
    model, filler = cosine(said, rarity, np.array([3, 0]), np.array([4, 4]))
    assert model > filler


def test_scripts_without_spaces_are_cut_into_pairs_of_characters() -> None:
    said = words(normalise(pa.array(["陶瓷马克杯红色", "红色陶瓷马克杯", "ถ้วยกาแฟ", "杯"])))
    assert np.diff(said.offsets).tolist()[:2] == [6, 6]
    assert cosine(said, np.ones(BINS, np.float32), np.array([0]), np.array([1]))[0] > 0.6
    assert np.diff(said.offsets)[3] == 1


def test_titles_that_share_two_telling_words_share_a_key() -> None:
    keys, rows = word_keys(
        words(pa.array(["canon powershot g7x camera new", "original powershot canon", "sony camera"]))
    )
    mine = [set(keys[rows == k].tolist()) for k in range(3)]
    assert mine[0] & mine[1]
    assert not mine[1] & mine[2]
    assert [len(k) for k in mine] == [10, 3, 1]
    many, _ = word_keys(words(pa.array([" ".join(f"word{k}" for k in range(40))])))
    assert len(many) == 15


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("abc 12杯子"), max_size=12), min_size=1, max_size=6))
def test_the_cosine_is_symmetric_and_whole_for_equal_words(texts: list[str]) -> None:
    said = words(normalise(pa.array(texts)))
    rarity = weights(frequencies(said), len(texts))
    left, right = (side.ravel() for side in np.indices((len(texts), len(texts))))
    one, other = cosine(said, rarity, left, right), cosine(said, rarity, right, left)
    assert (one == other).all()
    assert ((one >= 0) & (one <= 1)).all()
    some = np.diff(said.offsets)[left] > 0
    assert np.allclose(one[some & (left == right)], 1)
