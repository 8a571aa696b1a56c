"""The DAG is parsed by Airflow itself, in an environment of its own; its tasks are the stages, and exit codes decide."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from driver import ROOT
from eclip.beam_pipelines.run_folder import STAGES

AIRFLOW = "apache-airflow>=3,<4"
LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print("FOUND", json.dumps({
    "errors": {k: str(v) for k, v in bag.import_errors.items()},
    "tasks": {t.task_id: {"after": sorted(t.upstream_task_ids), "rule": str(t.trigger_rule.value), "retries": t.retries,
                          "arguments": getattr(t, "arguments", None)} for dag in bag.dags.values() for t in dag.tasks},
}))
"""
CALL = """
import sys
sys.path.insert(0, sys.argv[1])
import catalog_dag
from airflow.sdk.exceptions import AirflowException, AirflowFailException
try:
    catalog_dag.stages[1].execute({})
    print("FOUND", "done")
except AirflowFailException as error:
    print("FOUND", "final", error)
except AirflowException as error:
    print("FOUND", "again", error)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's Python."""
    folder = tmp_path_factory.mktemp("airflow")
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv makes the environment, and is not here")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", folder / "venv/bin/python", AIRFLOW]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"Airflow cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return folder / "venv/bin/python"


def ask(python: Path, program: str, home: Path, path: str = "") -> str:
    env = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PATH": f"{path}:{os.environ['PATH']}",
        "PYTHONPATH": "",
    }
    done = subprocess.run(
        [python, "-c", program, ROOT / "examples/airflow"], capture_output=True, text=True, check=False, env=env
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    assert len(lines) == 1, done.stdout + done.stderr
    return lines[0].removeprefix("FOUND ")


@pytest.mark.slow
def test_airflow_parses_it(python: Path, tmp_path: Path) -> None:
    found = json.loads(ask(python, LOOK, tmp_path))
    assert found["errors"] == {}
    *stages, report = STAGES
    tasks = found["tasks"]
    assert set(tasks) == {*STAGES, "published"}
    for before, stage in zip([None, *stages], stages, strict=False):
        assert tasks[stage]["after"] == ([before] if before else [])
        assert tasks[stage]["rule"] == "all_success"
        assert tasks[stage]["retries"] == 2
        assert tasks[stage]["arguments"][2:] == ["--from", stage, "--to", stage]
    assert tasks[report]["rule"] == "all_done"
    assert tasks[report]["after"] == tasks["published"]["after"] == ["predict"]
    assert tasks["published"]["rule"] == "all_success"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "says"),
    [(0, "done"), (1, "again eclip ended with exit code 1"), (2, "final the configuration"), (3, "final a gate"),
     (137, "again")],
)  # fmt: skip
def test_exit_codes_decide_what_is_tried_again(python: Path, tmp_path: Path, code: int, says: str) -> None:
    command = tmp_path / "eclip"
    command.write_text(f"#!/bin/sh\nexit {code}\n")
    command.chmod(0o755)
    assert ask(python, CALL, tmp_path / "home", str(tmp_path)).startswith(says)
