"""Dataflow as it is configured, refused, waited for and cancelled."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud import CLOUD, OFFLINE, config, light, runner
from driver import ROOT, eclip
from eclip.beam_pipelines import dataflow
from eclip.beam_pipelines.dataflow import DataflowRunner
from eclip.beam_pipelines.runners import runner_for
from eclip.beam_pipelines.stages import STAGES
from eclip.schemas.config import Config
from eclip.schemas.errors import ConfigError, StageError
from pydantic import ValidationError

pytest.importorskip("google.cloud.dataflow", reason="needs pip install 'eclip[gcp]'")


def test_options_behind_the_dashes_win() -> None:
    found = runner_for(config(runner="local"), ["--runner=DataflowRunner", "--project=another-project", *OFFLINE])
    assert isinstance(found, DataflowRunner)
    with pytest.raises(ConfigError) as error:
        found.ready(config(), ["clean"])
    assert "runner.dataflow.region" in str(error.value)
    assert "runner.dataflow.project" not in str(error.value)


def test_what_beam_finds_wrong_is_a_wrong_configuration() -> None:
    with pytest.raises(ConfigError, match="Invalid Project ID"):
        runner("--project=My Project").ready(config(), ["clean"])


def test_all_that_is_missing_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataflow, "LIBRARIES", ("gcsfs", "no-such-library"))
    (tmp_path / "catalog.yaml").write_text(
        "source: {path: [a.csv, 'gs://catalogs/b.csv']}\nimage: {root: photos, allow: [/mnt, 'http://photos.internal/']}\n"
        "filter: {mismatch: {model: clip}}\nembed: {model: clip}\nrunner: {name: dataflow, dataflow: {staging: /tmp/x}}\n"
    )
    done = eclip("run", tmp_path / "catalog.yaml")
    assert done.code == 2
    assert eclip("check", tmp_path / "catalog.yaml") == done
    expected = (
        "no-such-library not installed: pip install 'eclip[gcp]'", "dataflow.project", "dataflow.region", "dataflow.temp",
        "dataflow.image", "dataflow.staging: /tmp/x", "run: ", "source.path: ", "image.root: ", "image.allow: ",
        "filter.mismatch.model: ", "embed.model: ",
    )  # fmt: skip
    assert [words for words in expected if words not in done.err] == []
    assert len(done.err.strip().splitlines()) == len(expected) + 1  # and nothing that is there
    assert [path.name for path in tmp_path.iterdir()] == ["catalog.yaml"]


def test_models_in_the_image_are_local_to_its_workers() -> None:
    given = {"embed": {"model": "/models/clip"}, "filter": {"mismatch": {"model": "/models/other"}}}
    held = config(runner={"name": "dataflow", "dataflow": {**CLOUD, "models": ["/models/clip"]}}, **given)
    with pytest.raises(ConfigError) as error:
        runner().ready(held, ["filter", "embed"])
    assert "filter.mismatch.model" in str(error.value)
    assert "embed.model" not in str(error.value)
    runner().ready(held, ["embed"])


def test_the_documented_configuration_is_ready() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "examples/dataflow/README.md").read_text("utf-8"), re.S)
    documented = Config.model_validate(yaml.safe_load(text))
    runner_for(documented).ready(documented, [stage.name for stage in STAGES])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"accelerator": "nvidia-l4"}, "expected such as type:nvidia-l4"),
        ({"accelerator": "type:nvidia-l4;count:1"}, "install-nvidia-driver"),
        ({"service_options": ["worker_accelerator=type:nvidia-l4;count:1"]}, "set `accelerator` instead"),
    ],
)
def test_accelerators_that_cannot_work_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        config(runner={"name": "dataflow", "dataflow": {**CLOUD, **settings}})


class Job:
    """A job as Beam reports it."""

    def __init__(self, end: BaseException | None) -> None:
        self.end, self.cancelled = end, False

    def job_id(self) -> str:
        return "2026-11-26_1"

    def wait_until_finish(self) -> None:
        if self.end is not None:
            raise self.end

    def cancel(self) -> None:
        self.cancelled = True


def submitted(monkeypatch: pytest.MonkeyPatch, job: Job | Exception) -> list[Any]:
    """Let Beam's runner take jobs without a service; gives their options."""
    from apache_beam.runners.dataflow import dataflow_runner

    taken = []

    def run_pipeline(self: Any, pipeline: Any, options: Any) -> Any:
        taken.append(options.get_all_options())
        if isinstance(job, Exception):
            raise job
        return job

    monkeypatch.setattr(dataflow_runner.DataflowRunner, "run_pipeline", run_pipeline)
    return taken


def test_a_job_has_a_name_of_its_own_and_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = Job(None)
    taken = submitted(monkeypatch, job)
    for _ in range(2):
        runner().run("Look at photos", light())
    assert not job.cancelled
    names = [options["job_name"] for options in taken]
    assert len(set(names)) == 2
    assert all(name.startswith("eclip-catalog-look-at-photos-") for name in names)
    assert "jobs/europe-west4/2026-11-26_1?project=catalog-project" in capsys.readouterr().err


def test_ctrl_c_cancels_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(KeyboardInterrupt())
    submitted(monkeypatch, job)
    with pytest.raises(KeyboardInterrupt):
        runner().run("Clean", light())
    assert job.cancelled


def test_a_failed_job_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(RuntimeError("Dataflow pipeline failed. State: FAILED, Error:\nTraceback (most recent call last):\n  x\nOSError: disk full"))  # fmt: skip
    submitted(monkeypatch, job)
    with pytest.raises(StageError) as error:
        runner().run("Clean", light())
    assert "'Clean' did not end well: OSError: disk full" in str(error.value)
    assert "console.cloud.google.com" in str(error.value)
    assert "finished shards are kept" in str(error.value)


def test_a_job_that_is_not_taken_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted(monkeypatch, PermissionError("403 no access to project"))
    with pytest.raises(StageError, match="did not take the job of 'Clean': 403 no access to project"):
        runner().run("Clean", light())
