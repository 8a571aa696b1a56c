"""This machine: Beam's FnApiRunner, named literally, in this process or in workers of it.

The class DirectRunner picks a runner from the pipeline's content and may try to download a binary. FnApiRunner's
multi_threading mode lost rows in measurements and is never used; several workers are processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2 as beam_api
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from ..schemas.runner_config import RunnerConfig
from .crew import Crew
from .runner import Done, Runner, quiet


class LocalRunner(Runner):
    """Run pipelines on this machine, driven by this process."""

    def __init__(self, config: RunnerConfig, options: Sequence[str] = ()) -> None:
        super().__init__(config, options, "FnApiRunner")

    def pipeline(self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0) -> beam.Pipeline:
        """Build a pipeline for as many workers as pay."""
        return self._for(Crew(self.workers(seconds)), label, transform)

    def translated(self, pipeline: beam.Pipeline) -> beam_api.Pipeline:
        """Translate a pipeline as it would be run."""
        runner: Any = pipeline.runner
        return pipeline.to_runner_api(default_environment=runner._default_environment)

    def run(
        self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0, done: Done | None = None
    ) -> None:
        """Run one pipeline to its end.

        Raises:
            StageError: a worker process died.
        """
        del done
        quiet()
        crew = Crew(self.workers(seconds))
        pipeline = self._for(crew, label, transform)
        with crew:
            pipeline.run().wait_until_finish()

    def _for(self, crew: Crew, label: str, transform: beam.PTransform[Any, Any]) -> beam.Pipeline:
        options = PipelineOptions([*self.options, f"--direct_num_workers={crew.size}"])
        runner = FnApiRunner(crew.environment() if crew.size > 1 else None)
        pipeline = beam.Pipeline(runner=runner, options=options)
        pipeline | label >> transform
        return pipeline
