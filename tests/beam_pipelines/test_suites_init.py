"""Suites written from a good run, which then judge the next one."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Here
from .test_baseline import BETWEEN, LENGTH, configured, export, record, rule, shop, suite  # noqa: F401


def test_suites_are_written_from_a_good_run_which_passes_them(shop: Here) -> None:
    assert shop.run("--to", "filter").code == 0
    said = shop("gates", "init", "run", "-o", "suites")
    assert said.code == 0, said.err
    assert sorted(path.name for path in (shop.folder / "suites").iterdir()) == [
        "clean.json",
        "filter.json",
        "ingest.json",
    ]
    configured(shop)
    again = shop.run("--to", "filter")
    assert again.code == 0, again.err
    assert again.out.count("judged again") == 3
    assert record(shop, "clean", "gate.json")["eclip"]["failures"] == {"critical": [], "warning": [], "info": []}
    written = json.loads((shop.folder / "suites/clean.json").read_text())
    import great_expectations as gx

    opened = gx.ExpectationSuite(**written)
    assert len(opened.expectations) == len(written["expectations"])
    export(shop, rows=40)  # a third of the rows
    stopped = shop.run("--to", "filter")
    assert stopped.code == 3
    assert "rows_enough" in stopped.err
    assert shop("gates", "init", "run", "-o", "suites").code == 2  # nothing is overwritten
