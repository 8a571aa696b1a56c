"""Duplicates for the report: every verified pair as a number, a few sets and variants as examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates.survivor import COLUMNS as COLUMNS_OF_SURVIVOR
from ..quality.report.data import Dropped, Duplicates, DuplicateSet, Listing, Variants
from ..quality.report.decision_table import Cells, add, in_force, kept_apart, pair_hash, tally
from ..quality.report.story import why_it_stays
from ..quality.report.vetoes import READ, own_vetoes, says
from ..schemas.dataset import Dataset
from ..schemas.own_rule import OwnVeto
from ..schemas.storage import Storage
from .exhibits import TEXT, counts, digest, histogram, known, listing_of, samples, shown

SETS, MEMBERS, VARIANTS = 8, 3, 6  # shown
DRAWN = 1000  # links of a shard that variants are chosen from
COLUMNS = ["dropped_id", "kept_id", "rule", "text_similarity", "image_distance"]
Row = dict[str, Any]
T = TypeVar("T")


def duplicates(
    listings: Dataset,
    dropped: Dataset,
    links: Dataset,
    edges: Dataset | None,
    attempt: Storage,
    settings: Mapping[str, Any],
    figures: Mapping[str, Any],
    before: Dataset | None = None,
) -> Duplicates:
    """Count what was decided on pairs, and draw examples.

    Args:
        listings: Those that stay.
        dropped: The duplicates.
        links: Between listings that stay.
        edges: All verified pairs; without them the cells of the decision table have no counts.
        attempt: The published attempt, with its samples.
        settings: What was in force.
        figures: The stage's metrics.
        before: The listings before any was dropped; without them nothing is said of why one stays.
    """
    pairs, kept = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    for shard in range(dropped.shards):
        table = dropped.table(shard, ["dropped_id", "kept_id"])
        lost, stays = table["dropped_id"].to_pylist(), table["kept_id"].to_pylist()
        pairs.append(np.array([pair_hash(a, b) for a, b in zip(lost, stays, strict=True)], np.uint64))
        kept.append(np.array([digest(i) for i in stays], np.uint64))
    heads, members = np.unique(np.concatenate(kept), return_counts=True)
    largest = int(heads[members.argmax()]) if len(heads) and members.max() > 1 else None
    kinds, vetoes, drawn = _links(links)
    return Duplicates(
        cells=_cells(edges, np.sort(np.concatenate(pairs)), settings, figures),
        sizes={size + 1: number for size, number in histogram(members).items()},
        links=kinds,
        vetoes=vetoes,
        sets=_sets(listings, dropped, _chosen(dropped, samples(attempt)), largest, _Stays(before, settings)),
        variants=_variants(listings, drawn, own_vetoes(settings)),
    )


def _cells(
    edges: Dataset | None, dropped: np.ndarray, settings: Mapping[str, Any], figures: Mapping[str, Any]
) -> Cells:
    if edges is None or not settings:
        return {}
    cells = kept_apart(figures)
    config = in_force(settings)
    for shard in range(edges.shards):
        for batch in edges.batches(shard, rows=1 << 18):
            add(cells, tally(batch, dropped, config))
    return cells


def _chosen(dropped: Dataset, drawn: list[Row]) -> list[str]:
    """Sets to show: of each rule in turn, first those whose members are not quite equal."""
    ids = sorted(row["id"] for row in drawn if row["dataset"] == "duplicates")
    rows = dropped.rows(ids, COLUMNS, key="dropped_id").to_pylist() if ids else []
    rows.sort(key=lambda r: (r["text_similarity"] == 1 and r["image_distance"] == 0, digest(r["dropped_id"])))
    return list(dict.fromkeys(row["kept_id"] for row in in_turn((row["rule"], row) for row in rows)))


def in_turn(rows: Iterable[tuple[str, T]]) -> list[T]:
    """Take the first of each kind, then the second of each, and so on.

    >>> in_turn([("a", 1), ("a", 2), ("b", 3)])
    [1, 3, 2]
    """
    place: Counter[str] = Counter()
    turns = []
    for kind, row in rows:
        place[kind] += 1
        turns.append((place[kind], row))
    return [row for _, row in sorted(turns, key=lambda turn: turn[0])]


@dataclass(frozen=True)
class _Stays:
    """Say why a listing stays and another one does not."""

    before: Dataset | None
    settings: Mapping[str, Any]

    def why(self, kept: str, lost: str) -> str:
        if self.before is None or not self.settings:
            return ""
        rows = {row["id"]: row for row in self.before.rows([kept, lost], ["id", *COLUMNS_OF_SURVIVOR]).to_pylist()}
        return why_it_stays(rows[kept], rows[lost], in_force(self.settings)) if len(rows) == 2 else ""


def _sets(
    listings: Dataset, dropped: Dataset, chosen: list[str], largest: int | None, stays_for: _Stays
) -> list[DuplicateSet]:
    """The largest set first, then the chosen ones."""
    wanted = {digest(kept) for kept in chosen[:SETS]} | ({largest} if largest is not None else set())
    members: dict[str, list[Row]] = {}
    for shard in range(dropped.shards):
        kept = dropped.table(shard, ["kept_id"])["kept_id"].to_pylist()
        mine = np.array([digest(i) in wanted for i in kept], bool)
        if mine.any():
            for row in dropped.table(shard, [*COLUMNS, "row"]).filter(pa.array(mine)).to_pylist():
                members.setdefault(row["kept_id"], []).append(row)
    first = [kept for kept in members if digest(kept) == largest]
    order = [kept for kept in dict.fromkeys([*first, *chosen]) if kept in members][:SETS]
    stays = known(listings, order)
    return [
        DuplicateSet(
            kept=stays.get(kept, Listing(id=kept)),
            dropped=[dropped_of(row) for row in members[kept][:MEMBERS]],
            more=max(0, len(members[kept]) - MEMBERS),
            why=stays_for.why(kept, members[kept][0]["dropped_id"]),
        )
        for kept in order
    ]


def dropped_of(row: Row) -> Dropped:
    """Read a row of `duplicates`."""
    return Dropped(
        listing=listing_of(row["dropped_id"], row["row"]),
        rule=row["rule"],
        text_similarity=row["text_similarity"],
        image_distance=row["image_distance"],
    )


def _links(links: Dataset) -> tuple[dict[str, int], dict[str, int], list[Row]]:
    """Count links by kind and by veto; draw some between variants, of each veto in turn."""
    kinds: Counter[str] = Counter()
    vetoes: Counter[str] = Counter()
    drawn: list[Row] = []
    for shard in range(links.shards):
        table = links.table(shard)
        kinds.update(counts(table["kind"]))
        apart = table.filter(pc.is_valid(table["veto"]))
        vetoes.update(counts(apart["veto"]))
        if len(drawn) < DRAWN:
            drawn += apart.slice(0, DRAWN).to_pylist()
    # GTINs that differ say little to the eye; photos and titles that both agree say most.
    drawn.sort(
        key=lambda r: (
            r["veto"] in ("gtin", "mpn"),
            r["kind"] != "both",
            digest(r["left_id"] + r["right_id"]),
        )
    )
    return dict(kinds), dict(vetoes), in_turn((row["veto"], row) for row in drawn)[:VARIANTS]


def _variants(listings: Dataset, drawn: list[Row], own: list[OwnVeto]) -> list[Variants]:
    ids = sorted({row[side] for row in drawn for side in ("left_id", "right_id")})
    there = {row["id"]: row for row in listings.rows(ids, READ).to_pylist()} if ids else {}
    found = []
    for row in drawn:
        left, right = (there.get(row[side]) for side in ("left_id", "right_id"))
        said = says(row["veto"], left, right, own) if left and right else None
        found.append(
            Variants(
                left=shown(left) if left else Listing(id=row["left_id"]),
                right=shown(right) if right else Listing(id=row["right_id"]),
                veto=row["veto"],
                said=[text[:TEXT] for text in said] if said else [],
                kind=row["kind"],
                similarity=row["similarity"],
            )
        )
    return found
