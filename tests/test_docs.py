"""What the documents say is so: their code runs, their commands exist, their links lead somewhere."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest
import yaml
from driver import ROOT

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "examples/benchmarks/README.md", "examples/dataflow/README.md",
             "examples/flink/README.md", "examples/flink/SCALING.md")  # fmt: skip
MODULES = [
    ".".join(["eclip", *path.relative_to(ROOT).with_suffix("").parts])
    for room in ("schemas", "quality", "models", "beam_pipelines", "examples/sample")
    for path in sorted((ROOT / room).rglob("*.py"))
    if ">>>" in path.read_text("utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings_run(name: str) -> None:
    failed, tried = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert tried
    assert not failed


def test_the_notebook_snippet_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    snippets = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert len(snippets) == 1
    names: dict[str, object] = {}
    exec(compile(snippets[0], "README.md", "exec"), names)
    said = capsys.readouterr().out
    assert "4 listings: 1 duplicate, 1 link (1 of them variants)" in said
    assert "True" in said
    assert names["df"]["sku"].tolist() == ["a2", "a3", "a4"]  # type: ignore[index]


def test_the_rules_of_ones_own_load_and_hold() -> None:
    from eclip.quality import own_check
    from eclip.schemas.config import Config

    rules, cluster = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    source = {"path": "listings.csv", "columns": {"id": "id", "title": "title"}}
    config = Config.model_validate({"source": source, **yaml.safe_load(rules), **yaml.safe_load(cluster)})
    assert config.runner.flink.master == "jobmanager:8081"
    tried = [*own_check.cleaning(config.clean), *own_check.vetoes(config.deduplicate)]
    assert [(each.examples, list(each.problems)) for each in tried] == [(1, []), (1, [])]
    assert [rule.id for rule in config.filter.own] == ["no_samples"]


def test_the_pair_that_the_readme_asks_about_is_answered_as_it_says() -> None:
    from eclip.quality.duplicates.variants import veto

    call, said = re.findall(r"`print\((veto\([^`]*\))\)` says `([^`]*)`", (ROOT / "README.md").read_text("utf-8"))[0]
    assert str(eval(call, {"veto": veto})) == said


def test_every_benchmark_has_a_section() -> None:
    folder = ROOT / "examples/benchmarks"
    scripts = {path.name for path in folder.glob("*.py") if "def main()" in path.read_text("utf-8")}
    named = set(
        re.findall(r"^    python examples/benchmarks/(\w+\.py)", (folder / "README.md").read_text("utf-8"), re.M)
    )
    assert named == scripts


def test_every_command_is_documented_and_has_help() -> None:
    from eclip.beam_pipelines.cli import app

    text = (ROOT / "README.md").read_text("utf-8")
    commands = {c.callback.__name__: c.callback.__doc__ for c in app.registered_commands if c.callback}
    assert all(commands.values())
    assert {name for name in commands if f"`eclip {name} " not in text} == set()
    assert set(re.findall(r"\beclip (\w+) (?:[A-Z]|catalog|export|examples)", text)) <= set(commands)


def test_make_targets_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for document in DOCUMENTS:
        assert set(re.findall(r"\bmake ([a-z-]+)", (ROOT / document).read_text("utf-8"))) <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_named_files_exist(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (ROOT / document).parent.joinpath(link).exists(), link
    for path in re.findall(r"`((?:tests|examples|quality|schemas|models|beam_pipelines)/[\w/.<>-]+)`", text):
        assert "<" in path or (ROOT / path).exists(), path
    for script in re.findall(r"python (examples/[\w/.]+)", text):
        assert (ROOT / script).exists(), script


def test_every_stage_and_dataset_of_the_run_folder_is_in_the_readme() -> None:
    from eclip.beam_pipelines.run_folder import STAGES

    text = (ROOT / "README.md").read_text("utf-8")
    assert [stage for stage in STAGES if f"RUN/{stage}/" not in text] == []


def test_nothing_speaks_of_machines_it_was_made_on() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("*.cfg"), *ROOT.glob("*.toml"), ROOT / "Makefile", ROOT / ".ci/run"]:
        text = Path(path).read_text("utf-8")
        assert not re.search(r"(?<![\w.])/(?:work|root|home|tmp)/", text), path
