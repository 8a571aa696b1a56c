"""How far a listing is from each limit of the filter, and what would change the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...schemas.filter_config import FilterConfig
from .data import Facts
from .words import listed


class Measure(Facts):
    """A score of a listing beside the limit of a rule."""

    rule: str
    score: str  # the column
    value: float
    limit: float
    rejects: bool
    said: str
    otherwise: str = ""  # what would keep it, where the rule rejects


def filter_in_force(settings: Mapping[str, Any]) -> FilterConfig:
    """Read the thresholds that rows were judged by."""
    kept = {name: settings[name] for name in FilterConfig.model_fields if name in settings and name != "own"}
    return FilterConfig.model_validate(kept)


def measures(scores: Mapping[str, Any], config: FilterConfig, worst: float = 1.0) -> list[Measure]:
    """Hold a listing's scores against the limits.

    Args:
        scores: A row of SCORES, and `information`; what is not known is null.
        config: The limits.
        worst: The score of mismatch above which the worst share of its group lies.

    >>> [(m.rule, m.said) for m in measures({"photo_min_side": 52}, FilterConfig(min_side=64))]
    [('tiny_photo', 'the photo’s shorter side is 52 pixels, 12 under the limit of 64')]
    """
    found = []
    for rule, score, what, key, limit, least in (
        ("tiny_photo", "photo_min_side", "the photo’s shorter side is {:g} pixels", "min_side", config.min_side, True),
        ("odd_photo", "photo_aspect", "the longer side is {:.4g} times the shorter", "max_aspect", config.max_aspect,
         False),
        ("short_title", "title_characters", "the title has {:g} letters and digits", "min_characters",
         config.min_characters, True),
        ("mismatched_photo", "mismatch", "{:.4g} of random pairs fit each other better", "mismatch.max_score",
         min(config.mismatch.max_score, worst), False),
    ):  # fmt: skip
        value = scores.get(score)
        if value is None or (score == "mismatch" and limit >= 1):
            continue
        bound = float(np.float32(limit)) if score == "mismatch" else limit  # as the filter compares it
        rejects = value < bound if least else value > bound
        otherwise = f"filter.{key} were {value:g} or {'less' if least else 'more'}" if rejects else ""
        if rejects and rule == "mismatched_photo" and worst < config.mismatch.max_score:
            otherwise = "filter.mismatch.share were smaller"
        said = f"{what.format(value)}, {_apart(value, bound)}"
        found.append(Measure(rule=rule, score=score, value=value, limit=limit, rejects=rejects, said=said,
                             otherwise=otherwise))  # fmt: skip
    return [*found, *_placeholder(scores, config)]


def _apart(value: float, limit: float) -> str:
    far = abs(value - limit)
    if far == 0:
        return f"just the limit of {limit:g}"
    return f"{far:.4g} {'under' if value < limit else 'over'} the limit of {limit:g}"


def _placeholder(scores: Mapping[str, Any], config: FilterConfig) -> list[Measure]:
    """A placeholder needs all four; said where at least its photo is shared by so many."""
    limits = config.placeholder
    parts = [
        ("photo_listings", "{:g} listings share it", "min_listings", limits.min_listings, True),
        ("information", "it has {:.3g} bits of colour", "max_information", limits.max_information, False),
        ("photo_title_similarity", "their titles are {:.2f} alike", "max_title_similarity",
         limits.max_title_similarity, False),
        ("photo_brands", "they are of {:g} brands", "min_brands", limits.min_brands, True),
    ]  # fmt: skip
    known = [(p, scores.get(p[0])) for p in parts]
    if (scores.get("photo_listings") or 0) < limits.min_listings or any(value is None for _, value in known):
        return []
    said, otherwise, all_hold = [], [], True
    for (_, what, key, limit, least), value in known:
        assert value is not None
        holds = value >= limit if least else value <= limit
        all_hold &= holds
        value = value + 0.0 if abs(value) > 1e-9 else 0.0  # no -0
        said.append(f"{what.format(value)} ({'at least' if least else 'at most'} {limit:g}{'' if holds else ': no'})")
        if least or value > 0:
            otherwise.append(f"filter.placeholder.{key} were {'over' if least else 'under'} {value:.4g}")
    listings = known[0][1]
    return [
        Measure(rule="placeholder_photo", score="photo_listings", value=listings, limit=limits.min_listings,
                rejects=all_hold, said=f"of its photo: {listed(said)}",
                otherwise=", or ".join(otherwise) if all_hold else "")
    ]  # fmt: skip
