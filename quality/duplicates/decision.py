"""Decide what becomes of verified pairs: dropped, or linked; and which listings are a family.

Deletion goes by leader clusters on verified edges, never by connected components: these chain. Listings are taken in
a fixed order (kept in the last accepted run, rank of the survivor rule, xxh64(id), id); each is dropped for the best
earlier one that is kept and to which it has a dropping edge, else it is kept itself. So a dropped listing always has
a verified edge to the one that stands for it, two dropped for the same one are never farther from each other than
two such edges, and ten percent of new rows do not flip old decisions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig
from ..compiled import compiled, making
from ..components import Refused, merge_in_order
from .agreement import AGREEMENTS, VETOES, agreement, contradiction, dropping, rewording

KNOWN = 9.0  # strength of "the source says it is one product": before any resemblance


@dataclass(frozen=True)
class Nodes:
    """The listings that are judged, n of them, in any fixed order."""

    ids: pa.Array  # string (n,)
    rank: np.ndarray  # [int64 (n,)] lower survives; equal ranks are told apart by `order`
    order: np.ndarray  # [uint64 (n,)] xxh64 of the id
    catalog: np.ndarray  # [int64 (n,)] number of the known product; -1 where it is not known
    known: np.ndarray  # [bool (n,)] kept in the last accepted run
    price: np.ndarray | None = None  # [float64 (n,)] nan where it is not known; None: of none
    spared: np.ndarray | None = None  # [uint8 (n,)] a bit for each of AGREEMENTS by which it must not be dropped

    @cached_property
    def by_id(self) -> np.ndarray:
        """The place of each one's id among all. [int64 (n,)]"""
        return ranked(self.ids)

    @cached_property
    def place(self) -> np.ndarray:
        """The place of each in the order in which they are judged. [int64 (n,)]"""
        place = np.empty(len(self.ids), np.int64)
        place[np.lexsort((self.by_id, self.order, self.rank, ~self.known))] = np.arange(len(place))
        return place


@dataclass(frozen=True)
class Decisions:
    """What became of n listings and of their edges."""

    kept: np.ndarray  # [int64 (n,)] the listing that stands for this one: itself where it is kept
    edge: np.ndarray  # [int64 (n,)] the edge by which it was dropped; -1 where it is kept
    family: np.ndarray  # [int64 (n,)] the member of the family with the smallest id
    strength: np.ndarray  # [float64 (edges,)] the order in which edges count
    agreement: np.ndarray  # [int8 (edges,)] what agrees, a place in AGREEMENTS; -1 where nothing does enough
    drops: np.ndarray  # [bool (edges,)] the table says drop and no veto fired
    veto: np.ndarray  # [int8 (edges,)] a place in VETOES where that kept a drop from happening, else -1
    saved: np.ndarray  # [int64 (n,)] the edge by which it would be dropped, had no person put it back; else -1
    refused: Refused  # links that would have made a family too large, or united two known products


def decide(nodes: Nodes, left: np.ndarray, right: np.ndarray, edges: pa.Table, config: DeduplicateConfig) -> Decisions:
    """Decide on all listings at once, families included."""
    return with_families(judge(nodes, left, right, edges, config), nodes, left, right, edges, config)


def judge(nodes: Nodes, left: np.ndarray, right: np.ndarray, edges: pa.Table, config: DeduplicateConfig) -> Decisions:
    """Decide which listings are dropped; each is yet a family of its own.

    Args:
        nodes: The listings.
        left: [int64 (m,)] the number of each edge's left listing.
        right: [int64 (m,)] and of its right one.
        edges: m rows of EDGES.
        config: Thresholds, table and limits of sets and families.
    """
    agrees = agreement(edges, config)
    drops = dropping(edges, agrees, config)
    veto = np.full(len(drops), -1, np.int8)
    if config.price_ratio is not None and nodes.price is not None:
        veto[drops & _priced_apart(nodes.price[left], nodes.price[right], config.price_ratio)] = VETOES.index("price")
    veto[drops & contradiction(edges, agrees, config)] = VETOES.index("photo")
    veto[drops & rewording(edges, agrees, config)] = VETOES.index("wording")
    drops &= veto < 0
    strength = _strength(edges, agrees)
    chosen = np.flatnonzero(drops)
    sides = [_spared(nodes.spared, side[chosen], agrees[chosen]) for side in (left, right)]
    kept, edge, saved = _leaders(nodes.place, left[chosen], right[chosen], strength[chosen], *sides)
    if len(chosen):
        edge, saved = (np.where(places >= 0, chosen[places], -1) for places in (edge, saved))
    beyond = _beyond(kept, edge, _exact(edges), config.max_set)
    veto[edge[beyond]], drops[edge[beyond]] = VETOES.index("set too large"), False
    kept[beyond], edge[beyond] = beyond, -1
    back = np.unique(saved[saved >= 0])
    back = back[(kept[left[back]] == left[back]) & (kept[right[back]] == right[back])]
    veto[back], drops[back] = VETOES.index("put back"), False
    return Decisions(kept, edge, np.arange(len(kept)), strength, agrees, drops, veto, saved, Refused(0, 0))


def _spared(spared: np.ndarray | None, nodes: np.ndarray, agrees: np.ndarray) -> np.ndarray:
    """Say which of some listings must not be dropped by what agrees. [int64 (m,)], [int8 (m,)] -> [bool (m,)]"""
    if spared is None:
        return np.zeros(len(nodes), bool)
    return np.asarray((spared[nodes] >> agrees.astype(np.uint8)) & 1 == 1)


def with_families(
    found: Decisions, nodes: Nodes, left: np.ndarray, right: np.ndarray, edges: pa.Table, config: DeduplicateConfig
) -> Decisions:
    """Bring listings together that no split may part; the other arguments are those of `judge`."""
    # Numbered by id, so that ties are told apart by ids and a family is named by its smallest one.
    n, ids, by_id = len(nodes.ids), nodes.by_id, np.argsort(nodes.by_id)
    akin = _akin(edges, found.agreement, found.drops, config)
    one, other = _same_product(nodes.catalog[by_id])
    roots, refused = merge_in_order(
        np.concatenate([one, ids[left[akin]]]),
        np.concatenate([other, ids[right[akin]]]),
        np.concatenate([np.full(len(one), KNOWN), found.strength[akin]]),
        n,
        config.family.max_size,
        forbidden=nodes.catalog[by_id],
    )
    return replace(found, family=by_id[roots[ids]], refused=refused)


def ranked(ids: pa.Array) -> np.ndarray:
    """Give the place of each id among all. [int64 (n,)]"""
    places = np.empty(len(ids), np.int64)
    places[np.asarray(pc.sort_indices(ids))] = np.arange(len(ids))
    return places


def _priced_apart(one: np.ndarray, other: np.ndarray, ratio: float) -> np.ndarray:
    """Say where both prices are known and one is so many times the other. [float64 (m,)] x2 -> [bool (m,)]"""
    low, high = np.minimum(one, other), np.maximum(one, other)
    return np.asarray((low > 0) & (high >= ratio * low))


def _exact(edges: pa.Table) -> np.ndarray:
    """Say which edges join exact copies: one title and one photo, or one title of one seller without photos. [bool]"""
    distance = np.asarray(edges["image_distance"])
    alone = (distance < 0) & (np.asarray(edges["same_seller"]) == 1)
    return np.asarray(np.asarray(edges["equal_title"]) & ((distance == 0) | alone))


def _beyond(kept: np.ndarray, edge: np.ndarray, exact: np.ndarray, most: int) -> np.ndarray:
    """Choose the dropped listings that stay after all: all but exact copies, of a set with more than `most`. [int64]

    Which of them are right cannot be said: a text or a photo that so many share is a template, not a product.
    """
    lost = np.flatnonzero(edge >= 0)
    lost = lost[~exact[edge[lost]]]
    size = 1 + np.bincount(kept[lost], minlength=len(kept))
    return np.asarray(lost[size[kept[lost]] > most])


def _akin(edges: pa.Table, agrees: np.ndarray, drops: np.ndarray, config: DeduplicateConfig) -> np.ndarray:
    """Choose the edges that make a family: photos or GTINs agree, or the texts agree well. [int64]"""
    sure = [AGREEMENTS.index(name) for name in ("image_and_text", "image", "equal_gtin", "gtin")]
    text = np.asarray(edges["text_similarity"]) >= np.float32(config.family.min_similarity)
    return np.flatnonzero((agrees >= 0) & (np.isin(agrees, sure) | text | drops))


def _same_product(catalog: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chain the listings of each known product, as edges: a model must not be judged on what it has learnt."""
    order = np.argsort(catalog, kind="stable")
    equal = (catalog[order[1:]] == catalog[order[:-1]]) & (catalog[order[1:]] >= 0)
    return order[:-1][equal], order[1:][equal]


def _strength(edges: pa.Table, agrees: np.ndarray) -> np.ndarray:
    """Order edges: what agrees in both first, then by text and photo. [float64 (m,)]"""
    text = np.asarray(edges["text_similarity"]).astype(np.float64)
    words = np.asarray(edges["word_similarity"]).astype(np.float64)
    text = np.where(agrees == AGREEMENTS.index("resemblance"), np.maximum(text, words), text)
    bits = np.maximum(1, np.asarray(edges["image_bits"]).astype(np.float64))
    distance = np.asarray(edges["image_distance"]).astype(np.float64)
    image = np.where(distance >= 0, 1 - distance / bits, 0)
    both = agrees == AGREEMENTS.index("image_and_text")
    return (
        np.where(both, 1.0, 0.0)
        + np.maximum(text, np.where(agrees == AGREEMENTS.index("image"), image, 0))
        + image / 16
    )


@making
def _adjacency(nodes: int, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compressed rows: for each node its neighbours and the edges to them."""
    starts = np.zeros(nodes + 1, np.int64)
    for k in range(len(left)):
        starts[left[k] + 1] += 1
        starts[right[k] + 1] += 1
    for node in range(nodes):
        starts[node + 1] += starts[node]
    fill = starts.copy()
    neighbour, edge = np.empty(2 * len(left), np.int64), np.empty(2 * len(left), np.int64)
    for k in range(len(left)):
        for a, b in ((left[k], right[k]), (right[k], left[k])):
            neighbour[fill[a]], edge[fill[a]] = b, k
            fill[a] += 1
    return starts, neighbour, edge


@compiled
def _leaders(
    place: np.ndarray, left: np.ndarray, right: np.ndarray, strength: np.ndarray, left_spared: np.ndarray,
    right_spared: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Take nodes by place; drop each for its strongest kept neighbour (ties: the earlier one), unless it is spared.

    Returns:
        The node that stands for each, the edge by which it was dropped, and the strongest by which it would have been.
    """
    nodes = len(place)
    starts, neighbour, edges = _adjacency(nodes, left, right)
    by_place = np.empty(nodes, np.int64)
    by_place[place] = np.arange(nodes)
    kept, by_edge, saved = np.arange(nodes), np.full(nodes, -1, np.int64), np.full(nodes, -1, np.int64)
    for p in range(nodes):
        node = by_place[p]
        best = -1
        for k in range(starts[node], starts[node + 1]):
            other = neighbour[k]
            if place[other] > p or kept[other] != other:
                continue
            if left_spared[edges[k]] if left[edges[k]] == node else right_spared[edges[k]]:
                if saved[node] < 0 or strength[edges[k]] > strength[saved[node]]:
                    saved[node] = edges[k]
                continue
            if (
                best < 0
                or strength[edges[k]] > strength[by_edge[node]]
                or (strength[edges[k]] == strength[by_edge[node]] and place[other] < place[best])
            ):
                best = other
                by_edge[node] = edges[k]
        if best >= 0:
            kept[node], saved[node] = best, -1
    return kept, by_edge, saved
