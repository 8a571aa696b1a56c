import json

import pyarrow as pa
import pytest
from eclip.models.finetune import finetune
from eclip.models.predict import Heads
from eclip.schemas.config import HeadsConfig

from .conftest import embedded


def test_every_task_with_labels_is_trained_and_measured_beside_baselines(tuned):
    _, report, _, _ = tuned
    assert list(report) == ["category", "attributes", "adult", "matching", "clustering"]
    for task in report.values():
        assert task["trained"]
        assert task["rows_train"] == pytest.approx(180, abs=10)
        assert task["rows_val"] == pytest.approx(60, abs=10)
        for modality in ("image", "text", "both"):
            assert 0 <= task[modality][task["metric"]] <= 1
        assert "TF-IDF" in task["baselines"]
        assert all(0 <= value <= 1 for value in task["baselines"].values())
    assert set(report["category"]["baselines"]) == {"majority", "TF-IDF", "HOG + colour"}
    json.dumps(report)


def test_heads_know_what_their_vectors_know(tuned):
    _, report, _, _ = tuned
    assert report["category"]["both"]["accuracy"] > 0.9
    assert report["attributes"]["image"]["micro_f1"] > 0.9
    assert report["attributes"]["text"]["micro_f1"] < 0.6  # the text says nothing of the colour
    assert report["adult"]["both"]["average_precision"] > 0.9
    assert report["matching"]["both"]["f1"] > report["matching"]["baselines"]["TF-IDF"] - 0.3
    assert report["clustering"]["both"]["f1"] > 0.3


def test_validation_rows_are_never_learnt_from(tuned, tmp_path):
    folder, _, rows, _ = tuned
    train = rows.filter(pa.array([split == "train" for split in rows["split"].to_pylist()]))
    report = finetune(train, lambda ids: [None] * len(ids), HeadsConfig(adult="adult"), tmp_path, "hash")
    for file in sorted(folder.rglob("head.*")):
        assert (tmp_path / file.relative_to(folder)).read_bytes() == file.read_bytes()
    assert "both" not in report["category"]
    assert report["category"]["trained"]
    assert report["matching"]["trained"]


def test_photos_are_asked_of_rows_that_have_one(tuned):
    _, _, rows, asked = tuned
    has = dict(zip(rows["id"].to_pylist(), rows["has_image"].to_pylist(), strict=True))
    assert len(asked) == len(set(asked))
    assert all(has[i] for i in asked)


def test_a_head_without_labels_is_not_trained_and_says_why(tmp_path):
    rows, _ = embedded(60)
    nothing = pa.nulls(60, pa.string())
    rows = rows.set_column(rows.column_names.index("category"), "category", nothing)
    rows = rows.set_column(rows.column_names.index("catalog_id"), "catalog_id", nothing).drop_columns(["attributes"])
    report = finetune(rows, lambda ids: [None] * len(ids), HeadsConfig(), tmp_path, "hash")
    assert [task["trained"] for task in report.values()] == [False] * 5
    assert report["category"]["reason"] == "0 categories have 10 training rows; two are needed"
    assert report["adult"]["reason"] == "heads.adult names no column of labels"
    assert report["matching"]["reason"] == "0 proposed training pairs are of one product; 5 are needed"
    assert not (tmp_path / "heads").exists()
    assert Heads.load(tmp_path) == Heads()
