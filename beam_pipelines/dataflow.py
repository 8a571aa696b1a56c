"""Google Cloud Dataflow: each pipeline is a job of its own, and only those that embed ask for an accelerator.

Every worker runs the image that the configuration names, which holds this package: nothing is sent along but the job
graph. Elements are shard numbers; rows and photos go by files, from bucket to bucket.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Collection, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, WorkerOptions
from apache_beam.portability.api import beam_runner_api_pb2 as beam_api
from apache_beam.runners.runner import PipelineResult
from apache_beam.transforms.environments import DockerEnvironment
from apache_beam.transforms.resources import resource_hints_from_options
from rich.markup import escape

from ..schemas.config import Config
from ..schemas.dataflow_config import DataflowConfig
from ..schemas.errors import ConfigError, StageError
from ..schemas.runner_config import RunnerConfig
from .places import err
from .runner import Done, Runner, quiet
from .shards import MapShards

LIBRARIES = ("google-cloud-dataflow-client", "gcsfs")


class DataflowRunner(Runner):
    """Run pipelines as Dataflow jobs.

    Args:
        config: The section `runner`.
        options: Beam's options; they win over the configuration.
        run: The run's name, which jobs are named after.
    """

    def __init__(self, config: RunnerConfig, options: Sequence[str] = (), run: str = "catalog") -> None:
        super().__init__(config, [*_options(config.dataflow), *options], "DataflowRunner")
        self.run_name = run

    def ready(self, config: Config, stages: Collection[str]) -> None:
        """Refuse what cannot run there, before anything is done.

        Raises:
            ConfigError: with a line for each thing that is missing.
        """
        lacking = [*_lacking(PipelineOptions(self.options)), *_out_of_reach(config, stages)]
        if lacking:
            raise ConfigError("\n  ".join(["Dataflow cannot run this (examples/dataflow/README.md):", *lacking]))
        try:  # what Beam itself checks; with this option it asks no service
            beam.Pipeline(runner=self.name, options=PipelineOptions([*self.options, "--dry_run=True"]))
        except ValueError as error:
            raise ConfigError(f"Dataflow cannot run this: {_said(error)}") from None

    def workers(self, seconds: float) -> int:
        """As configured, or as many as there are machines at most; one without such a limit."""
        del seconds
        return self.config.workers if self.config.workers != "auto" else self.config.dataflow.max_workers or 1

    def pipeline(self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0) -> beam.Pipeline:
        """Build the pipeline of one job; where it embeds, with what the machines that do it must have."""
        del seconds
        settings = self.config.dataflow
        own = [f"--job_name={_job_name(self.run_name, label)}"]
        if isinstance(transform, MapShards) and transform.accelerated:
            wanted = {"accelerator": settings.accelerator, "min_ram": settings.min_ram}
            transform.hints = {name: value for name, value in wanted.items() if value is not None}
            if settings.accelerator is not None:
                # One process a machine, so that its accelerator holds one model; threads share it.
                own += ["--experiments=no_use_multiple_sdk_containers",
                        f"--number_of_worker_harness_threads={settings.threads}"]  # fmt: skip
        pipeline = beam.Pipeline(runner=self.name, options=PipelineOptions([*own, *self.options]))
        pipeline | label >> transform
        return pipeline

    def translated(self, pipeline: beam.Pipeline) -> beam_api.Pipeline:
        """Translate a pipeline as it would be submitted."""
        image = pipeline.options.view_as(WorkerOptions).sdk_container_image
        hints = resource_hints_from_options(pipeline.options)
        environment = DockerEnvironment.from_container_image(image, resource_hints=hints)
        return pipeline.to_runner_api(default_environment=environment)

    def run(
        self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0, done: Done | None = None
    ) -> None:
        """Run one job to its end; whoever stops waiting for it cancels it.

        Raises:
            StageError: Dataflow did not take the job, or the job failed or was cancelled.
        """
        del done
        quiet()
        try:
            pipeline = self.pipeline(label, transform, seconds)
            job = pipeline.run()
        except Exception as error:
            raise StageError(
                f"Dataflow did not take the job of '{label}': {_said(error)}; does whoever calls this have the roles "
                f"dataflow.developer and storage.objectAdmin, and is the API enabled?"
            ) from error
        place = ""
        try:
            place = _console(job, pipeline.options)
            err.print(escape(f"{label}: Dataflow job {place}"))
            job.wait_until_finish()
        except BaseException as error:
            with contextlib.suppress(Exception):  # it may have ended by itself; the message names the place to look
                job.cancel()
            if isinstance(error, Exception):
                raise StageError(
                    f"the Dataflow job of '{label}' did not end well: {_said(error)}\n  {place}\n  finished shards "
                    f"are kept, and the next `eclip run` goes on from there"
                ) from error
            raise


def _options(config: DataflowConfig) -> list[str]:
    """What the configuration says, as Beam's options."""
    values = {
        "project": config.project, "region": config.region, "temp_location": config.temp,
        "staging_location": config.staging or config.temp, "sdk_container_image": config.image,
        "machine_type": config.machine_type, "max_num_workers": config.max_workers, "disk_size_gb": config.disk_gb,
        "service_account_email": config.service_account, "network": config.network, "subnetwork": config.subnetwork,
    }  # fmt: skip
    return [
        # The image holds Beam and this package: nothing is staged or installed, what runs there is imported there.
        "--sdk_location=container",
        "--no_save_main_session",
        *(f"--{name}={value}" for name, value in values.items() if value is not None),
        *(["--no_use_public_ips"] if not config.public_ips else []),
        *(f"--labels={key}={value}" for key, value in config.labels.items()),
        *(f"--dataflow_service_options={option}" for option in config.service_options),
        *(f"--experiments={experiment}" for experiment in config.experiments),
    ]


def _lacking(options: PipelineOptions) -> list[str]:
    """What every job needs."""
    cloud, worker = options.view_as(GoogleCloudOptions), options.view_as(WorkerOptions)
    found = []
    missing = [name for name in LIBRARIES if not _installed(name)]
    if missing:
        found.append(f"{' and '.join(missing)} not installed: pip install 'eclip[gcp]'")
    needed = {
        "project": (cloud.project, "the Google Cloud project that pays"),
        "region": (cloud.region, "such as europe-west4"),
        "temp": (cloud.temp_location, "gs://bucket/folder for what Dataflow keeps while a job runs"),
        "image": (worker.sdk_container_image, "of the workers, as made from the Dockerfile"),
    }
    found += [f"runner.dataflow.{key}: is needed: {what}" for key, (value, what) in needed.items() if not value]
    for key, value in (("temp", cloud.temp_location), ("staging", cloud.staging_location)):
        if value and not value.startswith("gs://"):
            found.append(f"runner.dataflow.{key}: {value} is not on gs://")
    return found


def _out_of_reach(config: Config, stages: Collection[str]) -> list[str]:
    """What workers in another place cannot read or write."""
    found = []
    if not config.run_folder.url.startswith("gs://"):
        found.append(f"run: {config.run_folder} is not on gs://, where workers write")
    read: list[tuple[str, str | None]] = []
    if "ingest" in stages:
        paths = config.source.path if isinstance(config.source.path, list) else [config.source.path]
        read += [("source.path", path) for path in paths]
        read += [("image.root", config.image.root), *(("image.allow", place) for place in config.image.allow)]
    found += [
        f"{key}: {config.place(path)} is a path of this machine; workers need gs://, s3:// or http(s)://"
        for key, path in read
        if path is not None and config.place(path).is_local
    ]
    models: list[tuple[str, str | None]] = []
    if "filter" in stages and config.filter.mismatch.score:
        models.append(("filter.mismatch.model", config.filter.mismatch.model))
    if "embed" in stages:
        models.append(("embed.model", config.embed.model))
    held = {config.place(model) for model in config.runner.dataflow.models}
    found += [
        f"{key}: {config.place(path)} is a path of this machine; copy the model to gs://, or build it into the image "
        f"and say so in runner.dataflow.models"
        for key, path in models
        if path is not None and config.place(path).is_local and config.place(path) not in held
    ]
    return found


def _installed(library: str) -> bool:
    try:
        return bool(version(library))
    except PackageNotFoundError:
        return False


def _job_name(run: str, label: str) -> str:
    """Name a job: small letters, digits and hyphens, 63 of them at most.

    >>> _job_name("Fashion 2026", "Look at photos")[:-8]
    'eclip-fashion-2026-look-at-photos-'
    """
    words = re.sub(r"[^a-z0-9]+", "-", f"eclip {run} {label}".lower()).strip("-")
    return f"{words[:54].rstrip('-')}-{uuid.uuid4().hex[:8]}"


def _console(job: PipelineResult, options: PipelineOptions) -> str:
    cloud = options.view_as(GoogleCloudOptions)
    found = getattr(job, "job_id", None)
    number = found() if callable(found) else "?"
    return f"https://console.cloud.google.com/dataflow/jobs/{cloud.region}/{number}?project={cloud.project}"


def _said(error: BaseException) -> str:
    """What an error says, without the trace that Beam puts in front of it."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[-1].strip() if "Traceback" in str(error) else " ".join(lines) or type(error).__name__
