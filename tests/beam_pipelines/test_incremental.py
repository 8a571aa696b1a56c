"""A nightly export costs what changed: photos and vectors of unchanged rows are copied, and yield the same rows."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pandas as pd
from driver import FEW_STEPS, checksums, copy_of, eclip, manifest

ONE = ("--set", "runner.workers=1")


def change_a_few_rows(catalog: Path) -> list[str]:
    """Give three listings another title, and take one away; gives the ids whose title changed."""
    file = catalog / "listings/part-00000.csv"
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    changed = [row for row in rows if row["is_adult"] == "false" and len(row["name"]) > 15][:3]
    for row in changed:
        row["name"] += " Nightingale"
    rows.remove(
        next(row for row in rows if row["is_adult"] == "false" and len(row["name"]) > 15 and row not in changed)
    )
    file.unlink()  # a link to the catalog that other tests read
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return [row["sku"] for row in changed]


def test_a_changed_source_decodes_no_photo_again_and_ends_as_from_scratch(
    finished: Path, own: Path, tmp_path: Path
) -> None:
    folder = copy_of(finished, tmp_path / "again")
    changed = change_a_few_rows(folder)
    planned = eclip("plan", folder / "catalog.yaml", *FEW_STEPS).out
    assert "part-00000.csv changed" in planned
    done = eclip("run", folder / "catalog.yaml", *FEW_STEPS, *ONE, "--to", "filter")
    assert done.code == 0, done.err
    ingest = manifest(folder / "run", "ingest")
    assert ingest["counts"].get("photos_decoded", 0) == 0
    assert ingest["counts"]["photos_copied"] > 250
    titles = pd.read_parquet(folder / "run/ingest/listings").set_index("id")["title"]
    assert all(titles[i].endswith("Nightingale") for i in changed)

    shutil.rmtree(own / "listings")
    shutil.copytree(folder / "listings", own / "listings")
    scratch = eclip("run", own / "catalog.yaml", *FEW_STEPS, *ONE, "--to", "filter")
    assert scratch.code == 0, scratch.err
    assert manifest(own / "run", "ingest")["counts"]["photos_decoded"] > 250
    early = ("ingest", "clean", "filter")
    for stage in early:
        one, other = (manifest(f / "run", stage)["datasets"] for f in (folder, own))
        assert {n: d["checksum"] for n, d in one.items()} == {n: d["checksum"] for n, d in other.items()}, stage


def test_vectors_of_unchanged_rows_are_copied(finished: Path, tmp_path: Path) -> None:
    folder = copy_of(finished, tmp_path / "again")
    model = folder / "run/pretrain/model"
    given = ("--set", f"embed.model={model}")
    first = eclip("run", folder / "catalog.yaml", *FEW_STEPS, *ONE, *given, "--to", "embed")
    assert first.code == 0, first.err
    before = checksums(folder / "run")["embed/embeddings"]
    assert before == checksums(finished / "run")["embed/embeddings"]  # the same model, by another way
    changed = change_a_few_rows(folder)
    done = eclip("run", folder / "catalog.yaml", *FEW_STEPS, *ONE, *given, "--to", "embed")
    assert done.code == 0, done.err
    counts = manifest(folder / "run", "embed")["counts"]
    assert counts["encoded_titles"] == len(changed)
    assert counts.get("encoded_photos", 0) == 0


def test_what_was_kept_is_kept_again(finished: Path, tmp_path: Path) -> None:
    folder = copy_of(finished, tmp_path / "again")
    kept = set(pd.read_parquet(folder / "run/deduplicate/listings", columns=["id"])["id"])
    done = eclip("run", folder / "catalog.yaml", *ONE, "--to", "deduplicate", "--set", "deduplicate.survivor=[oldest]")
    assert done.code == 0, done.err
    assert set(pd.read_parquet(folder / "run/deduplicate/listings", columns=["id"])["id"]) == kept


def test_a_catalog_without_photos_skips_what_needs_them(tmp_path: Path) -> None:
    drawn = eclip("sample", tmp_path / "c", "--rows", 200, "--no-photos")
    assert drawn.code == 0, drawn.err
    done = eclip("run", tmp_path / "c/catalog.yaml", *ONE)
    assert done.code == 0, done.err
    for stage in ("pairs", "pretrain", "embed", "finetune", "predict"):
        assert f"{stage:<12} skipped" in done.out
    assert "the catalog has no photos" in done.out
    assert (tmp_path / "c/run/report/index.html").exists()
    assert manifest(tmp_path / "c/run", "ingest")["metrics"]["rows_in"] == 200
    for stage in ("pretrain", "embed", "predict"):  # and one by one, as a scheduler calls them
        done = eclip("run", tmp_path / "c/catalog.yaml", *ONE, "--from", stage, "--to", stage)
        assert done.code == 0, done.err
        assert done.out.startswith(f"{stage:<12} skipped: "), done.out
        assert done.out.splitlines()[0].endswith("pairs is skipped: the catalog has no photos")
    planned = eclip("plan", tmp_path / "c/catalog.yaml", "--from", "predict")
    assert "pairs is skipped: the catalog has no photos" in planned.out
