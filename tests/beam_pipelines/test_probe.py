"""Workers that differ from the driver are refused, and say in what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eclip.beam_pipelines import probe
from eclip.beam_pipelines.local import LocalRunner
from eclip.beam_pipelines.probe import Ask, Likeness, Probe, uses
from eclip.schemas.config import Config
from eclip.schemas.runner_config import RunnerConfig
from eclip.schemas.storage import Storage


def config(run: Path, use: str = "json:dumps") -> Config:
    rules = {"own": [{"id": "mine", "use": use}]}
    return Config.model_validate({"source": {"path": "x.csv"}, "clean": rules, "run": str(run)})


def test_functions_of_ones_own_are_found_wherever_the_configuration_names_them(tmp_path: Path) -> None:
    assert uses(config(tmp_path)) == {"clean.own[0].use": "json:dumps"}


def test_equal_processes_are_alike_and_each_difference_is_said() -> None:
    here = Likeness.here({"clean": "json:dumps"})
    assert here.unlike(Likeness.here({"clean": "json:dumps"})) == []
    assert replace(here, python="3.9").unlike(here) == [f"Python 3.9, the driver has {here.python}"]
    assert "another build" in replace(here, eclip="0").unlike(here)[0]
    older = replace(here, versions={**here.versions, "eclip": "0.0.1"}, eclip="0")
    assert older.unlike(here) == [f"eclip 0.0.1, the driver has {here.versions['eclip']}"]
    assert replace(here, own={"json:dumps": "none"}).unlike(here) == ["no package for 'json:dumps'"]
    assert replace(here, own={"json:dumps": "x"}).unlike(here) == ["another version of the package of 'json:dumps'"]


def test_the_stamp_is_of_the_packages_files() -> None:
    root = Path(probe.__file__).parents[1]
    assert len(probe.stamp()) == 16
    assert all((root / room).is_dir() for room in probe.ROOMS)


def test_a_worker_that_does_not_see_the_run_folder_refuses(tmp_path: Path) -> None:
    ask = Ask(Likeness.here({}), {}, Storage(str(tmp_path / "note")))
    with pytest.raises(RuntimeError, match=r"worker refused: .* does not see .*note.*under one path"):
        ask.process(0)
    other = Ask(replace(Likeness.here({}), python="2.7"), {}, Storage(str(tmp_path / "note")))
    with pytest.raises(RuntimeError, match=r"worker refused: .* has Python .* the driver has 2\.7"):
        other.process(0)


def test_all_workers_answer_beside_the_note(tmp_path: Path) -> None:
    note = Storage(str(tmp_path / "run" / ".probe" / "note"))
    note.write_json({})
    LocalRunner(RunnerConfig(workers=1)).run("Probe", Probe(config(tmp_path), note, 2))
    assert len(list((tmp_path / "run" / ".probe").iterdir())) == 1 + 2 * probe.EACH


def test_a_refusal_is_found_only_where_there_is_one() -> None:
    assert probe.refusal("java.lang.Exception: disk full") is None
