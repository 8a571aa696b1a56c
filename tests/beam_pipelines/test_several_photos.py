"""A catalog whose listings have two photos, through the pipeline."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from driver import eclip
from eclip.beam_pipelines.buckets import read_batches
from eclip.beam_pipelines.signs_work import SignsLookup
from eclip.quality.duplicates.own_vetoes import OwnVetoes
from eclip.schemas.dataset import Dataset
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.filter_config import PlaceholderConfig
from eclip.schemas.storage import Storage
from quality_photos import picture, saved

TITLES = ["Velmo ceramic coffee mug with a handle", "Velmo mug for coffee, ceramic, handle", "oak dining table",
          "running shoes", "wall clock", "linen cushion", "glass teapot", "desk lamp"]  # fmt: skip


def ran(folder: Path, photos: list[list[bytes]]) -> Path:
    folder.mkdir()
    ids, shops = [f"{n}" for n in range(len(TITLES))], ["s"] * len(TITLES)
    table = {"id": ids, "title": TITLES, "seller": shops, "photos": pa.array(photos, pa.list_(pa.binary()))}
    pq.write_table(pa.table(table), folder / "shop.parquet")
    (folder / "catalog.yaml").write_text(
        "name: shop\nrun: run\nshards: 3\nrunner: {workers: 1}\n"
        "source: {path: shop.parquet, columns: {image: photos}}\nfilter: {mismatch: {score: false}}\n"
    )
    done = eclip("run", folder / "catalog.yaml", "--to", "deduplicate")
    assert done.code == 0, done.out + done.err
    return folder / "run"


def test_the_second_photo_counts_and_a_shared_size_chart_does_not(tmp_path: Path) -> None:
    front, chart, *own = (saved(picture(160, 120, seed), quality=92) for seed in range(len(TITLES) + 1))
    photos = [[own[0], front], [front, chart], *([photo, chart] for photo in own[1:])]
    run = ran(tmp_path / "shop", photos)
    dropped = pd.read_parquet(run / "deduplicate/duplicates")
    assert [{*pair} for pair in dropped[["dropped_id", "kept_id"]].values.tolist()] == [{"0", "1"}]
    assert dropped["image_distance"].tolist() == [0]
    assert (
        len(pd.read_parquet(run / "deduplicate/links")) == 0
    )  # the chart, which seven unlike listings show, joins none

    (edges,) = (run / "deduplicate").glob("edges-*")
    hot = Storage(str(edges / "_hot.arrow"))
    assert len(read_batches(hot)[0]) == 1
    # Signs that are worked out again say the same.
    listings, images = (Dataset(Storage(str(run / name)), 3) for name in ("filter/listings", "ingest/images"))
    config = DeduplicateConfig()
    lookup = SignsLookup(
        listings, images, config, PlaceholderConfig(), OwnVetoes.of(config), Storage(str(edges / "_words.arrow")), hot
    )
    again = lookup.compare(["0", "2"], ["1", "3"])
    assert again["image_distance"].to_pylist()[0] == 0
    assert again["image_distance"].to_pylist()[1] > 64

    mixed = [several[::-1] for several in photos]
    other = ran(tmp_path / "mixed", mixed)
    columns = ["dropped_id", "kept_id", "rule", "text_similarity", "image_distance"]
    assert pd.read_parquet(other / "deduplicate/duplicates", columns=columns).equals(dropped[columns])


def test_a_catalog_of_one_photo_each_counts_no_photo_twice(tmp_path: Path) -> None:
    chart, *own = (saved(picture(160, 120, seed), quality=92) for seed in range(4))
    run = ran(tmp_path / "shop", [[own[0]], [own[0]], [own[1]], *[[chart]] * 5])
    assert len(pd.read_parquet(run / "deduplicate/duplicates")) == 1
    assert len(pd.read_parquet(run / "deduplicate/links")) == 0  # hot by the scores of filter
    (edges,) = (run / "deduplicate").glob("edges-*")
    assert len(read_batches(Storage(str(edges / "_hot.arrow")))[0]) == 0
