import numpy as np
import pytest
from eclip.models.heads.matching import Candidates, MatchingHead, candidates, true_pairs


def rows(count=60, seed=0):
    """Products of three listings, close together."""
    random = np.random.default_rng(seed)
    products = np.arange(count) // 3
    vectors = random.normal(size=(count // 3, 8))[products] + random.normal(0, 0.15, (count, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), products


def test_candidates_are_near_pairs_each_once():
    vectors, products = rows()
    vectors[5] = 0
    found = candidates(vectors, 4)
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert (found.left < found.right).all()
    assert not (np.isin(found.left, 5) | np.isin(found.right, 5)).any()
    assert found.score == pytest.approx((vectors[found.left] * vectors[found.right]).sum(1), abs=1e-5)
    others = products.copy()
    others[5] = 99
    assert int(found.right_pairs(others).sum()) == true_pairs(others)


def test_unknown_products_are_never_right():
    pairs = Candidates(np.array([0, 0, 1]), np.array([1, 2, 2]), np.ones(3, np.float32))
    products = np.array([-1, -1, 4])
    assert not pairs.right_pairs(products).any()
    assert len(pairs.known(products).left) == 0
    assert true_pairs(products) == 0
    assert true_pairs(np.array([4, 4, 4, 7, 7, -1, -1])) == 4


def test_the_threshold_separates_products(tmp_path):
    vectors, products = rows()
    pairs = candidates(vectors, 5)
    head = MatchingHead.fit(pairs, products, "hash")
    other, truth = rows(seed=1)
    asked = candidates(other, 5)
    accepted = head.predict(asked.score)
    assert (accepted == asked.right_pairs(truth)).mean() > 0.95
    head.save(tmp_path)
    assert MatchingHead.load(tmp_path) == head
