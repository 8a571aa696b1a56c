import numpy as np
from eclip.models import baselines
from eclip.models.evaluate import retrieval
from eclip.quality.images.features import thumb_features

from .conftest import COLOURS, SHAPES, draw, listings, pairs_of


def test_titles_tell_categories_apart():
    titles = [f"{colour} {shape}" for shape in SHAPES for colour in COLOURS] * 3
    labels = [shape for shape in SHAPES for _ in COLOURS] * 3
    found = baselines.title_logistic(titles, labels, ["a tent, pink", "balls"])
    assert np.array(sorted(SHAPES))[found.argmax(1)].tolist() == ["tent", "ball"]


def test_photos_tell_shapes_and_colours_apart():
    kinds = [(shape, colour) for shape in SHAPES for colour in COLOURS] * 5
    photos = [draw(*kind, seed) for seed, kind in enumerate(kinds)]
    for part in (0, 1):
        labels = [kind[part] for kind in kinds]
        found = baselines.photo_logistic(photos, labels, [draw(*kind, 500 + i) for i, kind in enumerate(kinds[:12])])
        assert (np.array(sorted(set(labels)))[found.argmax(1)] == labels[:12]).mean() > 0.8


def test_cca_brings_photos_and_titles_together():
    train, val = pairs_of(listings(80, seed=5)), pairs_of(listings(40, seed=6))
    photos, titles = baselines.photo_title_cca(
        thumb_features(train.thumbs(80, 64)),
        train.titles,
        thumb_features(val.thumbs(40, 64)),
        val.titles,
    )
    found = retrieval(photos, titles, val.titles, val.products)
    assert found["photo_to_title_r10"] > found["photo_to_title_r10_chance"] + 0.2


def test_titles_without_a_common_word_are_no_error():
    seen, asked = baselines.tfidf(["!", "?"], ["#"])
    assert seen.shape[0] == 2
    assert asked.shape == (1, seen.shape[1])
