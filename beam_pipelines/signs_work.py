"""Deduplicate's first step: the signs and keys of a shard's listings, in files that can be mapped into memory."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates.buckets import Buckets, buckets
from ..quality.duplicates.candidates import verify
from ..quality.duplicates.copies import hang, originals
from ..quality.duplicates.edges import EDGES, compare
from ..quality.duplicates.keys import KEYS, Keys, all_keys
from ..quality.duplicates.own_vetoes import COLUMNS, OwnVetoes
from ..quality.duplicates.photo_signs import MOST, PHOTO_COLUMNS, hash_numbers
from ..quality.duplicates.signs import SIGNS, signs
from ..quality.duplicates.words import BINS, frequencies, weights
from ..quality.noise import hot_hashes, hot_photo
from ..schemas.dataset import Dataset
from ..schemas.deduplicate_config import DeduplicateConfig
from ..schemas.filter_config import PlaceholderConfig
from ..schemas.storage import Storage
from .buckets import KeyRange, range_of, read_batches, results, write_batches
from .shards import ShardOutput, ShardWork

SIGNED_COLUMNS = [*COLUMNS, "price", "phash", "photo_listings", "photo_title_similarity"]


@dataclass
class SignsWork(ShardWork):
    """Work out signs and keys of a shard, in Arrow files: the keys have a batch for each range."""

    listings: Dataset
    images: Dataset
    folder: Storage
    config: DeduplicateConfig
    limits: PlaceholderConfig
    vetoes: OwnVetoes
    hot: Storage  # what `gather_hot` wrote
    ranges: int  # of keys

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do one shard."""
        batches, found = [], []
        seen, row = np.zeros(BINS, np.uint32), 0
        photos, shared = compared_photos(self.images, shard), hot_photos(self.hot)
        for batch in self.listings.batches(shard):
            hot = np.union1d(shared, hot_main_photos(batch, self.limits))
            known = signs(batch, beside(batch, photos), hot, self.config, self.vetoes)
            batches.append(known.rows)
            found.append(known.keys.behind(row))
            seen += frequencies(known.words)
            row += batch.num_rows
        output.count("in", row)
        rows = pa.Table.from_batches(batches, SIGNS).combine_chunks()
        original = originals(np.asarray(rows["content"]))
        write_batches(self.folder / "_signs" / f"{shard:05d}.arrow", [rows], SIGNS)
        write_batches(
            self.folder / "_copies" / f"{shard:05d}.arrow", [hang(rows, original, self.config.vetoes)[2]], EDGES
        )
        keys = all_keys(found).of(original == np.arange(len(original)))
        number = range_of(keys.key, self.ranges).astype(np.uint16)
        order = np.argsort(number, kind="stable")
        bounds = np.searchsorted(number[order], np.arange(self.ranges + 1)).tolist()
        parts = (keys.table(order[first:last]) for first, last in itertools.pairwise(bounds))
        write_batches(self.folder / "_keys" / f"{shard:05d}.arrow", parts, KEYS)
        some = np.flatnonzero(seen)
        counts = pa.table({"bin": some, "rows": seen[some]})
        write_batches(self.folder / "_words" / f"{shard:05d}.arrow", [counts], counts.schema)


@dataclass
class SignsLookup:
    """The signs of some listings, worked out again when they are asked for: keeping all takes 500 bytes a listing."""

    listings: Dataset
    images: Dataset
    config: DeduplicateConfig
    limits: PlaceholderConfig
    vetoes: OwnVetoes
    rarity: Storage  # what `gather_words` wrote
    hot: Storage  # what `gather_hot` wrote

    def compare(self, left: list[str], right: list[str]) -> pa.Table:
        """Compare pairs of listings. m ids x2, the lower one left -> m rows of EDGES."""
        ids = sorted({*left, *right})
        places = {name: row for row, name in enumerate(ids)}
        listings = self.listings.rows(ids, SIGNED_COLUMNS).sort_by("id").combine_chunks().to_batches()[0]
        photos = self.images.rows(ids, PHOTO_COLUMNS).to_struct_array().combine_chunks()
        photos = few(pa.RecordBatch.from_struct_array(photos))
        hot = np.union1d(hot_photos(self.hot), hot_main_photos(listings, self.limits))
        found = signs(listings, photos, hot, self.config, self.vetoes)
        one, other = (np.array([places[name] for name in names], np.int64) for names in (left, right))
        return compare(
            pa.Table.from_batches([found.rows]), one, other, word_weights(self.rarity), vetoes=self.config.vetoes
        )


def gather_words(folder: Storage, shards: int, rows: int, target: Storage) -> None:
    """Add up how many listings of all shards hold a word, by its bin; `rows` is their number."""
    seen = np.zeros(BINS, np.uint32)
    for shard in range(shards):
        (counts,) = read_batches(folder / "_words" / f"{shard:05d}.arrow")
        seen[np.asarray(counts["bin"])] += np.asarray(counts["rows"])
    some = np.flatnonzero(seen)
    table = pa.table({"bin": some, "rows": seen[some]}).replace_schema_metadata({"listings": str(rows)})
    write_batches(target, [table], table.schema)


def word_weights(source: Storage) -> np.ndarray:
    """The weights of words over the whole catalog. [float32 (BINS,)]"""
    (counts,) = read_batches(source)
    seen = np.zeros(BINS, np.uint32)
    seen[np.asarray(counts["bin"])] = np.asarray(counts["rows"])
    return weights(seen, int(counts.schema.metadata[b"listings"]))


def gather_hot(counted: Storage | None, limits: PlaceholderConfig, target: Storage) -> None:
    """Note which photos many unlike listings show at any place, as counted; where none was, for there is but one place,
    the scores of the listings say it of their main photos.
    """
    hashes = [hot_hashes(table, limits) for table in results(counted)] if counted is not None else []
    table = pa.table({"phash": np.concatenate([np.zeros(0, np.uint64), *hashes])})
    write_batches(target, [table], table.schema)


def hot_photos(source: Storage) -> np.ndarray:
    """The 64-bit hashes of hot photos that were counted at any place. [uint64 (h,)]"""
    return np.asarray(read_batches(source)[0]["phash"])


def hot_main_photos(listings: pa.RecordBatch, limits: PlaceholderConfig) -> np.ndarray:
    """The 64-bit hashes of main photos that are hot by the listings' scores. [uint64 (h,)]"""
    return hash_numbers(listings["phash"].filter(pa.array(hot_photo(listings, limits))))


def compared_photos(images: Dataset, shard: int) -> pa.RecordBatch:
    """The first photos of each listing of a shard."""
    return pa.concat_batches([few(batch) for batch in images.batches(shard, PHOTO_COLUMNS)])


def few(photos: pa.RecordBatch) -> pa.RecordBatch:
    """The first MOST photos of each listing."""
    return photos.filter(pc.less(photos["position"], MOST))


def beside(listings: pa.RecordBatch, photos: pa.RecordBatch) -> pa.RecordBatch:
    """The photos of some listings that follow each other; both are sorted by id."""
    if not listings.num_rows:
        return photos.slice(0, 0)
    ids, last = photos["id"], listings.num_rows - 1
    begin = bisect_left(range(len(ids)), listings["id"][0].as_py(), key=lambda k: ids[k].as_py())
    end = bisect_right(range(len(ids)), listings["id"][last].as_py(), key=lambda k: ids[k].as_py())
    return photos.slice(begin, end - begin)


@dataclass
class SignsSource:
    """The catalog's keys, and the signs of rows that share one."""

    folder: Storage
    shards: int

    def keys(self, shard: int, span: KeyRange) -> Keys:
        """A batch of the shard's keys."""
        return Keys.of_table(read_batches(self.folder / "_keys" / f"{shard:05d}.arrow", span.number)[0])

    def sizes(self, shard: int, rows: np.ndarray) -> np.ndarray:
        """The bytes of what is longer the longer a listing is."""
        (signs,) = read_batches(self.folder / "_signs" / f"{shard:05d}.arrow")
        lengths = (pc.binary_length(signs["text"]), *(pc.list_value_length(signs[n]) for n in ("features", "photos")))
        text, features, photos = (np.asarray(pc.fill_null(length, 0))[rows].astype(np.int64) for length in lengths)
        return np.asarray(text + 8 * features + 240 * photos)

    def payload(self, shard: int, rows: np.ndarray) -> pa.Table:
        """The signs of these rows."""
        (signs,) = read_batches(self.folder / "_signs" / f"{shard:05d}.arrow")
        return pa.Table.from_batches([signs.take(pa.array(rows))])


@dataclass
class VerifyBuckets:
    """Buckets of signs -> verified edges, each in the shard of its left listing."""

    config: DeduplicateConfig
    rarity: Storage  # what `gather_words` wrote
    _weights: np.ndarray | None = field(default=None, init=False, repr=False)

    def buckets(self, keys: Keys) -> Buckets:
        """Cut those that are too large."""
        return buckets([keys], self.config.leaders)

    def __call__(self, rows: pa.Table, found: Buckets) -> tuple[np.ndarray, pa.Table]:
        """Verify."""
        if self._weights is None:
            self._weights = word_weights(self.rarity)
        left, _, edges = verify(rows, found, self._weights, self.config)
        return left, edges


def copies(folder: Storage, shard: int) -> pa.Table:
    """The edges between copies that stand in one shard."""
    return pa.Table.from_batches(read_batches(folder / "_copies" / f"{shard:05d}.arrow"))
