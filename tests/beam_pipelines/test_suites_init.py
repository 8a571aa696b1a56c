"""Suites written from a good run, which then judge the next one."""

from __future__ import annotations

import json

from .conftest import Here
from .test_baseline import configured, export, record, rule, suite


def test_suites_are_written_from_a_good_run_which_passes_them(here: Here) -> None:
    export(here)
    configured(here, "{}")
    assert here.run("--to", "filter").code == 0
    said = here("gates", "init", "run", "-o", "suites")
    assert said.code == 0, said.err
    assert sorted(path.name for path in (here.folder / "suites").iterdir()) == [
        "clean.json",
        "filter.json",
        "ingest.json",
    ]
    configured(here)
    again = here.run("--to", "filter")
    assert again.code == 0, again.err
    assert again.out.count("judged again") == 3
    assert record(here, "clean", "gate.json")["eclip"]["failures"] == {"critical": [], "warning": [], "info": []}
    written = json.loads((here.folder / "suites/clean.json").read_text())
    import great_expectations as gx

    opened = gx.ExpectationSuite(**written)
    assert len(opened.expectations) == len(written["expectations"])
    export(here, rows=40)  # a third of the rows
    stopped = here.run("--to", "filter")
    assert stopped.code == 3
    assert "rows_enough" in stopped.err
    assert here("gates", "init", "run", "-o", "suites").code == 2  # nothing is overwritten


def test_a_suite_of_ones_own_is_where_a_new_one_starts(here: Here) -> None:
    export(here)
    short = rule("short", "expect_column_value_lengths_to_be_between", "info", column="title", max_value=10, mostly=0.5)
    share = rule("changed", "expect_column_values_to_be_between", "warning", "metrics", column="share_changed",
                 max_value={"$PARAMETER": "most"})  # fmt: skip
    suite(here, {**short, "notes": "as Ann said"}, share)
    own = json.loads((here.folder / "suites/clean.json").read_text())
    here.write("suites/clean.json", json.dumps({**own, "suite_parameters": {"most": 0.9}, "meta": {"owner": "Ann"}}))
    configured(here)
    assert here.run("--to", "filter").code == 0
    said = here("gates", "init", "run", "-o", "new")
    assert said.code == 0, said.err
    lines = " ".join(said.out.split())
    assert f"begun from {here.folder / 'suites/clean.json'}" in lines
    assert "filter.json: " in lines
    assert lines.count("begun from the shipped suite") == 2
    new = json.loads((here.folder / "new/clean.json").read_text())
    assert new["expectations"][:2] == [{**short, "notes": "as Ann said"}, share]
    assert len(new["expectations"]) > 2
    assert (new["suite_parameters"], new["meta"], new["name"]) == ({"most": 0.9}, {"owner": "Ann"}, "mine")
    here.config("source: {path: a.csv}\ngates: {suites: new}\n")
    assert here.run("--to", "filter").code == 0
    suite(here, short)  # another one than has judged
    configured(here)
    assert here.run("--to", "ingest").code == 0
    said = here("gates", "init", "run", "-o", "newer")
    assert "suites/clean.json, which is not as it was when it judged" in " ".join(said.out.split())
