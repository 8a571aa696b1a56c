"""Which runner a configuration names."""

from __future__ import annotations

from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from ..schemas.config import Config
from .local import LocalRunner
from .runner import Runner


def runner_for(config: Config, beam_options: Sequence[str] = ()) -> Runner:
    """Make the runner of a run; `beam_options` are what stood behind `--`, and a `--runner` among them wins."""
    chosen = config.runner
    options = [*chosen.options, *beam_options]
    named: str | None = PipelineOptions(options).view_as(StandardOptions).runner
    if named == "DataflowRunner" or (named is None and chosen.name == "dataflow"):
        from .dataflow import DataflowRunner

        return DataflowRunner(chosen, options, config.name)
    if named is not None and named != "FnApiRunner":
        return Runner(chosen, options, named)
    if named is None and chosen.name == "portable":
        return Runner(chosen, options, "PortableRunner")
    if named is None and chosen.name == "flink":
        from .flink import FlinkRunner

        return FlinkRunner(config, options)
    return LocalRunner(chosen, options)
