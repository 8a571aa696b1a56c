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
from ..duplicates.agreement import AGREEMENTS, SELLERS, TABLED, agreement, dropping
from .data import Dropped, Duplicates
from .words import listed, plural

Cells = dict[str, dict[str, dict[str, int]]]  # what agrees -> who sells -> counts
AGREE = {
    "image_and_text": "photo and title",
    "equal_title": "normalised title, equal",
    "equal_gtin": "title, and the GTIN is equal",
    "text": "title only",
    "image": "photo only",
    "gtin": "GTIN only",
    "resemblance": "rare words, or some of them and a photo that is near",
}
WHO = {"same_seller": "same seller", "other_seller": "another seller", "unknown_seller": "seller unknown"}
KINDS = {"both": "photo and title", "text": "title", "image": "photo", "gtin": "GTIN"}
_AGREED = {
    "image_and_text": "photo and title agree",
    "equal_title": "equal titles",
    "equal_gtin": "equal GTINs",
    "text": "titles agree",
    "image": "photos agree",
}
_DIFFERS = {
    "gtin": "the GTINs differ",
    "mpn": "the part numbers differ",
    "attribute": "an attribute differs",
    "audience": "made for other people",
    "number": "a number in the title differs",
    "model": "the model codes differ",
    "pack": "another number in the pack",
    "photo": "the photos show something else",
    "price": "the prices are far apart",
    "set too large": "too many listings would have been dropped for one",
}


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
        What agrees -> who sells -> `pairs`, `dropped` (listings that such pairs took out), `vetoed` (pairs
        that the table would drop and that are variants of each other). Cells without pairs are left out.
    """
    agrees = agreement(edges, config)
    sellers = np.asarray(edges["same_seller"])
    column = np.where(sellers == 1, 0, np.where(sellers == 0, 1, 2))
    dropping_pairs = dropping(edges, agrees, config)
    veto = np.asarray(pc.is_valid(edges["veto"]))
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


def thresholds(settings: Mapping[str, Any]) -> str:
    """Say from when on titles and photos agree."""
    if not settings:
        return ""
    said = _survivor(settings.get("survivor") or [])
    return (
        f"Titles agree at a Jaccard index of at least {settings['text_similarity']:g} of their character "
        f"3-grams; photos, where at most {settings['image_distance']} of 256 bits of their hashes differ "
        f"and their colours by at most {settings['colour_distance']:g} of 255. Of a set, {said} stays."
    )


def _survivor(rule: list[str]) -> str:
    words = {
        "photo": "the largest photo",
        "attributes": "the most fields filled in",
        "newest": "the latest change",
        "oldest": "the earliest change",
        "cheapest": "the lowest price",
    }
    said = [words.get(name, name) for name in rule]
    return f"the listing with {', then '.join(said)}" if said else "one listing, always the same,"


def why_dropped(member: Dropped) -> str:
    """Say why a listing was dropped."""
    said = [_AGREED.get(member.rule, member.rule)]
    if member.text_similarity is not None:
        said.append(f"titles {member.text_similarity:.0%} alike")
    if member.image_distance is not None and member.image_distance >= 0:
        said.append("photos equal" if member.image_distance == 0 else f"photos {member.image_distance} bits apart")
    return "; ".join(said)


def why_apart(veto: str) -> str:
    """Say what tells two variants apart.

    >>> why_apart("colour"), why_apart("gtin")
    ('the colour differs', 'the GTINs differ')
    """
    return _DIFFERS.get(veto, f"the {veto} differs")


def links_said(found: Duplicates) -> str:
    """Say which links were written."""
    total = sum(found.links.values())
    if not total:
        return "No links were written."
    kinds = sorted(found.links.items(), key=lambda item: (-item[1], item[0]))
    said = listed([f"{n:,} by {KINDS.get(kind, kind)}" for kind, n in kinds])
    apart = sum(found.vetoes.values())
    more = (
        f" {plural(apart, 'link joins', 'links join')} variants, which are never dropped for each other."
        if apart
        else ""
    )
    return f"{plural(total, 'link was', 'links were')} written between listings that stay: {said}.{more}"
