"""Vetoes in words: what keeps two listings that agree apart, and what each of them says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ...schemas.deduplicate_config import DeduplicateConfig
from ...schemas.own_rule import OwnVeto
from ..duplicates.agreement import VETOES
from ..duplicates.own_vetoes import OwnVetoes
from ..duplicates.variants import KINDS, veto
from ..duplicates.wording import differing
from ..text.normalise import normalise
from .charts import Bar, counted
from .data import Duplicates
from .words import listed, plural

# What cannot be said as "the … differs".
_DIFFERS = {
    "gtin": "the GTINs differ",
    "mpn": "the part numbers differ",
    "role": "one is an accessory, a part or a refill",
    "edition": "another edition, such as Pro or Mini",
    "platform": "made for another platform",
    "medium": "on another medium",
    "audience": "made for other people",
    "pack": "another number in the pack",
    "dimensions": "the dimensions differ",
    "current": "the amperes differ",
    "charge": "the charge of the battery differs",
    "light": "the brightness differs",
    "sound": "the loudness differs",
    "speed": "the revolutions differ",
    "percent": "the percentages differ",
    "spf": "the sun protection differs",
    "fineness": "the fineness of the yarn differs",
    "threads": "the thread counts differ",
    "paper": "the weight of the paper differs",
    "ply": "the number of plies differs",
    "carat": "the carats differ",
    "units": "the international units differ",
    "strength": "the diopters differ",
    "volume number": "another volume, part or episode",
    "age": "made for another age",
    "function": "the number of functions differs",
    "diet": "one is free of something, or organic",
    "with": "one is with what the other is without",
    "code": "the model codes differ",
    "number": "a number in the title differs",
    "attribute": "an attribute differs",
    "photo": "the photos show something else",
    "price": "the prices are far apart",
    "wording": "each title says a word that the other lacks",
    "put back": "a person has put one of them back",
    "set too large": "too many listings would have been dropped for one",
}  # fmt: skip
READ = ["id", "title", "seller", "brand", "category", "gtin", "mpn", "attributes", "price"]  # to say what differs


def why_apart(name: str) -> str:
    """Say what keeps two listings apart.

    >>> why_apart("colour"), why_apart("gtin"), why_apart("ral")
    ('the colour differs', 'the GTINs differ', 'ral differs: a rule of one’s own')
    """
    if name not in KINDS and name not in VETOES:
        return f"{name} differs: a rule of one’s own"
    return _DIFFERS.get(name, f"the {name} differs")


def says(name: str, left: Mapping[str, Any], right: Mapping[str, Any], own: list[OwnVeto]) -> tuple[str, str] | None:
    """Say what each of two listings says, in its own words; None where that cannot be told from the listings alone.

    Args:
        name: The veto.
        left: One listing, with the columns of READ.
        right: The other.
        own: Vetoes of one's own; what a function finds is not asked again.
    """
    if name == "price":
        return (f"{left['price']:g}", f"{right['price']:g}") if left.get("price") and right.get("price") else None
    if name == "wording":
        texts = normalise(pa.array([left["title"] or "", right["title"] or ""], pa.string())).to_pylist()
        words = differing(texts[0], texts[1])
        return (", ".join(words[0]), ", ".join(words[1])) if all(words) else None
    for rule in own:
        if rule.id == name and rule.pattern is not None:
            texts = pa.RecordBatch.from_pydict(
                {rule.field: pa.array([left[rule.field], right[rule.field]], pa.string())}
            )
            one, other = OwnVetoes((rule,), (None,)).said(texts)[0].to_pylist()
            return (one or "", other or "") if one != other else None
    found = veto(left["title"] or "", right["title"] or "", dict(left), dict(right)) if name in KINDS else None
    return (found.left, found.right) if found is not None and found.kind == name else None


def own_vetoes(settings: Mapping[str, Any]) -> list[OwnVeto]:
    """Read the vetoes of one's own that were in force."""
    return DeduplicateConfig.model_validate({"vetoes": settings.get("vetoes") or []}).vetoes


def apart(found: Duplicates) -> list[Bar]:
    """Count the links that a veto speaks against, by what it says; the most first."""
    order = sorted(found.vetoes.items(), key=lambda item: (-item[1], item[0]))
    return counted([(why_apart(name), number) for name, number in order], "ours")


def apart_said(found: Duplicates) -> str:
    """Say how many links join what must not be dropped, and why: variants, and what the decision itself kept."""
    decided = {name: number for name, number in found.vetoes.items() if name in VETOES}
    variants = sum(found.vetoes.values()) - sum(decided.values())
    said = []
    if variants:
        joins = plural(variants, "link joins", "links join")
        said.append(f"{joins} variants, which are never dropped for each other.")
    if decided:
        reasons = listed([f"{why_apart(name)} ({decided[name]:,})" for name in VETOES if name in decided])
        pairs = plural(sum(decided.values()), "pair was", "pairs were")
        said.append(f"{pairs} linked where the table says drop: {reasons}.")
    return " ".join(said)
