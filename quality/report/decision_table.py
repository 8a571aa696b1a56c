"""Duplicates: the decision table with what each cell did, and sets and variants side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ...schemas.deduplicate_config import DeduplicateConfig
from ..duplicates.agreement import (
    AGREEMENTS,
    REASONS,
    SELLERS,
    TABLED,
    agreement,
    contradiction,
    dropping,
    rewording,
    who_sells,
)
from .data import Dropped, Duplicates
from .words import listed, plural

Cells = dict[str, dict[str, dict[str, int]]]  # what agrees -> who sells -> counts
AGREE = {
    "image_and_text": "photo and title",
    "equal_title": "titles, equal once normalised",
    "equal_gtin": "title, and the GTINs are equal",
    "text": "title only",
    "image": "photo only",
    "gtin": "GTIN only",
    "resemblance": "rare words of the titles, or some of them and a near photo",
}
WHO = {"same_seller": "same seller", "other_seller": "another seller", "unknown_seller": "seller unknown"}
KINDS = {"both": "photo and title", "text": "title", "image": "photo", "gtin": "GTIN"}
KEPT_APART = "kept_apart:"  # begins the figures of pairs that price or the size of a set kept apart: what:who


@dataclass(frozen=True)
class Cell:
    """One cell of the decision table."""

    outcome: str  # drop or link
    pairs: int
    dropped: int
    vetoed: int


def tally(edges: pa.Table | pa.RecordBatch, dropped: np.ndarray, config: DeduplicateConfig) -> Cells:
    """Count verified pairs by cell of the decision table.

    Args:
        edges: Rows of EDGES.
        dropped: [uint64, sorted] `pair_hash` of each dropped listing and the one it was dropped for.
        config: The thresholds and the table that were in force.

    Returns:
        What agrees -> who sells -> `pairs`, `dropped` (listings that such pairs took out), `vetoed` (pairs that the
        table would drop and that are variants, or whose photos or words say otherwise; those that prices and the size
        of sets kept apart are `kept_apart`). Cells without pairs are left out.
    """
    agrees = agreement(edges, config)
    column = who_sells(edges)
    dropping_pairs = dropping(edges, agrees, config)
    otherwise = contradiction(edges, agrees, config) | rewording(edges, agrees, config)
    veto = np.asarray(pc.is_valid(edges["veto"])) | otherwise
    candidates = np.flatnonzero(dropping_pairs)
    left, right = (edges[name].take(pa.array(candidates)).to_pylist() for name in ("left_id", "right_id"))
    hashes = np.array([pair_hash(a, b) for a, b in zip(left, right, strict=True)], np.uint64)
    done = np.zeros(len(agrees), bool)
    done[candidates] = np.isin(hashes, dropped)
    found: Cells = {}
    for i, what in enumerate(AGREEMENTS):
        for j, who in enumerate(SELLERS):
            here = (agrees == i) & (column == j)
            if here.any():
                drops = what in TABLED and getattr(getattr(config.table, what), who) == "drop"
                counts = {
                    "pairs": here.sum(),
                    "dropped": (here & done).sum(),
                    "vetoed": (here & veto).sum() if drops else 0,
                }
                found.setdefault(what, {})[who] = {name: int(n) for name, n in counts.items()}
    return found


def pair_hash(one: str, other: str) -> int:
    """Name a pair of listings by 64 bits, whichever comes first."""
    return xxhash.xxh64_intdigest("\0".join(sorted((one, other))).encode())


def add(one: Cells, other: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    """Add the counts of `other` to those of `one`."""
    for what, row in other.items():
        for who, counts in row.items():
            cell = one.setdefault(what, {}).setdefault(who, {})
            for name, number in counts.items():
                cell[name] = cell.get(name, 0) + number


def kept_apart(figures: Mapping[str, Any]) -> Cells:
    """Read how many pairs the decision itself kept apart, for their prices or the size of the set.

    >>> kept_apart({"kept_apart:text:same_seller": 3, "largest_family": 7})
    {'text': {'same_seller': {'vetoed': 3}}}
    """
    cells: Cells = {}
    for name, number in figures.items():
        if name.startswith(KEPT_APART):
            what, who = name.removeprefix(KEPT_APART).split(":")
            add(cells, {what: {who: {"vetoed": int(number)}}})
    return cells


def table(found: Duplicates, settings: Mapping[str, Any]) -> list[tuple[str, list[Cell]]]:
    """The decision table in force, row by row, with what each cell did."""
    outcomes = settings.get("table") or {}
    rows = []
    for what in AGREEMENTS:
        if what not in outcomes and what not in found.cells:
            continue
        cells = []
        for who in SELLERS:
            counts = found.cells.get(what, {}).get(who, {})
            outcome = outcomes.get(what, {}).get(who, "link")
            cells.append(Cell(outcome, *(counts.get(name, 0) for name in ("pairs", "dropped", "vetoed"))))
        rows.append((AGREE[what], cells))
    return rows


def table_sum(found: Duplicates) -> int:
    """Listings that all cells together dropped."""
    return sum(counts["dropped"] for row in found.cells.values() for counts in row.values())


def in_force(settings: Mapping[str, Any]) -> DeduplicateConfig:
    """Read the thresholds and the table that rows were decided by."""
    return DeduplicateConfig.model_validate({k: v for k, v in settings.items() if k in DeduplicateConfig.model_fields})


def thresholds(settings: Mapping[str, Any]) -> list[str]:
    """Say from when on titles, photos and words agree, and who stays; nothing where nothing was recorded."""
    if not settings:
        return []
    config = in_force(settings)
    steps = sorted(config.text_beside_photo.items())
    near = listed([f"{text:g} where {_near(bits)}" for bits, text in steps])
    said = [
        f"Titles agree from a Jaccard index of {config.text_similarity:g} of their character 3-grams on; photos where "
        f"at most {config.image_distance} of 256 bits of their hashes differ ({config.image_distance_64} of 64 where "
        f"no more is known) and their colours are at most {config.colour_distance:g} apart.",
        f"Beside a photo less of the title is enough: {near}." if near else "",
        f"Titles are linked, too, whose words, weighed by how rare they are, have a cosine of at least "
        f"{config.links.word_similarity:g}; less is enough beside a near photo.",
        f"Never dropped for each other: {_apart(config)}.",
        f"Of a set stays {_survivor(config)}.",
    ]
    return [sentence for sentence in said if sentence]


def _near(bits: int) -> str:
    return "the hashes are equal" if bits == 0 else f"at most {bits} of 64 bits differ"


def _apart(config: DeduplicateConfig) -> str:
    said = ["variants", f"equal titles whose photos differ in over {config.image_far:.0%} of the bits"]
    if config.words_apart:
        said.append("titles beside one photo or GTIN of which each says a word that the other lacks")
    if config.price_ratio is not None:
        said.append(f"listings of which one costs {config.price_ratio:g} times the other")
    return listed([*said, f"more than {config.max_set:,} listings for one, exact copies aside"])


def _survivor(config: DeduplicateConfig) -> str:
    words = {
        "trusted": "the most trusted seller",
        "photo": "the largest photo",
        "attributes": "the most fields filled in",
        "newest": "the latest change",
        "oldest": "the earliest change",
        "cheapest": "the lowest price",
    }
    said = [words[name] for name in config.survivor if name != "trusted" or config.trusted_sellers]
    return f"the listing with {', then '.join(said)}" if said else "one listing, always the same"


def why_dropped(member: Dropped) -> str:
    """Say why a listing was dropped."""
    said = [REASONS.get(member.rule, member.rule)]
    if member.text_similarity is not None:
        said.append(f"titles {member.text_similarity:.0%} alike")
    if member.image_distance is not None and member.image_distance >= 0:
        said.append("photos equal" if member.image_distance == 0 else f"photos {member.image_distance} bits apart")
    return "; ".join(said)


def links_said(found: Duplicates) -> str:
    """Say which links were written."""
    total = sum(found.links.values())
    if not total:
        return "No links were written."
    kinds = sorted(found.links.items(), key=lambda item: (-item[1], item[0]))
    said = listed([f"{n:,} by {KINDS.get(kind, kind)}" for kind, n in kinds])
    return f"{plural(total, 'link was', 'links were')} written between listings that stay: {said}."
