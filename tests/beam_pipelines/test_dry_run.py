"""What a run would submit is what a run submits."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from eclip.beam_pipelines.run_folder import RunFolder
from eclip.beam_pipelines.shards import MapShards
from eclip.beam_pipelines.stages import STAGES
from eclip.schemas.storage import Storage
from fsspec.implementations.memory import MemoryFileSystem

from .conftest import Here


def stage_of(transform: MapShards) -> str:
    return transform.attempt.folder.url.split("/")[-2]


def test_what_stages_declare_is_what_they_do(finished: Path, pipelines: list[Any]) -> None:
    done = [(stage_of(transform), label) for label, transform in pipelines]
    declared = [(stage.name, step.label) for stage in STAGES for step in stage.pipelines]
    assert done == declared
    for label, transform in pipelines:
        stage = next(stage for stage in STAGES if stage.name == stage_of(transform))
        step = next(step for step in stage.pipelines if step.label == label)
        assert type(step.transform(transform.work, transform.attempt, transform.gate)) is type(transform)
        listings = RunFolder(Storage(str(finished / "run"))).manifest("ingest")
        assert listings is not None
        expected = {"shards": listings.shards, "one": 1}.get(step.over)
        assert expected in (None, transform.attempt.shards), label


def files(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_dry_run_says_what_a_run_would_submit_and_changes_nothing(here: Here) -> None:
    before = files(here.folder)
    said = here("run", "catalog.yaml", "--to", "filter", "--dry-run", "--json", "found.json")
    assert said.code == 0, said.err
    found = json.loads((here.folder / "found.json").read_text())
    (here.folder / "found.json").unlink()
    assert files(here.folder).keys() == before.keys()
    assert found["runner"] == "FnApiRunner"
    assert [(each["stage"], each["action"]) for each in found["stages"]] == [
        ("ingest", "run"), ("clean", "wait"), ("filter", "wait"),
    ]  # fmt: skip
    told = {(each["label"], each["elements"]) for stage in found["stages"] for each in stage["submissions"]}
    assert {("Partition", 1), ("Sort", 2), ("Clean", 2), ("Count hot images", None), ("Fit mismatch", 1)} <= told
    clean = found["stages"][1]["submissions"][0]
    assert clean["transforms"][-1]["name"] == "Clean/Write shard"
    assert list(clean["environments"].values()) == [{"kind": "embedded_python"}]
    assert "it has not been run" in said.out
    assert "Draw pairs       2 elements; embedded_python; only if listings have photos" in said.out


def test_what_is_up_to_date_submits_nothing(here: Here) -> None:
    assert here("run", "catalog.yaml", "--to", "clean").code == 0
    before = files(here.folder)
    said = here("run", "catalog.yaml", "--to", "filter", "--dry-run", "--set", "clean.skip=[markup]")
    assert said.code == 0, said.err
    assert files(here.folder) == before
    lines = said.out.splitlines()
    assert any(line.startswith("ingest       up to date") for line in lines)
    assert any(line.startswith("clean        would run: settings.rules") for line in lines)
    assert "Partition" not in said.out
    assert lines[-1] == "nothing was submitted, and nothing was changed"
    forced = here("run", "catalog.yaml", "--to", "clean", "--dry-run", "--force").out.splitlines()
    assert {"ingest       would run: forced", "clean        would run: forced"} <= set(forced)


def test_other_runners_show_their_options_and_environment(here: Here) -> None:
    options = ("--runner=PortableRunner", "--job_endpoint=jobs:1", "--environment_type=EXTERNAL", "--environment_config=pool:2")  # fmt: skip
    said = here("run", "catalog.yaml", "--to", "clean", "--dry-run", "--", *options)
    assert said.code == 0, said.err
    assert "runner       PortableRunner" in said.out
    assert "--job_endpoint=jobs:1" in said.out
    assert "Clean            2 elements; external pool:2" in said.out


def test_json_is_of_a_dry_run(here: Here) -> None:
    said = here("run", "catalog.yaml", "--json", "found.json")
    assert said.code == 2
    assert "--dry-run" in said.err
    assert not (here.folder / "run").exists()


class Bucket(MemoryFileSystem):
    """A bucket of Google's, in memory."""

    protocol = ("gs", "gcs")
    store: dict[str, Any] = {}
    pseudo_dirs = [""]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(MemoryFileSystem._strip_protocol("memory://" + str(path).split("://")[-1]))


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setitem(sys.modules["fsspec.registry"]._registry, "gs", Bucket)
    monkeypatch.setattr(Bucket, "store", {})
    return Bucket()


def test_a_run_on_dataflow_is_shown_without_a_cloud(here: Here, google: Bucket) -> None:
    pytest.importorskip("google.cloud.dataflow", reason="needs pip install 'eclip[gcp]'")
    google.pipe_file("/catalogs/a.csv", (here.folder / "a.csv").read_bytes())
    google.pipe_file("/catalogs/model/open_clip_config.json", b"{}")
    (here.folder / "catalog.yaml").write_text(
        "{run: 'gs://catalogs/run', shards: 3, source: {path: 'gs://catalogs/a.csv'}, embed: {model: 'gs://catalogs/model'},"
        " runner: {name: dataflow, dataflow: {project: catalog-project, region: europe-west4, temp: 'gs://catalogs/temp',"
        " image: 'docker.pkg.dev/p/eclip:1', accelerator: 'type:nvidia-l4;count:1;install-nvidia-driver'}}}"
    )
    said = here("run", "catalog.yaml", "--to", "embed", "--dry-run")
    assert said.code == 0, said.err
    assert "--project=catalog-project" in said.out
    assert "Look at photos   3 elements; docker docker.pkg.dev/p/eclip:1\n" in said.out
    (embed,) = [line for line in said.out.splitlines() if "Embed" in line]
    assert (
        "accelerator type:nvidia-l4;count:1;install-nvidia-driver; --experiments=['no_use_multiple_sdk_containers']"
        in embed
    )
    assert sorted(google.find("/")) == ["/catalogs/a.csv", "/catalogs/model/open_clip_config.json"]
    assert sorted(path.name for path in here.folder.iterdir()) == ["a.csv", "catalog.yaml"]
