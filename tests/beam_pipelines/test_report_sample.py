"""The report and the review page of the sample catalog: their numbers are those of the files, and of the truth."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from browser import BROWSER, Outline, browse, said
from driver import copy_of, eclip, manifest
from eclip.beam_pipelines.reviewing import review_metrics, write_page
from eclip.beam_pipelines.run_folder import RunFolder
from eclip.examples.check import REASONS
from eclip.quality.report.data import ReportData
from eclip.schemas.storage import Storage

TAKEN = {"ingest": "rejected", "clean": "rejected", "filter": "rejected", "deduplicate": "duplicates"}


def rows(run: Path, name: str) -> int:
    return sum(pq.read_metadata(part).num_rows for part in (run / name).glob("part-*"))


@pytest.fixture(scope="module")
def run(finished: Path) -> Path:
    return finished / "run"


@pytest.fixture(scope="module")
def data(run: Path) -> ReportData:
    return ReportData.model_validate_json((run / "report/report.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def text(run: Path) -> str:
    return " ".join(" ".join(Outline((run / "report/index.html").read_text("utf-8")).texts).split())


def test_the_sums_on_the_page_are_those_of_the_files(run: Path, text: str) -> None:
    before = sum(len(pd.read_csv(file, dtype=str)) for file in (run.parent / "listings").glob("*.csv"))
    for stage, taken in TAKEN.items():
        out, reasons = rows(run, f"{stage}/listings"), []
        for part in (run / stage / taken).glob("part-*"):
            reasons += pq.read_table(part, columns=["rule"])["rule"].to_pylist()
        numbers = [out, *pd.Series(reasons, dtype=str).value_counts().tolist()]
        assert f"{before:,} = {' + '.join(f'{n:,}' for n in numbers)} adds up" in text, stage
        before = out
    assert f"{before:,} came out as trusted listings" in text


def test_the_numbers_are_those_of_the_manifests(run: Path, data: ReportData) -> None:
    for stage in data.stages:
        if stage.published:
            published = manifest(run, stage.name)
            assert stage.metrics == published["metrics"]
            assert stage.counts == published["counts"]
            assert stage.rows == {n: d["rows"] for n, d in published["datasets"].items() if d["parts"]}


def test_what_was_planted_is_what_is_reported(run: Path, data: ReportData) -> None:
    truth = pd.read_parquet(run.parent / "truth.parquet")
    planted = truth["kind"].value_counts()
    for kind, rule in REASONS.items():
        assert data.by_name["filter"].counts[f"rejected:{rule}"] == planted[kind], kind
    ingest = data.by_name["ingest"].counts
    assert ingest["rejected:repeated_row"] + ingest["rejected:duplicate_id"] == planted["duplicate_id"]
    copies = truth[truth["kind"] == "exact_copy"]
    dropped = pd.concat(map(pd.read_parquet, (run / "deduplicate/duplicates").glob("part-*")))
    stands = dict(zip(dropped["dropped_id"], dropped["kept_id"], strict=True))
    pairs = zip(copies["id"], copies["of"], strict=True)
    assert all(stands.get(one, one) == stands.get(other, other) for one, other in pairs)
    sizes = dict(data.duplicates.sizes)
    assert sum((size - 1) * sets for size, sets in sizes.items()) == len(dropped)


def test_each_sweep_says_at_the_value_in_force_what_the_run_did(run: Path, data: ReportData) -> None:
    now = {sweep.key: next(point for point in sweep.points if point.now) for sweep in data.sweeps}
    assert now["deduplicate.text_similarity"].rows == rows(run, "deduplicate/duplicates")
    rejected = pd.concat(map(pd.read_parquet, (run / "filter/rejected").glob("part-*")))
    fired = rejected["rules"].explode().value_counts()
    for key, rule in (
        ("filter.min_side", "tiny_photo"), ("filter.max_aspect", "odd_photo"), ("filter.min_characters", "short_title"),
        ("filter.placeholder.min_listings", "placeholder_photo"),
    ):  # fmt: skip
        assert now[key].rows == fired[rule], key


def test_cleaning_shows_each_rule_that_changed_titles(data: ReportData) -> None:
    counts = data.by_name["clean"].counts
    assert {each.rule for each in data.cleaned} == {n.partition(":")[2] for n in counts if n.startswith("changed:")}
    assert all(each.samples and each.changed <= counts[f"changed:{each.rule}"] for each in data.cleaned)
    noise = next(each for each in data.cleaned if each.rule == "seller_noise")
    assert "[HOT SALE]" in dict(noise.removed)


def test_a_kept_listing_says_why_it_stays(data: ReportData) -> None:
    assert data.duplicates.sets
    assert all(group.why for group in data.duplicates.sets)


@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
@pytest.mark.parametrize("kind", ["report", "duplicates", "variants", "noise", "rejected"])
def test_a_browser_without_network_has_nothing_to_complain_of(run: Path, tmp_path: Path, kind: str) -> None:
    place = run / "report/index.html"
    if kind != "report":
        place = write_page(RunFolder(Storage.of(run)), kind, 40, tmp_path / "review.html")
    page = tmp_path / "page.html"
    page.write_bytes(place.read_bytes())
    done = browse(page, "--dump-dom")
    assert said(done) == []
    assert not re.search(r"(?:src|href|srcset|poster)=\"?\s*(?:https?:)?//", done.stdout)
    if kind == "report":
        assert f"{rows(run, 'deduplicate/listings'):,} came out as trusted listings" in done.stdout
    else:
        assert done.stdout.count('<article class="case"') <= 40
        assert "data:image/jpeg;base64" in done.stdout


def test_what_people_found_is_kept_shown_and_a_metric(run: Path, finished: Path, tmp_path: Path) -> None:
    own = copy_of(finished, tmp_path / "own") / "run"
    page = write_page(RunFolder(Storage.of(own)), "duplicates", 200).read_text("utf-8")
    cases = re.findall(r'data-case="(\w+)" data-rule="(\w+)" data-band="([^"]*)"', page)
    assert len(cases) == rows(own, "deduplicate/duplicates")
    assert page == write_page(RunFolder(Storage.of(own)), "duplicates", 200).read_text("utf-8")  # drawn alike again
    about = dict(re.findall(r'data-(format|of|attempt|strata)="([^"]*)"', page))
    labels = [
        {"case": c, "rule": r, "band": html.unescape(b), "answer": "n" if k == 0 else "y"}
        for k, (c, r, b) in enumerate(cases)
    ]
    file = tmp_path / "labels.json"
    file.write_text(json.dumps({**about, "strata": json.loads(html.unescape(about["strata"])), "labels": labels}))
    done = eclip("review", own, "--labels", file)
    assert done.code == 0, done.err
    assert f"Of {len(cases)} judged {len(cases) - 1} are right" in done.out
    kept = json.loads((own / "review/duplicates.json").read_text())
    assert kept["metrics"]["review_duplicates_judged"] == len(cases)
    attempt = manifest(own, "deduplicate")["attempt"]
    found = review_metrics(RunFolder(Storage.of(own)), "deduplicate", attempt)
    assert kept["metrics"].items() <= found.items()
    assert found["review_variants_precision"] is None
    assert set(review_metrics(RunFolder(Storage.of(own)), "deduplicate", "another").values()) == {None}
    assert eclip("report", own).code == 0
    assert "What people found" in (own / "report/index.html").read_text("utf-8")


def test_a_run_is_compared_with_another(run: Path, finished: Path, tmp_path: Path) -> None:
    own = copy_of(finished, tmp_path / "own")
    done = eclip(
        "run", own / "catalog.yaml", "--to", "filter", "--set", "filter.min_side=150", "--set", "runner.workers=1"
    )
    assert done.code == 0, done.err
    for arguments, name in ((["--compare", str(run)], str(run)), ([], "the run before, of")):
        assert eclip("report", own / "run", *arguments).code == 0
        page = (own / "run/report/index.html").read_text("utf-8")
        text = " ".join(" ".join(Outline(page).texts).split())
        assert name in text
        assert "filter min_side 64 150" in text
        then, now = (rows(place, "filter/listings") for place in (run, own / "run"))
        assert f"went on {then} {now} −{then - now}" in text
        assert "of 16 columns" in text or "no column of" in text
    assert eclip("report", own / "run", "--compare", str(tmp_path)).code == 2
