"""Sweeps: what each threshold would take out at other values, from the scores that the run has kept.

Nothing is decoded, hashed or compared again. The rows of a filter's rule are those on which it fires, whatever other
rules say; those of deduplicate are decided anew, with every other threshold as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig
from ...schemas.filter_config import FilterConfig
from ..duplicates.agreement import agreement, contradiction, dropping, rewording
from ..duplicates.copies import gathered
from ..duplicates.decision import Nodes, judge
from ..noise import placeholder

Counts = dict[str, np.ndarray]  # by key of the configuration, one number for each value
VALUES: dict[str, list[float]] = {
    "filter.min_side": [16, 32, 48, 64, 96, 128, 160, 200, 300, 400],
    "filter.max_aspect": [1.5, 2, 2.5, 3, 3.5, 4, 5, 6],
    "filter.min_characters": [0, 1, 2, 3, 5, 6, 8, 10, 15],
    "filter.mismatch.max_score": [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
    "filter.placeholder.min_listings": [2, 3, 4, 5, 8, 12, 20, 50],
    "filter.placeholder.max_information": [0.5, 1, 1.5, 2, 2.5, 3, 4],
    "filter.placeholder.max_title_similarity": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    "deduplicate.text_similarity": [0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0],
    "deduplicate.text_beside_photo": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    "deduplicate.image_distance": [0, 8, 16, 24, 32, 40, 48, 64],
    "deduplicate.colour_distance": [1, 2, 3, 4, 6, 8, 12, 16],
    "deduplicate.image_far": [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5],
}
SCORES = {  # what a key is held against, and whether less is rejected
    "filter.min_side": ("photo_min_side", True),
    "filter.max_aspect": ("photo_aspect", False),
    "filter.min_characters": ("title_characters", True),
    "filter.mismatch.max_score": ("mismatch", False),
}
PAIR_SCORES = {
    "deduplicate.text_similarity": "text_similarity",
    "deduplicate.text_beside_photo": "text_similarity",
    "deduplicate.image_distance": "image_distance",
    "deduplicate.colour_distance": "colour_distance",
    "deduplicate.image_far": "image_distance",
}
READ = ["title_characters", "photo_min_side", "photo_aspect", "photo_listings", "photo_title_similarity",
        "photo_brands", "mismatch"]  # fmt: skip


def value_of(key: str, config: FilterConfig | DeduplicateConfig) -> float:
    """Look a threshold up."""
    found: Any = config
    for name in key.split(".")[1:]:
        found = getattr(found, name)
    if isinstance(found, dict):  # of several steps that beside the nearest photo
        found = found[min(found)] if found else 1.0
    return float(found)


def values_of(key: str, config: FilterConfig | DeduplicateConfig) -> list[float]:
    """Give the values that a threshold is tried at, the one in force among them."""
    least = config.floor if isinstance(config, DeduplicateConfig) and key.endswith("text_similarity") else 0.0
    return sorted({float(v) for v in VALUES[key] if v >= least} | {value_of(key, config)})


def changed(key: str, value: float, config: Any) -> Any:
    """Give a configuration with one threshold at another value."""
    section, *rest = key.split(".")[1:]
    kept = getattr(config, section)
    if isinstance(kept, dict):  # farther photos never ask for less
        steps = {bits: value if bits == min(kept) else max(value, text) for bits, text in kept.items()}
        return config.model_copy(update={section: steps})
    if rest:
        return config.model_copy(update={section: changed(f"{section}.{'.'.join(rest)}", value, kept)})
    return config.model_copy(update={section: int(value) if isinstance(kept, int) and value == int(value) else value})


def rejected_at(scores: pa.RecordBatch, config: FilterConfig, farthest: np.ndarray | None = None) -> Counts:
    """Count the rows of a batch that a rule fires on, for each value of its threshold.

    Args:
        scores: READ and `information`.
        config: The thresholds that were in force.
        farthest: Where a share of each group is rejected: the score of mismatch above which each row belongs to it,
            whatever the threshold. [float32 (n,)]
    """
    found: Counts = {}
    for key in (key for key in VALUES if key.startswith("filter.")):
        values = values_of(key, config)
        if key in SCORES:
            column, below = SCORES[key]
            known, out = scores[column], 0
            if column == "mismatch" and farthest is not None:
                shared = pc.greater(known, pa.array(farthest))
                out, known = pc.sum(shared).as_py() or 0, known.filter(pc.invert(shared))
            known = np.sort(np.asarray(pc.drop_null(known)))
            limits = np.array(values, np.float32 if column == "mismatch" else float)  # as the rules compare them
            upto = np.searchsorted(known, limits, "left" if below else "right")
            found[key] = upto if below else out + len(known) - upto
        else:
            fired = [pc.sum(placeholder(scores, changed(key, v, config))).as_py() or 0 for v in values]
            found[key] = np.array(fired)
    return found


def _drops(edges: pa.Table | pa.RecordBatch, config: DeduplicateConfig) -> np.ndarray:
    agrees = agreement(edges, config)
    against = contradiction(edges, agrees, config) | rewording(edges, agrees, config)
    return np.asarray(dropping(edges, agrees, config) & ~against)


def pairs_at(edges: pa.Table | pa.RecordBatch, config: DeduplicateConfig) -> Counts:
    """Count the pairs that the decision table drops, for each value of each threshold."""
    return {
        key: np.array([_drops(edges, changed(key, v, config)).sum() for v in values_of(key, config)])
        for key in PAIR_SCORES
    }


def dropped_at(nodes: Nodes, left: np.ndarray, right: np.ndarray, edges: pa.Table, config: DeduplicateConfig) -> Counts:
    """Count the listings that are dropped, for each value of each threshold; arguments as for `decision.judge`."""
    left, right, edges = gathered(nodes, left, right, edges)
    return {
        key: np.array(
            [
                (judge(nodes, left, right, edges, changed(key, v, config)).edge >= 0).sum()
                for v in values_of(key, config)
            ]
        )
        for key in PAIR_SCORES
    }


def margin(edges: pa.Table | pa.RecordBatch, config: DeduplicateConfig, most: int) -> dict[str, list[dict[str, Any]]]:
    """Choose the pairs that the next value of a threshold would decide otherwise, the nearest to it first.

    Returns:
        For each key rows of EDGES with `drops` (as it is now) and `gap` (from the score to the threshold).
    """
    found: dict[str, list[dict[str, Any]]] = {}
    now = _drops(edges, config)
    for key, column in PAIR_SCORES.items():
        values, limit = values_of(key, config), value_of(key, config)
        place = values.index(limit)
        beside = [values[k] for k in (place - 1, place + 1) if 0 <= k < len(values)]
        other = [_drops(edges, changed(key, v, config)) != now for v in beside]
        rows = np.flatnonzero(np.any(other, axis=0)) if other else np.zeros(0, np.int64)
        score = np.asarray(pc.cast(edges[column], pa.float64()).fill_null(np.nan))
        if key.endswith("image_far"):
            score = score / np.maximum(1, np.asarray(edges["image_bits"]))
        gap = np.abs(score - limit)
        chosen = [
            k
            for side in (True, False)
            for k in rows[now[rows] == side][np.argsort(gap[rows[now[rows] == side]], kind="stable")][:most]
        ]
        picked = edges.take(pa.array(chosen, pa.int64())).to_pylist()
        found[key] = [
            {**row, "drops": bool(now[k]), "gap": float(gap[k]), "score": float(score[k])}
            for row, k in zip(picked, chosen, strict=True)
        ]
    return found


def add(one: Counts, other: Mapping[str, np.ndarray]) -> None:
    """Add the counts of `other` to those of `one`."""
    for key, counts in other.items():
        one[key] = one[key] + counts if key in one else counts
