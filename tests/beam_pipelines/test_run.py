"""A whole run, looked at from outside: what the run folder promises, and the truth against the result."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import polars
import pyarrow.parquet as pq
import pytest
from driver import FEW_STEPS, checksums, copy_of, eclip, manifest
from eclip.schemas.listing import DUPLICATES, IMAGES, LINKS, LISTINGS, PAIRS, REJECTED
from eclip.schemas.prediction import CLUSTERS, MATCHES, PREDICTIONS

DATASETS = {
    "ingest/listings": LISTINGS, "ingest/images": IMAGES, "ingest/rejected": REJECTED, "clean/listings": LISTINGS, "clean/rejected": REJECTED,
    "filter/listings": LISTINGS, "filter/rejected": REJECTED,
    "deduplicate/listings": LISTINGS, "deduplicate/duplicates": DUPLICATES, "deduplicate/links": LINKS,
    "pairs/train": PAIRS, "pairs/val": PAIRS, "embed/rejected": REJECTED, "predict/predictions": PREDICTIONS,
    "predict/matches": MATCHES, "predict/clusters": CLUSTERS,
}  # fmt: skip


@pytest.fixture(scope="module")
def run(finished: Path) -> Path:
    return finished / "run"


@pytest.mark.parametrize("name", [*DATASETS, "embed/embeddings"])
def test_every_dataset_opens_where_users_open_it(run: Path, name: str) -> None:
    folder = run / name
    rows = sum(pq.read_metadata(part).num_rows for part in folder.iterdir())
    assert all(part.name.startswith("part-") for part in folder.iterdir())  # part files only
    assert len(pd.read_parquet(folder)) == rows
    assert duckdb.sql(f"select count(*) from read_parquet('{folder}/*.parquet')").fetchall() == [(rows,)]
    assert polars.read_parquet(folder).height == rows
    if rows:
        import datasets

        loaded = datasets.load_dataset("parquet", data_dir=str(folder), split="train", cache_dir=str(run / ".hf"))
        assert loaded.num_rows == rows


@pytest.mark.parametrize("name", DATASETS)
def test_datasets_keep_their_contract(run: Path, name: str) -> None:
    contract = DATASETS[name]
    for part in sorted((run / name).iterdir()):
        table = pq.read_table(part, partitioning=None)
        for field in contract.schema:
            assert table.schema.field(field.name).type == field.type, f"{part.name}: {field.name}"
        keys = list(zip(*(table[k].to_pylist() for k in contract.key), strict=True))
        assert keys == sorted(keys), f"{part}: rows must be sorted by {contract.key}"
        assert pq.read_schema(part).metadata[b"eclip.contract"] == b"1"
        if not table.num_rows:
            assert pq.ParquetFile(part).metadata.num_row_groups == 0  # Hugging Face datasets stumbles over an empty one


def test_a_shard_without_rows_is_among_them(run: Path) -> None:
    counts = [pq.read_metadata(p).num_rows for p in (run / "ingest/rejected").iterdir()]
    assert 0 in counts
    assert sum(counts) > 0


def test_the_run_folder_is_as_promised(run: Path) -> None:
    for stage in ("ingest", "clean", "filter", "deduplicate", "pairs", "embed", "predict"):
        for file in ("_manifest.json", "gate.json", "profile.json", "samples.parquet"):
            assert (run / stage / file).is_file(), f"{stage}/{file}"
    for file in ("model/open_clip_config.json", "metrics.jsonl"):
        assert (run / "pretrain" / file).is_file()
    assert list((run / "pretrain/checkpoints").iterdir())
    for file in ("heads/category/head.json", "metrics.json"):
        assert (run / "finetune" / file).is_file()
    assert (run / "report/index.html").is_file()
    assert (run / "history/1/ingest/_manifest.json").is_file()
    state = json.loads((run / "run.json").read_text())
    assert state["stages"]["ingest"]["state"] == "done"
    assert state["config"]["name"] == "sample"


def test_nothing_is_lost_at_any_stage(run: Path) -> None:
    for stage in ("ingest", "clean", "filter", "deduplicate", "pairs", "embed"):
        assert manifest(run, stage)["metrics"]["unaccounted_rows"] == 0, stage
    assert manifest(run, "ingest")["metrics"]["rows_in"] == 300

    def rows(name: str) -> int:
        return len(pd.read_parquet(run / name))

    # Counted anew, from the files: the markers could all be wrong together.
    assert rows("ingest/listings") + rows("ingest/rejected") == 300
    assert rows("clean/listings") == rows("filter/listings") + rows("filter/rejected")
    assert rows("filter/listings") == rows("deduplicate/listings") + rows("deduplicate/duplicates")
    skipped = manifest(run, "pairs")["metrics"]["rows_skipped"]
    assert rows("deduplicate/listings") == rows("pairs/train") + rows("pairs/val") + skipped
    assert rows("clean/listings") == rows("embed/embeddings") + rows("embed/rejected")
    embedded = set(pd.read_parquet(run / "embed/embeddings", columns=["id"]).id)
    assert set(pd.read_parquet(run / "predict/clusters").id) == embedded
    predictions = pd.read_parquet(run / "predict/predictions")
    for task in ("category", "adult"):
        assert set(predictions[predictions.task == task].id) == embedded


def test_no_family_stands_in_both_splits(run: Path) -> None:
    train, val = (set(pd.read_parquet(run / f"pairs/{s}", columns=["group_id"]).group_id) for s in ("train", "val"))
    assert train
    assert val
    assert not train & val


def test_truth_against_result(finished: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eclip.examples.check", str(finished)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exact_copy" in done.stdout


def test_a_second_run_does_nothing(finished: Path, tmp_path: Path) -> None:
    before = checksums(finished / "run")
    stamps = {p: p.stat().st_mtime_ns for p in (finished / "run").rglob("part-*")}
    done = eclip("run", finished / "catalog.yaml", *FEW_STEPS, "--set", "runner.workers=1")
    assert done.code == 0, done.err
    assert done.out.count("nothing to do") == 10
    assert checksums(finished / "run") == before
    assert {p: p.stat().st_mtime_ns for p in (finished / "run").rglob("part-*")} == stamps


def test_a_changed_threshold_runs_only_what_depends_on_it(finished: Path, tmp_path: Path) -> None:
    folder = copy_of(finished, tmp_path / "copy")
    before = manifest(folder / "run", "filter")
    planned = eclip("plan", folder / "catalog.yaml", "--to", "deduplicate", "--set", "filter.min_side=150")
    assert "settings.min_side: 64 -> 150" in planned.out
    done = eclip(
        "run", folder / "catalog.yaml", "--to", "filter", "--set", "filter.min_side=150", "--set", "runner.workers=1"
    )
    assert done.code == 0, done.err
    assert done.out.count("nothing to do") == 2  # ingest and clean
    after = manifest(folder / "run", "filter")
    assert after["metrics"]["rows_rejected"] > before["metrics"]["rows_rejected"]
    assert after["steps"] == before["steps"]  # the scores of the first decision serve the second


def test_the_model_opens_without_eclip(run: Path) -> None:
    program = (
        "import sys, open_clip, torch\n"
        f"model, transform = open_clip.create_model_from_pretrained('local-dir:{run}/pretrain/model')\n"
        f"words = open_clip.get_tokenizer('local-dir:{run}/pretrain/model')(['red mug'])\n"
        "print(tuple(model.encode_text(words).shape), 'eclip' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["(1,", "128)", "False"]
