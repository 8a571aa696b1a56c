"""The sums of a finished run are counted from its files: a manifest could be wrong."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from eclip.examples.check import conservation_lines, truth_lines

ROWS = {
    "ingest/listings": 9, "ingest/rejected": 1, "clean/listings": 9, "filter/listings": 7, "filter/rejected": 2,
    "deduplicate/listings": 6, "deduplicate/duplicates": 1, "pairs/train": 3, "pairs/val": 1, "embed/embeddings": 9,
    "embed/rejected": 0,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten records; of the six listings that stay one has no title and one no photo."""
    (tmp_path / "listings").mkdir()
    pd.DataFrame({"sku": range(10), "name": "two\nlines"}).to_csv(tmp_path / "listings/part-00000.csv", index=False)
    for name, rows in ROWS.items():
        part = tmp_path / "run" / name / "part-00000-of-00001.parquet"
        part.parent.mkdir(parents=True)
        frame = pd.DataFrame({"title": ["Mug"] * rows, "image_sha": ["f"] * rows})
        if name == "deduplicate/listings":
            frame.loc[0, "title"] = frame.loc[1, "image_sha"] = None
        frame.to_parquet(part)
    return tmp_path


def broken(folder: Path) -> list[str]:
    return [what for what, rows, right, *_ in conservation_lines(folder) if rows != right]


def test_files_that_add_up_pass(folder: Path) -> None:
    assert broken(folder) == []


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("ingest/rejected", ["rows in ingest"]),
        ("clean/listings", ["rows in clean", "rows in filter", "rows in embed"]),
        ("deduplicate/duplicates", ["rows in deduplicate"]),
        ("pairs/val", ["rows in pairs"]),
    ],
)
def test_a_part_that_is_gone_is_seen(folder: Path, name: str, stages: list[str]) -> None:
    next((folder / "run" / name).iterdir()).unlink()
    assert broken(folder) == stages


def test_a_swapped_photo_is_looked_for_among_the_worst_scores(folder: Path) -> None:
    run = folder / "run"
    scores = [0.9, 0.01, *[0.02] * 18]
    planted = ["wrong", "unseen", "gone"]
    pd.DataFrame({"id": planted, "kind": "mismatched_photo", "of": None, "detail": "mug"}).to_parquet(
        folder / "truth.parquet"
    )
    ids = [*planted[:2], *map(str, range(18))]
    pd.DataFrame({"id": ids, "mismatch": scores}).to_parquet(run / "filter/listings/part-00000-of-00001.parquet")
    for name, columns in {"ingest/rejected": ["id", "rule"], "filter/rejected": ["id", "rule"],
                          "deduplicate/duplicates": ["dropped_id", "kept_id"],
                          "deduplicate/links": ["left_id", "right_id"]}.items():  # fmt: skip
        (run / name).mkdir(exist_ok=True)
        pd.DataFrame(columns=columns, dtype=str).to_parquet(run / name / "part-00000-of-00001.parquet")
    found = next(line for line in truth_lines(folder) if line[0] == "mismatched_photo")
    assert found == ("mismatched_photo", 2, 1, "in the worst tenth by score", False)  # one was rejected before
