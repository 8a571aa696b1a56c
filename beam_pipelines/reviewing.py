"""Review by people: draw cases of a run, stratum by stratum; keep what was judged, for the report and the gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates.xxh64 import digests
from ..quality.noise import mismatch_limits
from ..quality.report.decision_table import why_dropped
from ..quality.report.distance import filter_in_force
from ..quality.report.labels import BEYOND, QUESTIONS, WITHIN, Review, Stratum, judge, read_labels
from ..quality.report.review import Case, Side, allot, band, case_key, render
from ..quality.report.vetoes import why_apart
from ..quality.report.words import changes
from ..schemas.errors import ConfigError, nearest
from . import exhibits
from .duplicates_shown import dropped_of
from .filter import CLEAR, worst
from .gathering import Gathering
from .run_folder import RunFolder, now

FOLDER = "review"  # of the run folder
THUMBNAIL = 320  # pixels
FIGURES = ("precision", "precision_low", "judged")
SHARES = ("share", "share_low", "share_judged")  # of all scored pairs
SHOWN = ["id", "title", "seller", "brand", "category", "price", "currency"]
Key = tuple[str, str]  # rule, band
Drawn = dict[str, Any]
# What is drawn: dataset, id columns, and the columns of rule and score.
_FROM = {
    "duplicates": ("deduplicate/duplicates", ("kept_id", "dropped_id"), "rule", "text_similarity"),
    "variants": ("deduplicate/links", ("left_id", "right_id"), "veto", "similarity"),
    "rejected": ("filter/rejected", ("id",), "rule", None),
}


def write_page(run: RunFolder, of: str, number: int, output: Path | None = None) -> Path:
    """Draw cases and write the page.

    Args:
        run: The run.
        of: duplicates, variants, noise or rejected.
        number: Cases, at most.
        output: Where the page goes; default: review-<of>.html beside the run folder's data, or here for object stores.

    Raises:
        ConfigError: there is no such kind, or the stage has published nothing.
    """
    if of not in QUESTIONS:
        raise ConfigError(f"--of {of}: there is nothing of that kind to review{nearest(of, QUESTIONS)}")
    found, stage = Gathering(run), QUESTIONS[of][1]
    if stage not in found.manifests:
        raise ConfigError(f"{run.place}: {stage} has published nothing, so there is nothing to review")
    rows, lowest = _drawn(found, of, number)
    given = allot(rows, number)
    chosen = [row for key in sorted(given) for row in lowest[key][: given[key]]]
    chosen.sort(key=lambda row: row["digest"])  # mixed: a run of equal cases tires the eye
    cases, photos = _cases(found, of, chosen)
    strata = [
        Stratum(rule=rule, band=name, rows=rows[rule, name], drawn=given[rule, name]) for rule, name in sorted(rows)
    ]
    page = render(of, cases, strata, photos, name=str(found.known.get("name", "")), run=str(run.place),
                  attempt=found.manifests[stage].attempt, made_at=now())  # fmt: skip
    if output is None:
        output = Path(run.place.path) / FOLDER / f"{of}.html" if run.place.is_local else Path(f"review-{of}.html")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, "utf-8")
    return output


def judged(run: RunFolder, labels: Path) -> Review:
    """Read labels, say how often the rules are right, and keep that in the run folder.

    `review/<of>.json` holds `lines` and `metrics`, which a suite may judge by
    `expect_column_values_to_be_between`, with nothing to judge until people have looked: review_duplicates_precision,
    review_duplicates_precision_low (of the 95% interval), review_duplicates_judged, and the same for each rule.

    Of noise, review_noise_precision is the share of right ones among the scored pairs beyond the threshold of the run,
    or where it rejects none beyond 0.5, which hardly a right pair is; review_noise_share, _share_low and _share_judged
    are about all scored pairs: how many photos show something else.

    Raises:
        ConfigError: the file cannot be read, or holds no labels.
    """
    try:
        text = labels.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{labels} cannot be read: {error}; expected the file that a review page saves") from None
    found = judge(read_labels(text, str(labels)))
    (run.place / FOLDER / f"{found.of}.json").write_json({**found.model_dump(), "at": now()})
    return found


def reviews(run: RunFolder) -> list[Review]:
    """Read what was judged of a run."""
    found = []
    for of in QUESTIONS:
        place = run.place / FOLDER / f"{of}.json"
        if place.exists():
            found.append(Review.model_validate({k: v for k, v in place.read_json().items() if k != "at"}))
    return found


def review_metrics(run: RunFolder, stage: str, attempt: str, asked: Iterable[str] = ()) -> dict[str, float | None]:
    """Give what people found of an attempt, as metrics that a gate may judge; unknown where they judged none of it.

    `asked` are metrics that a suite names: those of one rule, such as review_duplicates_equal_title_judged, are unknown
    too until somebody has judged that rule.
    """
    kinds = [of for of, (_, judged_stage) in QUESTIONS.items() if judged_stage == stage]
    names = [f"review_{of}_{name}" for of in kinds for name in (*FIGURES, *(SHARES if of == "noise" else ()))]
    names += [name for name in asked
              if name.startswith(tuple(f"review_{of}_" for of in kinds)) and name.endswith(FIGURES)]  # fmt: skip
    metrics: dict[str, float | None] = dict.fromkeys(names)
    for found in reviews(run):
        if QUESTIONS[found.of][1] == stage and found.attempt == attempt:
            metrics |= found.metrics
    return metrics


def _drawn(found: Gathering, of: str, number: int) -> tuple[dict[Key, int], dict[Key, list[Drawn]]]:
    """Count each stratum and hold its cases of lowest hash: a fair draw, and the same in every run."""
    rows: Counter[Key] = Counter()
    lowest: dict[Key, list[Drawn]] = {}
    for table, ids, rules, scores in _tables(found, of):
        order = digests(ids[-1].combine_chunks() if isinstance(ids[-1], pa.ChunkedArray) else ids[-1])
        names = np.array([f"{rule}\x1f{band(of, score)}" for rule, score in zip(rules, scores, strict=True)], object)
        for name in np.unique(names.astype(str)) if len(names) else ():
            key: Key = tuple(str(name).split("\x1f"))  # type: ignore[assignment]
            mine = np.flatnonzero(names == name)
            rows[key] += len(mine)
            best = mine[np.argsort(order[mine], kind="stable")[:number]]
            picked = table.take(pa.array(best)).to_pylist()
            drawn = [{**row, "rule": key[0], "band": key[1], "score": scores[k], "digest": int(order[k])}
                     for row, k in zip(picked, best.tolist(), strict=True)]  # fmt: skip
            lowest[key] = sorted([*lowest.get(key, []), *drawn], key=lambda row: row["digest"])[:number]
    return dict(rows), lowest


def _tables(found: Gathering, of: str) -> Iterator[tuple[pa.Table, list[Any], list[str], list[float | None]]]:
    """Read shard by shard what there is of a kind: rows, id columns, rules, scores."""
    if of == "noise":
        yield from _scored(found)
        return
    name, ids, rule, score = _FROM[of]
    dataset = found.dataset(name)
    for shard in range(dataset.shards):
        table = dataset.table(shard)
        table = table.filter(table[rule].is_valid())
        rules = table[rule].to_pylist()
        values = table[score].to_pylist() if score else [None] * len(table)
        yield table, [table[column] for column in ids], rules, values


def _scored(found: Gathering) -> Iterator[tuple[pa.Table, list[Any], list[str], list[float | None]]]:
    """Read the scored pairs, and say of each whether it is beyond the threshold in force."""
    scores, listings = found.step("filter", "scores"), found.dataset("clean/listings")
    config = filter_in_force(found.stages["filter"].settings)
    rejects = config.mismatch.max_score < 1 or config.mismatch.share
    limits = worst(listings, scores, config) if scores else {}
    for shard in range(scores.shards if scores else 0):
        assert scores is not None
        table = scores.table(shard, ["id", "mismatch"])
        for batch in table.append_column("category", listings.table(shard, ["category"])["category"]).to_batches():
            bound = mismatch_limits(batch, config.mismatch, limits) if rejects else np.float32(CLEAR)
            known = np.asarray(batch["mismatch"].is_valid())
            beyond = np.asarray(pc.fill_null(batch["mismatch"], 0)) > bound
            found_here = pa.Table.from_batches([batch]).filter(pa.array(known))
            rules = np.where(beyond[known], BEYOND, WITHIN).tolist()
            yield found_here, [found_here["id"]], rules, found_here["mismatch"].to_pylist()


def _cases(found: Gathering, of: str, rows: list[Drawn]) -> tuple[list[Case], dict[str, str]]:
    columns = _FROM[of][1] if of in _FROM else ("id",)
    ids = sorted({row[column] for row in rows for column in columns})
    listings = found.dataset("clean/listings") if "clean" in found.manifests else found.dataset("ingest/listings")
    there = {row["id"]: row for row in listings.rows(ids, SHOWN).to_pylist()} if ids else {}
    cases = []
    for row in rows:
        sides = [_side(there.get(row[column]) or {"id": row[column]}) for column in columns]
        if len(sides) == 2:
            one, other = sides
            sides = [one.model_copy(update={"pieces": changes(one.title, other.title, 240, fold=True)}),
                     other.model_copy(update={"pieces": changes(other.title, one.title, 240, fold=True)})]  # fmt: skip
        cases.append(
            Case(key=case_key(of, row["rule"], *(row[c] for c in columns)), rule=row["rule"], band=row["band"],
                 score=row["score"], why=_why(of, row), left=sides[0], right=sides[1] if len(sides) == 2 else None)
        )  # fmt: skip
    photos, _ = exhibits.photos(found.dataset("ingest/images"), ids, THUMBNAIL) if ids else ({}, {})
    return cases, photos


def _side(row: Mapping[str, Any]) -> Side:
    price = f"{row['price']:g} {row.get('currency') or ''}".strip() if row.get("price") is not None else ""
    facts = [row.get("seller"), row.get("brand"), price, row.get("category")]
    return Side(id=row["id"], title=(row.get("title") or "")[: exhibits.TEXT],
                facts=[str(fact)[: exhibits.TEXT] for fact in facts if fact])  # fmt: skip


def _why(of: str, row: Drawn) -> str:
    if of == "duplicates":
        return why_dropped(dropped_of(row)).partition("; ")[2]
    if of == "variants":
        return f"{why_apart(row['rule'])}; {row['kind']}, {100 * (row['score'] or 0):.0f}% alike"
    if of == "noise":
        return f"{100 * row['score']:.1f}% of random pairs of photo and title fit each other better"
    return row["detail"] or ""
