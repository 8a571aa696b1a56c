"""Bad input, as a user meets it: one clear message, the right exit code, earlier output untouched, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from driver import checksums, eclip_process, manifest
from eclip.beam_pipelines.init import NO_ID
from eclip.schemas.config_file import load

from .conftest import Here

BAD = {
    "no configuration": (None, ["run", "none.yaml"], 2, "none.yaml: no such configuration file"),
    "missing source": ("source: {path: none.csv}", [], 2, "source.path: nothing matches"),
    "wrong column": ("source: {path: a.csv, columns: {title: titel}}", [], 2, "no column 'titel'; did you mean 'title'?"),
    "unknown key": ("source: {path: a.csv}\nfilter: {min_sid: 3}", [], 2, "did you mean 'min_side'?"),
    "no id": ("source: {path: b.csv}", [], 2, "no column says what identifies a listing"),
    "empty file": ("source: {path: empty.csv}", [], 1, "the file is empty (0 bytes)"),
    "no rows": ("source: {path: header.csv}", [], 1, "holds no readable record"),
    "broken Parquet": ("source: {path: broken.parquet}", [], 1, "cannot be read as Parquet"),
    "not UTF-8": ("source: {path: latin.csv}", [], 2, "set source.encoding"),
    "unknown encoding": ("source: {path: a.csv, encoding: klingon}", [], 2, "Python knows no encoding 'klingon'"),
    "duplicate ids": ("source: {path: twice.csv, on_duplicate_id: stop}", [], 1, "id '1' stands in twice.csv row 1 and"),
    "no photo folder": ("source: {path: a.csv}\nimage: {root: nowhere}", [], 2, "image.root: there is no folder"),
    "unknown cleaning rule": ("source: {path: a.csv}\nclean: {skip: [picturs]}", [], 2, "did you mean 'pictures'?"),
    "unknown stage": ("source: {path: a.csv}", ["run", "catalog.yaml", "--from", "cleen"], 2, "there is no such stage"),
    "stages in the wrong order": ("source: {path: a.csv}", ["run", "catalog.yaml", "--from", "filter", "--to", "clean"], 2, "comes after"),
    "earlier stages missing": ("source: {path: a.csv}", ["run", "catalog.yaml", "--from", "filter"], 2, "run the earlier stages first"),
    "wrong option": ("source: {path: a.csv}", ["run", "catalog.yaml", "--forse"], 2, "No such option"),
    "broken suite": ("source: {path: a.csv}\ngates: {suites: suites}", [], 2, "ingest.json"),
    "not a run": (None, ["status", "."], 2, "not a run folder"),
    "lookup key twice": ("source: {path: a.csv, lookup: {path: twice.csv, on: id}}", [], 2, "a look-up needs each key once"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_explained(here: Here, case: str) -> None:
    here.write("b.csv", "name\nx\n")
    here.write("empty.csv", "")
    here.write("header.csv", "id,title\n")
    here.write("broken.parquet", b"PAR1xxxxPAR1")
    here.write("latin.csv", "id,title\n1,Größe\n".encode("cp1252"))
    here.write("twice.csv", "id,title\n1,red\n1,blue\n")
    (here.folder / "suites").mkdir()
    here.write("suites/ingest.json", '{"name": "ingest", "expectations": [{"type": "expect_colum"}]}')
    config, command, code, says = BAD[case]
    if config:
        here.config(config)
    said = here(*command) if command else here.run()
    assert says in " ".join(said.err.split()), said.err
    assert said.code == code
    assert "Traceback" not in said.err
    assert len(said.err) < 2500  # an unknown type is answered with all that are known


def test_rows_without_an_id_and_repeated_ones_are_rejected_with_their_place(here: Here) -> None:
    here.write("a.csv", "id,title\n1,red\n,none\n1,red\n1,blue\n2,x\n")
    assert here.run("--to", "ingest").code == 0
    rejected = pq.read_table(here.folder / "run/ingest/rejected").to_pylist()
    found = {(r["id"], r["rule"]): r["detail"] for r in rejected}
    assert set(found) == {("a.csv#2", "missing_id"), ("1", "repeated_row"), ("1", "duplicate_id")}
    assert found["1", "duplicate_id"] == "a.csv row 4 has the id of a.csv row 1, with other values"
    assert json.loads(next(r["row"] for r in rejected if r["rule"] == "duplicate_id"))["title"] == "blue"


def test_keep_last_keeps_the_last(here: Here) -> None:
    here.write("a.csv", "id,title\n1,red\n1,blue\n")
    here.config("source: {path: a.csv, on_duplicate_id: keep_last}")
    assert here.run("--to", "ingest").code == 0
    assert pq.read_table(here.folder / "run/ingest/listings")["title"].to_pylist() == ["blue"]


def test_a_gate_that_fails_stops_with_3_and_leaves_what_was_published(here: Here) -> None:
    assert here.run().code == 0
    run = here.folder / "run"
    before = checksums(run)
    here.config("source: {path: a.csv}\nfilter: {min_characters: 500}")
    said = here.run()
    assert said.code == 3
    assert "the gate after filter stopped the run" in said.err
    assert "rows_present" in said.err
    assert checksums(run) == before
    assert here.run().code == 3  # it judges again, and computes nothing again
    accepted = here("accept", "run", "filter", "--reason", "a test of nothing")
    assert accepted.code == 0, accepted.err
    assert manifest(run, "filter")["verdict"]["accepted"]["reason"] == "a test of nothing"
    assert manifest(run, "filter")["metrics"]["rows_out"] == 0
    assert here("accept", "run", "filter", "--reason", "again").code == 2


def test_a_changed_suite_judges_again_without_computing(here: Here) -> None:
    assert here.run().code == 0
    suites = here.folder / "suites"
    suites.mkdir()
    rule = {"type": "expect_column_value_lengths_to_be_between", "kwargs": {"column": "title", "min_value": 8}, "severity": "critical",
            "meta": {"rule": "long_titles"}}  # fmt: skip
    here.write("suites/clean.json", json.dumps({"name": "mine", "expectations": [rule]}))
    here.config("source: {path: a.csv}\ngates: {suites: suites}")
    stamps = {p: p.stat().st_mtime_ns for p in (here.folder / "run").rglob("part-*") if "gate_failures" not in p.parts}
    assert "its suite changed" in here("plan", "catalog.yaml").out
    said = here.run()
    assert said.code == 3
    assert "the gate after clean does not pass what is published there" in said.err
    assert "long_titles" in said.err
    assert {
        p: p.stat().st_mtime_ns for p in (here.folder / "run").rglob("part-*") if "gate_failures" not in p.parts
    } == stamps
    judged = here("gate", "catalog.yaml", "clean")
    assert judged.code == 3
    assert "1 of 3" in judged.out
    rule["severity"] = "warning"
    here.write("suites/clean.json", json.dumps({"name": "mine", "expectations": [rule]}))
    assert here("gate", "catalog.yaml", "clean").code == 0


def test_a_failed_stage_says_why_and_resumes(here: Here) -> None:
    assert here.run().code == 0
    part = next((here.folder / "run/clean/listings").resolve().glob("part-00000*"))
    kept = part.read_bytes()
    part.write_bytes(b"not parquet any more")
    said = here.run("--set", "filter.min_side=70")
    assert said.code == 1
    assert "1 of 2 shards failed" in said.err
    assert "Traceback" not in said.err
    assert "Traceback" in here.run("--set", "filter.min_side=70", "--debug").err
    part.write_bytes(kept)
    assert here.run("--set", "filter.min_side=70").code == 0


def test_plan_status_path_and_init(here: Here) -> None:
    assert "it has not been run" in here("plan", "catalog.yaml").out
    assert here.run().code == 0
    assert "nothing to do" in here.run().out
    assert "passed" in here("status", "run").out
    files = here("path", "run", "deduplicate/listings").out.split()
    assert len(files) == 2
    assert all(Path(f).exists() for f in files)
    assert "it has listings, duplicates, links" in here("path", "run", "deduplicate/lists").err
    assert here("init", "a.csv", "-o", "mine.yaml").code == 0
    assert here("run", "mine.yaml", "--to", "clean", "--set", "shards=1").code == 0
    assert here("init", "a.csv", "-o", "mine.yaml").code == 2


def test_init_sees_the_delimiter_and_says_what_it_does_not_know(here: Here) -> None:
    here.write("b.csv", "Artikelnummer;Bezeichnung;Zustand\n1;rote Tasse;neu\n2;blaue Tasse;alt\n")
    done = here("init", "b.csv", "-o", "b.yaml")
    assert done.code == 0, done.err
    assert "title <- Bezeichnung" in done.out
    assert "not mapped    Zustand" in done.out
    assert "no column looks like seller, image" in done.out
    assert here("run", "b.yaml", "--to", "clean").code == 0


def test_init_reads_what_is_not_utf_8_and_writes_its_encoding(here: Here) -> None:
    here.write("d.csv", "Artikelnummer;Bezeichnung\n1;Schüssel\n".encode("cp1252"))
    assert "of `eclip init`: --encoding" in here("init", "d.csv", "-o", "d.yaml").err
    done = here("init", "d.csv", "-o", "d.yaml", "--encoding", "cp1252")
    assert done.code == 0, done.err
    assert load(here.folder / "d.yaml").source.encoding == "cp1252"


def test_init_finds_the_photo_folder_and_writes_what_loads(here: Here) -> None:
    (here.folder / "fotos").mkdir()
    for name in ("p1.jpg", "p2.jpg"):
        (here.folder / "fotos" / name).write_bytes(b"a photo")
    for number, (cell, said, written) in enumerate(
        (
            ("photos/p001.jpg", "set image.root to their folder", {}),
            ("fotos/p1.jpg", f"photos    in {here.folder}", {}),
            ("p1.jpg|p2.jpg", f"photos    in {here.folder / 'fotos'}", {"root": "fotos", "separator": "|"}),
            ("https://a.b/p1.jpg", "is written: look at the mapping", {}),
        )
    ):
        here.write("z.csv", f"id,title,image\n1,Red mug,{cell}\n")
        done = here("init", "z.csv", "-o", f"z{number}.yaml")
        assert done.code == 0, done.err
        assert said in done.out.replace("\n", " ")
        image = load(here.folder / f"z{number}.yaml").image
        assert image.model_dump(exclude_defaults=True) == written


def test_init_leaves_a_place_for_the_id_that_it_does_not_find(here: Here) -> None:
    here.write("c.csv", 'Zeichen;Titel;Preis (brutto);Merkmale\n1;Tasse;2,50;"{""Farbe"": ""rot""}"\n')
    done = here("init", "c.csv", "-o", "c.yaml")
    assert done.code == 0, done.err
    assert "no column looks like an id" in done.out
    columns = load(here.folder / "c.yaml").source.columns
    assert columns == {"id": NO_ID, "title": "Titel", "price": "Preis (brutto)", "attributes": "Merkmale"}
    assert NO_ID in here("run", "c.yaml").err
    assert here("run", "c.yaml", "--set", "source.columns.id=Zeichen", "--to", "ingest").code == 0


def test_an_encoding_that_proves_wrong_in_a_worker_is_the_configurations_fault(here: Here) -> None:
    here.write("late.csv", b"id,title\n" + b"".join(b"%d,mug\n" % n for n in range(9000)) + b"x,\xfc\n")
    for keep in ("true", "false"):
        here.config(f"source: {{path: late.csv}}\nclean: {{keep_raw: {keep}}}")
        said = here("run", "catalog.yaml", "--to", "ingest", "--set", f"run=run-{keep}")
        assert (said.code, "set source.encoding" in " ".join(said.err.split())) == (2, True), said.err


def test_the_module_is_the_command(here: Here) -> None:
    command = [sys.executable, "-m", "eclip.beam_pipelines.cli", "plan", "none.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=here.folder, check=False)
    assert done.returncode == 2
    assert "no such configuration file" in " ".join(done.stderr.split())


def test_plan_names_what_changed_and_nothing_else(here: Here) -> None:
    assert here.run().code == 0
    said = " ".join(here("plan", "catalog.yaml", "--set", "deduplicate.text_similarity=0.8").out.split())
    assert said.count(" -> ") == 1
    assert "settings.text_similarity: 0.6 -> 0.8" in said


def test_what_is_refused_changes_nothing_on_record(here: Here) -> None:
    assert here.run("--to", "clean").code == 0
    before = json.loads((here.folder / "run/run.json").read_text())["stages"]["ingest"]
    assert here.run("--to", "clean", "--set", "source.columns.title=nme").code == 2
    after = json.loads((here.folder / "run/run.json").read_text())["stages"]["ingest"]
    assert (after["state"], after["reason"]) == ("done", before["reason"])
    refused = here.run("--set", "source.delimiter=,")
    assert refused.code == 2
    assert "is not valid YAML; quote it" in refused.err


def test_force_reads_the_source_again_and_finds_the_same(here: Here) -> None:
    assert here.run("--to", "clean").code == 0
    before = manifest(here.folder / "run", "ingest")
    assert here.run("--to", "clean", "--force").code == 0
    after = manifest(here.folder / "run", "ingest")
    assert after["attempt"] != before["attempt"]
    assert after["datasets"]["listings"]["checksum"] == before["datasets"]["listings"]["checksum"]
    assert after["previous"] == before["attempt"]


def test_ctrl_c_stops_and_the_run_goes_on(catalog: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(catalog, tmp_path / "c", copy_function=os.link))
    command = [str(Path(sys.executable).with_name("eclip")), "run", str(folder / "catalog.yaml"), "--to", "clean"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not list((folder / "run").glob("ingest/sort-*/_shards/*.json")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from there" in said
    assert "Traceback" not in said
    assert eclip_process("run", folder / "catalog.yaml", "--to", "clean").code == 0


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="a small disk of one's own needs root")
def test_a_full_disk_is_said(catalog: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        said = eclip_process(
            "run", catalog / "catalog.yaml", "--set", f"run={disk}/run", "--to", "clean", "--set", "runner.workers=1"
        )
        again = eclip_process(
            "run", catalog / "catalog.yaml", "--set", f"run={disk}/run", "--to", "clean", "--set", "runner.workers=2"
        )
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    for each in (said, again):
        assert each.code == 1
        assert "no space left" in each.err
        assert "Traceback" not in each.err


def test_help_answers_at_once(tmp_path: Path) -> None:
    program = "import sys\nsys.argv = ['eclip', '--help']\nfrom eclip.beam_pipelines import cli\n" \
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n" \
        "print([m for m in ('apache_beam', 'torch', 'great_expectations', 'pandas', 'pyarrow') if m in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"  # what takes seconds to import is not imported
