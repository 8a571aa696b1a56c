"""Without `clean.keep_raw` no file of a run folder holds the personal data that stood in the source."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from driver import manifest
from eclip.beam_pipelines.repartition import collect
from eclip.schemas.storage import Storage

from .conftest import Here

EMAIL, OTHER_EMAIL, PHONE, CARD = "anna.berg@example.com", "bob@shop.example", "+49 170 7659123", "4111 1111 1111 1111"
HIDDEN = "eve@hidden.example"
PLANTED = (EMAIL, OTHER_EMAIL, PHONE, CARD, HIDDEN, "anna.berg", "7659123", "1111 1111", "eve@")
COLUMNS = ["id", "title", "description", "brand", "seller", "category", "url", "price", "image", "material", "contact",
           "attributes"]  # fmt: skip


def rows() -> list[dict[str, str]]:
    plain = [{"id": f"p{n}", "title": f"plain mug number {n}", "seller": "Cups Ltd"} for n in range(20)]
    planted = [
        {
            "id": "a",
            "title": f"red mug, write to {EMAIL}",
            "description": f"<a href='mailto:{EMAIL}'>us</a>",
            "seller": EMAIL,
        },
        {"id": "b", "title": f"red mug {PHONE}", "seller": OTHER_EMAIL, "url": f"https://shop.example/?to={EMAIL}"},
        {
            "id": "c",
            "title": f"blue mug {CARD}",
            "url": "https://shop.example/?to=anna.berg%40example.com",
            "contact": PHONE,
        },
        {"id": "d", "title": "mug eve&#64;hidden.example", "material": EMAIL, "price": EMAIL, "contact": CARD},
        {"id": "e", "title": "oak table", "attributes": json.dumps({"seller": [EMAIL, "x"], PHONE: "y"})},
        {"id": "", "title": f"no id {EMAIL}", "contact": PHONE},  # rejected: missing_id
        {"id": "f", "title": "a lamp", "description": PHONE},
        {"id": "f", "title": "another lamp", "description": CARD, "brand": EMAIL},  # rejected: duplicate_id
        {"id": EMAIL, "title": "chair"},
        {"id": EMAIL, "title": "chair", "category": f"Home > {PHONE}"},  # of one pseudonym: rejected
        {"id": f"order {PHONE}", "title": "stool", "image": f"photos/{EMAIL}.jpg"},
        {"id": "4111111111111111", "title": "!"},  # a number as ids are; rejected by filter
        {"id": "g", "title": EMAIL},
    ]
    return plain + planted


def source(folder: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows())
    (folder / "a.csv").write_text(text.getvalue() + f"x,{EMAIL},too few fields {PHONE}\n")
    (folder / "b.jsonl").write_text(f'{{"id": "h", "title": "vase"}}\n{{"id": "i", broken {EMAIL} {CARD}\n')


def texts(run: Path) -> Iterator[tuple[Path, str]]:
    """All that stands in the files of a run folder, whatever holds it."""
    for file in sorted(p for p in run.rglob("*") if p.is_file() and not p.is_symlink()):
        yield file, file.name
        yield file, file.read_bytes().decode("utf-8", "replace")
        if file.suffix == ".parquet":
            table = pq.read_table(file)
            yield file, json.dumps(table.to_pylist(), default=str, ensure_ascii=False)
            yield file, str(pq.read_metadata(file).to_dict())  # of its statistics
        elif file.suffix == ".arrow":
            with pa.ipc.open_file(file) as opened:
                yield file, json.dumps(opened.read_all().to_pylist(), default=str, ensure_ascii=False)
        elif file.parent.name == "_runs":
            for kind, runs in json.loads(file.read_text()).items():
                spill = Storage(str(file.parent.parent / f"{kind}-{file.stem}"))
                for shard in {run[0] for run in runs}:
                    for batch in collect([(spill, runs)], shard):
                        yield file, json.dumps(batch.to_pylist(), default=str, ensure_ascii=False)


def found(run: Path) -> dict[str, set[str]]:
    """Which files hold which of the planted words."""
    where: dict[str, set[str]] = {}
    for file, text in texts(run):
        for word in PLANTED:
            if word in text:
                where.setdefault(word, set()).add(str(file.relative_to(run)))
    return where


CONFIG = "source: {path: [a.csv, b.jsonl], columns: {attributes: attributes}%s}\nclean: {keep_raw: %s}"


def test_no_file_of_the_run_folder_holds_personal_data(here: Here) -> None:
    source(here.folder)
    here.config(CONFIG % ("", "false"))
    said = here.run()
    assert said.code == 0, said.err
    run = here.folder / "run"
    assert found(run) == {}
    assert not any(word in said.out + said.err for word in PLANTED)
    figures = manifest(run, "ingest")["metrics"]
    assert (figures["rows_in"], figures["unaccounted_rows"], figures["rows_rejected"]) == (36, 0, 5)
    told = {name.removeprefix("redacted_"): figures[name] for name in figures if name.startswith("redacted_")}
    assert told == {"title": 6, "description": 3, "brand": 1, "seller": 2, "category": 1, "url": 2, "attributes": 2, "id": 3,
                    "photos": 1, "unparsable": 2}  # fmt: skip
    assert "personal data taken out: 2 of attributes, 1 of brand" in " ".join(said.out.split())
    listings = pd.read_parquet(run / "clean/listings").set_index("id")
    assert not {"material", "contact"} & set(listings.columns)
    assert listings["title_raw"]["a"].startswith("red mug, write to ")
    assert listings["title"]["e"] == "oak table"
    assert listings["seller"]["a"] != listings["seller"]["b"]  # two people are not one seller
    assert "4111111111111111" in pd.read_parquet(run / "filter/rejected")["id"].tolist()
    rejected = pd.read_parquet(run / "ingest/rejected")
    # The two chairs had one id and have one pseudonym; what told them apart is gone from one column only.
    assert sorted(rejected["rule"]) == ["duplicate_id", "duplicate_id", "missing_id", "unparsable", "unparsable"]


def test_pseudonyms_need_the_key_and_the_run_folder_lacks_it(here: Here) -> None:
    source(here.folder)
    here.config(CONFIG % ("", "false"))

    def sellers(key: str) -> pd.Series:
        here.monkeypatch.setenv("ECLIP_PSEUDONYM_KEY", key)
        said = here.run()
        assert said.code == 0, said.err
        assert not any(key in text for _, text in texts(here.folder / "run"))
        assert key not in said.out + said.err
        return pd.read_parquet(here.folder / "run/clean/listings").set_index("id")["seller"].dropna()

    first, again, other = sellers("1" * 40), sellers("1" * 40), sellers("2" * 40)
    assert first["a"].startswith("person-")
    pd.testing.assert_series_equal(first, again)
    assert first["a"] != other["a"]  # another key reads the source anew
    assert first["p0"] == other["p0"] == "Cups Ltd"
    plain = {hashlib.new(kind, EMAIL.encode()).hexdigest()[:32] for kind in ("md5", "sha1", "sha256")}
    assert first["a"].removeprefix("person-") not in plain


def test_the_search_finds_what_is_kept(here: Here) -> None:
    source(here.folder)
    here.config(CONFIG % ("", "true"))
    assert here.run().code == 0
    where = found(here.folder / "run")
    assert set(where) >= {EMAIL, OTHER_EMAIL, PHONE, CARD}
    files = {name.split("/")[0] + name[name.rindex(".") :] for names in where.values() for name in names}
    assert files >= {"ingest.parquet", "clean.parquet", "filter.parquet"}


def test_what_is_spilled_before_a_failure_holds_none_either(here: Here) -> None:
    source(here.folder)
    here.config(CONFIG % (", on_duplicate_id: stop", "false"))
    said = here.run()
    assert said.code == 1
    assert "stands in" in said.err
    spilled = list((here.folder / "run/ingest").glob("partition-*/_runs/*.json"))
    assert len(spilled) == 2
    assert found(here.folder / "run") == {}
    assert not any(word in said.out + said.err for word in PLANTED)


@pytest.mark.parametrize(
    ("row", "says"),
    [(f"1,x,{EMAIL}", "split '"), (f'1,x,"{EMAIL}', "")],
)
def test_no_failure_quotes_personal_data(here: Here, row: str, says: str) -> None:
    here.write("a.csv", f"id,title,split\n{row}\n")
    here.config("source: {path: a.csv}\nclean: {keep_raw: false}")
    said = here.run()
    assert said.code == 1
    assert says in said.err
    assert EMAIL not in said.err
    assert found(here.folder / "run") == {}


def test_a_run_folder_that_holds_raw_listings_is_refused(here: Here) -> None:
    assert here.run("--to", "ingest").code == 0
    said = here.run("--set", "clean.keep_raw=false")
    assert said.code == 2
    assert "holds listings that were read with their personal data" in said.err
    assert here.run("--set", "clean.keep_raw=false", "--set", "run=other").code == 0
