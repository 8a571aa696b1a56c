import numpy as np
import pytest
from eclip.models import evaluate
from eclip.models.clustering import ClusteringHead, cluster
from eclip.models.heads.matching import Candidates, candidates


def rows(count=90, seed=0):
    random = np.random.default_rng(seed)
    products = np.arange(count) // 3
    vectors = random.normal(size=(count // 3, 8))[products] + random.normal(0, 0.15, (count, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), products


def test_pairs_below_the_threshold_do_not_join():
    left, right, score = np.array([0, 1, 3]), np.array([1, 2, 4]), np.array([0.9, 0.5, 0.8])
    assert cluster(left, right, score, 5, 0.7, 10)[0].tolist() == [0, 0, 2, 3, 3]
    assert cluster(left, right, score, 5, 0.5, 10)[0].tolist() == [0, 0, 0, 3, 3]
    roots, refused = cluster(left, right, score, 5, 0.5, 2)
    assert (roots.tolist(), refused) == ([0, 0, 2, 3, 3], 1)


def test_a_fitted_threshold_finds_the_products_of_other_listings(tmp_path):
    vectors, products = rows()
    products[::10] = -1  # not every training row is labelled
    head = ClusteringHead.fit(candidates(vectors, 5), products, 50, "hash")
    other, truth = rows(seed=1)
    assert evaluate.clusters(truth, head.predict(candidates(other, 5), len(other))[0])["f1"] > 0.9
    head.save(tmp_path)
    assert ClusteringHead.load(tmp_path) == head


def test_without_a_right_pair_there_is_no_threshold():
    pairs = Candidates(np.array([0]), np.array([1]), np.array([0.9], np.float32))
    with pytest.raises(ValueError, match="no proposed pair is of one product"):
        ClusteringHead.fit(pairs, np.array([0, 1]), 50, "")
