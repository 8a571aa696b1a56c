"""Links: what resembles a listing and is kept beside it, the strongest first."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig
from ...schemas.listing import LINKS
from ..compiled import compiled
from .agreement import AGREEMENTS, VETOES, nearness
from .decision import Decisions, ranked

KINDS = {"image_and_text": "both", "equal_title": "text", "equal_gtin": "gtin", "text": "text", "image": "image",
         "gtin": "gtin", "resemblance": "text"}  # fmt: skip


def links(
    ids: pa.Array, found: Decisions, left: np.ndarray, right: np.ndarray, edges: pa.Table, config: DeduplicateConfig
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Choose the links between listings that are kept.

    Args:
        ids: The listings' ids, (n,).
        found: What was decided on them.
        left: [int64 (m,)] the number of each edge's left listing.
        right: [int64 (m,)] and of its right one.
        edges: m rows of EDGES; their ids are not read.
        config: max_links, for each listing, and how much nearer than others words must be.

    Returns:
        Rows of LINKS, and the numbers of the left listing of each, ascending, and of the right one. [int64 (k,)] x2
    """
    kept = found.edge < 0
    alive = np.flatnonzero(kept[left] & kept[right] & (found.agreement >= 0))
    alive = alive[_nearest(len(ids), found.agreement, left, right, edges, alive, config)]
    by_id = ranked(ids)
    order = alive[np.lexsort((by_id[right[alive]], by_id[left[alive]], -found.strength[alive]))]
    order = order[_strongest(left[order], right[order], len(ids), config.max_links)]
    order = order[np.lexsort((right[order], -found.strength[order], left[order]))]
    chosen = edges.take(pa.array(order)).combine_chunks()
    agrees = found.agreement[order]
    image, resembles = (agrees == AGREEMENTS.index(name) for name in ("image", "resemblance"))
    bits = np.maximum(1, np.asarray(chosen["image_bits"]))
    text, words = (np.asarray(chosen[name]) for name in ("text_similarity", "word_similarity"))
    alike = np.where(image, 1 - np.asarray(chosen["image_distance"]) / bits, np.where(resembles, words, text))
    kinds = pa.array([KINDS[name] for name in AGREEMENTS]).take(pa.array(agrees))
    kinds = pc.if_else(pa.array(resembles & (words < np.float32(config.links.word_similarity))), "both", kinds)
    veto = found.veto[order]
    decided = pa.array(VETOES).take(pa.array(veto, mask=veto < 0))
    rows = pa.table(
        {
            "left_id": ids.take(pa.array(left[order])),
            "right_id": ids.take(pa.array(right[order])),
            "kind": kinds,
            "similarity": alike.astype(np.float32),
            "veto": pc.coalesce(chosen["veto"].combine_chunks().cast(pa.string()), decided),
        },
        schema=LINKS.schema,
    )
    return rows, left[order], right[order]


@compiled
def _strongest(left: np.ndarray, right: np.ndarray, n: int, most: int) -> np.ndarray:
    """Take so many edges of each listing; a leader may have one of each offer. [int64 (m,)] x2 -> [bool (m,)]"""
    count, taken = np.zeros(n, np.int64), np.zeros(len(left), np.bool_)
    for k in range(len(left)):
        if count[left[k]] < most or count[right[k]] < most:
            taken[k] = True
            count[left[k]] += 1
            count[right[k]] += 1
    return taken


def _nearest(
    n: int, agrees: np.ndarray, left: np.ndarray, right: np.ndarray, edges: pa.Table, alive: np.ndarray,
    config: DeduplicateConfig,
) -> np.ndarray:  # fmt: skip
    """Say which edges are no mere crowd: words alone join, and both listings have much nearer ones. [bool (alive,)]

    Local scaling (Zelnik-Manor and Perona, "Self-tuning spectral clustering", 2004): of a thousand phone cases all
    titles are alike, and only the nearest mean something.
    """
    edges = edges.select(["word_similarity", "image_distance", "image_bits", "colour_distance"]).take(pa.array(alive))
    words = np.asarray(edges["word_similarity"]).astype(np.float64)
    best = np.zeros(n, np.float64)
    np.maximum.at(best, left[alive], words)
    np.maximum.at(best, right[alive], words)
    by_words = np.isin(agrees[alive], [AGREEMENTS.index(name) for name in ("text", "resemblance")])
    alone = by_words & (nearness(edges, config) == 0)
    return np.asarray(~alone | (words >= config.links.nearest * (best[left[alive]] + best[right[alive]]) / 2))
