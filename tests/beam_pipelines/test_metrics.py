"""The figures that gates judge, where a stage has little to measure, reads too little or learns too little."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from driver import manifest
from eclip.beam_pipelines.embed_work import off_length, vectors
from eclip.beam_pipelines.finetune import Finetune
from eclip.beam_pipelines.predict import Predict
from eclip.beam_pipelines.pretrain import Pretrain
from eclip.quality.gates.judge import judge
from eclip.quality.gates.rule import METRICS
from eclip.quality.gates.suite import load_suite
from eclip.schemas.attempt import Summary
from eclip.schemas.dataset import Part
from eclip.schemas.storage import Storage

from .conftest import Here


def failures(stage: str, figures: dict[str, Any]) -> dict[str, str]:
    """Rules about figures that do not hold, and how severe that is."""
    suite = load_suite(stage)
    about = [rule.configuration for rule in suite.rules if rule.dataset == METRICS]
    verdict = judge(load_suite({"name": stage, "expectations": about}), {}, figures)
    return {failure.rule: failure.severity for failure in verdict.failures}


def trained(folder: Path, **measured: float) -> dict[str, Any]:
    """What pretrain says of a training that measured this."""
    (folder / "metrics.json").write_text(json.dumps({"loss": 1.0, **measured}))
    (folder / "metrics.jsonl").write_text("".join(json.dumps({"loss": loss}) + "\n" for loss in (5.0, 1.0)))
    work: Any = SimpleNamespace(attempt=SimpleNamespace(folder=Storage(str(folder))))
    return Pretrain().metrics(work, Summary({}, {"in": 2000}, {}))


MEASURED = {"photo_to_title_r10": 0.8, "photo_to_title_r10_chance": 0.1, "photo_to_title_r10_cca": 0.7,
            "prompt_category_both": 0.9, "prompt_category_majority": 0.1}  # fmt: skip


def test_a_model_is_judged_beside_chance_cca_and_majority(tmp_path: Path) -> None:
    assert failures("pretrain", trained(tmp_path, **MEASURED)) == {}
    poor = trained(tmp_path, **{**MEASURED, "photo_to_title_r10_cca": 0.9, "prompt_category_both": 0.1})
    assert failures("pretrain", poor) == {"prompt_category_gain": "warning", "retrieval_lead": "info"}


def test_a_model_without_validation_pairs_is_no_reason_to_stop(tmp_path: Path) -> None:
    assert failures("pretrain", trained(tmp_path)) == {"retrieval_measured": "info"}


def tuned(folder: Path, **tasks: dict[str, Any]) -> dict[str, Any]:
    """What finetune says of heads with these figures; other heads are not trained."""
    names = ("category", "attributes", "adult", "matching", "clustering")
    report = {name: tasks.get(name, {"trained": False, "reason": "no labels"}) for name in names}
    (folder / "metrics.json").write_text(json.dumps({"evaluated_on": "val", "tasks": report}))
    work: Any = SimpleNamespace(attempt=SimpleNamespace(folder=Storage(str(folder))))
    return Finetune().metrics(work, Summary({}, {"in": 2000}, {}))


def head(reached: float | None, **baselines: float) -> dict[str, Any]:
    both = {} if reached is None else {"both": {"accuracy": reached}}
    return {"trained": True, "metric": "accuracy", **both, "baselines": baselines}


def test_a_head_that_learnt_nothing_is_warned_of(tmp_path: Path) -> None:
    good = tuned(tmp_path, category=head(0.9, majority=0.1, TF=0.8))
    assert (good["category_gain"], good["category_lead"]) == (pytest.approx(0.8), pytest.approx(0.1))
    assert failures("finetune", good) == {}
    beaten = tuned(tmp_path, category=head(0.7, majority=0.1, TF=0.8))
    assert failures("finetune", beaten) == {"category_lead": "info"}
    worse = tuned(tmp_path, category=head(0.1, majority=0.1, TF=0.1))
    assert failures("finetune", worse) == {"category_gain": "warning"}


def test_heads_without_labels_or_validation_rows_are_not_judged(tmp_path: Path) -> None:
    assert failures("finetune", tuned(tmp_path)) == {"heads_trained": "warning"}
    assert failures("finetune", tuned(tmp_path, category=head(None), matching=head(0.5))) == {}


@pytest.mark.parametrize(
    ("read", "written", "broken"),
    [
        (10, 10, {}),
        (9, 9, {"predictions_complete": "critical", "clusters_complete": "critical"}),
        (0, 0, {"clusters_complete": "critical"}),
    ],
)
def test_answers_are_held_against_what_was_embedded(read: int, written: int, broken: dict[str, str]) -> None:
    work: Any = SimpleNamespace(rows=lambda name: {"embed/embeddings": 10}[name],
                                notes={"largest_cluster": 0, "refused_by_size": 0})  # fmt: skip
    parts = {"predictions": [Part(3 * written, "", 0)], "clusters": [Part(written, "", 0)]}
    figures = Predict().metrics(work, Summary(parts, {"in": read, "expected": 3 * read}, {}))
    assert failures("predict", figures) == broken


def test_a_vector_without_a_length_is_off_it() -> None:
    rows = np.array([[1, 0], [0.6, 0.8], [0.6, 0.5], [np.nan, 1], [0, 0]])
    assert off_length(vectors(rows)) == 3


def test_clean_says_what_share_of_the_titles_it_changed(here: Here) -> None:
    here.write("a.csv", "id,title\n1,<b>red</b> mug\n2,blue mug\n3,oak  table\n4,FREE SHIPPING\n")
    assert here.run("--to", "clean").code == 0
    figures = manifest(here.folder / "run", "clean")["metrics"]
    assert (figures["rows_in"], figures["rows_out"]) == (4, 4)
    assert (figures["share_changed_markup"], figures["share_changed_pictures"]) == (0.25, 0.0)
    assert figures["share_changed_kept_unemptied"] == 0.25
