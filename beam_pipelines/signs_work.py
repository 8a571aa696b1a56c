"""Deduplicate's first step: the signs and keys of a shard's listings, in files that can be mapped into memory."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates.buckets import KEYS, Buckets, Keys, all_keys, buckets
from ..quality.duplicates.candidates import verify
from ..quality.duplicates.copies import hang, originals
from ..quality.duplicates.edges import EDGES, compare
from ..quality.duplicates.own_vetoes import COLUMNS, OwnVetoes
from ..quality.duplicates.signs import SIGNS, signs
from ..quality.duplicates.words import BINS, frequencies, weights, words
from ..quality.noise import hot_photo
from ..schemas.dataset import Dataset
from ..schemas.deduplicate_config import DeduplicateConfig
from ..schemas.filter_config import PlaceholderConfig
from ..schemas.storage import Storage
from .buckets import KeyRange, range_of, read_batches, write_batches
from .shards import ShardOutput, ShardWork

SIGNED_COLUMNS = [*COLUMNS, "phash", "photo_listings", "photo_title_similarity"]
PHOTO_COLUMNS = ["id", "position", "phash256", "colour"]


@dataclass
class SignsWork(ShardWork):
    """Work out signs and keys of a shard, in Arrow files: the keys have a batch for each range."""

    listings: Dataset
    images: Dataset
    folder: Storage
    config: DeduplicateConfig
    limits: PlaceholderConfig
    vetoes: OwnVetoes
    ranges: int  # of keys

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do one shard."""
        batches, found = [], []
        seen, row = np.zeros(BINS, np.uint32), 0
        photos = main_photos(self.images.table(shard, PHOTO_COLUMNS))
        for batch in self.listings.batches(shard):
            known = signs(batch, beside(batch, photos), hot_photo(batch, self.limits), self.config, self.vetoes)
            batches.append(known.rows)
            found.append(known.keys.behind(row))
            seen += frequencies(words(known.rows["text"]))
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

    def compare(self, left: list[str], right: list[str]) -> pa.Table:
        """Compare pairs of listings. m ids x2, the lower one left -> m rows of EDGES."""
        ids = sorted({*left, *right})
        places = {name: row for row, name in enumerate(ids)}
        listings = self.listings.rows(ids, SIGNED_COLUMNS).sort_by("id").combine_chunks().to_batches()[0]
        photos = main_photos(self.images.rows(ids, PHOTO_COLUMNS))
        found = signs(listings, beside(listings, photos), hot_photo(listings, self.limits), self.config, self.vetoes)
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


def main_photos(photos: pa.Table) -> pa.Table:
    """The first photo of each listing."""
    return photos.filter(pc.equal(photos["position"], 0)).combine_chunks()


def beside(listings: pa.RecordBatch, photos: pa.Table) -> pa.RecordBatch:
    """The photo of each listing, row by row; null where there is none."""
    mine = photos.take(pc.index_in(listings["id"], photos["id"].combine_chunks())).combine_chunks()
    return pa.RecordBatch.from_arrays([mine[n].combine_chunks() for n in mine.schema.names], names=mine.schema.names)


@dataclass
class SignsSource:
    """The catalog's keys, and the signs of rows that share one."""

    folder: Storage
    shards: int

    def keys(self, shard: int, span: KeyRange) -> Keys:
        """A batch of the shard's keys."""
        return Keys.of_table(read_batches(self.folder / "_keys" / f"{shard:05d}.arrow", span.number)[0])

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
        return buckets(keys, self.config.leaders)

    def __call__(self, rows: pa.Table, found: Buckets) -> tuple[np.ndarray, pa.Table]:
        """Verify."""
        if self._weights is None:
            self._weights = word_weights(self.rarity)
        left, _, edges = verify(rows, found, self._weights, self.config)
        return left, edges


def copies(folder: Storage, shard: int) -> pa.Table:
    """The edges between copies that stand in one shard."""
    return pa.Table.from_batches(read_batches(folder / "_copies" / f"{shard:05d}.arrow"))
