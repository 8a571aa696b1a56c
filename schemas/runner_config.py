"""Where the pipelines run: the section `runner` of the configuration."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from .dataflow_config import DataflowConfig
from .section import Section

Auto = Literal["auto"]
# Those whose names Beam 2.77 knows a job server for.
FlinkVersion = Literal["1.19", "1.20", "2.0", "2.1", "2.2"]


class FlinkConfig(Section):
    """A Flink cluster, its job server and its worker pools."""

    master: str = "localhost:8081"  # the JobManager's REST address
    version: FlinkVersion = "1.19"  # of the cluster, and of the job server; the patch release does not matter
    jar: str | None = None  # the job server: a path or URL; default: Beam's own for this version
    jar_on_cluster: bool = False  # it lies in every Flink process's lib/: jobs then leave its 160 MB behind
    pool: str = "localhost:50000"  # the worker pool as task managers see it: localhost is beside each of them
    parallelism: Annotated[int, Field(ge=1)] | Auto = "auto"  # auto: all slots of the cluster
    artifacts: str | None = None  # where the job server keeps what it is sent; default: a temporary folder
    java: str = "java"
    java_options: list[str] = ["-Xmx1g"]  # of the job server
    silence_s: float = Field(1800, gt=0)  # a job without progress is given up; longer than one shard takes

    @field_validator("version", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        """Take 1.20 without quotes, which YAML reads as the number 1.2."""
        return f"{value:.2f}" if isinstance(value, float) and value < 2 else str(value)

    @field_validator("pool")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"a pool is named by host and port, as in localhost:50000, not '{value}'")
        return value


class RunnerConfig(Section):
    """Where the pipelines run."""

    name: Literal["local", "direct", "portable", "flink", "dataflow"] = "local"
    workers: Annotated[int, Field(ge=1, le=1024)] | Auto = "auto"  # processes; auto: cores, where it pays
    memory_mb: int = Field(512, ge=1)  # megabytes that one shuffle of keys may take; more keys: more passes
    options: list[str] = []  # passed on to Beam, as after `--` on the command line
    flink: FlinkConfig = FlinkConfig()
    dataflow: DataflowConfig = DataflowConfig()
