import numpy as np
import pytest
from eclip.quality.components import merge_in_order
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components as by_scipy

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.sampled_from([0.2, 0.5, 0.9])), max_size=25)


def columns(edges):
    left, right, similarity = (np.array([edge[i] for edge in edges]) for i in range(3))
    return left.astype(int), right.astype(int), similarity.astype(float)


def slow(edges, nodes, max_size, labels):
    """The same rule with sets, one edge at a time."""
    groups = [{n} for n in range(nodes)]
    by_size = by_label = 0
    for a, b, _ in sorted(edges, key=lambda e: (-e[2], min(e[:2]), max(e[:2]))):
        one, other = groups[a], groups[b]
        if one is other:
            continue
        together = one | other
        if len({labels[n] for n in together} - {-1}) > 1:
            by_label += 1
            continue
        if len(together) > max_size:
            by_size += 1
            continue
        for n in together:
            groups[n] = together
    return [min(group) for group in groups], (by_size, by_label)


@settings(max_examples=200, deadline=None)
@given(EDGES, st.integers(1, 12), st.lists(st.integers(-1, 2), min_size=12, max_size=12))
def test_agrees_with_the_rule_written_out(edges, max_size, labels):
    roots, refused = merge_in_order(*columns(edges), 12, max_size, np.array(labels))
    assert (roots.tolist(), refused) == slow(edges, 12, max_size, labels)


@settings(max_examples=100, deadline=None)
@given(EDGES, st.randoms(use_true_random=False))
def test_neither_the_order_nor_the_direction_of_edges_matters(edges, random):
    shuffled = [(b, a, s) if random.random() < 0.5 else (a, b, s) for a, b, s in edges]
    random.shuffle(shuffled)
    assert (merge_in_order(*columns(edges), 12, 4)[0] == merge_in_order(*columns(shuffled), 12, 4)[0]).all()


@settings(max_examples=100, deadline=None)
@given(EDGES)
def test_without_guards_they_are_the_connected_components_of_scipy(edges):
    left, right, _ = columns(edges)
    roots, _ = merge_in_order(*columns(edges), 12, 12)
    _, labels = by_scipy(coo_array((np.ones(len(left)), (left, right)), shape=(12, 12)), directed=False)
    assert [(roots == r).tolist() for r in roots] == [(labels == label).tolist() for label in labels]
    assert (roots[roots] == roots).all()
    assert (roots <= np.arange(12)).all()


def test_a_long_chain_becomes_groups_of_at_most_max_size():
    nodes = 1000
    roots, refused = merge_in_order(np.arange(nodes - 1), np.arange(1, nodes), np.ones(nodes - 1), nodes, max_size=7)
    assert np.bincount(roots).max() == 7
    assert refused == ((nodes - 1) // 7, 0)


def test_labels_travel_with_their_component():
    # 0 and 3 bear different labels; 1 and 2 have none but lead from one to the other.
    roots, refused = merge_in_order([0, 2, 1], [1, 3, 2], [0.9, 0.8, 0.7], 4, 10, forbidden=[5, -1, -1, 6])
    assert roots.tolist() == [0, 0, 2, 2]
    assert (refused.by_size, refused.by_label) == (0, 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"right": [1]}, "expected two arrays of one length"),
        ({"right": [1, 9]}, "expected 0 to 2"),
        ({"similarity": [0.5, float("nan")]}, "edge 1 is NaN"),
        ({"similarity": [0.5]}, "expected one for each edge"),
        ({"max_size": 0}, "expected 1 or more"),
        ({"forbidden": [0]}, "expected one label for each of 3 nodes"),
    ],
)
def test_wrong_input_is_named(change, says):
    given = {"left": [0, 1], "right": [1, 2], "similarity": [0.5, 0.5], "nodes": 3, "max_size": 3}
    with pytest.raises(ValueError, match=says):
        merge_in_order(**(given | change))


def test_no_edges_leave_every_node_alone():
    assert merge_in_order([], [], [], 3, 2)[0].tolist() == [0, 1, 2]
    assert merge_in_order([], [], [], 0, 2)[0].tolist() == []
