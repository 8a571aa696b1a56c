"""Close the gaps that leaders leave: compare, exactly, what is alike to one and the same dropped listing.

Inside a bucket members are compared with a few leaders, which stand there by chance; who survives is decided later,
by the survivor rule and by the last run. Where the leader itself is dropped, for the best of its members, the others
have no edge to that one yet and would all stay.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from ...schemas.deduplicate_config import DeduplicateConfig
from .decision import Decisions, Nodes, decide, ranked

PAIRS_AT_ONCE = 50_000
# Numbers of left and right listings [int64 (m,)] x2 -> m rows of EDGES.
Compare = Callable[[np.ndarray, np.ndarray], pa.Table]


def decide_completely(
    nodes: Nodes, left: np.ndarray, right: np.ndarray, edges: pa.Table, config: DeduplicateConfig, compare: Compare
) -> tuple[Decisions, np.ndarray, np.ndarray, pa.Table]:
    """Decide, compare what the decision leaves open, and decide again until nothing is open.

    Ends, because each round compares pairs that were not compared before.

    Args:
        nodes: The listings.
        left: [int64 (m,)] the number of each edge's left listing.
        right: [int64 (m,)] and of its right one.
        edges: m rows of EDGES, or of some of its columns.
        config: As for `decide`.
        compare: Compares pairs; the left listing of each has the lower id.

    Returns:
        The decisions, and left, right and edges with what was added.
    """
    places = ranked(nodes.ids)
    while True:
        found = decide(nodes, left, right, edges, config)
        one, other = _gaps(found, left, right)
        if not len(one):
            return found, left, right, edges
        swap = places[one] > places[other]
        one, other = np.where(swap, other, one), np.where(swap, one, other)
        tables = [edges]
        for first in range(0, len(one), PAIRS_AT_ONCE):
            part = slice(first, first + PAIRS_AT_ONCE)
            tables.append(compare(one[part], other[part]).select(edges.schema.names).cast(edges.schema))
        edges = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        left, right = np.concatenate([left, one]), np.concatenate([right, other])


def _gaps(found: Decisions, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of kept listings, of which one stands for a listing that the other would also drop, not yet compared."""
    lost = np.concatenate([left[found.drops], right[found.drops]])
    beside = np.concatenate([right[found.drops], left[found.drops]])
    leader = found.kept[lost]
    open_ = (leader != lost) & (found.kept[beside] == beside) & (leader != beside)
    n = np.int64(len(found.kept))
    keys = np.unique(_key(leader[open_], beside[open_], n))
    keys = keys[~np.isin(keys, _key(left, right, n))]
    return keys // n, keys % n


def _key(one: np.ndarray, other: np.ndarray, n: np.int64) -> np.ndarray:
    return np.asarray(np.minimum(one, other) * n + np.maximum(one, other))
