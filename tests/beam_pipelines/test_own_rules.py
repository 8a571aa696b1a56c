"""Rules of one's own from a package that is installed beside eclip, on every runner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from driver import checksums, eclip_process, manifest

from .test_runners import free_port, serving

RULES = '''
from importlib import resources

import pyarrow as pa
import pyarrow.compute as pc


def strip_words(texts):
    """Take the words of a list out."""
    for word in (resources.files("mypkg") / "words.txt").read_text().split():
        texts = pc.replace_substring_regex(texts, rf"\\b{word}\\b", "")
    return texts


def is_sample(listings):
    """Say which listings offer a sample, by title and by a score."""
    return pc.and_(pc.match_substring(listings["title"], "sample"), pc.greater(listings["title_characters"], 3))


def fitting(listings):
    """Read which fitting a device has."""
    return pc.struct_field(pc.extract_regex(listings["title"], r"fitting (?P<name>\\w+)"), "name")


def careless(texts):
    """Fail on one listing."""
    return pa.array([{"lamp": 1}[t] if t == "oak table" else t for t in texts.to_pylist()], pa.string())
'''
PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "mypkg"
version = "1.0"
[tool.setuptools]
packages = ["mypkg"]
package-data = {mypkg = ["*.txt"]}
"""
CONFIG = """
run: run
shards: 2
runner: {workers: 1}
source: {path: a.csv}
clean:
  own:
  - {id: strip_words, use: "mypkg.rules:strip_words", examples: [["mug zzsale", "mug"]]}
  - {id: capitals, field: brand, pattern: ^Acme$, replace: ACME}
filter:
  own: [{id: samples, use: "mypkg.rules:is_sample", detail: a sample is no product}]
deduplicate:
  vetoes: [{id: fitting, use: "mypkg.rules:fitting", examples: [["fitting quox", "fitting zelb", true]]}]
"""
ROWS = """id,title,seller,brand
1,red mug zzsale,s,n/a
2,a sample of soap,s,Acme
3,travel adapter two ports fitting quox,s,Acme
4,travel adapter two ports fitting zelb,s,Acme
5,travel adapter two ports fitting quox,s,Acme
6,oak table,t,No brand
"""


def install(folder: Path, words: str) -> Path:
    """Build the package and install it into a folder of its own, as `pip install` would."""
    source, site = folder / "source", folder / "site"
    (source / "mypkg").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "mypkg/__init__.py").write_text("")
    (source / "mypkg/rules.py").write_text(RULES)
    (source / "mypkg/words.txt").write_text(words)
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", site, source], check=True)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("mypkg"), "zzsale")


def use(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    """Let this process's children find the package."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))


def catalog(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a.csv").write_text(ROWS)
    (folder / "catalog.yaml").write_text(CONFIG)
    return folder / "catalog.yaml"


def test_local_workers_and_an_external_pool_apply_them_alike(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, site)
    jobs, pool = free_port(), free_port()
    service = "apache_beam.runners.portability.local_job_service_main"
    workers = "apache_beam.runners.worker.worker_pool_main"
    external = catalog(tmp_path / "external")
    with serving(service, "--port", str(jobs), port=jobs), serving(workers, "--service_port", str(pool), port=pool):
        done = eclip_process(
            "run", external, "--to", "filter", "--", "--runner=PortableRunner", f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL", f"--environment_config=localhost:{pool}",
        )  # fmt: skip
    assert done.code == 0, done.out + done.err
    done = eclip_process(
        "run", external, "--to", "deduplicate"
    )  # in one process: each pipeline of a pool takes seconds
    assert done.code == 0, done.out + done.err
    run = external.parent / "run"
    clean = pd.read_parquet(run / "clean/listings").set_index("id")
    assert clean["title"]["1"] == "red mug"
    assert clean["title_raw"]["1"] == "red mug zzsale"
    assert clean["brand"].dropna().unique().tolist() == ["ACME"]
    figures = manifest(run, "clean")["metrics"]
    assert figures["share_changed_strip_words"] == pytest.approx(1 / 6)
    assert figures["share_changed_capitals"] == pytest.approx(4 / 6)
    rejected = pd.read_parquet(run / "filter/rejected")
    assert rejected[["id", "rule", "detail"]].to_numpy().tolist() == [["2", "samples", "a sample is no product"]]
    dropped = pd.read_parquet(run / "deduplicate/duplicates")
    assert {frozenset(pair) for pair in dropped[["dropped_id", "kept_id"]].to_numpy().tolist()} == {frozenset("35")}
    assert set(pd.read_parquet(run / "deduplicate/links")["veto"]) == {"fitting"}

    local = catalog(tmp_path / "local")
    done = eclip_process("run", local, "--to", "clean", "--set", "runner.workers=2")
    assert done.code == 0, done.out + done.err
    found = checksums(local.parent / "run")
    assert found == {name: checksum for name, checksum in checksums(run).items() if name in found}


def test_a_changed_package_cleans_again_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = install(tmp_path / "mypkg", "zzsale")
    use(monkeypatch, site)
    config = catalog(tmp_path / "catalog")
    assert eclip_process("run", config, "--to", "clean").code == 0
    (site / "mypkg/__pycache__/rules.cpython-00.pyc").write_text("compiled files do not count")
    assert " ".join(eclip_process("plan", config, "--to", "clean").out.split()).count("not run") == 2
    (site / "mypkg/words.txt").write_text("mug")
    planned = " ".join(eclip_process("plan", config, "--to", "clean").out.split())
    assert "ingest not run" in planned
    assert "clean run clean.own.strip_words changed" in planned
    assert "comes out as 'zzsale'" in eclip_process("run", config, "--to", "clean").err  # its example holds no longer


def test_a_failure_names_rule_shard_and_listing(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, site)
    config = catalog(tmp_path / "catalog")
    own = "clean.own=[{id: careless, use: 'mypkg.rules:careless'}]"
    done = eclip_process("run", config, "--to", "clean", "--set", own, "--set", "runner.workers=2")
    assert done.code == 1
    assert "clean: shard " in done.err
    assert "clean.own.careless: mypkg.rules:careless raised KeyError: 'oak table'; first on listing '6'" in done.err
