"""What a run is compared with, what is kept of it, and what people may overrule."""

from __future__ import annotations

import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from driver import manifest
from eclip.beam_pipelines import gate_keeper

from .conftest import Here

ROWS = 120
BETWEEN = "expect_column_values_to_be_between"
LENGTH = "expect_column_value_lengths_to_be_between"


def export(here: Here, rows: int = ROWS, category: str = "Mugs", title: str = "Red mug number") -> None:
    lines = [f"l{n:04},{title} {n},{category if n % 2 else 'Pans'}" for n in range(rows)]
    here.write("a.csv", "\n".join(["id,title,category", *lines]) + "\n")


def suite(here: Here, *rules: dict[str, Any], stage: str = "clean") -> None:
    (here.folder / "suites").mkdir(exist_ok=True)
    here.write(f"suites/{stage}.json", json.dumps({"name": "mine", "expectations": list(rules)}))


def rule(name: str, kind: str, severity: str = "critical", dataset: str = "listings", **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": {"rule": name, "dataset": dataset}}


def configured(here: Here, gates: str = "{suites: suites}") -> None:
    here.config(f"source: {{path: a.csv}}\nshards: 2\ngates: {gates}\n")


def record(here: Here, stage: str, name: str) -> Any:
    return json.loads((here.folder / "run" / stage / name).read_text("utf-8"))


@pytest.fixture
def shop(here: Here) -> Here:
    export(here)
    configured(here, "{}")
    return here


def test_every_failing_row_is_kept_whatever_its_severity(shop: Here) -> None:
    suite(
        shop,
        rule("short", LENGTH, "warning", column="title", max_value=10),
        rule("few", "expect_column_values_to_be_in_set", "info", column="category", value_set=["Pans"], mostly=0.1),
        rule("rows", "expect_table_row_count_to_be_between", min_value=1),
    )
    configured(shop)
    assert shop.run("--to", "clean").code == 0
    table = pq.read_table(shop.folder / "run/clean/gate_failures")
    assert table.schema.names == ["id", "rule", "value"]
    rows = table.to_pylist()
    assert sum(row["rule"] == "short" for row in rows) == ROWS  # not twenty examples
    assert sum(row["rule"] == "few" for row in rows) == ROWS / 2  # of a rule that holds, too
    assert {(row["id"], row["value"]) for row in rows if row["rule"] == "short"} == {
        (f"l{n:04}", f"Red mug number {n}") for n in range(ROWS)
    }
    published = manifest(shop.folder / "run", "clean")["datasets"]["gate_failures"]
    assert published["rows"] == len(rows)
    assert len(published["files"]) == 2  # sharded like the listings
    part = pq.ParquetFile(shop.folder / "run/clean" / published["files"][0])
    assert "RLE_DICTIONARY" in part.metadata.row_group(0).column(1).encodings
    in_shard = pq.read_table(
        shop.folder / "run/clean" / manifest(shop.folder / "run", "clean")["datasets"]["listings"]["files"][0]
    )
    assert set(part.read()["id"].to_pylist()) == set(in_shard["id"].to_pylist())
    assert part.read()["id"].to_pylist() == sorted(part.read()["id"].to_pylist())
    # A changed suite measures again, and its rows take their place; another severity measures nothing.
    suite(shop, rule("long", LENGTH, "info", column="title", min_value=17))
    assert "judged again" in shop.run("--to", "clean").out
    again = pq.read_table(shop.folder / "run/clean/gate_failures").to_pylist()
    assert {row["rule"] for row in again} == {"long"}
    assert {row["id"] for row in again} == {f"l{n:04}" for n in range(10)}
    attempt = shop.folder / "run/clean" / manifest(shop.folder / "run", "clean")["attempt"]
    measured = {path.name for path in (attempt / "_gate").iterdir()}
    suite(shop, rule("long", LENGTH, "warning", column="title", min_value=17, mostly=0.01))
    assert shop("gate", "run", "clean").code == 0  # a run folder will do
    assert {path.name for path in (attempt / "_gate").iterdir()} <= measured  # the one before is tidied away
    # Of rules about tables no row can be named.
    suite(shop, rule("rows", "expect_table_row_count_to_be_between", min_value=1))
    assert shop.run("--to", "clean").code == 0
    assert not (shop.folder / "run/clean/gate_failures").exists()


def test_a_first_run_compares_with_nothing_and_the_next_with_the_last_accepted_one(shop: Here) -> None:
    assert shop.run("--to", "clean").code == 0
    assert not (shop.folder / "run/ingest/drift.json").exists()
    assert record(shop, "ingest", "gate.json")["eclip"]["passed"]
    assert "drift" in record(shop, "ingest", "gate.json")["eclip"]["vacuous"]
    export(shop, rows=300, category="Lamps")
    said = shop.run("--to", "clean")
    assert said.code == 0  # a shift is a warning
    found = record(shop, "ingest", "drift.json")
    assert found["baseline"] == "history/1"
    assert found["rows"] == {"then": ROWS, "now": 300}
    assert found["values"]["category"]["new"] == [["Lamps", 150]]
    assert found["values"]["category"]["vanished"] == [["Mugs", 60]]
    assert "warning: drift: largest_psi" in said.out
    assert "rows_against_baseline: row_ratio is 2.5" in said.out
    assert "new_categories" in said.out
    assert manifest(shop.folder / "run", "ingest")["metrics"]["row_ratio"] == 2.5
    assert "nothing to do" in shop.run("--to", "clean").out  # its own record is no baseline
    assert sorted(path.name for path in (shop.folder / "run/history").iterdir()) == ["1", "2"]
    assert (shop.folder / "run/history/2/ingest/drift.json").exists()


def test_a_run_that_was_stopped_is_no_baseline(shop: Here) -> None:
    assert shop.run("--to", "clean").code == 0
    suite(shop, rule("few", "expect_table_row_count_to_be_between", max_value=200))
    configured(shop)
    export(shop, rows=300)
    assert shop.run("--to", "clean").code == 3
    assert [path.name for path in (shop.folder / "run/history").iterdir()] == ["1"]
    assert shop("accept", "run", "clean", "--reason", "we grew").code == 0
    assert record(shop, "history/2/clean", "_manifest.json")["verdict"]["accepted"]["reason"] == "we grew"
    export(shop, rows=310)
    assert shop.run("--to", "clean").code == 3
    assert record(shop, "clean", "_manifest.json")["verdict"]["baseline"] == "history/1"


def test_what_a_changed_suite_refuses_is_no_baseline(shop: Here) -> None:
    assert shop.run("--to", "clean").code == 0
    suite(shop, rule("few", "expect_table_row_count_to_be_between", max_value=10))
    configured(shop)
    assert shop.run("--to", "clean").code == 3
    export(shop, rows=130)
    assert shop.run("--to", "ingest").code == 0
    assert [path.name for path in sorted((shop.folder / "run/history/2").iterdir())] == ["ingest"]


def test_limits_may_be_relative_to_the_baseline(shop: Here) -> None:
    bound = {"$PARAMETER": "baseline_rows_out * 1.5"}
    suite(
        shop,
        rule("rows", "expect_column_values_to_be_between", dataset="metrics", column="rows_out", max_value=bound),
        rule("mean", LENGTH, column="title", max_value={"$PARAMETER": "baseline_title_length_max + 2"}),
    )
    configured(shop)
    said = shop.run("--to", "clean")
    assert said.code == 0  # there is nothing to compare with
    assert record(shop, "clean", "gate.json")["eclip"]["left_out"] == ["rows", "mean"]
    export(shop, rows=170)
    assert shop.run("--to", "clean").code == 0
    assert [r["success"] for r in record(shop, "clean", "gate.json")["results"]] == [True, True]
    export(shop, rows=400, title="Red mug with a much longer title")
    said = shop.run("--to", "clean")
    assert said.code == 3
    assert "rows: rows_out is 400, expected at most 255" in " ".join(said.err.split())
    assert "mean: 400 of 400 values of title" in " ".join(said.err.split())


def test_a_misspelt_parameter_stops(shop: Here) -> None:
    bound = {"$PARAMETER": "baseline_rows_uot * 2"}
    suite(shop, rule("rows", BETWEEN, "info", "metrics", column="rows_out", max_value=bound))
    configured(shop)
    assert shop.run("--to", "clean").code == 0
    export(shop, rows=130)
    said = shop.run("--to", "clean")
    assert said.code == 3
    assert "there is no value for $PARAMETER baseline_rows_uot; did you mean 'baseline_rows_out'?" in " ".join(
        said.err.split()
    )


def test_another_run_may_be_the_baseline(shop: Here) -> None:
    assert shop.run("--to", "clean").code == 0
    export(shop, category="Lamps")
    shop.config("source: {path: a.csv}\nrun: other\ngates: {baseline: run}\n")
    assert shop.run("--to", "clean").code == 0
    found = json.loads((shop.folder / "other/ingest/drift.json").read_text())
    assert found["baseline"] == "run"
    assert found["values"]["category"]["new_count"] == 1
    shop.config("source: {path: a.csv}\nrun: other\ngates: {baseline: run/history/1}\n")
    assert "what it is compared with changed" in " ".join(shop("plan", "catalog.yaml", "--to", "clean").out.split())
    said = shop.run("--to", "filter").out
    assert "note: gates.baseline: run/history/1 has published nothing of filter, so filter is compared with" in said
    assert said.count("note:") == 1
    assert "nothing of filter" in " ".join(shop("plan", "catalog.yaml", "--to", "filter").out.split())
    assert "nothing of filter" in shop("gate", "catalog.yaml", "filter").out
    shop.config("source: {path: a.csv}\nrun: other\ngates: {baseline: null}\n")
    assert shop.run("--to", "clean").code == 0
    assert not (shop.folder / "other/ingest/drift.json").exists()
    shop.config("source: {path: a.csv}\nrun: other\ngates: {baseline: nowhere}\n")
    said = shop.run("--to", "clean")
    assert said.code == 2
    assert "gates.baseline: no run lies in" in said.err


def test_rules_are_accepted_one_by_one(shop: Here) -> None:
    suite(
        shop,
        rule("short", LENGTH, column="title", max_value=10),
        rule("few", "expect_table_row_count_to_be_between", max_value=10),
        rule("soft", LENGTH, "warning", column="title", max_value=10),
    )
    configured(shop)
    assert shop.run("--to", "clean").code == 3
    unknown = shop("accept", "run", "clean", "--rule", "shrt", "--reason", "x")
    assert unknown.code == 2
    assert "did you mean 'short'?" in unknown.err
    assert shop("accept", "run", "clean", "--rule", "soft", "--reason", "x").code == 2  # a warning stops nothing
    assert "--reason is empty" in shop("accept", "run", "clean", "--reason", " ").err
    one = shop("accept", "run", "clean", "--rule", "short", "--reason", "names are long here")
    assert one.code == 3
    assert "still stopped by few" in one.out
    assert not (shop.folder / "run/clean/_manifest.json").exists()
    said = shop.run("--to", "clean")
    assert said.code == 3  # the other one still stops
    assert shop("accept", "run", "clean", "--rule", "few", "--reason", "we grew").code == 0
    assert shop.run("--to", "clean").code == 0
    verdict = manifest(shop.folder / "run", "clean")["verdict"]
    assert [(each["rules"], each["reason"]) for each in verdict["acceptances"]] == [
        (["short"], "names are long here"),
        (["few"], "we grew"),
    ]
    assert shop("gate", "run", "clean").code == 0


def test_it_does_not_matter_how_many_shards_are_added_up_together(shop: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    suite(
        shop,
        rule("known", "expect_column_distinct_values_to_equal_set", column="category", value_set=["Mugs", "Pans"]),
        rule("titles", "expect_column_unique_value_count_to_be_between", column="title", min_value=ROWS),
        rule("short", LENGTH, "warning", column="title", max_value=10),
        rule("unique", "expect_column_values_to_be_unique", column="id"),
    )
    configured(shop)
    assert shop.run("--to", "clean").code == 0
    together = record(shop, "clean", "gate.json")
    monkeypatch.setattr(gate_keeper, "AT_ONCE", 1)
    assert shop("gate", "run", "clean").code == 0
    assert record(shop, "clean", "gate.json") == together


def test_a_part_that_is_gone_is_not_judged_around(shop: Here) -> None:
    assert shop.run("--to", "clean").code == 0
    next((shop.folder / "run/clean/listings").glob("part-00001-*")).unlink()
    suite(shop, rule("rows", "expect_table_row_count_to_be_between", min_value=1))
    configured(shop)
    said = shop("gate", "catalog.yaml", "clean")
    assert said.code == 1
    assert "part-00001-of-00002.parquet is gone" in said.err
