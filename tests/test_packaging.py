"""What is packaged is what is there, and it works from a wheel."""

from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from driver import ROOT


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_every_package_is_listed(setup: configparser.ConfigParser) -> None:
    listed = set(setup["options"]["packages"].split())
    rooms = ("schemas", "quality", "models", "beam_pipelines", "examples")
    there = {"eclip"} | {
        ".".join(["eclip", *path.parent.relative_to(ROOT).parts])
        for room in rooms
        for path in (ROOT / room).rglob("__init__.py")
        if ".peers" not in path.parts  # environments of other tools, which benchmarks make
    }
    assert listed == there


def test_what_is_imported_is_required(setup: configparser.ConfigParser) -> None:
    names = {"PIL": "pillow", "grpc": "grpcio", "yaml": "pyyaml", "sklearn": "scikit-learn",
             "great_expectations": "great-expectations",
             "apache_beam": "apache-beam", "open_clip": "open_clip_torch"}  # fmt: skip

    def required(lines: str) -> set[str]:
        return {re.split(r"[<>=\[ ]", line)[0].lower() for line in lines.split("\n") if line and line[0] != "#"}

    base = required(setup["options"]["install_requires"])
    models = required(setup["options.extras_require"]["models"])
    used = set()
    for room in ("schemas", "quality", "models", "beam_pipelines", "examples/sample"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                found = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                found += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                for module in {name.split(".")[0] for name in found} - {*sys.stdlib_module_names, "eclip"}:
                    name = names.get(module, module).lower()
                    used.add(name)
                    allowed = base | models if room in ("models", "beam_pipelines") else base
                    assert name in allowed, f"{path.relative_to(ROOT)} imports {module}"
    assert base <= used, "required, but imported nowhere"


def test_the_tested_versions_fit_the_ranges(setup: configparser.ConfigParser) -> None:
    from packaging.requirements import Requirement
    from packaging.version import Version

    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    lines = setup["options"]["install_requires"].split("\n") + [
        line for extra in setup["options.extras_require"].values() for line in extra.split("\n")
    ]
    for line in lines:
        if line and not line.startswith("#"):
            wanted = Requirement(line)
            pin = pins.get(wanted.name.lower().replace("_", "-"))
            assert pin is None or Version(pin) in wanted.specifier, line
    assert Version(pins["pyarrow"]) < Version("26")  # Beam refuses it


def test_the_wheel_holds_all_and_draws_a_sample(tmp_path: Path) -> None:
    source = tmp_path / "source"  # building leaves a build folder, which must not stand in the checkout
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "runs", "demo", "*.egg-info", "__pycache__")
    )
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)]
    made = subprocess.run(build, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    wheel = next(tmp_path.glob("*.whl"))
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in ("eclip/py.typed", "eclip/quality/gates/suites/clean.json", "eclip/quality/text/phrases/ko.txt",
                   "eclip/quality/report/templates/page.html", "eclip/examples/catalog.yaml", "eclip/beam_pipelines/cli.py"):  # fmt: skip
        assert needed in names
    assert not any(name.startswith(("eclip/tests", "eclip/examples/benchmarks", "tests")) for name in names)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = f"import sys; sys.path.insert(0, '{tmp_path / 'site'}'); sys.argv = ['eclip', 'sample', '{tmp_path / 's'}', '--rows', '20']\n" \
        "import eclip; assert '/site/' in eclip.__file__, eclip.__file__\nfrom eclip.beam_pipelines.cli import main; main()"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "s/catalog.yaml").exists()
