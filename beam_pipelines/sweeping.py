"""Sweep the thresholds of filter and deduplicate over the scores that a run has kept; for the report."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates.agreement import AGREEMENTS
from ..quality.noise import mismatch_limits
from ..quality.report.data import Listing, Margin, Point, Sweep
from ..quality.report.decision_table import in_force
from ..quality.report.distance import filter_in_force
from ..quality.report.sweep import (
    READ,
    SCORES,
    Counts,
    add,
    dropped_at,
    margin,
    pairs_at,
    rejected_at,
    value_of,
    values_of,
)
from ..schemas.dataset import Dataset
from ..schemas.manifest import Manifest
from ..schemas.put_back import PutBack
from .decision_work import DecisionWork
from .exhibits import digest, known
from .filter import worst
from .gathering import Gathering
from .run_folder import FOLLOWS

DECIDED = 5_000_000  # pairs up to which listings are decided anew for each value: 6 s of CPU for each million
READ_AT_ONCE = 2_000_000  # listings up to which they are: 410 bytes each; of more catalogs' pairs alone are counted
SHOWN = 3  # at each side of a threshold
Row = dict[str, Any]


def sweeps(found: Gathering) -> list[Sweep]:
    """Sweep every threshold of what is published, where its scores are kept."""
    return [*_filter(found), *_deduplicate(found)]


def _filter(found: Gathering) -> list[Sweep]:
    scores = found.step("filter", "scores")
    if scores is None or "clean" not in found.manifests:
        return []
    listings, config = found.dataset("clean/listings"), filter_in_force(found.stages["filter"].settings)
    worst_scores, no_limit = worst(listings, scores, config), config.mismatch.model_copy(update={"max_score": 1.0})
    counts: Counts = {}
    near: dict[tuple[str, bool], list[tuple[float, int, str, float]]] = {}
    for shard in range(scores.shards):
        table = scores.table(shard, ["id", *READ])
        known_before = listings.table(shard, ["information", "category"])
        for name in known_before.column_names:
            table = table.append_column(name, known_before[name])
        for batch in table.combine_chunks().to_batches():
            farthest = mismatch_limits(batch, no_limit, worst_scores) if worst_scores else None
            add(counts, rejected_at(batch, config, farthest))
            for key, (column, below) in SCORES.items():
                limit: float | np.ndarray = value_of(key, config)
                if column == "mismatch":
                    limit = np.minimum(np.float32(limit), 1.0 if farthest is None else farthest)
                _nearest(near, key, batch["id"], batch[column], limit, below)
    ids = sorted({name for rows in near.values() for *_, name, _ in rows})
    there = known(listings, ids)
    swept = []
    for key, rows in counts.items():
        values, now = values_of(key, config), value_of(key, config)
        if key == "filter.mismatch.max_score" and not found.manifests["filter"].metrics.get("pairs_scored"):
            continue
        points = [Point(value=v, rows=int(n), now=v == now) for v, n in zip(values, rows, strict=True)]
        shown = [
            Margin(listing=there.get(name, Listing(id=name)), score=score, out=out)
            for out in (True, False)
            for _, _, name, score in sorted(near.get((key, out), []), reverse=True)
        ]
        swept.append(Sweep(key=key, points=points, margin=shown))
    return swept


def _nearest(
    near: dict[tuple[str, bool], list[tuple[float, int, str, float]]], key: str, ids: pa.Array, scores: pa.Array,
    limit: float | np.ndarray, below: bool,
) -> None:  # fmt: skip
    """Hold the rows nearest to a limit (of all, or of each), at each side; a tie goes by the hash of the id."""
    values = np.asarray(pc.cast(scores, pa.float64()).fill_null(np.nan))
    gap = np.abs(values - limit)
    for out in (True, False):
        side = (values < limit) == out if below else (values > limit) == out
        rows = np.flatnonzero(side & ~np.isnan(values))
        held = near.setdefault((key, out), [])
        for row in rows[np.argsort(gap[rows], kind="stable")][: 4 * SHOWN].tolist():
            name = ids[row].as_py()
            entry = (-float(gap[row]), -digest(name), name, float(values[row]))
            heapq.heappush(held, entry) if len(held) < SHOWN else heapq.heappushpop(held, entry)


def _deduplicate(found: Gathering) -> list[Sweep]:
    edges, settings = found.step("deduplicate", "edges"), found.stages["deduplicate"].settings
    if edges is None or not settings or "filter" not in found.manifests:
        return []
    config, pairs, number = in_force(settings), Counts(), 0
    near: dict[str, list[Row]] = {}
    for shard in range(edges.shards):
        for batch in edges.batches(shard, rows=1 << 18):
            number += batch.num_rows
            add(pairs, pairs_at(batch, config))
            for key, rows in margin(batch, config, SHOWN).items():
                near[key] = _of_margin([*near.get(key, []), *rows])
    if not number:
        return []
    listings = found.dataset("filter/listings")
    dropped: Counts = {}
    if number <= DECIDED and found.manifests["filter"].datasets["listings"].rows <= READ_AT_ONCE:
        manifest = found.manifests["deduplicate"]
        attempt = found.run.stage("deduplicate") / manifest.attempt
        spared = PutBack.written(attempt).rules(AGREEMENTS, "deduplicate")
        reading = DecisionWork(listings, edges, _previous(found, manifest), None, attempt, config, spared)
        nodes, left, right, table, _ = reading.read()
        dropped = dropped_at(nodes, left, right, table, config)
    there = known(
        listings, sorted({row[side] for rows in near.values() for row in rows for side in ("left_id", "right_id")})
    )
    swept = []
    for key, counts in pairs.items():
        values, now = values_of(key, config), value_of(key, config)
        decided = dropped[key].tolist() if key in dropped else [None] * len(values)
        points = [
            Point(value=v, pairs=int(p), rows=r, now=v == now) for v, p, r in zip(values, counts, decided, strict=True)
        ]
        shown = [
            Margin(listing=there.get(row["left_id"], Listing(id=row["left_id"])), score=row["score"], out=row["drops"],
                   other=there.get(row["right_id"], Listing(id=row["right_id"])))
            for row in near.get(key, ())
        ]  # fmt: skip
        swept.append(Sweep(key=key, points=points, margin=shown))
    return swept


def _of_margin(rows: Sequence[Row]) -> list[Row]:
    chosen = []
    for side in (True, False):
        mine = [row for row in rows if row["drops"] == side]
        chosen += sorted(mine, key=lambda row: (row["gap"], digest(row["left_id"] + row["right_id"])))[:SHOWN]
    return chosen


def _previous(found: Gathering, manifest: Manifest) -> Dataset | None:
    """The listings that were kept before, which are kept again before others."""
    stage = found.run.stage("deduplicate")
    place = stage / manifest.attempt / FOLLOWS
    if not place.exists():
        return None
    before = Manifest.from_json(place.read_json())
    if before.shards != manifest.shards or "listings" not in before.datasets:
        return None
    dataset = before.dataset(stage, "listings")
    return dataset if dataset.folder.exists() else None
