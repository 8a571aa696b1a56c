"""Copies: listings that are equal in every sign. One of them is compared with the rest of the catalog, for all.

Of ten thousand listings with one title, seller, variant and photo, one alone takes part in the search; the others
hang on it by an edge each. Who of them stays is decided later, by the survivor rule and by the last run: whatever was
found of one copy is then said of that one, for it would have been found of it, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ...schemas.own_rule import OwnVeto
from ..components import merge_in_order
from .decision import Nodes
from .edges import compare
from .words import BINS, Words


def originals(content: np.ndarray) -> np.ndarray:
    """Give the first row with the same content as each; rows without content (0) have none but themselves.

    >>> originals(np.array([7, 5, 7, 0, 0], np.uint64)).tolist()
    [0, 1, 0, 3, 4]
    """
    _, first, same = np.unique(content, return_index=True, return_inverse=True)
    return np.asarray(np.where(content > 0, first[same], np.arange(len(content))))


def hang(
    rows: pa.Table, original: np.ndarray, vetoes: Sequence[OwnVeto] = (), said: Words | None = None
) -> tuple[np.ndarray, np.ndarray, pa.Table]:
    """Tie each copy to its original.

    Args:
        rows: n rows of SIGNS, sorted by id or in any other fixed order.
        original: [int64 (n,)] as `originals` gives them.
        vetoes: Of one's own, by which the rows were signed.
        said: The words of all rows, where they are known already.

    Returns:
        Left and right rows, [int64 (m,)] each, the lower id on the left, and m rows of EDGES.
    """
    copy = np.flatnonzero(original != np.arange(len(original)))
    left, right = oriented(rows["id"], original[copy], copy)
    # Without a word there is no text to be alike.
    similarity = (np.asarray(rows["title"])[copy] > 0).astype(np.float64)
    # Copies have the same words, whatever these weigh.
    return left, right, compare(rows, left, right, np.ones(BINS, np.float32), similarity, vetoes, said)


def oriented(ids: pa.ChunkedArray | pa.Array, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the row with the lower id on the left of each pair. [int64 (m,)] x2 -> both"""
    swap = np.asarray(pa.compute.greater(ids.take(pa.array(one)), ids.take(pa.array(other))))
    return np.where(swap, other, one), np.where(swap, one, other)


def gathered(
    nodes: Nodes, left: np.ndarray, right: np.ndarray, edges: pa.Table
) -> tuple[np.ndarray, np.ndarray, pa.Table]:
    """Say of the copy that stays, if one does, what was found of any, and tie the other copies to that one.

    Args:
        nodes: The n listings.
        left: [int64 (m,)] the number of each edge's left listing.
        right: [int64 (m,)] and of its right one.
        edges: m rows of EDGES; `copy` marks those between copies.

    Returns:
        The same, fewer; the lower id stands on the left.
    """
    between = np.asarray(edges["copy"])
    if not between.any():
        return left, right, edges
    n, by_id = len(nodes.ids), nodes.by_id
    ties = np.flatnonzero(between)
    group, _ = merge_in_order(left[ties], right[ties], np.ones(len(ties)), n, max_size=n)
    copies = np.flatnonzero(np.bincount(group)[group] > 1)
    copies = copies[np.argsort(nodes.place[copies])]
    first = copies[np.argsort(group[copies], kind="stable")]
    first = first[np.append(True, group[first[1:]] != group[first[:-1]])]
    leader, tie = np.arange(n), np.empty(n, np.int64)
    leader[copies] = first[np.searchsorted(group[first], group[copies])]
    copies = np.flatnonzero(leader != np.arange(n))
    tie[group[left[ties]]] = ties  # all ties within a group say the same: any of them will do for a pair of it
    found = np.flatnonzero(~between)
    one, other = leader[left[found]], leader[right[found]]
    _, once = np.unique(np.minimum(one, other) * np.int64(n) + np.maximum(one, other), return_index=True)
    left, right = np.concatenate([leader[copies], one[once]]), np.concatenate([copies, other[once]])
    swap = by_id[left] > by_id[right]
    edges = edges.take(pa.array(np.concatenate([tie[group[copies]], found[once]]))).combine_chunks()
    return np.where(swap, right, left), np.where(swap, left, right), edges
