"""Hold a run of the sample catalog against what was planted in it.

    python -m eclip.examples.check DIR [--floors]

Prints a line for each kind of planted fact, and ends with 1 if one of the promises does not hold: every exact copy
dropped, no variant merged, each bad photo rejected for its own reason, nothing lost. `--floors` also holds the model
against floors, which make sense for the whole sample only (2,000 listings, default training); its accuracies are
those of a smoke test, never of quality.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

REASONS = {
    "broken_photo": "unreadable_photo", "tiny_photo": "tiny_photo", "odd_photo": "odd_photo",
    "placeholder_photo": "placeholder_photo", "short_title": "short_title",
}  # fmt: skip
FLOORS = {"photo_to_title_r10": 0.75, "prompt_category_both": 0.70}
Line = tuple[str, int, int, str, bool]  # what, how many, how many right, what right means, whether it is promised


def main() -> None:
    """Check, print, say by the exit code whether all promises hold."""
    parser = argparse.ArgumentParser(description="Hold a run of the sample catalog against its truth.")
    parser.add_argument("folder", type=Path, help="what `eclip sample` wrote, with its run folder in `run`")
    parser.add_argument("--floors", action="store_true", help="hold the model's figures against floors as well")
    options = parser.parse_args()
    lines = truth_lines(options.folder) + conservation_lines(options.folder)
    if options.floors:
        lines += floor_lines(options.folder / "run")
    table = Table("planted", "rows", "right", "what is expected", "", box=None, header_style="bold")
    for what, rows, right, expected, promised in lines:
        verdict = (
            "[green]holds[/]" if right == rows else "[red]BROKEN[/]" if promised else f"{right / max(1, rows):.0%}"
        )
        table.add_row(what, f"{rows:,}", f"{right:,}", expected, verdict)
    Console(highlight=False).print(table)
    sys.exit(any(promised and right != rows for _, rows, right, _, promised in lines))


def truth_lines(folder: Path) -> list[Line]:
    """Compare truth.parquet with what the stages published."""
    run = folder / "run"
    truth = pd.read_parquet(folder / "truth.parquet")
    rejected = pd.concat([pd.read_parquet(run / stage / "rejected") for stage in ("ingest", "filter")])
    rules = rejected.groupby("id")["rule"].agg(set).to_dict()
    duplicates = pd.read_parquet(run / "deduplicate/duplicates")
    kept = dict(zip(duplicates["dropped_id"], duplicates["kept_id"], strict=True))
    links = pd.read_parquet(run / "deduplicate/links")
    linked = {frozenset(pair) for pair in zip(links["left_id"], links["right_id"], strict=True)}

    def same(left: str, right: str) -> bool:
        return bool(kept.get(left, left) == kept.get(right, right))

    def near(left: str, right: str) -> bool:
        return same(left, right) or frozenset((kept.get(left, left), kept.get(right, right))) in linked

    def of(kind: str, detail: str = "") -> Any:
        rows = truth[(truth["kind"] == kind) & truth["detail"].fillna("").str.contains(detail)]
        return list(zip(rows["id"], rows["of"], strict=True))

    def line(kind: str, pairs: list[Any], right: int, expected: str, promised: bool = True) -> Line:
        return kind, len(pairs), right, expected, promised

    copies, variants = of("exact_copy"), of("variant")
    lines = [
        line("exact_copy", copies, sum(same(*p) for p in copies), "dropped, one of the two kept"),
        line("variant", variants, sum(not same(*p) for p in variants), "never dropped for the other"),
    ]
    for kind, rule in REASONS.items():
        rows = of(kind)
        lines.append(line(kind, rows, sum(rule in rules.get(i, ()) for i, _ in rows), f"rejected as {rule}"))
    scores = pd.read_parquet(run / "filter/listings", columns=["id", "mismatch"]).set_index("id")["mismatch"]
    worst = set(scores[scores > scores.quantile(0.9)].index)
    swapped = [pair for pair in of("mismatched_photo") if pair[0] in scores.index]
    found = sum(name in worst for name, _ in swapped)
    lines.append(line("mismatched_photo", swapped, found, "in the worst tenth by score", promised=False))
    twice = of("duplicate_id")
    found = sum(bool(rules.get(i, set()) & {"repeated_row", "duplicate_id"}) for i, _ in twice)
    lines.append(line("duplicate_id", twice, found, "one kept, the other rejected"))
    own, others = of("relisting", "same_seller"), of("relisting", "other_seller")
    lines.append(line("relisting, same seller", own, sum(same(*p) for p in own), "dropped", promised=False))
    lines.append(line("relisting, other seller", others, sum(near(*p) for p in others), "linked", promised=False))
    wrong = sum(not same(*p) for p in others)
    lines.append(line("relisting, other seller", others, wrong, "not dropped: an offer of its own"))
    return lines


def conservation_lines(folder: Path) -> list[Line]:
    """Count the files on both sides of each stage: what went in, what came out or was taken out."""
    run = folder / "run"

    def rows(*names: str) -> int:
        return sum(pq.read_metadata(part).num_rows for name in names for part in (run / name).glob("part-*"))

    def unpaired() -> int:
        listings = pd.read_parquet(run / "deduplicate/listings", columns=["title", "image_sha"])
        return int((listings["image_sha"].isna() | (listings["title"].fillna("") == "")).sum())

    source = sum(len(pd.read_csv(file, dtype=str)) for file in (folder / "listings").glob("*.csv"))
    found = {
        "ingest": (source, rows("ingest/listings", "ingest/rejected")),
        "clean": (rows("ingest/listings"), rows("clean/listings")),
        "filter": (rows("clean/listings"), rows("filter/listings", "filter/rejected")),
        "deduplicate": (rows("filter/listings"), rows("deduplicate/listings", "deduplicate/duplicates")),
        "pairs": (rows("deduplicate/listings"), rows("pairs/train", "pairs/val") + unpaired()),
        "embed": (rows("clean/listings"), rows("embed/embeddings", "embed/rejected")),
    }
    return [(f"rows in {stage}", *counted, "in = out + taken out", True) for stage, counted in found.items()]


def floor_lines(run: Path) -> list[Line]:
    """Hold the model's figures against the floors."""
    metrics = json.loads((run / "pretrain/_manifest.json").read_text())["metrics"]
    return [
        (f"{name} {metrics[name]:.3f}", 1, int(metrics[name] >= floor), f"at least {floor}", True)
        for name, floor in FLOORS.items()
    ]


if __name__ == "__main__":
    main()
