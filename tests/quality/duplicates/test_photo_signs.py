"""Several photos of a listing: which count, and that one photo gives what it gave alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from eclip.quality.duplicates.edges import compare
from eclip.quality.duplicates.find import find_duplicates
from eclip.quality.duplicates.keys import PHOTO
from eclip.quality.duplicates.photo_signs import MOST, read
from eclip.quality.duplicates.signs import Signs, signs
from eclip.quality.duplicates.words import BINS
from eclip.quality.images.hashes import colour_distance, hamming
from eclip.schemas.deduplicate_config import DeduplicateConfig
from quality_photos import picture, saved

Photo = tuple[bytes, bytes | None, bytes | None]  # 64-bit hash, 256-bit hash, colour
NONE_HOT = np.zeros(0, np.uint64)


def signed(photos: list[list[Photo]], hot: np.ndarray = NONE_HOT, titles: list[str] | None = None) -> Signs:
    n = len(photos)
    ids = [f"{k:04d}" for k in range(n)]
    listings = pa.RecordBatch.from_pydict(
        {"id": ids, "title": titles or ["mug"] * n, "phash": pa.array([p[0][0].hex() if p else None for p in photos], pa.string()),
         "attributes": pa.nulls(n), **dict.fromkeys(("seller", "gtin", "mpn", "brand"), pa.nulls(n, pa.string()))}
    )  # fmt: skip
    rows = [
        {"id": i, "position": k, "phash": short.hex(), "phash256": long.hex() if long else None, "colour": colour}
        for i, several in zip(ids, photos, strict=True)
        for k, (short, long, colour) in enumerate(several)
        if long or k
    ]
    schema = pa.schema([("id", pa.string()), ("position", pa.int32()), ("phash", pa.string()),
                        ("phash256", pa.string()), ("colour", pa.binary())])  # fmt: skip
    return signs(listings, pa.RecordBatch.from_pylist(rows, schema), hot, DeduplicateConfig())


def drawn(count: int, seed: int = 0) -> list[Photo]:
    draw = np.random.default_rng(seed)
    return [(draw.bytes(8), draw.bytes(32), draw.bytes(192)) for _ in range(count)]


def number(photo: Photo) -> int:
    return int.from_bytes(photo[0], "big")


def test_one_photo_each_is_compared_as_by_its_hashes() -> None:
    draw = np.random.default_rng(1)
    photos = [[(s, *(more if k % 3 else (None, None)))] if k % 5 else [] for k, (s, *more) in enumerate(drawn(40))]
    hot = np.array([number(photos[1][0]), number(photos[7][0])], np.uint64)
    rows = pa.Table.from_batches([signed(photos, hot).rows])
    left, right = draw.integers(0, 40, (2, 300))
    edges = compare(rows, left, right, np.ones(BINS, np.float32))
    for edge, a, b in zip(edges.to_pylist(), left.tolist(), right.tolist(), strict=True):
        one, other = photos[a], photos[b]
        expected: tuple[Any, ...] = (-1, 0, None)
        if one and other and not {a, b} & {1, 7}:
            (s, n, c), (t, m, d) = one[0], other[0]
            if n and m and c and d:
                bits = hamming(*(np.frombuffer(h, np.uint8)[None] for h in (n, m)))[0]
                shade = colour_distance(*(np.frombuffer(h, np.uint8)[None] for h in (c, d)))[0]
                expected = (bits, 256, pytest.approx(shade))
            else:
                expected = (hamming(*(np.frombuffer(h, np.uint8)[None] for h in (s, t)))[0], 64, None)
        assert (edge["image_distance"], edge["image_bits"], edge["colour_distance"]) == expected


def test_the_order_of_photos_and_photos_that_come_twice_say_nothing() -> None:
    a, b, c = drawn(3)
    found = signed([[a, b, c], [c, a, b], [b, b, a, c, a], [a, b]])
    contents = found.rows["content"].to_pylist()
    assert contents[0] == contents[1] == contents[2] != contents[3]
    photos = read(pa.chunked_array([found.rows["photos"]]))
    assert np.diff(photos.bounds).tolist() == [3, 3, 3, 2]
    keys = [(row, key) for row, key in zip(found.keys.row.tolist(), found.keys.key.tolist(), strict=True) if key & 1]
    assert len(keys) == len(set(keys)) == 15 * 11
    assert {key for row, key in keys if row == 0} == {key for row, key in keys if row == 2}


def test_photos_that_share_words_of_their_hashes_have_a_key_once() -> None:
    (short, long, colour) = drawn(1)[0]
    near = (bytes([short[0] ^ 1, *short[1:]]), long, colour)
    keys = signed([[(short, long, colour), near]]).keys
    photo = keys.key[(keys.key & PHOTO) > 0]
    assert len(photo) == len(set(photo.tolist())) == 15 + 5  # of six words one differs: five pairs hold it


def test_a_hot_photo_counts_for_none_of_those_that_show_it() -> None:
    own, other, chart = drawn(3)
    hot = np.array([number(chart)], np.uint64)
    found = signed([[own, chart], [chart, other], [chart], [own]], hot)
    photos = read(pa.chunked_array([found.rows["photos"]]))
    assert photos.short.tolist() == [number(own), number(other), number(own)]
    assert np.diff(photos.bounds).tolist() == [1, 1, 0, 1]
    assert found.rows["content"][0] == found.rows["content"][3]


def test_few_photos_of_a_listing_are_kept() -> None:
    many = drawn(MOST + 4)
    found = signed([many, many[:MOST]])
    assert np.diff(read(pa.chunked_array([found.rows["photos"]])).bounds).tolist() == [MOST, MOST]
    assert found.rows["content"][0] == found.rows["content"][1]


TITLES = ["Velmo ceramic coffee mug with a handle", "Velmo mug for coffee, ceramic, handle", "Oak dining table"]


def shots(count: int) -> list[bytes]:
    return [saved(picture(160, 120, seed), quality=92) for seed in range(count)]


def test_a_second_photo_that_is_the_first_of_another_makes_a_duplicate() -> None:
    front, side, table = shots(3)
    df = pd.DataFrame(
        {"title": TITLES, "shop": "s", "photo": [[side, front], [front], [table]], "first": [side, front, table]}
    )
    several = find_duplicates(df, image="photo", seller="shop")
    assert [set(pair) for pair in several.dropped[["dropped_id", "kept_id"]].values.tolist()] == [{0, 1}]
    assert several.dropped["image_distance"].tolist() == [0]
    assert len(find_duplicates(df, image="first", seller="shop").dropped) == 0
    columns = df.assign(one=[side, front, table], two=[front, None, None])
    assert find_duplicates(columns, image=["one", "two"], seller="shop").dropped.equals(several.dropped)


def test_a_size_chart_that_unlike_listings_show_second_joins_nothing() -> None:
    things = ["oak dining table", "running shoes", "wall clock", "linen cushion", "glass teapot", "desk lamp"]
    *own, chart = shots(len(things) + 1)
    photos = [[photo, chart] for photo in own]
    assert len(find_duplicates(pd.DataFrame({"title": things, "photo": photos}), image="photo").links) == 0
    two = find_duplicates(pd.DataFrame({"title": things[:2], "photo": photos[:2]}), image="photo")
    assert two.links["kind"].tolist() == ["image"]
    # One shows it first: it is hot there, too.
    photos[0].reverse()
    assert len(find_duplicates(pd.DataFrame({"title": things, "photo": photos}), image="photo").links) == 0


def test_whatever_order_shops_give_photos_in_the_answer_is_the_same() -> None:
    draw = np.random.default_rng(3)
    pool = shots(9)
    photos = [[pool[k] for k in draw.choice(9, 3, replace=False)] for _ in range(12)]
    df = pd.DataFrame({"title": [TITLES[k % 3] for k in range(12)], "shop": ["s", "t"] * 6, "photo": photos})
    one = find_duplicates(df, image="photo", seller="shop")
    mixed = [[several[k] for k in draw.permutation(3)] for several in photos]
    other = find_duplicates(df.assign(photo=mixed), image="photo", seller="shop")
    assert len(one.links) > 0
    assert len(one.dropped) > 0
    assert one.links.equals(other.links)
    assert one.dropped["image_distance"].equals(other.dropped["image_distance"])
