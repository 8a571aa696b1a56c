"""What cleaning did to titles, rule by rule: before, after, and the strings that went."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import ConfigError
from ...schemas.own_rule import OwnCleaning
from ..text.chain import ROUNDS, RowRule
from ..text.own_rules import Own
from ..text.rule import Rule
from ..text.rules import RULES
from .words import TOKEN

Chain = Mapping[str, Rule | RowRule]
LONGEST = 80  # characters of a removed string that are kept
READ = 2000  # characters of a title that are compared


@dataclass(frozen=True)
class Change:
    """What a rule made of a title."""

    row: int
    rule: str
    before: str
    after: str


def in_force(settings: Mapping[str, Any]) -> Chain:
    """Give the rules that the titles of an attempt went through, in order; functions that are not here are left out."""
    rules: dict[str, Rule | RowRule] = {}
    for name in settings.get("rules", ()):
        own = (settings.get("own") or {}).get(name)
        if own is None and name in RULES:
            rules[name] = RULES[name]
        elif own is not None and own.get("field", "title") == "title":
            try:
                rules[name] = Own.of(OwnCleaning.model_validate({"id": name, **own}))
            except ConfigError:
                continue
    return rules


def trace(texts: pa.Array, rules: Chain, listings: pa.RecordBatch) -> Iterator[Change]:
    """Follow titles through the rules, as `chain.apply` does, round by round until nothing changes.

    Args:
        texts: n titles.
        rules: By name, in order.
        listings: `id` and `lang` of each.
    """
    for _ in range(ROUNDS):
        begun = texts
        for name, rule in rules.items():
            changed = rule(texts) if isinstance(rule, Rule) else rule(texts, listings)
            rows = pc.indices_nonzero(pc.fill_null(pc.not_equal(texts, changed), False))
            for row, old, new in zip(
                rows.to_pylist(), texts.take(rows).to_pylist(), changed.take(rows).to_pylist(), strict=True
            ):
                yield Change(row, name, old, new)
            texts = changed
        if texts.equals(begun):
            return


def taken_out(before: str, after: str) -> list[str]:
    """Name what a rule took out of a title, or made of it.

    >>> taken_out("HOT SALE!! Red mug - free shipping", "Red mug"), taken_out("ＭＵＧ red", "MUG red")
    (['HOT SALE!!', '- free shipping'], ['ＭＵＧ → MUG'])
    """
    old, new = (TOKEN.findall(text[:READ]) for text in (before, after))
    found = []
    for kind, start, end, first, last in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[start:end]).strip(), "".join(new[first:last]).strip()
        if kind != "equal" and gone != come:
            found.append(f"{gone} → {come}" if gone and come else gone or f"+ {come}")
    return found


def most_removed(changes: Sequence[Change], most: int) -> list[tuple[str, int]]:
    """Count what rules took out, the most frequent first."""
    counts = Counter(text[:LONGEST] for change in changes for text in taken_out(change.before, change.after))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
