"""The workers' image fits the package: versions, extras, and files that are there. It is not built here."""

from __future__ import annotations

import configparser
import fnmatch
import json
import re

from driver import ROOT

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
LINES = [line for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
ARGUMENTS = dict(re.findall(r"^ARG (\w+)=(.*)$", TEXT, re.M))


def filled(line: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda name: ARGUMENTS[name[1]], line)


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_beam_and_python_are_those_that_the_tests_ran_with() -> None:
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    assert ARGUMENTS["BEAM"] == pins["apache-beam"]
    assert f"Python :: {ARGUMENTS['PYTHON']}" in setup()["metadata"]["classifiers"]
    froms = [filled(line).split() for line in LINES if line.startswith("FROM ")]
    assert froms[0][1] == f"apache/beam_python{ARGUMENTS['PYTHON']}_sdk:{ARGUMENTS['BEAM']}"
    assert {each[1] for each in froms[1:]} == {f"python:{ARGUMENTS['PYTHON']}-slim"}


def test_what_is_copied_is_there() -> None:
    stages = {line.split()[-1] for line in LINES if re.match(r"FROM .* AS ", line)}
    ignored = (ROOT / ".dockerignore").read_text().split()
    copies = [filled(line).split()[1:] for line in LINES if line.startswith("COPY ")]
    assert len(copies) == 5
    for first, *rest in copies:
        if first.startswith("--from="):
            assert first.removeprefix("--from=") in stages
            continue
        assert rest
        assert (ROOT / first).exists(), first
        assert not any(fnmatch.fnmatch(first, pattern) for pattern in ignored if first != "."), first
    rooms = {package.split(".")[1] for package in setup()["options"]["packages"].split() if "." in package}
    for name in (*rooms, "setup.cfg", "pyproject.toml", "README.md", "__init__.py"):
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in ignored), name


def test_workers_are_started_by_beam_with_all_extras_that_they_use() -> None:
    extras = setup()["options.extras_require"]
    (wanted,) = re.findall(r"whl\)\[([\w,]+)\]", TEXT)
    assert set(wanted.split(",")) == {"models", "gcp", "s3"} <= set(extras)
    entry = json.loads(LINES[-1].removeprefix("ENTRYPOINT "))
    assert entry == ["/opt/apache/beam/boot"]
    assert any(line.endswith("/opt/apache/beam /opt/apache/beam") for line in LINES)
