"""Groups of listings out of edges between them: a guarded union-find.

Nodes are numbers from 0; a component is named by its smallest node, so the name does not depend on the order
of edges.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .compiled import compiled


class Refused(NamedTuple):
    """Edges along which nothing was united, by the guard that refused them."""

    by_size: int  # the component would have been too large
    by_label: int  # it would have held two labels, whatever its size


def merge_in_order(
    left: npt.ArrayLike,
    right: npt.ArrayLike,
    similarity: npt.ArrayLike,
    nodes: int,
    max_size: int,
    forbidden: npt.ArrayLike | None = None,
) -> tuple[np.ndarray, Refused]:
    """Unite nodes along edges in falling similarity, as Kruskal's algorithm does (1956), under two guards.

    A union is refused where the component would hold more than `max_size` nodes (a chain, not a family), or
    where it would hold two different labels of `forbidden`. Equal similarities go by the smaller, then the
    greater node number, so the result depends on the set of edges alone. A refused edge is not tried again.

    Args:
        left, right: node numbers of each edge, int of shape (e,).
        similarity: strength of each edge, float of shape (e,); not NaN.
        nodes: how many nodes there are.
        max_size: nodes that a component may hold.
        forbidden: a label for each node, int of shape (nodes,), -1 for none; default: no labels.

    Returns:
        The smallest node of each node's component, int64 of shape (nodes,), and how many edges each guard refused.

    Raises:
        ValueError: lengths differ, a node number is out of range, a similarity is NaN or max_size is below 1.

    >>> roots, refused = merge_in_order([0, 1, 2], [1, 2, 3], [0.9, 0.8, 0.7], nodes=5, max_size=3)
    >>> roots.tolist(), refused
    ([0, 0, 0, 3, 4], Refused(by_size=1, by_label=0))
    """
    one, other = _edges(left, right, nodes)
    strength = np.asarray(similarity, np.float64)
    if strength.shape != one.shape:
        raise ValueError(f"{len(one)} edges but similarities of shape {strength.shape}; expected one for each edge")
    if np.isnan(strength).any():
        raise ValueError(f"similarity of edge {int(np.isnan(strength).argmax())} is NaN; expected a number")
    if max_size < 1:
        raise ValueError(f"max_size is {max_size}; expected 1 or more")
    label = np.full(nodes, -1, np.int64) if forbidden is None else np.array(forbidden, np.int64)
    if label.shape != (nodes,):
        raise ValueError(f"forbidden has shape {label.shape}; expected one label for each of {nodes} nodes")
    order = np.lexsort((other, one, -strength))
    roots, by_size, by_label = _unite(one[order], other[order], label, int(max_size))
    return roots, Refused(int(by_size), int(by_label))


def _edges(left: npt.ArrayLike, right: npt.ArrayLike, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Check edges and turn each so that the smaller node comes first."""
    a, b = np.asarray(left, np.int64), np.asarray(right, np.int64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"edges have ends of shapes {a.shape} and {b.shape}; expected two arrays of one length")
    one, other = np.minimum(a, b), np.maximum(a, b)
    if len(one) and (one.min() < 0 or other.max() >= nodes):
        raise ValueError(f"edges name nodes from {one.min()} to {other.max()}; expected 0 to {nodes - 1}")
    return one, other


@compiled
def _unite(left: Any, right: Any, label: Any, max_size: int) -> Any:
    nodes = len(label)
    parent = np.arange(nodes)
    size = np.ones(nodes, np.int64)
    by_size = by_label = 0
    for e in range(len(left)):
        a, b = left[e], right[e]
        while parent[a] != a:
            parent[a] = parent[parent[a]]  # path halving (Tarjan and van Leeuwen, 1984)
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a == b:
            continue
        if label[a] >= 0 and label[b] >= 0 and label[a] != label[b]:
            by_label += 1
            continue
        if size[a] + size[b] > max_size:
            by_size += 1
            continue
        if b < a:
            a, b = b, a
        # The smaller number stays the root: the name of a component is then its smallest node.
        parent[b] = a
        size[a] += size[b]
        if label[a] < 0:
            label[a] = label[b]
    for node in range(nodes):
        # A parent is never greater than its child and roots are found first, so one step is enough.
        parent[node] = parent[parent[node]]
    return parent, by_size, by_label
