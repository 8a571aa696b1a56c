"""What is published is judged again when people have judged more of it, by numbers that this very code has measured."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from driver import manifest
from eclip.beam_pipelines.local import LocalRunner

from .conftest import Here
from .test_gate_keeping import asking


def labelled(here: Here, answer: str) -> None:
    """Have a person judge one duplicate."""
    case = {"case": "c", "rule": "equal_title", "band": "", "answer": answer}
    attempt = manifest(here.folder / "run", "deduplicate")["attempt"]
    saved = {"format": "eclip.review/1", "of": "duplicates", "attempt": attempt, "labels": [case]}
    here.write("labels.json", json.dumps(saved))
    assert here("review", "run", "--labels", "labels.json").code == 0


def test_what_people_found_has_the_stage_judged_again_where_its_suite_asks(here: Here) -> None:
    asking(here, 3)
    assert here.run().code == 0
    labelled(here, "n")
    assert "judged again" not in here.run().out  # no rule asks
    kwargs = {"column": "review_duplicates_precision", "min_value": 0.9}
    meta = {"rule": "right", "dataset": "metrics"}
    rule = {"type": "expect_column_values_to_be_between", "kwargs": kwargs, "meta": meta}
    here.write("suites/deduplicate.json", json.dumps({"name": "mine", "expectations": [rule]}))
    assert here.run().code == 3
    labelled(here, "y")
    assert "what people found in it changed" in here("plan", "catalog.yaml").out
    said = here.run()
    assert said.code == 0, said.err
    assert "judged again: what people found in it changed" in said.out
    assert "judged again" not in here.run().out
    labelled(here, "n")
    said = here.run()
    assert said.code == 3
    assert "right: review_duplicates_precision is 0" in said.err
    (here.folder / "run/review/duplicates.json").unlink()
    assert here.run().code == 0


def test_what_older_code_or_another_suite_measured_is_neither_judged_nor_kept(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(here, 3)
    assert here.run("--to", "clean").code == 0
    folder = here.folder / "run/clean" / manifest(here.folder / "run", "clean")["attempt"] / "_gate"
    (first,) = folder.iterdir()
    for file in first.glob("*.json"):  # as other code would have measured it
        kept = json.loads(file.read_text())
        kept["datasets"]["listings"]["rules"]["long_titles"]["unexpected"] = 1
        file.write_text(json.dumps(kept))
    assert here("gate", "catalog.yaml", "clean").code == 3
    monkeypatch.setattr("eclip.quality.gates.suite.VERSION", 2)
    assert here("gate", "catalog.yaml", "clean").code == 0
    assert len(list(folder.iterdir())) == 2  # readers of the verdict before may still be at it
    for letters in (4, 5, 6):
        asking(here, letters)
        assert here.run("--to", "clean").code == 0
    assert len(list(folder.iterdir())) == 2
    assert not first.exists()
    assert (here.folder / "run/clean/gate_failures").exists()


def test_a_changed_suite_is_measured_by_the_workers(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here.run("--to", "clean").code == 0
    asking(here, 5)
    labels: list[str] = []
    run = LocalRunner.run

    def noted(self: LocalRunner, label: str, *rest: Any, **more: Any) -> None:
        labels.append(label)
        run(self, label, *rest, **more)

    monkeypatch.setattr(LocalRunner, "run", noted)
    said = here("gate", "catalog.yaml", "clean")
    assert labels == []  # few rows: processes would start longer than it takes
    alone = json.loads((here.folder / "run/clean/gate.json").read_text())
    assert here("run", "catalog.yaml", "--to", "clean").code == said.code
    attempt = manifest(here.folder / "run", "clean")["attempt"]
    for folder in (here.folder / "run/clean" / attempt / "_gate").iterdir():
        shutil.rmtree(folder)
    again = here("gate", "catalog.yaml", "clean", "--set", "runner.workers=2")
    assert labels == ["Measure"]
    assert again.code == said.code
    assert json.loads((here.folder / "run/clean/gate.json").read_text()) == alone


def test_what_workers_cannot_measure_is_told_as_one_process_tells_it(here: Here) -> None:
    assert here.run("--to", "clean").code == 0
    asking(here, 5)
    next((here.folder / "run/clean/listings").glob("part-00001-*")).write_bytes(b"none")
    one, two = (here("gate", "catalog.yaml", "clean", "--set", f"runner.workers={n}") for n in (1, 2))
    assert one.code == two.code != 0
    assert one.err == two.err
