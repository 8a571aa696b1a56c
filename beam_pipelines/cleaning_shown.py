"""Cleaning for the report: what each rule did to the titles of as many shards as it takes to see it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from ..quality.report.cleaning import Change, in_force, most_removed, trace
from ..quality.report.data import Cleaned, Retitled
from ..schemas.dataset import Dataset
from .exhibits import TEXT, digest

TRACED = 200_000  # changed titles that are looked at, at most
SAMPLES, REMOVED = 3, 12  # shown for each rule
COMPARED = 2000  # changes of a rule that its removed strings are counted on
TITLES = 5  # shown whole


def cleaned(
    listings: Dataset, settings: Mapping[str, Any], counts: Mapping[str, int]
) -> tuple[list[Cleaned], list[Retitled], int]:
    """Trace changed titles shard by shard, until each rule that changed any has its examples.

    A listing's shard is a hash of its id, so that the first shards are a fair draw of the catalog.

    Args:
        listings: Cleaned.
        settings: The rules that were in force.
        counts: Of the stage: `changed:<rule>`.

    Returns:
        What each rule did; some titles that tell of several rules; and how many titles were traced.
    """
    rules = in_force(settings)
    wanted = {name for name in rules if counts.get(f"changed:{name}")}
    seen: dict[str, list[tuple[int, str, Change]]] = defaultdict(list)
    fired: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, tuple[str, str]] = {}
    changed: Counter[str] = Counter()
    traced = 0
    for shard in range(listings.shards):
        if traced >= TRACED or (traced and all(len(seen[name]) >= SAMPLES for name in wanted)):
            break
        for batch in listings.batches(shard, ["id", "lang", "title", "title_raw"]):
            rows = batch.filter(pc.fill_null(pc.not_equal(batch["title"], batch["title_raw"]), False))
            if not rows.num_rows or traced >= TRACED:
                continue
            traced += rows.num_rows
            ids, raw, after = (rows[name].to_pylist() for name in ("id", "title_raw", "title"))
            once: set[tuple[str, str]] = set()
            for change in trace(rows["title_raw"], rules, rows.select(["id", "lang"])):
                name = ids[change.row]
                if (name, change.rule) in once:
                    continue  # a later round of one title
                once.add((name, change.rule))
                changed[change.rule] += 1
                fired[name].add(change.rule)
                if len(titles) < COMPARED:
                    titles[name] = raw[change.row], after[change.row]
                if len(seen[change.rule]) < COMPARED:
                    seen[change.rule].append((digest(name), name, change))
    found = [_rule(name, changed[name], seen[name]) for name in rules if seen[name]]
    return found, _telling(titles, fired, list(rules)), traced


def _rule(name: str, changed: int, seen: list[tuple[int, str, Change]]) -> Cleaned:
    lowest = sorted(seen, key=lambda each: each[:2])[:SAMPLES]
    samples = [Retitled(id=i, before=c.before[:TEXT], after=c.after[:TEXT], rules=[name]) for _, i, c in lowest]
    removed = most_removed([change for *_, change in seen], REMOVED)
    return Cleaned(rule=name, changed=changed, samples=samples, removed=removed)


def _telling(titles: Mapping[str, tuple[str, str]], fired: Mapping[str, set[str]], order: list[str]) -> list[Retitled]:
    """Choose titles of which each shows a rule that those before did not."""
    chosen: list[str] = []
    shown: set[str] = {"whitespace"}  # tidies up after the others: no example by itself
    names = sorted(titles, key=lambda name: (digest(name), name))
    for name in names:
        if len(chosen) < TITLES and not shown.issuperset(fired[name]):
            chosen.append(name)
            shown |= fired[name]
    chosen += [name for name in names if name not in chosen][: TITLES - len(chosen)]
    return [
        Retitled(id=name, before=titles[name][0][:TEXT], after=titles[name][1][:TEXT],
                 rules=[rule for rule in order if rule in fired[name]])
        for name in chosen
    ]  # fmt: skip
