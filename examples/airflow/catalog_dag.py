"""A catalog's stages as tasks of Airflow 3: one a stage, in order, and the report whatever became of them.

Copy it to the folder of DAGs; `eclip` must be on the PATH of the workers. Each task is one command, and its exit code
says what to do: 1 (a worker was lost, a shard failed) is tried again and does only what is missing; 3 (a gate stopped
the run) and 2 (the configuration is wrong) are not, they wait for a person: `eclip accept`, or a corrected file.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseOperator, chain
from airflow.sdk.exceptions import AirflowException, AirflowFailException

CONFIG = os.environ.get("ECLIP_CONFIG", "catalog.yaml")
STAGES = ("ingest", "clean", "filter", "deduplicate", "pairs", "pretrain", "embed", "finetune", "predict")
FOR_A_PERSON = {2: "the configuration is wrong", 3: "a gate stopped the run"}


class Eclip(BaseOperator):  # type: ignore[misc]  # Airflow is not installed where types are checked
    """Call the command line; what is printed becomes the task's log."""

    template_fields = ("arguments",)

    def __init__(self, *, arguments: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments

    def execute(self, context: Any) -> None:
        """Run it; only what may end well the next time is tried again."""
        self.hook = SubprocessHook()
        code = self.hook.run_command(["eclip", *self.arguments]).exit_code
        if code in FOR_A_PERSON:
            raise AirflowFailException(f"{FOR_A_PERSON[code]}; the log says more")
        if code:
            raise AirflowException(f"eclip ended with exit code {code}; finished shards are kept")

    def on_kill(self) -> None:
        """Stop it as Ctrl-C does: a job on a cluster is cancelled."""
        self.hook.send_sigterm()


with DAG(
    "catalog",
    description="From raw listings to predictions, a gate after each stage",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,  # a run folder is written by one run at a time
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    params={"config": CONFIG},
) as dag:
    stages = [
        Eclip(task_id=stage, arguments=["run", "{{ params.config }}", "--from", stage, "--to", stage])
        for stage in STAGES
    ]
    # Without it a run whose gate refused would count as a success, for its report is written: the last tasks decide.
    published = EmptyOperator(task_id="published")
    report = Eclip(task_id="report", arguments=["report", "{{ params.config }}"], trigger_rule="all_done")
    chain(*stages, [published, report])
