import numpy as np
import pytest
import scipy.sparse
from eclip.models import index
from eclip.models.index import top_k
from hypothesis import given, settings
from hypothesis import strategies as st


def by_sorting(queries, gallery, k, exclude_self=False):
    scores = (queries.astype(np.float32) @ gallery.astype(np.float32).T).astype(np.float64)
    if exclude_self:
        np.fill_diagonal(scores, -np.inf)
    kept = min(k, len(gallery) - exclude_self)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :kept]
    return order, np.take_along_axis(scores, order, 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 8), st.booleans(), st.integers(0, 99))
def test_agrees_with_sorting_also_where_scores_tie(queries, gallery, k, same, seed):
    draw = np.random.default_rng(seed)
    # Small whole numbers: many ties, and sums without rounding; negative scores and zeros among them.
    b = draw.integers(-2, 3, (gallery, 3)).astype(np.float32)
    a = b if same else draw.integers(-2, 3, (queries, 3)).astype(np.float32)
    found, scores = top_k(a, b, k, own=0 if same else None)
    expected, expected_scores = by_sorting(a, b, k, same)
    assert (found == expected).all()
    assert (scores == expected_scores).all()


def test_blocks_change_nothing(monkeypatch):
    draw = np.random.default_rng(0)
    a = draw.integers(-3, 4, (70, 5)).astype(np.float32)
    whole = top_k(a, a, 6, own=0)
    monkeypatch.setattr(index, "QUERY_BLOCK", 16)
    monkeypatch.setattr(index, "GALLERY_BLOCK", 7)
    parts = top_k(a, a, 6, own=0)
    assert (whole[0] == parts[0]).all()
    assert (whole[1] == parts[1]).all()
    some = top_k(a[20:45], a, 6, own=20)  # some rows of the gallery look for their neighbours in all of it
    assert (some[0] == whole[0][20:45]).all()
    assert (some[1] == whole[1][20:45]).all()


def test_sparse_rows_give_the_same_as_dense_ones():
    dense = np.random.default_rng(1).integers(0, 3, (20, 6)).astype(np.float32)
    sparse = scipy.sparse.csr_array(dense)
    assert (top_k(sparse, sparse, 4, own=0)[0] == top_k(dense, dense, 4, own=0)[0]).all()


def test_a_small_gallery_gives_fewer_neighbours():
    rows = np.eye(3, dtype=np.float32)
    assert top_k(rows, rows, 10)[0].shape == (3, 3)
    assert top_k(rows, rows, 10, own=0)[0].shape == (3, 2)
    assert top_k(rows[:1], rows[:1], 10, own=0)[0].shape == (1, 0)
    assert top_k(rows[:0], rows, 2)[0].shape == (0, 2)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="expected k >= 1 and rows of one dimension"):
        top_k(np.eye(3), np.eye(4), 1)
    with pytest.raises(ValueError, match="expected that it holds them"):
        top_k(np.eye(4)[:2], np.eye(4), 1, own=3)
