"""The mismatch of photo and title through the pipeline, and hot images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from driver import Finished, checksums, copy_of, eclip, manifest
from eclip.beam_pipelines import mismatch_work
from eclip.beam_pipelines.buckets import KeyRange
from eclip.beam_pipelines.hot_images import CountHotImages, PhotoKeys
from eclip.quality.duplicates.keys import Keys
from eclip.quality.mismatch import score
from eclip.quality.noise import TITLES_COMPARED
from eclip.quality.views import Pairs
from eclip.schemas.dataset import Dataset, part_name
from eclip.schemas.storage import Storage
from shop import shop
from sklearn.metrics import average_precision_score

ROWS = 320


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A run of 320 drawn listings, a tenth of them with the title of another thing."""
    folder = tmp_path_factory.mktemp("shop")
    jpegs, titles, wrong = shop(ROWS, swapped=0.1)
    frame = pd.DataFrame({"id": [f"{n:04d}" for n in range(ROWS)], "title": titles, "photo": jpegs})
    frame["category"] = ["a", "b"] * (ROWS // 2)
    frame.to_parquet(folder / "shop.parquet")
    write(folder, "shop.parquet")
    run(folder)
    return folder, frame.assign(wrong=wrong)


def write(folder: Path, source: str) -> None:
    (folder / "catalog.yaml").write_text(
        f"name: shop\nrun: run\nshards: 3\nrunner: {{workers: 1}}\nsource: {{path: {source}, columns: {{image: photo}}}}\n"
        "filter: {placeholder: {min_listings: 10000}}\n"  # a drawn black pole looks like every other one
    )


def run(folder: Path, *settings: str) -> Finished:
    options = [word for setting in settings for word in ("--set", setting)]
    done = eclip("run", folder / "catalog.yaml", "--to", "filter", *options)
    assert done.code == 0, done.out + done.err
    return done


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many photos are described at a time, from here on."""
    seen: list[int] = []

    def counted(jpegs: list[bytes], titles: list[str]) -> Pairs:
        seen.append(len(jpegs))
        return original(jpegs, titles)

    original = Pairs.of
    monkeypatch.setattr(mismatch_work.Pairs, "of", staticmethod(counted))
    return seen


def published(folder: Path) -> pd.DataFrame:
    parts = [pd.read_parquet(folder / "run/filter" / name) for name in ("listings", "rejected")]
    return pd.concat(parts).sort_values("id").reset_index(drop=True)


def test_shards_give_what_one_call_gives(drawn: tuple[Path, pd.DataFrame]) -> None:
    folder, frame = drawn
    found = pd.read_parquet(folder / "run/filter/listings").sort_values("id")
    alone = np.asarray(score(frame["photo"].tolist(), found["title"].tolist()))
    assert np.abs(found["mismatch"].to_numpy() - alone).max() < 1e-3
    assert average_precision_score(frame["wrong"], found["mismatch"]) > 0.8
    assert len(found) == ROWS  # nothing is rejected by default
    metrics = manifest(folder / "run", "filter")["metrics"]
    assert metrics["pairs_scored"] == ROWS
    assert 0.03 < metrics["share_mismatched"] < 0.2
    warned = {f["rule"] for f in manifest(folder / "run", "filter")["verdict"]["failures"]}
    assert ("share_mismatched" in warned) == (metrics["share_mismatched"] > 0.05)


def test_another_threshold_looks_at_no_photo(drawn: tuple[Path, pd.DataFrame], described: list[int]) -> None:
    folder, frame = drawn
    done = run(folder, "filter.mismatch.max_score=0.5")
    assert described == []
    found = published(folder)
    lost = found[found["rule"] == "mismatched_photo"]
    assert len(lost) > 5
    assert frame["wrong"][found["rule"].notna()].mean() > 0.9
    assert "of random pairs of photo and title fit each other better" in lost["detail"].iloc[0]
    assert "of photos do not fit their titles" in done.out
    run(folder, "filter.mismatch.share=0.1")
    found = published(folder)
    categories = frame["category"][found["rule"].notna()]
    assert categories.value_counts().max() <= 16  # a tenth of the 160 of each
    assert categories.value_counts().min() >= 12
    run(folder, "filter.mismatch.share=0.1", "filter.mismatch.within=catalog")
    assert 28 <= published(folder)["rule"].notna().sum() <= 32
    assert described == []


def test_each_photo_is_described_once(
    drawn: tuple[Path, pd.DataFrame], described: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = drawn
    whole = pd.read_parquet(folder / "run/filter/listings", columns=["id", "mismatch"])
    run(folder)
    assert described == []
    monkeypatch.setattr(mismatch_work, "MAX_PAIRS", 250)  # the others are scored by a model that has not seen them
    run(folder, "filter.mismatch.score=false")
    assert pd.read_parquet(folder / "run/filter/listings")["mismatch"].isna().all()
    (folder / "catalog.yaml").write_text((folder / "catalog.yaml").read_text().replace("shards: 3", "shards: 2"))
    run(folder)
    write(folder, "shop.parquet")
    assert sum(described) == ROWS
    found = pd.read_parquet(folder / "run/filter/listings", columns=["id", "mismatch"])
    both = whole.merge(found, on="id")
    assert both["mismatch_y"].notna().all()
    assert np.corrcoef(both["mismatch_x"], both["mismatch_y"])[0, 1] > 0.8


def test_stopped_at_each_step_it_ends_the_same(
    drawn: tuple[Path, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, frame = drawn
    frame.drop(columns="wrong").to_parquet(tmp_path / "shop.parquet")
    write(tmp_path, "shop.parquet")
    for step in ("DescribeWork", "FitWork", "MismatchScorer"):
        with monkeypatch.context() as broken:
            method = "shard" if step == "MismatchScorer" else "__call__"

            def fail(*_: object) -> None:
                raise OSError("killed")

            broken.setattr(getattr(mismatch_work, step), method, fail)
            done = eclip("run", tmp_path / "catalog.yaml", "--to", "filter")
            assert done.code != 0, step
            assert "killed" in done.out + done.err
    run(tmp_path)
    run(folder)
    assert checksums(tmp_path / "run")["filter/listings"] == checksums(folder / "run")["filter/listings"]


def test_titles_alone_cost_nothing(tmp_path: Path, described: list[int]) -> None:
    _, titles, _ = shop(20)
    pd.DataFrame({"id": range(20), "title": titles}).to_csv(tmp_path / "shop.csv", index=False)
    (tmp_path / "catalog.yaml").write_text("name: shop\nrun: run\nrunner: {workers: 1}\nsource: {path: shop.csv}\n")
    done = run(tmp_path)
    assert "mismatch" not in done.out
    assert manifest(tmp_path / "run", "filter")["metrics"]["share_mismatched"] is None
    assert pd.read_parquet(tmp_path / "run/filter/listings")["mismatch"].isna().all()
    assert described == []


def test_a_model_scores_instead(finished: Path, tmp_path: Path, described: list[int]) -> None:
    folder = copy_of(finished, tmp_path / "own")
    options = (
        "--to",
        "filter",
        "--set",
        "runner.workers=1",
        "--set",
        f"filter.mismatch.model={folder}/run/pretrain/model",
    )
    done = eclip("run", folder / "catalog.yaml", *options)
    assert done.code == 0, done.out + done.err
    found = published(folder)["mismatch"].dropna()
    assert len(found) > 200
    assert found.between(0, 1).all()
    assert found.mean() < 0.4  # it was trained on these pairs
    assert described == []  # no photo was described by its looks


def test_too_few_photos_are_said(tmp_path: Path) -> None:
    jpegs, titles, _ = shop(12)
    frame = pd.DataFrame({"id": range(12), "title": [*titles[:11], None], "photo": jpegs})
    frame.to_parquet(tmp_path / "shop.parquet")
    write(tmp_path, "shop.parquet")
    assert "no mismatch scores: 11 listings with photo and title are under 200" in run(tmp_path).out
    assert pd.read_parquet(tmp_path / "run/filter/listings")["mismatch"].isna().all()


def test_of_many_listings_with_one_photo_few_titles_travel(tmp_path: Path) -> None:
    rows = 5000
    listings = pa.table({
        "id": [f"{n:05d}" for n in range(rows)], "title": [f"thing {n}" for n in range(rows)],
        "brand": [None, "Acme", "Borg", "Corvo"] * (rows // 4), "seller": pa.nulls(rows, pa.string()),
        "category": pa.nulls(rows, pa.string()), "phash": ["00ff00ff00ff00ff"] * (rows - 2) + ["0f0f0f0f0f0f0f0f"] * 2,
    })  # fmt: skip
    for shard in range(2):
        pq.write_table(listings.slice(shard * rows // 2, rows // 2), tmp_path / part_name(shard, 2))
    keys = PhotoKeys(Dataset(Storage(str(tmp_path)), 2))
    parts = []
    for shard in range(2):
        part = keys.payload(shard, keys.keys(shard, KeyRange(0, 1)).row)
        assert len(part) - part["title"].null_count <= 2 * TITLES_COMPARED
        assert part.nbytes < 56 * len(part)
        parts.append(part)
    table = pa.concat_tables(parts).combine_chunks()
    hashes = np.asarray(table["phash"])
    counting = CountHotImages()
    keys_found = Keys(hashes, np.arange(len(hashes)), np.zeros(len(hashes), np.uint32))
    _, found = counting(table, counting.buckets(keys_found))
    hot = {row["phash"]: row for row in found.to_pylist()}
    assert (hot["00ff00ff00ff00ff"]["listings"], hot["00ff00ff00ff00ff"]["brands"]) == (rows - 2, 3)
    assert hot["0f0f0f0f0f0f0f0f"]["listings"] == 2
