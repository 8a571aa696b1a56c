"""Links: what resembles a listing and is kept beside it, the strongest first."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ...schemas.listing import LINKS
from .decision import AGREEMENTS, Decisions

KINDS = {"image_and_text": "both", "equal_title": "text", "equal_gtin": "gtin", "text": "text", "image": "image",
         "gtin": "gtin"}  # fmt: skip


def links(
    ids: pa.Array, found: Decisions, left: np.ndarray, right: np.ndarray, edges: pa.Table, most: int
) -> tuple[pa.Table, np.ndarray]:
    """Choose the links between listings that are kept.

    Args:
        ids: The listings' ids, (n,).
        found: What was decided on them.
        left: [int64 (m,)] the number of each edge's left listing.
        right: [int64 (m,)] and of its right one.
        edges: m rows of EDGES; their ids are not read.
        most: Links kept for each left listing.

    Returns:
        Rows of LINKS, and the number of the left listing of each, ascending. [int64]
    """
    kept = found.edge < 0
    alive = np.flatnonzero(kept[left] & kept[right] & (found.agreement >= 0))
    order = alive[np.lexsort((right[alive], -found.strength[alive], left[alive]))]
    starts = np.append(True, left[order[1:]] != left[order[:-1]]) if len(order) else np.zeros(0, bool)
    place = np.arange(len(order)) - np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    order = order[place < most]
    image = found.agreement[order] == AGREEMENTS.index("image")
    text = np.asarray(edges["text_similarity"])[order]
    bits = np.maximum(1, np.asarray(edges["image_bits"])[order])
    alike = np.where(image, 1 - np.asarray(edges["image_distance"])[order] / bits, text)
    rows = pa.table(
        {
            "left_id": ids.take(pa.array(left[order])),
            "right_id": ids.take(pa.array(right[order])),
            "kind": pa.array([KINDS[name] for name in AGREEMENTS]).take(pa.array(found.agreement[order])),
            "similarity": alike.astype(np.float32),
            "veto": edges["veto"].take(pa.array(order)).combine_chunks().cast(pa.string()),
        },
        schema=LINKS.schema,
    )
    return rows, left[order]
