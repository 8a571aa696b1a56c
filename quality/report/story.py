"""The story of one listing: a chapter for each stage, and what would have changed its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from ...schemas.deduplicate_config import DeduplicateConfig
from ...schemas.listing import LISTINGS
from ..duplicates import survivor
from ..duplicates.agreement import AGREEMENTS, SELLERS, TABLED, agreement, contradiction, rewording
from ..duplicates.edges import EDGES
from .data import Facts
from .decision_table import AGREE, WHO
from .vetoes import why_apart
from .words import shown


class Chapter(Facts):
    """What became of a listing at one stage."""

    stage: str
    outcome: str  # read, cleaned, kept, rejected, dropped, embedded, answered …
    said: list[str] = []  # sentences
    facts: dict[str, Any] = {}  # the same for machines


class Story(Facts):
    """The whole way of one listing."""

    id: str
    outcome: str  # kept, rejected or dropped; read where later stages have not run
    headline: str
    chapters: list[Chapter] = []
    otherwise: list[str] = []  # would be kept if …
    photos: list[dict[str, Any]] = []


class Pair(Facts):
    """A verified pair: what agrees, how far that is from the threshold, and what was made of it."""

    other_id: str
    agrees: str  # a name of AGREEMENTS; empty where nothing does enough
    seller: str
    drops: bool  # the decision table says drop and nothing speaks against it
    veto: str = ""
    said: str
    scores: dict[str, Any] = {}


def pairs(edges: pa.Table, row_id: str, config: DeduplicateConfig) -> list[Pair]:
    """Read the verified pairs of a listing, the strongest agreement first.

    Args:
        edges: Rows of EDGES that have the listing on one side.
        row_id: The listing.
        config: The thresholds and the table that were in force.
    """
    agrees = agreement(edges, config)
    against = {"photo": contradiction(edges, agrees, config), "wording": rewording(edges, agrees, config)}
    found = []
    for k, edge in enumerate(edges.to_pylist()):
        what = AGREEMENTS[agrees[k]] if agrees[k] >= 0 else ""
        who = SELLERS[{1: 0, 0: 1}.get(edge["same_seller"], 2)]
        veto = edge["veto"] or next((name for name, mask in against.items() if mask[k]), "")
        drops = what in TABLED and getattr(getattr(config.table, what), who) == "drop" and not veto
        other = edge["right_id"] if edge["left_id"] == row_id else edge["left_id"]
        scores = {name: edge[name] for name in EDGES.names[2:] if edge[name] is not None}
        found.append(
            Pair(other_id=other, agrees=what, seller=who, drops=drops, veto=veto, scores=scores,
                 said=_pair_said(edge, what, who, config))
        )  # fmt: skip
    order = {name: place for place, name in enumerate((*AGREEMENTS, ""))}
    return sorted(found, key=lambda p: (order[p.agrees], -p.scores["text_similarity"], p.other_id))


def _pair_said(edge: Mapping[str, Any], what: str, who: str, config: DeduplicateConfig) -> str:
    needed, bits = title_needed(edge, config), edge["image_bits"]
    beside = " beside this photo" if needed < config.text_similarity else ""
    said = [f"titles {edge['text_similarity']:.2f} alike ({needed:g} agree{beside})"]
    if edge["image_distance"] >= 0:
        limit = config.image_distance if bits == 256 else config.image_distance_64
        colour = f", colours {edge['colour_distance']:.1f} apart" if edge["colour_distance"] is not None else ""
        colour += f" ({config.colour_distance:g} agree)" if colour else ""
        said.append(f"photos {edge['image_distance']} of {bits} bits apart ({limit} agree){colour}")
    else:
        said.append("no photos to compare")
    said.append(WHO[who])
    return f"{', '.join(said)}; what agrees: {AGREE[what] if what else 'not enough'}"


def title_needed(edge: Mapping[str, Any], config: DeduplicateConfig) -> float:
    """Say how alike two titles must be to agree, beside photos that are so far apart."""
    distance, bits = edge["image_distance"], edge["image_bits"]
    coloured = bits != 256 or (
        edge["colour_distance"] is not None and edge["colour_distance"] <= config.colour_distance
    )
    steps = [
        text for apart, text in config.text_beside_photo.items() if 0 <= distance * 64 <= apart * bits and coloured
    ]
    return min([config.text_similarity, *steps])


def would_stay(pair: Pair, config: DeduplicateConfig) -> list[str]:
    """Say what would have kept a listing that this pair dropped."""
    scores, said = pair.scores, []
    if pair.agrees in TABLED:
        said.append(f"deduplicate.decision had “link” for {AGREE[pair.agrees]}, {WHO[pair.seller]}")
    if pair.agrees == "image_and_text":
        needed = title_needed({**_NO_COLOUR, **scores}, config)
        said.append(f"the titles were under {needed:g} alike; they are {scores['text_similarity']:.2f}")
    elif pair.agrees == "equal_gtin":
        said.append(f"deduplicate.text_similarity were over {scores['text_similarity']:.2f}")
    elif pair.agrees == "equal_title":
        said.append(f"its photo contradicted the title: over {config.image_far:.0%} of the bits apart")
    return [*said, "its id stood in the put-back list"]


_NO_COLOUR = {"colour_distance": None}


def why_it_stays(kept: Mapping[str, Any], dropped: Mapping[str, Any], config: DeduplicateConfig) -> str:
    """Say by which part of the survivor rule one listing stays and not the other.

    Args:
        kept: The columns of `survivor.COLUMNS` of the one that stays.
        dropped: Those of the other.
        config: The survivor rule in force.
    """
    try:
        rows = pa.Table.from_pylist([dict(kept), dict(dropped)], schema=_READ)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return ""
    scores = survivor.scores(rows, config)
    for k, name in enumerate(config.survivor):
        if scores[0, k] != scores[1, k]:
            if scores[0, k] < scores[1, k]:
                return "it was kept in the run before, which counts more"
            return _BETTER[name].format(
                *(_figure(name, row, s[k]) for row, s in zip((kept, dropped), scores, strict=True))
            )
    return "nothing tells them apart: the order of the hash of their ids decides, always alike"


_READ = pa.schema([LISTINGS.schema.field(name) for name in survivor.COLUMNS])
_BETTER = {
    "trusted": "its seller is trusted more",
    "photo": "its photo is larger: {} against {} pixels",
    "attributes": "more of it is filled in: {} fields against {}",
    "newest": "it was changed later",
    "oldest": "it was changed earlier",
    "cheapest": "it is cheaper: {} against {}",
}


def _figure(name: str, row: Mapping[str, Any], value: np.float64) -> str:
    if name == "photo":
        return f"{row.get('width') or 0} × {row.get('height') or 0}"
    return f"{abs(float(value)):g}" if np.isfinite(value) else "none"


def veto_said(pair: Pair) -> str:
    """Say what keeps a pair apart."""
    return f"kept apart: {why_apart(pair.veto)}" if pair.veto else ""


def quoted(text: object, most: int = 300) -> str:
    """Write a seller's text for a terminal: cut, in quotes, nothing hidden, nothing that turns or colours."""
    return f"“{shown(text, most)}”" if text is not None else "nothing"
