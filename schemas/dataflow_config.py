"""Google Cloud Dataflow: the section `runner.dataflow` of the configuration."""

from __future__ import annotations

from pydantic import Field, field_validator

from .section import Section


class DataflowConfig(Section):
    """The project that pays for the jobs, and the machines that they ask for. What has no default is needed."""

    project: str | None = None
    region: str | None = None
    temp: str | None = None  # gs://bucket/folder for what Dataflow itself keeps while a job runs
    staging: str | None = None  # and for job graphs; default: the same
    image: str | None = None  # of the workers
    models: list[str] = []  # model folders that the image holds, at the same path as where the run is started
    machine_type: str | None = None  # of workers without an accelerator; default: Dataflow chooses
    accelerator: str | None = None  # of the workers that embed, as Beam's resource hint; default: none
    min_ram: str | None = None  # of the workers that embed, such as 16GB
    threads: int = Field(4, ge=1)  # shards that a worker with an accelerator embeds at a time, by one model
    max_workers: int | None = Field(None, ge=1)  # machines; default: as many as Dataflow likes
    disk_gb: int | None = Field(None, ge=10)
    service_account: str | None = None  # e-mail address that the workers run as
    network: str | None = None
    subnetwork: str | None = None  # regions/REGION/subnetworks/NAME
    public_ips: bool = True
    labels: dict[str, str] = {}  # of each job, for the bill
    service_options: list[str] = []
    experiments: list[str] = []

    @field_validator("accelerator")
    @classmethod
    def _is_a_hint(cls, accelerator: str | None) -> str | None:
        if accelerator is None:
            return None
        parts = accelerator.split(";")
        if not {"type", "count"} <= {part.partition(":")[0] for part in parts}:
            raise ValueError("expected such as type:nvidia-l4;count:1;install-nvidia-driver")
        if "nvidia" in accelerator and not any(part.startswith("install-nvidia-driver") for part in parts):
            raise ValueError("an NVIDIA accelerator needs ;install-nvidia-driver at the end")
        return accelerator

    @field_validator("service_options")
    @classmethod
    def _one_way_to_accelerators(cls, options: list[str]) -> list[str]:
        if any(option.startswith("worker_accelerator") for option in options):
            raise ValueError("worker_accelerator gives every worker of every job one; set `accelerator` instead")
        return options
