"""Review by people: a page of cases to judge, which needs no network.

Cases are drawn by stratum, rule by rule and score band by band, so that the precision of each can be told.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from .data import Facts
from .labels import FORMAT, QUESTIONS, Stratum
from .page import TEMPLATES, templates

EDGES = {  # of the score bands, ascending; the last one is closed
    "duplicates": (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "variants": (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "noise": (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0),
    "rejected": (),
}


class Side(Facts):
    """A listing as a case shows it."""

    id: str
    title: str = ""
    facts: list[str] = []  # seller, brand, price, category
    pieces: list[tuple[str, bool]] = []  # of the title, and whether the other one lacks it


class Case(Facts):
    """What is judged."""

    key: str
    rule: str
    band: str
    score: float | None = None
    why: str = ""
    left: Side
    right: Side | None = None


def band(of: str, score: float | None) -> str:
    """Name the band of a score.

    >>> band("duplicates", 0.65), band("duplicates", 1.0), band("noise", None)
    ('0.6 to 0.7', '0.9 to 1', '')
    """
    edges = EDGES[of]
    if score is None or not edges or not math.isfinite(score):
        return ""
    place = max((k for k, edge in enumerate(edges[:-1]) if score >= edge - 1e-6), default=0)
    return f"{edges[place]:g} to {edges[place + 1]:g}"


def allot(strata: Mapping[tuple[str, str], int], most: int) -> dict[tuple[str, str], int]:
    """Share out cases: each stratum alike, what small ones cannot use goes to the others.

    >>> allot({("a", ""): 2, ("b", ""): 100}, 10)
    {('a', ''): 2, ('b', ''): 8}
    """
    given = dict.fromkeys(sorted(strata), 0)
    while most:
        opened = [key for key in given if given[key] < strata[key]]
        if not opened:
            break
        share = max(1, most // len(opened))
        for key in opened[:most]:
            more = min(strata[key] - given[key], share)
            given[key] += more
            most -= more
            if not most:
                break
    return given


def render(of: str, cases: Sequence[Case], strata: Sequence[Stratum], photos: Mapping[str, str], **about: str) -> str:
    """Write the page.

    Args:
        of: duplicates, variants, noise or rejected.
        cases: In the order in which they are judged.
        strata: What they were drawn from.
        photos: Data URIs by id.
        about: `name` of the catalog, `run`, `attempt` and `made_at`.
    """
    script = (TEMPLATES / "review.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()
    names = [case.key for case in cases]
    return templates().get_template("review.html").render(
        of=of, question=QUESTIONS[of][0], cases=cases, script=script, digest=digest, about=about,
        strata=[stratum.model_dump() for stratum in strata],
        page=hashlib.sha256("\0".join([of, about.get("attempt", ""), *names]).encode()).hexdigest()[:16],
        photos={name: uri for name, uri in photos.items() if uri.startswith("data:image/")}, format=FORMAT,
    )  # fmt: skip


def case_key(*parts: Any) -> str:
    """Name a case, alike in each run: what is judged is a pair or a listing, not a row number."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]
