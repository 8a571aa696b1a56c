"""Deduplicate's first step: the signs and keys of a shard's listings, in files that can be mapped into memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..quality.duplicates.candidates import verify
from ..quality.duplicates.edges import compare
from ..quality.duplicates.own_vetoes import COLUMNS, OwnVetoes
from ..quality.duplicates.signs import SIGNS, signs
from ..quality.duplicates.words import BINS, frequencies, weights, words
from ..quality.noise import hot_photo
from ..schemas.dataset import Dataset, shard_of
from ..schemas.deduplicate_config import DeduplicateConfig
from ..schemas.filter_config import PlaceholderConfig
from ..schemas.storage import Storage
from .shards import ShardOutput, ShardWork

SIGNED_COLUMNS = [*COLUMNS, "phash", "photo_listings",
                  "photo_title_similarity"]  # fmt: skip
PHOTO_COLUMNS = ["id", "position", "phash256", "colour"]


@dataclass
class SignsWork(ShardWork):
    """Work out signs and keys of a shard; both are written as Arrow files, the keys sorted."""

    listings: Dataset
    images: Dataset
    folder: Storage
    config: DeduplicateConfig
    limits: PlaceholderConfig
    vetoes: OwnVetoes

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do one shard."""
        batches, keys, owners = [], [], []
        seen, row = np.zeros(BINS, np.uint32), 0
        photos = main_photos(self.images.table(shard, PHOTO_COLUMNS))
        for batch in self.listings.batches(shard):
            found = signs(batch, beside(batch, photos), hot_photo(batch, self.limits), self.config, self.vetoes)
            batches.append(found.rows)
            keys.append(found.keys)
            owners.append(found.owners + row)
            seen += frequencies(words(found.rows["text"]))
            row += batch.num_rows
        output.count("in", row)
        key, owner = np.concatenate(keys), np.concatenate(owners)
        order = np.lexsort((owner, key))
        _write(self.folder / "_signs" / f"{shard:05d}.arrow", pa.Table.from_batches(batches, SIGNS))
        _write(self.folder / "_keys" / f"{shard:05d}.arrow", pa.table({"key": key[order], "row": owner[order]}))
        some = np.flatnonzero(seen)
        _write(self.folder / "_words" / f"{shard:05d}.arrow", pa.table({"bin": some, "rows": seen[some]}))


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
        table = _read(folder / "_words" / f"{shard:05d}.arrow")
        seen[np.asarray(table["bin"])] += np.asarray(table["rows"])
    some = np.flatnonzero(seen)
    table = pa.table({"bin": some, "rows": seen[some]})
    _write(target, table.replace_schema_metadata({"listings": str(rows)}))


def word_weights(source: Storage) -> np.ndarray:
    """The weights of words over the whole catalog. [float32 (BINS,)]"""
    table = _read(source)
    seen = np.zeros(BINS, np.uint32)
    seen[np.asarray(table["bin"])] = np.asarray(table["rows"])
    return weights(seen, int(table.schema.metadata[b"listings"]))


def main_photos(photos: pa.Table) -> pa.Table:
    """The first photo of each listing."""
    return photos.filter(pc.equal(photos["position"], 0)).combine_chunks()


def beside(listings: pa.RecordBatch, photos: pa.Table) -> pa.RecordBatch:
    """The photo of each listing, row by row; null where there is none."""
    mine = photos.take(pc.index_in(listings["id"], photos["id"].combine_chunks())).combine_chunks()
    return pa.RecordBatch.from_arrays([mine[n].combine_chunks() for n in mine.schema.names], names=mine.schema.names)


def _write(target: Storage, table: pa.Table) -> None:
    with (
        target.replacing() as path,
        target.arrow.open_output_stream(path) as sink,
        pa.ipc.new_file(sink, table.schema) as file,
    ):
        file.write_table(table)


def _read(source: Storage) -> pa.Table:
    # Mapped, not read: a pass touches only the pages that it needs, and workers share them.
    opened = pa.memory_map(source.path) if source.is_local else pa.BufferReader(source.read_bytes())
    with pa.ipc.open_file(opened) as file:
        return file.read_all()


@dataclass
class SignsSource:
    """The catalog's keys, and the signs of rows that share one."""

    folder: Storage
    shards: int

    def keys(self, shard: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
        """A slice of the sorted keys."""
        table = _read(self.folder / "_keys" / f"{shard:05d}.arrow").combine_chunks()
        key, row = np.asarray(table["key"]), np.asarray(table["row"])
        first = int(np.searchsorted(key, np.uint64(low)))
        last = int(np.searchsorted(key, np.uint64(high - 1), side="right"))
        return key[first:last], row[first:last]

    def payload(self, shard: int, rows: np.ndarray) -> pa.RecordBatch:
        """The signs of these rows."""
        table = _read(self.folder / "_signs" / f"{shard:05d}.arrow").take(pa.array(rows)).combine_chunks()
        return table.to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], schema=SIGNS)


@dataclass
class VerifyBuckets:
    """Buckets of signs -> verified edges, each in the shard of its left listing."""

    config: DeduplicateConfig
    shards: int
    rarity: Storage  # what `gather_words` wrote

    def __call__(self, buckets: pa.Table) -> pa.RecordBatch:
        """Verify, and say where each edge belongs."""
        edges = verify(buckets, word_weights(self.rarity), self.config)
        return edges.append_column("shard", pa.array(shard_of(edges["left_id"], self.shards).astype(np.int32)))
