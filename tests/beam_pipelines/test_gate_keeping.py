"""A gate that fails stops every run until something changes; what a person accepts holds for what was accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from driver import manifest
from eclip.beam_pipelines.gate_keeper import Gate
from eclip.beam_pipelines.run_folder import RunFolder
from eclip.beam_pipelines.stage import StageRun
from eclip.beam_pipelines.stages import STAGES
from eclip.schemas.config import Config
from eclip.schemas.dataset import Dataset

from .conftest import Here

SOURCE = "source: {path: a.csv}\n"
SUITES = f"{SOURCE}gates: {{suites: suites}}\n"


def asking(here: Here, letters: int, stage: str = "clean", severity: str = "critical") -> None:
    """Write a suite of one's own: titles have at least so many letters."""
    kwargs = {"column": "title", "min_value": letters}
    rule = {
        "type": "expect_column_value_lengths_to_be_between",
        "kwargs": kwargs,
        "severity": severity,
        "meta": {"rule": "long_titles"},
    }
    (here.folder / "suites").mkdir(exist_ok=True)
    here.write(f"suites/{stage}.json", json.dumps({"name": "mine", "expectations": [rule]}))
    here.config(SUITES)


def verdict(here: Here, stage: str = "clean") -> dict[str, Any]:
    found: dict[str, Any] = manifest(here.folder / "run", stage)["verdict"]
    return found


def states(here: Here) -> dict[str, str]:
    stages = json.loads((here.folder / "run/run.json").read_text())["stages"]
    return {name: stage["state"] for name, stage in stages.items()}


def test_a_changed_suite_that_fails_stops_one_run_after_another(here: Here) -> None:
    assert here.run().code == 0
    asking(here, 9)
    for _ in range(3):
        said = here.run()
        assert said.code == 3
        assert "filter" not in said.out  # no later stage begins
        assert "long_titles" in said.err
    assert states(here)["clean"] == "failed"
    assert "its gate does not pass what is published" in here("plan", "catalog.yaml").out
    assert "perhaps run" in here("plan", "catalog.yaml").out
    past = here("run", "catalog.yaml", "--from", "filter", "--to", "filter")
    assert past.code == 2
    assert "the gate after clean does not pass what is published there" in past.err
    assert here("gate", "catalog.yaml", "clean").code == 3
    assert here.run().code == 3
    asking(here, 3)
    assert here.run().code == 0
    assert states(here)["clean"] == "done"


def test_judging_by_hand_stops_the_next_run_as_well(here: Here) -> None:
    assert here.run().code == 0
    asking(here, 9)
    assert here("gate", "catalog.yaml", "clean").code == 3
    assert here.run().code == 3


def test_an_acceptance_holds_for_the_suite_that_it_overruled(here: Here) -> None:
    assert here.run().code == 0
    asking(here, 9)
    assert here.run().code == 3
    assert here("accept", "run", "clean", "--reason", "short names").code == 0
    assert here.run().code == 0
    again = here("gate", "catalog.yaml", "clean")
    assert again.code == 0
    assert "accepted by hand: short names" in again.out
    assert verdict(here)["accepted"]["reason"] == "short names"
    asking(here, 10)  # finds what nobody has accepted
    assert here.run().code == 3
    assert "accepted" not in verdict(here)
    assert [each["reason"] for each in verdict(here)["acceptances"]] == ["short names"]  # on record all the same
    asking(here, 9)
    assert here.run().code == 0
    assert verdict(here)["accepted"]["reason"] == "short names"


def test_what_was_accepted_once_does_not_replace_what_passed_since(here: Here) -> None:
    here.config(f"{SOURCE}filter: {{min_characters: 500}}")
    assert here.run().code == 3
    assert here("accept", "run", "filter", "--reason", "a test of nothing").code == 0
    here.config(SOURCE)
    assert here.run().code == 0
    published = manifest(here.folder / "run", "filter")["attempt"]
    again = here("accept", "run", "filter", "--reason", "again")
    assert again.code == 2
    assert "nothing to accept" in again.err
    assert manifest(here.folder / "run", "filter")["attempt"] == published
    here.config(f"{SOURCE}filter: {{min_characters: 500}}")
    assert here("run", "catalog.yaml", "--to", "filter").code == 0  # the same attempt, the same suite
    assert verdict(here, "filter")["accepted"]["reason"] == "a test of nothing"


def test_accepting_takes_the_attempt_that_stopped_last(here: Here) -> None:
    assert here.run().code == 0
    asking(here, 9)
    assert here.run().code == 3  # what is published
    here.config(f"{SUITES}clean: {{skip: [pictures]}}")
    assert here.run().code == 3  # and a new attempt
    assert here("accept", "run", "clean", "--reason", "so be it").code == 0
    assert verdict(here)["accepted"]["reason"] == "so be it"
    assert here.run().code == 0


def test_settings_that_are_put_back_are_done_again(here: Here) -> None:
    assert here.run().code == 0
    here.config(f"{SOURCE}filter: {{min_characters: 500}}")
    assert here.run().code == 3
    assert states(here)["filter"] == "failed"
    here.config(SOURCE)
    assert here.run().code == 0
    assert states(here)["filter"] == "done"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "gates.suites: no suite lies in"),
        ({"suites/README.md": "mine"}, "gates.suites: no suite lies in"),
        ({"suites/claen.json": "{}"}, "claen.json is no stage's suite; did you mean 'clean.json'?"),
        ({"suites/clean.jsn": "{}"}, "did you mean 'clean.json'?"),
        ({"suites/report.json": "{}"}, "report.json is no stage's suite"),
        ({"suites/finetune.json": "{"}, "finetune.json: not valid JSON"),
    ],
    ids=["no folder", "no suite", "misspelt", "another ending", "no gate", "of a late stage"],
)  # fmt: skip
def test_suites_that_would_not_judge_are_refused_before_anything_runs(
    here: Here, files: dict[str, str], says: str
) -> None:
    (here.folder / "suites").mkdir() if files else None
    for name, text in files.items():
        here.write(name, text)
    here.config(SUITES)
    said = here("run", "catalog.yaml")
    assert said.code == 2
    assert says in " ".join(said.err.split())
    assert not (here.folder / "run").exists()
    assert here("plan", "catalog.yaml").code == (0 if "finetune" in says else 2)


def test_a_late_suite_that_great_expectations_cannot_read_is_refused_first(here: Here) -> None:
    (here.folder / "suites").mkdir()
    unknown = {"type": "expect_column_medium_to_be_between", "kwargs": {"column": "rows_in"}, "meta": {"rule": "odd"}}
    here.write(
        "suites/predict.json",
        json.dumps({"name": "mine", "expectations": [{**unknown, "meta": {"dataset": "metrics"}}]}),
    )
    here.config(SUITES)
    said = here("run", "catalog.yaml")
    assert said.code == 2
    assert "has no type expect_column_medium_to_be_between" in " ".join(said.err.split())
    assert not (here.folder / "run").exists()
    assert here.run("--to", "clean").code == 0  # a stage that is not asked for needs no suite


class Short(Dataset):
    """A dataset of which a reader gets all but the first row of each shard."""

    def batches(
        self, shard: int, columns: Sequence[str] | None = None, rows: int = 4096, size: int = 1 << 25
    ) -> Iterator[pa.RecordBatch]:
        """Leave the first row out."""
        for number, batch in enumerate(super().batches(shard, columns, rows, size)):
            yield batch.slice(0 if number else 1)

    def table(self, shard: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Leave the first row out."""
        return super().table(shard, columns).slice(1)


@pytest.mark.parametrize(("stage", "reads"), [("clean", "ingest"), ("filter", "clean"), ("deduplicate", "filter")])
def test_a_stage_that_reads_too_few_rows_does_not_pass(
    here: Here, monkeypatch: pytest.MonkeyPatch, stage: str, reads: str
) -> None:
    whole = StageRun.dataset

    def dataset(self: StageRun, name: str) -> Dataset:
        found = whole(self, name)
        return Short(found.folder, found.shards) if (self.stage.name, name) == (stage, f"{reads}/listings") else found

    monkeypatch.setattr(StageRun, "dataset", dataset)
    said = here.run()
    assert said.code == 3, said.err
    assert f"the gate after {stage} stopped the run" in said.err
    assert "rows_accounted" in said.err


SECRET = "hunter2"


def test_secrets_stay_out_of_what_a_run_leaves(here: Here) -> None:
    here.config(
        f"{SOURCE}image: {{allow: ['https://me:{SECRET}@shop.example/', 'https://cdn.example/?token={SECRET}']}}"
    )
    assert here.run("--to", "clean").code == 0
    assert here("report", "catalog.yaml").code == 0
    found = [
        file for file in (here.folder / "run").rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()
    ]
    assert found == []
    for name in ("run.json", "report/report.json", "report/index.html"):
        assert "shop.example" in (here.folder / "run" / name).read_text("utf-8")
    assert "nothing to do" in here.run("--to", "ingest").out  # what is hidden is hidden on record only
    here.config(f"{SOURCE}image: {{allow: ['https://me:another@shop.example/']}}")
    said = here("plan", "catalog.yaml", "--to", "ingest").out
    assert "image.allow" in said
    assert "another" not in said


def test_debug_goes_with_every_command(here: Here) -> None:
    for command in (["plan", "catalog.yaml"], ["status", "run"], ["run", "catalog.yaml", "--to", "ingest"]):
        quiet = here(*command)
        said = here(*command, "--debug")
        assert said.code == here("--debug", *command).code
        assert "No such option" not in said.err, quiet.err
    wrong = here("plan", "none.yaml", "--debug")
    assert wrong.code == 2
    assert "Traceback" in wrong.err
    assert "Traceback" not in here("plan", "none.yaml").err
    assert "--debug" in here("--help").out


def test_the_suite_says_what_a_stage_is_about(tmp_path: Path) -> None:
    assert not any(hasattr(stage, "main") for stage in STAGES)
    config = Config.model_validate({"source": {"path": "a.csv"}, "folder": str(tmp_path)})
    folder = RunFolder(config.run_folder)
    gates = {stage.name: Gate.of(stage, config, folder, "none") for stage in STAGES if stage.gated}
    assert {name: gate.plan.profiled for name, gate in gates.items()} == {
        "ingest": "listings", "clean": "listings", "filter": "listings", "deduplicate": "listings", "pairs": "train",
        "pretrain": None, "embed": "embeddings", "finetune": None, "predict": "predictions",
    }  # fmt: skip


def test_the_folder_of_suites_may_hold_a_note(here: Here) -> None:
    asking(here, 3)
    here.write("suites/README.md", "ours")
    here.write("suites/.gitkeep", "")
    assert here.run("--to", "clean").code == 0
    assert verdict(here)["suite"] != ""
    assert Path(here.folder / "suites/clean.json").exists()
