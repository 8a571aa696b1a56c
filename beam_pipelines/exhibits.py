"""Exhibits: the few rows that the report shows, looked up by id, and counts of columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from ..quality.report.data import (
    Answers,
    Listing,
    Measured,
    Misfit,
    Predictions,
    Rejected,
)  # fmt: skip
from ..quality.report.thumbnail import SIDE, thumbnail
from ..schemas.dataset import Dataset
from ..schemas.storage import Storage

LABELS = 10  # shown
MISFITS, MISFIT = 12, 0.1  # listings shown, and the score from which one may be
WORST = 500  # scores that they are chosen from
MISMATCHED = "mismatched_photo"
MEASURES = ("title_characters", "photo_min_side", "photo_aspect", "information", "mismatch")
TEXT = 600  # characters of a seller's text that are carried along


def digest(row_id: str) -> int:
    """The order in which examples are drawn."""
    return xxhash.xxh64_intdigest(row_id.encode())


def samples(attempt: Storage) -> list[dict[str, Any]]:
    """The rows that the stage kept for each rule that took rows out."""
    place = attempt / "samples.parquet"
    if not place.exists():
        return []
    rows: list[dict[str, Any]] = pq.read_table(place.path, filesystem=place.arrow).to_pylist()
    return sorted(rows, key=lambda row: (row["rule"], digest(row["id"])))


def rejected(stage: str, attempt: Storage, most: int) -> list[Rejected]:
    """Up to `most` rows for each rule."""
    taken: Counter[str] = Counter()
    found = []
    for row in samples(attempt):
        taken[row["rule"]] += 1
        if row["dataset"] == "rejected" and taken[row["rule"]] <= most:
            listing = listing_of(row["id"], row["row"])
            found.append(Rejected(stage=stage, rule=row["rule"], listing=listing, detail=(row["detail"] or "")[:TEXT]))
    return found


def listing_of(row_id: str, row: str) -> Listing:
    """Read a listing from the `row` that a stage kept of it."""
    values = json.loads(row)
    title = values.get("title") or values.get("text") or ""
    return Listing(id=row_id, title=str(title)[:TEXT], seller=str(values.get("seller") or "")[:TEXT])


def misfits(scores: Dataset, listings: Dataset, kept: Dataset, rejected: Dataset) -> list[Misfit]:
    """The listings whose photos fit their titles least, of those that fit worse than a tenth of random pairs do.

    What other rules reject, placeholders above all, is shown there.

    Args:
        scores: Of all listings.
        listings: All of them, before any is rejected.
        kept: Those that were not.
        rejected: And those that were.
    """
    worst: list[tuple[float, int, str]] = []
    for shard in range(scores.shards):
        table = scores.table(shard, ["id", "mismatch"])
        table = table.filter(pc.fill_null(pc.greater(table["mismatch"], MISFIT), False))
        rows = table.to_pylist()
        worst = sorted(worst + [(-r["mismatch"], digest(r["id"]), r["id"]) for r in rows])[:WORST]
    ids = [name for *_, name in worst]
    stay = set(kept.rows(ids, ["id"])["id"].to_pylist())
    lost = rejected.rows(ids, ["id", "rule"]).to_pylist() if ids else []
    mismatched = {row["id"] for row in lost if row["rule"] == MISMATCHED}
    chosen = [(name, -value) for value, _, name in worst if name in stay or name in mismatched][:MISFITS]
    there = known(listings, [name for name, _ in chosen])
    return [Misfit(listing=there[name], mismatch=value, kept=name in stay) for name, value in chosen]


def measured(profile: Mapping[str, Any]) -> list[Measured]:
    """What the listings that stay measure, as the stage's profile has it."""
    columns = profile.get("columns", {})
    return [
        Measured(name=name, lowest=columns[name]["min"], mean=columns[name]["mean"], highest=columns[name]["max"])
        for name in MEASURES
        if columns.get(name, {}).get("mean") is not None
    ]


def counts(column: pa.ChunkedArray) -> dict[Any, int]:
    """Count equal values."""
    return {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist()}


def histogram(values: np.ndarray) -> dict[int, int]:
    """Count how often each number stands among `values`."""
    return {int(v): int(n) for v, n in zip(*np.unique(values, return_counts=True), strict=True)}


def known(listings: Dataset, ids: Sequence[str]) -> dict[str, Listing]:
    """Look listings up."""
    rows = listings.rows(ids, ["id", "title", "seller"]).to_pylist() if ids else []
    return {row["id"]: shown(row) for row in rows}


def shown(row: Mapping[str, Any]) -> Listing:
    """Take of a listing what is shown."""
    return Listing(id=row["id"], title=(row["title"] or "")[:TEXT], seller=(row["seller"] or "")[:TEXT])


def predictions(answers: Dataset, matches: Dataset, clusters: Dataset) -> Predictions:
    """Count answers by task and label, accepted matches, clusters by size."""
    counted: Counter[tuple[str, str, bool]] = Counter()
    pairs: Counter[bool] = Counter()
    names = [np.zeros(0, np.uint64)]
    for shard in range(answers.shards):
        table = answers.table(shard, ["task", "attribute", "label", "accepted"])
        groups = table.group_by(["task", "attribute", "label", "accepted"]).aggregate([([], "count_all")]).to_pylist()
        for g in groups:
            counted[g["attribute"] or g["task"], g["label"] or "", bool(g["accepted"])] += g["count_all"]
        pairs.update(counts(matches.table(shard, ["accepted"])["accepted"]))
        ids = clusters.table(shard, ["cluster_id"])["cluster_id"].to_pylist()
        names.append(np.fromiter((digest(i) for i in ids), np.uint64, len(ids)))
    tasks = []
    for task in sorted({task for task, *_ in counted}, key=lambda t: (t != "category", t)):
        mine = {(label, ok): n for (t, label, ok), n in counted.items() if t == task}
        labels = Counter({label: n for (label, ok), n in mine.items() if ok})
        top = dict(sorted(labels.items(), key=lambda item: (-item[1], item[0]))[:LABELS])
        tasks.append(Answers(task=task, answers=sum(mine.values()), accepted=sum(labels.values()), labels=top))
    return Predictions(
        tasks=tasks, matches=sum(pairs.values()), matches_accepted=pairs[True],
        clusters=histogram(np.unique(np.concatenate(names), return_counts=True)[1]),
    )  # fmt: skip


def photos(images: Dataset, ids: Iterable[str], side: int = SIDE) -> tuple[dict[str, str], dict[str, str]]:
    """Thumbnails of main photos by id, `side` pixels, and why there is none."""
    wanted = sorted(set(ids))
    found = images.rows(wanted, ["id", "position", "jpeg", "error"]) if wanted else None
    pictures, errors = {}, {}
    for row in found.to_pylist() if found is not None else []:
        if row["position"] == 0:
            if row["jpeg"] is not None:
                pictures[row["id"]] = thumbnail(row["jpeg"], side)
            else:
                errors[row["id"]] = (row["error"] or "does not decode")[:TEXT]
    return pictures, errors
