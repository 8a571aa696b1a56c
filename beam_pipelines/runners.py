"""Where pipelines run.

`local` is Beam's FnApiRunner, named literally: the class DirectRunner picks a runner from the pipeline's content and
may try to download a binary. Its multi_threading mode lost rows in measurements and is never used; several workers
are processes. `portable` is any job service, with worker pools of its own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from ..schemas.config import RunnerConfig
from .crew import Crew

# Two to five seconds go by before worker processes have started; shorter work is done sooner in this one.
PROCESSES_PAY_AFTER_S = 15.0
RUNNERS = {"local": "FnApiRunner", "direct": "FnApiRunner", "portable": "PortableRunner"}


class Runner:
    """Run pipelines as the configuration says; `beam_options` are what stood behind `--`."""

    def __init__(self, config: RunnerConfig, beam_options: Sequence[str] = ()) -> None:
        self.config = config
        self.options = [*config.options, *beam_options]
        named: str | None = PipelineOptions(self.options).view_as(StandardOptions).runner
        self.name = named or RUNNERS[config.name]

    @property
    def local(self) -> bool:
        """Whether pipelines run on this machine, driven by this process."""
        return self.name == "FnApiRunner"

    def workers(self, seconds: float) -> int:
        """Worker processes for row-wise work of about so many seconds of one core."""
        if self.config.workers != "auto":
            return self.config.workers
        return (os.cpu_count() or 1) if seconds > PROCESSES_PAY_AFTER_S else 1

    def run(self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0, keyed: bool = False) -> None:
        """Run one pipeline to its end.

        Args:
            label: The step's name in the pipeline.
            transform: Takes the pipeline's root.
            seconds: Estimated work of one core; decides whether worker processes pay.
            keyed: It shuffles keys; locally that is done in this process's memory.

        Raises:
            StageError: A worker process died.
        """
        # Beam's own log of a failure repeats what our failure notes say.
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
        workers = 1 if keyed else self.workers(seconds)
        crew = Crew(workers)
        runner = FnApiRunner(crew.environment() if workers > 1 else None) if self.local else self.name
        options = [*self.options, f"--direct_num_workers={workers}"] if self.local else self.options
        pipeline = beam.Pipeline(runner=runner, options=PipelineOptions(options))
        pipeline | label >> transform
        with crew:
            pipeline.run().wait_until_finish()
