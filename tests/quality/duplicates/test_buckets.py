"""Buckets: what datasketch's index would bring together, and what the cut leaves of it."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from datasketch import MinHash, MinHashLSH
from eclip.quality.duplicates.buckets import CHUNK, Buckets, buckets
from eclip.quality.duplicates.keys import PHOTO, Keys
from eclip.quality.duplicates.minhash import jaccard, shingles
from eclip.quality.duplicates.signs import LONGEST, Signs, signs
from eclip.schemas.deduplicate_config import DeduplicateConfig
from eclip.schemas.listing import IMAGES

CONFIG = DeduplicateConfig()


def signed(titles: list[str], hashes: list[str] | None = None, **columns: list[str]) -> Signs:
    n = len(titles)
    nothing = pa.nulls(n, pa.string())
    rows = pa.RecordBatch.from_pydict(
        {"id": [f"{k:06d}" for k in range(n)], "title": titles, "phash": pa.array(hashes or [None] * n, pa.string()),
         "attributes": pa.nulls(n), **dict.fromkeys(("seller", "gtin", "mpn", "brand"), nothing), **columns}
    )  # fmt: skip
    return signs(rows, IMAGES.empty(), np.zeros(0, np.uint64), CONFIG)


def pairs_of(found: Buckets) -> set[tuple[int, int]]:
    members = (found.rows[a:b].tolist() for a, b in itertools.pairwise(found.starts))
    return {pair for rows in members for pair in itertools.combinations(sorted(rows), 2)}


def words(n: int, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    known = ["".join(draw.choice("abcdefghij") for _ in range(draw.randint(3, 8))) for _ in range(60)]
    titles: list[str] = []
    while len(titles) < n:
        title = draw.sample(known, 6)
        titles.append(" ".join(title))
        titles += [" ".join([*title[:5], draw.choice(known)]) for _ in range(draw.choice([0, 0, 1, 2]))]
    return titles[:n]


def test_without_a_cap_the_candidates_are_those_of_datasketch() -> None:
    titles = words(600)
    known = signed(titles)
    bands = slice(0, len(titles) * CONFIG.bands)  # the first keys are those of the bands
    keys = Keys(known.keys.key[bands], known.keys.row[bands], known.keys.finer[bands])
    index = MinHashLSH(num_perm=CONFIG.num_perm, params=(CONFIG.bands, CONFIG.rows))
    expected = set()
    for number, text in enumerate(known.rows["text"].to_pylist()):
        sketch = MinHash(CONFIG.num_perm, seed=1, hashfunc=xxhash.xxh32_intdigest)
        sketch.update_batch([text[i : i + 3].encode("utf-32-le") for i in range(len(text) - 2)])
        expected |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    assert len(expected) > 500
    assert pairs_of(buckets([keys], leaders=8, cap=len(keys.key))) == expected
    assert pairs_of(buckets([keys], leaders=8)) <= expected


def test_the_cap_bounds_the_work_and_keeps_what_is_alike() -> None:
    # One template, filled from a few words: many titles share a band by chance.
    draw = random.Random(1)
    makers, colours, things = (
        ["".join(draw.sample("abcdefghijklmnop", k)) for _ in range(m)] for k, m in ((6, 40), (5, 9), (9, 30))
    )
    titles = [
        f"{draw.choice(makers)} universal phone case {draw.choice(colours)} for {draw.choice(things)} new"
        for _ in range(3000)
    ]
    titles += [title + " x" for title in titles[:300]]
    known = signed(titles)
    whole, cut = (buckets([known.keys], leaders=8, cap=cap) for cap in (len(known.keys.key), 16))
    sizes = [np.diff(found.starts).astype(float) for found in (whole, cut)]
    assert (sizes[0] ** 2).sum() > 8 * (sizes[1] ** 2).sum()
    sets = shingles(known.rows["text"])
    alike = {(k, 3000 + k) for k in range(300) if jaccard(sets.values, sets.offsets, k, 3000 + k) >= 0.8}
    before, after = (len(alike & pairs_of(found)) for found in (whole, cut))
    assert after >= 0.97 * before > 0.97 * 0.97 * len(alike)


def test_of_a_large_bucket_each_chunk_begins_with_the_same_rows() -> None:
    n = 3 * CHUNK + 100
    keys = Keys(np.full(n, 8, np.uint64), np.arange(n)[::-1].copy(), np.arange(n, dtype=np.uint32)[::-1].copy() % 7)
    found = buckets([keys], leaders=5)
    chunks = [found.rows[a:b] for a, b in itertools.pairwise(found.starts)]
    assert len(chunks) == 4
    assert max(len(c) for c in chunks) == CHUNK + 5
    assert all(c[:5].tolist() == [0, 1, 2, 3, 4] for c in chunks)
    assert np.array_equal(np.unique(np.concatenate(chunks)), np.arange(n))
    # Those of one seller stand together.
    assert all(len(np.unique(c[5:] % 7)) <= 4 for c in chunks)


def test_buckets_do_not_depend_on_the_order_of_keys() -> None:
    known = signed(words(300, seed=3)).keys
    mixed = np.random.default_rng(0).permutation(len(known.key))
    turned = buckets([Keys(known.key[mixed], known.row[mixed], known.finer[mixed])], leaders=8)
    found = buckets([known], leaders=8)
    assert np.array_equal(found.rows, turned.rows)
    assert np.array_equal(found.starts, turned.starts)


@pytest.mark.parametrize("most", [1, 50, 10_000])
def test_batches_are_the_buckets_in_pieces(most: int) -> None:
    found = buckets([signed(words(200)).keys], leaders=8)
    pieces = list(found.batches(most, np.ones(len(found.rows), np.int64), 1 << 40))
    assert (len(pieces) == 1) is (most == 10_000)
    rows = [rows[batch.rows[a:b]].tolist() for rows, batch in pieces for a, b in itertools.pairwise(batch.starts)]
    assert rows == [found.rows[a:b].tolist() for a, b in itertools.pairwise(found.starts)]
    assert np.concatenate([batch.photo for _, batch in pieces]).tolist() == found.photo.tolist()


def test_batches_hold_no_more_bytes_than_they_may() -> None:
    found = buckets([signed(words(200)).keys], leaders=8)
    size = np.where(found.rows % 7 == 0, 1000, 10)
    pieces = list(found.batches(10_000, size, 4000))
    assert len(pieces) > 5
    for rows, batch in pieces:
        assert np.where(rows[batch.rows] % 7 == 0, 1000, 10).sum() <= 4000 or len(batch.photo) == 1
    assert np.concatenate([rows[batch.rows] for rows, batch in pieces]).tolist() == found.rows.tolist()


def test_of_a_long_title_the_beginning_is_compared_and_the_whole_may_be_equal() -> None:
    title = " ".join(f"velmo{k}" for k in range(20_000))
    rows = signed([title, title + " red", title, "velmo mug"]).rows
    assert rows["text"].to_pylist()[:3] == [title[:LONGEST]] * 3
    assert rows["title"][0] == rows["title"][2] != rows["title"][1]


def test_photos_within_four_bits_always_share_a_key() -> None:
    draw = random.Random(0)
    hashes = []
    for _ in range(150):
        value = draw.getrandbits(64)
        hashes += [value, value ^ sum(1 << bit for bit in draw.sample(range(64), draw.randint(0, 4)))]
    known = signed([""] * len(hashes), [f"{value:016x}" for value in hashes])
    assert (known.keys.key & PHOTO).all()
    near = {
        (i, j) for i, j in itertools.combinations(range(len(hashes)), 2) if (hashes[i] ^ hashes[j]).bit_count() <= 4
    }
    assert len(near) >= 150
    assert near <= pairs_of(buckets([known.keys], leaders=8))
