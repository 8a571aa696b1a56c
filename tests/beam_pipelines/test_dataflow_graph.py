"""What Dataflow would be given: the job graphs of a whole run, and the machines that are asked for."""

from __future__ import annotations

import base64
import bz2
import dataclasses
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from apache_beam.pipeline import PipelineVisitor
from apache_beam.portability.api import beam_runner_api_pb2 as beam_api
from cloud import ACCELERATOR, CLOUD, NOWHERE, anew, config, heavy, light, runner
from eclip.beam_pipelines.shards import MapShards

pytest.importorskip("google.cloud.dataflow", reason="needs pip install 'eclip[gcp]'")

CODE = 64 << 10  # bytes of the pickled function of a transform, before Beam compresses it


def hints(graph: beam_api.Pipeline) -> dict[str, dict[str, str]]:
    """What the machines of each transform must have, where they must have anything."""
    environments = graph.components.environments
    found = {
        each.unique_name: {urn.split(":")[2]: bytes(value).decode() for urn, value in environments[each.environment_id].resource_hints.items()}
        for each in graph.components.transforms.values()
        if each.environment_id
    }  # fmt: skip
    return {name: wanted for name, wanted in found.items() if wanted}


def code(graph: beam_api.Pipeline) -> dict[str, bytes]:
    """The pickled function of each transform that has one."""
    found = {}
    for each in graph.components.transforms.values():
        if each.spec.urn == "beam:transform:pardo:v1":
            packed = beam_api.ParDoPayload.FromString(each.spec.payload).do_fn.payload
            found[each.unique_name] = bz2.decompress(base64.b64decode(packed))
    return found


def service_environment(pipeline: Any, graph: beam_api.Pipeline) -> Any:
    """The request that Beam's client would send, as far as it is about machines."""
    from apache_beam.runners.dataflow.internal import apiclient

    return apiclient.Environment(
        packages=[], options=pipeline.options, environment_version="0", proto_pipeline_staged_url="gs://catalogs/temp/graph",
        proto_pipeline=graph,
    ).proto  # fmt: skip


@pytest.fixture(scope="module")
def graphs(finished: Path, pipelines: list[Any]) -> dict[tuple[str, str], beam_api.Pipeline]:
    """What Dataflow would be given for each pipeline that a whole run did, by stage and label."""
    cloud = runner()
    return {
        (transform.attempt.folder.url.split("/")[-2], label): cloud.translated(cloud.pipeline(label, anew(transform)))
        for label, transform in pipelines
    }


def test_only_inference_asks_for_an_accelerator(graphs: dict[tuple[str, str], beam_api.Pipeline]) -> None:
    wanted = {"accelerator": ACCELERATOR, "min_ram_bytes": "16000000000"}
    asking = {place: hints(graph) for place, graph in graphs.items() if hints(graph)}
    assert list(asking) == [("embed", "Embed")]
    (found,) = asking.values()
    assert all(each == wanted for each in found.values())
    assert {name.split("/")[1] for name in found} == {"Embed shard"}  # not the numbers before it
    assert "Embed/Embed shard/BeamML_RunInference" in found
    assert len(graphs["embed", "Embed"].components.environments) == 2


def test_every_transform_runs_in_the_image_that_is_named(graphs: dict[tuple[str, str], beam_api.Pipeline]) -> None:
    for graph in graphs.values():
        for environment in graph.components.environments.values():
            assert beam_api.DockerPayload.FromString(environment.payload).container_image == CLOUD["image"]
            assert not environment.dependencies  # nothing is staged, so nothing is installed when a worker starts


def test_graphs_are_small_and_hold_nothing_of_the_main_program(
    graphs: dict[tuple[str, str], beam_api.Pipeline],
) -> None:
    assert len(graphs) >= 20
    for graph in graphs.values():
        for name, pickled in code(graph).items():
            assert len(pickled) < CODE, name
            assert b"__main__" not in pickled, name
    assert b"CleanWork" in code(graphs["clean", "Clean"])["Clean/Write shard"]
    assert b"EmbedWork" in code(graphs["embed", "Embed"])["Embed/Embed shard/BeamML_RunInference"]


def test_no_collection_carries_rows_or_photos(finished: Path, pipelines: list[Any]) -> None:
    class Types(PipelineVisitor):
        def __init__(self) -> None:
            self.found: dict[str, str] = {}

        def visit_value(self, value: Any, producer: Any) -> None:
            self.found[producer.full_label] = str(value.element_type)

    for label, transform in pipelines:
        types = Types()
        cloud = runner()
        cloud.pipeline(label, anew(transform)).visit(types)
        own = {name: kind for name, kind in types.found.items() if "/Shard numbers/" not in name}
        assert types.found[f"{label}/Shard numbers/Map(decode)"] == "<class 'int'>"
        assert set(own.values()) <= {"<class 'int'>", "List[<class 'int'>]", "<class 'apache_beam.ml.inference.base.PredictionResult'>"}  # fmt: skip
        assert own


RULES = """
import pyarrow as pa

WORDS = [f"word {n}" for n in range(20_000)]

def texts(texts): return texts
def reject(listings): return pa.array([False] * listings.num_rows)
def says(listings): return pa.nulls(listings.num_rows, pa.string())
"""


def test_rules_of_ones_own_travel_by_name(
    finished: Path, pipelines: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eclip.quality.duplicates.own_vetoes import OwnVetoes
    from eclip.quality.noise import RULES as BUILT_IN
    from eclip.quality.own_filters import OwnFilters
    from eclip.quality.text.clean import Cleaning

    (tmp_path / "ownpkg.py").write_text(RULES)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    found = config(
        clean={"own": [{"id": "a", "use": "ownpkg:texts"}, {"id": "b", "pattern": "x" * 500}]},
        filter={"own": [{"id": "c", "use": "ownpkg:reject", "detail": "d"}]},
        deduplicate={"vetoes": [{"id": "e", "use": "ownpkg:says"}]},
    )
    own = {
        "Clean": {"cleaning": Cleaning.of(found.clean)},
        "Judge": {"own": OwnFilters.of(found.filter.own, BUILT_IN)},
        "Signs": {"vetoes": OwnVetoes.of(found.deduplicate)},
    }
    cloud = runner()
    for label, transform in pipelines:
        if label in own:
            work = dataclasses.replace(transform.work, **own.pop(label))
            graph = cloud.translated(cloud.pipeline(label, MapShards(work, NOWHERE)))
            pickled = code(graph)[f"{label}/Write shard"]
            assert b"ownpkg" in pickled
            assert len(pickled) < CODE
    assert not own
    sys.modules.pop("ownpkg", None)


def test_the_service_is_asked_for_what_is_configured() -> None:
    cloud = runner("--experiments=shuffle_mode=service")
    pipeline = cloud.pipeline("Look at photos", heavy())
    graph = cloud.translated(pipeline)
    assert set(hints(graph)) == {"Look at photos/Write shard"}
    asked = service_environment(pipeline, graph)
    (pool,) = asked.worker_pools
    assert list(asked.service_options) == ["enable_dynamic_thread_scaling"]
    assert {"no_use_multiple_sdk_containers", "shuffle_mode=service"} <= set(asked.experiments)
    assert "use_multiple_sdk_containers" not in asked.experiments
    assert pool.machine_type == "n2-standard-8"
    assert pool.num_threads_per_worker == 4
    assert pool.autoscaling_settings.max_num_workers == 20
    assert pool.ip_configuration.name == "WORKER_IP_PRIVATE"
    assert {image.container_image for image in pool.sdk_harness_container_images} == {CLOUD["image"]}
    assert len(pool.sdk_harness_container_images) == 2


def test_jobs_without_inference_have_a_process_for_each_core() -> None:
    cloud = runner()
    pipeline = cloud.pipeline("Clean", light())
    asked = service_environment(pipeline, cloud.translated(pipeline))
    assert "no_use_multiple_sdk_containers" not in asked.experiments
    assert asked.worker_pools[0].num_threads_per_worker == 0
    assert "worker_accelerator" not in str(asked)


@pytest.mark.slow  # it waits for credentials that are not there
def test_the_whole_translation_of_beams_runner_goes_through() -> None:
    result = runner("--no_auth").pipeline("Embed", heavy()).run()
    graph = result.job.proto_pipeline  # type: ignore[attr-defined]
    assert {name.split("/")[1] for name in hints(graph)} == {"Write shard"}
