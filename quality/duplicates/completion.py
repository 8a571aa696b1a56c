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
from .copies import gathered
from .decision import Decisions, Nodes, judge, with_families

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
    left, right, edges = gathered(nodes, left, right, edges)
    while True:
        found = judge(nodes, left, right, edges, config)
        one, other = _gaps(nodes, found, left, right)
        if not len(one):
            return with_families(found, nodes, left, right, edges, config), left, right, edges
        swap = nodes.by_id[one] > nodes.by_id[other]
        one, other = np.where(swap, other, one), np.where(swap, one, other)
        tables = [edges]
        for first in range(0, len(one), PAIRS_AT_ONCE):
            part = slice(first, first + PAIRS_AT_ONCE)
            tables.append(compare(one[part], other[part]).select(edges.schema.names).cast(edges.schema))
        edges = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        left, right = np.concatenate([left, one]), np.concatenate([right, other])


def _gaps(nodes: Nodes, found: Decisions, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of kept listings, of which one stands for a listing that the other would also drop, not yet compared.

    Of all that would drop a listing, the first in order is compared with the others: it is the one that will stay. The
    one that stands for it, which resembles it most, may itself be dropped in the next round, and so on.
    """
    lost = np.concatenate([left[found.drops], right[found.drops]])
    beside = np.concatenate([right[found.drops], left[found.drops]])
    open_ = (found.kept[lost] != lost) & (found.kept[beside] == beside)
    lost, beside = lost[open_], beside[open_]
    order = np.lexsort((nodes.place[beside], lost))
    lost, beside = lost[order], beside[order]
    starts = np.flatnonzero(np.append(True, lost[1:] != lost[:-1])[: len(lost)])
    first = np.repeat(beside[starts], np.diff(np.append(starts, len(lost))))
    n = np.int64(len(found.kept))
    compared = np.append(np.sort(_key(left, right, n)), -1)  # np.unique and np.isin hash, and such keys to few places
    for leader in (first, found.kept[lost]):
        keys = np.sort(_key(leader, beside, n)[leader != beside])
        keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
        keys = keys[compared[np.searchsorted(compared[:-1], keys)] != keys]
        if len(keys):
            break
    return keys // n, keys % n


def _key(one: np.ndarray, other: np.ndarray, n: np.int64) -> np.ndarray:
    return np.asarray(np.minimum(one, other) * n + np.maximum(one, other))
