"""The report stage on a run folder written by hand: three stages published, one stopped, one skipped."""

import dataclasses
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from eclip.beam_pipelines import pipeline
from eclip.beam_pipelines.assembly import gather
from eclip.beam_pipelines.gate_keeper import SAMPLES
from eclip.beam_pipelines.plan import plan
from eclip.beam_pipelines.run_folder import CANDIDATE, RunFolder
from eclip.schemas.attempt import fingerprint
from eclip.schemas.config_file import load
from eclip.schemas.dataset import PartWriter
from eclip.schemas.listing import DUPLICATES, IMAGES, LINKS, LISTINGS, REJECTED
from eclip.schemas.manifest import Manifest, Published
from eclip.schemas.storage import Storage
from PIL import Image

PASSED = {"passed": True, "suite": "s", "failures": []}


def jpeg(colour):
    sink = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(sink, "JPEG")
    return sink.getvalue()


def publish(run, stage, datasets, counts, metrics, facts=None, samples=(), verdict=PASSED, candidate=False):
    """Publish a stage of one shard; as a `candidate` only leave the attempt, as a gate that stops does."""
    facts = {"stage": stage, "rows": metrics, **(facts or {})}
    attempt = run.attempt(stage, facts, 1)
    described = {}
    for name, (contract, rows) in datasets.items():
        table = pa.Table.from_pylist(rows, schema=contract.schema)
        with PartWriter(attempt.dataset(name).part(0), contract, contract.schema) as writer:
            for batch in table.to_batches():
                writer.write(batch)
        part = writer.part
        described[name] = Published([f"{attempt.name}/{name}"], part.rows, part.checksum, [part.checksum])
        described[name].files[0] += "/part-00000-of-00001.parquet"
    pq.write_table(pa.Table.from_pylist(list(samples), schema=SAMPLES), (attempt.folder / "samples.parquet").path)
    critical = [f for f in verdict["failures"] if f["severity"] == "critical"]
    policy = {
        "passed": verdict["passed"],
        "failures": {"critical": critical},
        "not_evaluated": [],
        "vacuous": [],
    }
    (attempt.folder / "gate.json").write_json({"results": [], "eclip": policy})
    manifest = Manifest(
        stage,
        attempt.name,
        fingerprint(facts),
        1,
        described,
        counts,
        {"unaccounted_rows": 0, **metrics},
        verdict,
        published_at="2026-11-21T02:14:02+00:00",
    )
    (attempt.folder / CANDIDATE).write_json(dataclasses.asdict(manifest))
    if candidate:
        return None
    run.publish(manifest)
    run.record(stage, state="done", seconds=1.0)
    return manifest


def listing(name, **values):
    return {"id": name, "title": f"Mug {name}", "seller": "shop", **values}


@pytest.fixture
def config(tmp_path):
    (tmp_path / "listings.csv").write_text("id,title\n1,Mug\n")
    source = "source: {path: listings.csv, columns: {id: id, title: title}}"
    (tmp_path / "catalog.yaml").write_text(f"run: run\n{source}\n")
    return load(tmp_path / "catalog.yaml")


@pytest.fixture
def run(config):
    """Five records: one repeated, one noisy, one duplicate; two stay."""
    folder = RunFolder(config.run_folder)
    images = [
        {"id": "a", "position": 0, "jpeg": jpeg("red")},
        {"id": "a", "position": 1, "jpeg": jpeg("blue")},
        {"id": "b", "position": 0, "jpeg": None, "error": "the file is empty"},
        {"id": "c", "position": 0, "jpeg": jpeg("green")},
    ]
    rows = [listing(name) for name in "abcd"]
    first = publish(
        folder,
        "ingest",
        {"listings": (LISTINGS, rows), "images": (IMAGES, images), "rejected": (REJECTED, [])},
        {"rejected:repeated_row": 1},
        {"rows_in": 5},
        {"settings": {"source": {"on_duplicate_id": "stop"}}},
        [
            {
                "dataset": "rejected",
                "rule": "repeated_row",
                "id": "a",
                "detail": "again",
                "row": '{"title": "Mug again"}',
            }
        ],
    )
    read = {"inputs": {"ingest/listings": first.datasets["listings"].checksum}}
    cleaned = [{**row, "title_raw": f"<b>{row['title']}</b>"} for row in rows]
    second = publish(
        folder,
        "clean",
        {"listings": (LISTINGS, cleaned)},
        {"changed:markup": 4},
        {"rows_in": 4},
        {**read, "settings": {"rules": ["markup", "whitespace"]}},
    )
    read = {"inputs": {"clean/listings": second.datasets["listings"].checksum}}
    third = publish(
        folder,
        "filter",
        {"listings": (LISTINGS, [c for c in cleaned if c["id"] != "b"])},
        {"rejected:unreadable_photo": 1},
        {"rows_in": 4},
        {**read, "settings": {"min_side": 64}},
        [
            {
                "dataset": "rejected",
                "rule": "unreadable_photo",
                "id": "b",
                "detail": "b.jpg: the file is empty",
                "row": json.dumps(listing("b")),
            }
        ],
    )
    read = {"inputs": {"filter/listings": third.datasets["listings"].checksum}}
    lost = {
        "dropped_id": "c",
        "kept_id": "a",
        "duplicate_set": "a",
        "rule": "equal_title",
        "text_similarity": 1.0,
        "row": json.dumps(listing("c")),
    }
    link = {"left_id": "a", "right_id": "d", "kind": "text", "similarity": 0.8, "veto": "colour"}
    publish(
        folder,
        "deduplicate",
        {
            "listings": (LISTINGS, [cleaned[0], cleaned[3]]),
            "duplicates": (DUPLICATES, [lost]),
            "links": (LINKS, [link]),
        },
        {"duplicates:equal_title": 1},
        {"rows_in": 3},
        read,
        [{"dataset": "duplicates", "rule": "equal_title", "id": "c", "other_id": "a", "row": "{}"}],
    )
    folder.record("pairs", state="skipped", reason="the catalog has no photos")
    folder.note(config={"name": "demo"}, versions={"eclip": "0"}, name="demo")
    return folder


def report(config, **options):
    return pipeline.run(config, first="report", say=lambda line: None, **options)


def test_publishes_a_page_and_its_data(config, run):
    report(config)
    folder, manifest = run.stage("report"), run.manifest("report")
    for name in ("index.html", "report.json"):
        assert (folder / name).read_bytes() == (folder / manifest.attempt / name).read_bytes()
    page = (folder / "index.html").read_bytes().decode()
    assert "5 records went in; 2 came out as trusted listings." in page
    assert "because the catalog has no photos" in page
    assert json.loads((folder / "report.json").read_bytes())["stages"][0]["metrics"]["rows_in"] == 5
    assert {**manifest.verdict, "at": ""} == {"passed": True, "suite": None, "baseline": None, "failures": [], "at": ""}
    assert not (folder / "gate.json").exists()


def test_shows_rows_beside_their_own_photo(config, run):
    found = gather(run, config)
    assert set(found.photos) == {"a", "c"}
    assert found.photo_errors == {"b": "the file is empty"}
    assert [(r.stage, r.rule, r.listing.title) for r in found.rejected] == [
        ("ingest", "repeated_row", "Mug again"),
        ("filter", "unreadable_photo", "Mug b"),
    ]
    (group,) = found.duplicates.sets
    assert (group.kept.id, [m.listing.title for m in group.dropped]) == ("a", ["Mug c"])
    (pair,) = found.duplicates.variants
    assert (pair.left.id, pair.right.id, pair.veto) == ("a", "d", "colour")
    assert found.duplicates.sizes == {2: 1}
    assert found.retitled[0].rules == ["markup", "whitespace"]


def test_is_written_again_only_when_something_changed(config, run):
    assert report(config)[0].action == "run"
    assert report(config)[0].action == "current"
    verdict = {**PASSED, "accepted": {"reason": "new supplier", "at": "now"}}
    run.publish(dataclasses.replace(run.manifest("filter"), verdict=verdict))
    assert report(config)[0].action == "run"
    assert "new supplier" in (run.stage("report") / "index.html").read_bytes().decode()


def test_can_be_written_again_by_hand_any_number_of_times(config, run):
    attempts = []
    for _ in range(4):
        report(config, force=True)
        attempts.append(run.manifest("report").attempt)
    assert len(set(attempts)) == 4


def test_history_is_of_runs_not_of_reports(config, run):
    report(config)
    assert not (run.place / "history").exists()


def test_names_the_rule_that_stopped_the_run(config, run):
    message = "share_rejected is 0.9, expected at most 0.3"
    failure = {"rule": "share_rejected", "severity": "critical", "message": message}
    verdict = {"passed": False, "suite": "s", "failures": [failure]}
    publish(run, "filter", {}, {}, {"rows_in": 4, "share_rejected": 0.9}, verdict=verdict, candidate=True)
    run.record("filter", state="failed", reason="the gate after filter stopped the run")
    report(config)
    page = (run.stage("report") / "index.html").read_bytes().decode()
    assert "The gate after filter stopped the run." in page
    assert message in page


def test_tells_an_earlier_run_from_this_one(config, run):
    stale = dataclasses.replace(run.manifest("ingest").datasets["listings"], checksum="another")
    manifest = run.manifest("ingest")
    run.publish(dataclasses.replace(manifest, datasets={**manifest.datasets, "listings": stale}))
    follows = {stage.name: stage.follows for stage in gather(run, config).stages}
    assert (follows["ingest"], follows["clean"], follows["deduplicate"]) == (True, False, False)


def test_an_empty_run_folder_has_a_report(config):
    report(config)
    page = (RunFolder(config.run_folder).stage("report") / "index.html").read_bytes().decode()
    assert "Nothing has been published in this run folder." in page


def test_the_plan_puts_it_after_what_would_run(config, run):
    report(config)
    plans = {plan.stage: plan.action for plan in plan(config)}
    assert (plans["ingest"], plans["report"]) == ("run", "wait")


def test_an_object_store_gets_copies():
    run = RunFolder(Storage("memory://bucket/run"))
    page = run.stage("report") / "attempt" / "index.html"
    page.write_bytes(b"<html>")
    published = {"index.html": Published(["attempt/index.html"], 0, "x")}
    run.publish(Manifest("report", "attempt", "f", 1, published, {}, {}, PASSED))
    assert (run.stage("report") / "index.html").read_bytes() == b"<html>"
