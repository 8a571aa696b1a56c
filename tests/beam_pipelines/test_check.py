"""`eclip check`, and the same check before a run."""

from __future__ import annotations

import pytest

from .conftest import Here

RULE = "source: {path: a.csv}\nclean: {own: [{id: sku, pattern: 'SKU-\\d+', examples: [[%s, mug]]}]}"


def test_a_configuration_that_holds(here: Here) -> None:
    here.config(RULE % "mug SKU-1")
    said = here("check", "catalog.yaml")
    assert (said.code, said.err) == (0, "")
    assert "clean.own.sku SKU-\\d+ 1 holds" in " ".join(said.out.split())
    assert "nothing wrong was found" in said.out
    assert not (here.folder / "run").exists()  # it looks, but begins nothing


def test_an_example_that_does_not_hold_stops_both(here: Here) -> None:
    here.config(RULE % "mug SKU")
    for command in (("check", "catalog.yaml"), ("run", "catalog.yaml", "--to", "clean")):
        said = here(*command)
        assert said.code == 2
        assert "clean.own.sku: 'mug SKU' comes out as 'mug SKU', expected 'mug'" in said.err
    assert not (here.folder / "run").exists()
    assert here("run", "catalog.yaml", "--to", "ingest").code == 0  # which applies no such rule


def test_every_problem_is_named(here: Here) -> None:
    here.config(
        "source: {path: a.csv}\nclean: {own: [{id: a, use: 'nowhere.rules:f'}, {id: b, pattern: b, examples: [[b, c]]}]}\n"
        "filter: {own: [{id: c, use: 'nowhere.rules:g'}]}\ndeduplicate: {vetoes: [{id: d, pattern: d, examples: [[d, d, true]]}]}"
    )
    said = here("check", "catalog.yaml")
    assert said.code == 2
    for place in ("clean.own.a: use", "clean.own.b: 'b'", "filter.own.c: use", "deduplicate.vetoes.d: of 'd' and 'd'"):
        assert place in said.err
    assert said.out.count("1 wrong") == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clean: {skip: [markp]}", "clean.skip: there is no rule 'markp'; did you mean 'markup'?"),
        ("gates: {suites: nowhere}", "gates.suites"),
        ("clean: {own: [{id: x, pattern: '('}]}", "catalog.yaml: clean.own.0: rule 'x': pattern '(' cannot be read"),
        ("filter: {min_sid: 3}", "did you mean 'min_side'?"),
    ],
)
def test_the_rest_of_the_configuration_is_checked_too(here: Here, text: str, says: str) -> None:
    here.config(f"source: {{path: a.csv}}\n{text}")
    said = here("check", "catalog.yaml")
    assert said.code == 2
    assert says in said.err


def test_a_suite_that_cannot_judge_is_said(here: Here) -> None:
    (here.folder / "suites").mkdir()
    here.write("suites/clean.json", '{"name": "clean", "expectations": [{"type": "expect_nothing", "kwargs": {}}]}')
    here.config("source: {path: a.csv}\ngates: {suites: suites}")
    said = here("check", "catalog.yaml")
    assert said.code == 2
    assert "clean.json" in said.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("source: {path: a.csv, columns: {title: titel}}", "no column 'titel'; did you mean 'title'?"),
        ("source: {path: 'none-*.csv'}", "source.path: nothing matches"),
        ("source: {path: latin.csv}", "set source.encoding"),
        ("source: {path: a.csv, lookup: {path: a.csv, on: sku}}", "source.lookup.on: there is no column 'sku'"),
        ("source: {path: a.csv}\nimage: {root: nowhere}", "image.root: there is no folder"),
    ],
)
def test_the_source_is_looked_at(here: Here, text: str, says: str) -> None:
    here.write("latin.csv", "id,title\n1,Größe\n".encode("cp1252"))
    here.config(text)
    said = here("check", "catalog.yaml")
    assert said.code == 2
    assert says in " ".join(said.err.split())
    assert not (here.folder / "run").exists()


def test_a_column_may_stand_in_a_further_file(here: Here) -> None:
    here.write("b.csv", "id,name\n9,red mug\n")
    here.config("source: {path: [a.csv, b.csv], columns: {description: name}}")
    said = here("check", "catalog.yaml")
    assert said.code == 0, said.err
    assert "a.csv: description, id, title, seller are mapped" in said.out
