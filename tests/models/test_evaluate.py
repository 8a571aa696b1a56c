import itertools

import numpy as np
import pytest
from eclip.models import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, average_precision_score


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 8), st.integers(0, 8), st.integers(1, 8))
def test_chance_is_the_share_of_draws_that_hit(gallery, relevant, k):
    relevant, k = min(relevant, gallery), min(k, gallery)
    draws = list(itertools.combinations(range(gallery), k))
    hits = sum(any(i < relevant for i in draw) for draw in draws)
    assert evaluate.chance(gallery, relevant, k) == pytest.approx(hits / len(draws))


def test_retrieval_counts_titles_of_the_same_product_and_equal_titles():
    # Listings 0 and 1 are one product under two titles; 2 and 3 are two products under one title.
    titles = ["Red Mug", "Mug red", "Lamp", " lamp", "Chair"]
    products = np.array([0, 0, 1, 2, 3])
    texts = np.eye(5, dtype=np.float32)
    # The first two see each other's title; the last one takes the chair for a lamp.
    images = np.eye(5, dtype=np.float32)[[1, 0, 2, 2, 2]]
    found = evaluate.retrieval(images, texts, titles, products, ks=(1,))
    assert found["photo_to_title_r1"] == pytest.approx(4 / 5)
    # Gallery: 4 distinct titles. The first two photos have two right titles, the others one.
    assert found["photo_to_title_r1_chance"] == pytest.approx((2 / 4 * 2 + 1 / 4 * 3) / 5)
    # Titles "Red Mug", "Mug red" and "Lamp" have two right photos of five; "Chair" has one and misses it.
    assert found["title_to_photo_r1"] == pytest.approx(3 / 4)
    assert found["title_to_photo_r1_chance"] == pytest.approx((2 / 5 * 3 + 1 / 5) / 4)


def test_random_vectors_reach_chance():
    draw = np.random.default_rng(0)
    titles = [f"title {i // 2}" for i in range(600)]
    images, texts = (draw.normal(size=(600, 8)).astype(np.float32) for _ in range(2))
    found = evaluate.retrieval(images, texts, titles, np.arange(600) // 3)
    for name in ("photo_to_title_r10", "title_to_photo_r10"):
        assert found[name] == pytest.approx(found[f"{name}_chance"], abs=0.05)


def test_categories_are_judged_by_leaf_by_rarity_and_by_top_level():
    found = evaluate.categories(["A > x", "A > x", "A > y", "B"], ["A > x", "A > x", "A > x", "A > x"])
    assert found["accuracy"] == pytest.approx(2 / 4)
    assert found["top_level_accuracy"] == pytest.approx(3 / 4)
    assert found["macro_f1"] == pytest.approx((2 * 2 / (4 + 2)) / 3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30).filter(
        lambda r: any(b for _, b in r)
    )
)
def test_average_precision_agrees_with_scikit_learn_also_with_ties(rows):
    scores, right = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    assert evaluate.average_precision(scores, right) == pytest.approx(average_precision_score(right, scores))


def test_pairs_that_were_never_proposed_cost_recall():
    scores, right = np.array([0.9, 0.5]), np.array([True, False])
    assert evaluate.average_precision(scores, right, positives=4) == pytest.approx(1 / 4)
    found = evaluate.pairs(scores > 0.7, right, positives=4)
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx((1, 1 / 4, 2 / 5))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=30).filter(
        lambda r: any(b for _, b in r)
    )
)
def test_no_other_threshold_is_better(rows):
    scores, right = np.array([r[0] for r in rows], float) / 8, np.array([r[1] for r in rows])
    threshold, f1 = evaluate.best_threshold(scores, right)
    assert evaluate.pairs(scores >= threshold, right, int(right.sum()))["f1"] == pytest.approx(f1)
    for other in np.unique(scores):
        assert evaluate.pairs(scores >= other, right, int(right.sum()))["f1"] <= f1 + 1e-12


def test_a_threshold_needs_something_to_find():
    with pytest.raises(ValueError, match="0 of them right"):
        evaluate.best_threshold(np.array([0.5]), np.array([False]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=25))
def test_clusters_agree_with_counting_pairs(rows):
    truth, found = (np.array([r[i] for r in rows]) for i in range(2))
    pairs = list(itertools.combinations(range(len(rows)), 2))
    same, said = (
        {p for p in pairs if truth[p[0]] == truth[p[1]]},
        {p for p in pairs if found[p[0]] == found[p[1]]},
    )
    measured = evaluate.clusters(truth, found)
    assert measured["ari"] == pytest.approx(adjusted_rand_score(truth, found))
    if same and said:
        assert measured["precision"] == pytest.approx(len(same & said) / len(said))
        assert measured["recall"] == pytest.approx(len(same & said) / len(same))
        assert measured["f1"] == pytest.approx(2 * len(same & said) / (len(same) + len(said)))
