"""One listing through all stages, what a person put back, and texts that would do harm."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from browser import Outline
from driver import copy_of, eclip, manifest
from eclip.beam_pipelines import sweeping
from eclip.beam_pipelines.explain import explain
from eclip.beam_pipelines.gathering import Gathering
from eclip.beam_pipelines.run_folder import RunFolder
from eclip.quality.report.story import Story
from eclip.schemas.storage import Storage

from .conftest import HOSTILE_ID, Here

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # but for the line break


def told(folder: Path, row_id: str) -> Story:
    return explain(RunFolder(Storage.of(folder / "run")), row_id)


def said(story: Story) -> str:
    return "\n".join(sentence for chapter in story.chapters for sentence in chapter.said)


def test_a_rejected_listing(hostile: Path) -> None:
    story = told(hostile, "5")
    assert (story.outcome, story.headline) == ("rejected", "was rejected by filter, rule short_title")
    assert [chapter.stage for chapter in story.chapters][:3] == ["ingest", "clean", "filter"]
    assert "the title has 0 letters and digits, 2 under the limit of 2" in said(story)
    assert story.otherwise == [
        "filter.min_characters were 0 or less (short_title)",
        "its id stood in the put-back list",
    ]


def test_a_duplicate_its_twin_and_what_cleaning_did(hostile: Path) -> None:
    story = told(hostile, "1")
    assert (story.outcome, story.headline) == ("dropped", "was dropped as a duplicate of 2, rule equal_title")
    assert "seller_noise: “Red HOT SALE!! oak mug” → “Red oak mug”" in said(story)
    assert "the other one stays: more of it is filled in" in said(story)
    assert "its duplicate set has 2 listings: 2 and 1" in said(story)
    assert "deduplicate.decision had “link” for titles, equal once normalised, same seller" in story.otherwise
    twin = told(hostile, "2")
    assert (twin.outcome, twin.headline) == ("kept", "came out as a trusted listing")
    assert "it stands for 1 listing dropped for it" in said(twin)


def test_what_was_put_back_is_kept_marked_and_counted(hostile: Path) -> None:
    assert "a person has put it back from filter: short_title" in said(told(hostile, "4"))
    assert "a person has put it back from deduplicate: equal_title" in said(told(hostile, "3"))
    listings = pd.read_parquet(hostile / "run/deduplicate/listings").set_index("id")["put_back"]
    assert listings.dropna().to_dict() == {"4": "filter: short_title", "3": "deduplicate: equal_title"}
    figures = {stage: manifest(hostile / "run", stage)["metrics"] for stage in ("filter", "deduplicate")}
    assert [figures[stage]["rows_put_back"] for stage in figures] == [1, 1]
    assert figures["filter"]["put_back_absent"] == 1
    links = pd.read_parquet(hostile / "run/deduplicate/links")
    assert (links["veto"] == "put back").any()


def test_a_changed_list_runs_the_stages_again_and_scores_nothing_anew(hostile: Path, tmp_path: Path) -> None:
    folder = copy_of(hostile, tmp_path / "own")
    steps = {stage: manifest(folder / "run", stage)["steps"] for stage in ("filter", "deduplicate")}
    plan = eclip("plan", folder / "catalog.yaml", "--to", "deduplicate").out
    assert plan.count("not run") == 4
    (folder / "back.jsonl").unlink()
    (folder / "back.csv").write_text("id,reason,date\n5,a name after all,2026-11-26\n")
    done = eclip("run", folder / "catalog.yaml", "--to", "deduplicate", "--set", "put_back=back.csv")
    assert done.code == 0, done.err
    assert set(pd.read_parquet(folder / "run/filter/listings")["id"]) >= {"5"}
    assert {stage: manifest(folder / "run", stage)["steps"] for stage in ("filter", "deduplicate")}["filter"] == steps[
        "filter"
    ]
    assert set(pd.read_parquet(folder / "run/deduplicate/duplicates")["dropped_id"]) == {"1", "3"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,reason,date\n4,,2026-11-25\n", "has no reason"),
        ("id,reason,date\n4,why,yesterday\n", "'yesterday' is no date"),
        ("id,reason,date,stage,rule\n4,why,2026-11-25,filter,short_titel\n", "did you mean 'short_title'?"),
        ("id,reason,date,rule\n4,why,2026-11-25,short_titel\n", "did you mean 'short_title'?"),
        ("id,reason,date,stage\n4,why,2026-11-25,ingest\n", "nothing can be put back into ingest"),
    ],
)
def test_a_list_that_cannot_be_used_stops_before_anything_runs(
    hostile: Path, tmp_path: Path, text: str, says: str
) -> None:
    folder = copy_of(hostile, tmp_path / "own")
    (folder / "bad.csv").write_text(text)
    done = eclip("run", folder / "catalog.yaml", "--set", "put_back=bad.csv", "--force")
    assert done.code == 2
    assert says in done.err


def test_what_is_no_listing_is_explained_by_its_place(hostile: Path) -> None:
    rejected = pd.read_parquet(hostile / "run/ingest/rejected")
    for row in rejected[rejected["rule"].isin(["missing_id", "unparsable"])].to_dict("records"):
        story = told(hostile, row["id"])
        assert story.headline == f"was rejected by ingest, rule {row['rule']}: it is no listing"
        assert "cannot be put back" in story.otherwise[0]
    assert "another record of this id was rejected by duplicate_id" in said(told(hostile, "6"))


def test_an_id_that_is_not_there_is_an_error_with_the_nearest_ones(hostile: Path) -> None:
    done = eclip("explain", hostile / "run", "44")
    assert done.code == 2
    assert "no record has the id '44'" in done.err
    assert eclip("explain", hostile, "4").code == 2  # no run folder


def test_the_terminal_and_json_are_safe_whatever_sellers_write(hostile: Path) -> None:
    for row_id in (HOSTILE_ID, "9"):
        shown = eclip("explain", hostile / "catalog.yaml", row_id)
        assert shown.code == 0, shown.err
        assert not UNSAFE.search(shown.out)
        assert len(shown.out) < 20_000
        machine = eclip("explain", hostile / "run", row_id, "--json")
        assert json.loads(machine.out, parse_constant=pytest.fail)["id"] == row_id


def test_rejected_rows_are_json_for_every_reader(hostile: Path) -> None:
    for name in ("ingest/rejected", "filter/rejected", "deduplicate/duplicates"):
        for row in pd.read_parquet(hostile / "run" / name)["row"]:
            json.loads(row, parse_constant=pytest.fail)


def test_rules_are_dictionary_encoded_in_the_files(hostile: Path) -> None:
    import pyarrow.parquet as pq

    for file in (hostile / "run/filter/rejected").glob("*.parquet"):
        metadata = pq.ParquetFile(file).metadata
        for k in range(metadata.num_row_groups):
            column = metadata.row_group(k).column(metadata.schema.to_arrow_schema().names.index("rule"))
            assert any("DICTIONARY" in encoding for encoding in column.encodings)


def test_the_page_is_inert_and_small_whatever_sellers_write(hostile: Path) -> None:
    page = (hostile / "run/report/index.html").read_text("utf-8")
    outline = Outline(page)
    assert not {"script", "iframe", "object"} & set(outline.tags)
    assert not [name for name, _ in outline.attributes if name.startswith("on")]
    assert not UNSAFE.search(page.replace("\n", ""))
    assert len(page) < 300_000
    text = " ".join(" ".join(outline.texts).split())
    assert "2 listings would have been taken out and stayed, because a person put them back" in text
    assert "1 id is not in the catalog: 404" in text
    json.loads((hostile / "run/report/report.json").read_text("utf-8"), parse_constant=pytest.fail)


def test_an_error_that_quotes_a_seller_is_safe_too(here: Here) -> None:
    here.write("a.csv", "id,title\n\x1b[31mx\u202e,red\n\x1b[31mx\u202e,blue\n")
    here.config("source: {path: a.csv, on_duplicate_id: stop}")
    done = here.run()
    assert done.code == 1
    assert "with other values" in done.err
    assert not UNSAFE.search(done.err.replace("\n", ""))


def test_of_more_listings_than_memory_holds_pairs_alone_are_counted(
    hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Gathering(RunFolder(Storage.of(hostile / "run")))
    swept = {sweep.key: sweep for sweep in sweeping.sweeps(found)}
    assert any(point.rows for point in swept["deduplicate.text_similarity"].points)
    monkeypatch.setattr(sweeping, "READ_AT_ONCE", 1)
    again = {sweep.key: sweep for sweep in sweeping.sweeps(found)}
    assert all(point.rows is None for point in again["deduplicate.text_similarity"].points)
    assert [p.pairs for p in again["deduplicate.text_similarity"].points] == [
        p.pairs for p in swept["deduplicate.text_similarity"].points
    ]
    assert again["filter.min_characters"] == swept["filter.min_characters"]


def test_what_people_found_can_stop_a_run(hostile: Path, tmp_path: Path) -> None:
    folder = copy_of(hostile, tmp_path / "own")
    kwargs = {"column": "review_duplicates_precision", "min_value": 0.9}
    meta = {"rule": "right_duplicates", "dataset": "metrics", "why": "People look at what is dropped."}
    rule = {"type": "expect_column_values_to_be_between", "kwargs": kwargs, "meta": meta, "severity": "critical"}
    of_rule = {"kwargs": {"column": "review_duplicates_equal_image_precision_low", "min_value": 0.9},
               "meta": {**meta, "rule": "right_photos"}}  # fmt: skip
    (folder / "suites").mkdir()
    (folder / "suites/deduplicate.json").write_text(
        json.dumps({"name": "mine", "expectations": [rule, rule | of_rule]})
    )
    gate = ("gate", folder / "catalog.yaml", "deduplicate", "--set", "gates.suites=suites")
    assert eclip(*gate).code == 0  # nobody has judged: there is nothing to say
    labels = {"case": "c", "rule": "equal_title", "band": "", "answer": "n"}
    attempt = manifest(folder / "run", "deduplicate")["attempt"]
    saved = {"format": "eclip.review/1", "of": "duplicates", "attempt": attempt, "labels": [labels]}
    (folder / "labels.json").write_text(json.dumps(saved))
    assert eclip("review", folder / "run", "--labels", folder / "labels.json").code == 0
    done = eclip(*gate)
    assert done.code == 3, done.out + done.err
    assert "right_duplicates" in done.out + done.err
    assert "right_photos:" not in done.out + done.err  # nobody has judged that rule
