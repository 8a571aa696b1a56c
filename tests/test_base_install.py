"""A base install, without torch, does what the README says of it; the installed package does, not the checkout."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from driver import ROOT


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with eclip and what its base requires; gives its python."""
    folder = tmp_path_factory.mktemp("base")
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv makes the environment, and is not here")
    source = folder / "source"  # building leaves a build folder, which must not stand in the checkout
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "demo", "*.egg-info", "__pycache__"))
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    install = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "constraints.txt", source]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return python


def test_the_notebook_snippet_needs_neither_torch_nor_beam(base: Path, tmp_path: Path) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    program = snippet + (
        "import importlib.util, sys\n"
        "print('torch', importlib.util.find_spec('torch'), 'beam', 'apache_beam' in sys.modules)\n"
    )
    done = subprocess.run([base, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 listings: 1 duplicate, 1 link" in done.stdout
    assert done.stdout.splitlines()[-1] == "torch None beam False"


def test_the_data_stages_run_and_the_models_say_what_to_install(base: Path, catalog: Path, tmp_path: Path) -> None:
    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [base.with_name("eclip"), "run", catalog / "catalog.yaml", "--set", f"run={tmp_path}/run", *options]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    told = run()
    assert told.returncode == 2
    assert "eclip[models]" in told.stderr
    assert "Traceback" not in told.stderr
    assert not (tmp_path / "run").exists()  # said before the first stage, not after hours
    done = run("--to", "pairs")
    assert done.returncode == 0, done.stderr
    report = [base.with_name("eclip"), "report", catalog / "catalog.yaml", "--set", f"run={tmp_path}/run"]
    done = subprocess.run(report, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run/report/index.html").exists()
