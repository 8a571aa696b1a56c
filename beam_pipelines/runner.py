"""What runs pipelines: base of those that know a place, and itself enough for any job service.

with runner_for(config) as runner:
    runner.run("Clean", MapShards(work, attempt))
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Any, Self

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2 as beam_api

from ..schemas.config import Config
from ..schemas.runner_config import RunnerConfig

# Two to five seconds go by before worker processes have started; shorter work is done sooner in one.
PROCESSES_PAY_AFTER_S = 15.0
Done = Callable[[], int]  # how many pieces of the work under way are done


class Runner:
    """Run pipelines by one of Beam's runners.

    Args:
        config: The section `runner`.
        options: Beam's options, what stood behind `--` among them.
        name: Beam's name of the runner.
    """

    def __init__(self, config: RunnerConfig, options: Sequence[str], name: str) -> None:
        self.config, self.options, self.name = config, list(options), name
        self.state = ""  # what a cluster says of the pipeline that runs on it, for whoever watches

    @property
    def title(self) -> str:
        """What it is, to people."""
        return self.name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of what was opened."""

    def ready(self, config: Config, stages: Collection[str]) -> None:
        """Refuse what cannot run there, before anything is done; most places take everything.

        Raises:
            ConfigError: something is missing for these stages.
        """
        del config, stages

    def open(self, say: Callable[[str], object] = str) -> None:
        """Begin to use what pipelines run on; where that is not this machine, say first what is missing there.

        Args:
            say: Tells whoever watches that something is asked that takes a while.

        Raises:
            ConfigError: something is missing.
        """

    def workers(self, seconds: float) -> int:
        """Worker processes for row-wise work of about so many seconds of one core."""
        if self.config.workers != "auto":
            return self.config.workers
        return (os.cpu_count() or 1) if seconds > PROCESSES_PAY_AFTER_S else 1

    def pipeline(self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0) -> beam.Pipeline:
        """Build the pipeline that `run` runs."""
        del seconds
        pipeline = beam.Pipeline(runner=self.name, options=PipelineOptions(self.options))
        pipeline | label >> transform
        return pipeline

    def translated(self, pipeline: beam.Pipeline) -> beam_api.Pipeline:
        """Translate a pipeline as it would be submitted."""
        return pipeline.to_runner_api(default_environment=pipeline.runner.default_environment(pipeline.options))

    def run(
        self, label: str, transform: beam.PTransform[Any, Any], seconds: float = 0.0, done: Done | None = None
    ) -> None:
        """Run one pipeline to its end.

        Args:
            label: The step's name in the pipeline.
            transform: Takes the pipeline's root.
            seconds: Estimated work of one core; decides whether worker processes pay.
            done: Says how far the work is, to whoever watches a cluster for life.

        Raises:
            StageError: what ran it ended before the work did.
        """
        del done
        quiet()
        self.pipeline(label, transform, seconds).run().wait_until_finish()


def quiet() -> None:
    """Silence Beam's own log of a failure: it repeats what our notes of failures say."""
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
