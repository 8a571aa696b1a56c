"""Whole runs on real listings, with the configurations that the examples ship."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from driver import ROOT, eclip, manifest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("ECLIP_DATA" not in os.environ, reason="ECLIP_DATA names the folder of the data sets"),
]


@pytest.fixture(scope="module", params=["fashion", "grocery"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param) / "run"
    done = eclip("run", ROOT / "examples" / f"{request.param}.yaml", "--set", f"run={folder}")
    assert done.code == 0, done.out + done.err
    return folder


def figures(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "finetune/metrics.json").read_text())["tasks"]
    return found


def test_nothing_is_lost(run: Path) -> None:
    for stage in ("ingest", "clean", "filter", "deduplicate", "pairs", "embed"):
        metrics = manifest(run, stage)["metrics"]
        assert metrics["unaccounted_rows"] == 0, stage
        assert metrics["rows_in"] > 1000, stage


def test_what_was_taken_out_says_why(run: Path) -> None:
    for stage in ("ingest", "filter"):
        rejected = pd.read_parquet(run / stage / "rejected")
        assert rejected["rule"].notna().all()
        assert rejected["detail"].str.len().gt(0).all()
        assert rejected["row"].str.startswith("{").all()


def test_the_model_finds_titles_far_above_chance(run: Path) -> None:
    metrics = manifest(run, "pretrain")["metrics"]
    assert metrics["photo_to_title_r10"] > 4 * metrics["photo_to_title_r10_chance"]
    assert 0 < metrics["photo_to_title_r10_cca"] <= 1  # printed beside ours, where it wins, too


def test_the_category_head_beats_the_majority_and_stands_beside_its_baselines(run: Path) -> None:
    category = figures(run)["category"]
    baselines = category["baselines"]
    assert set(baselines) == {"majority", "TF-IDF", "HOG + colour"}
    assert category["both"]["accuracy"] > 2 * baselines["majority"]
