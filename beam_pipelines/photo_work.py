"""Ingest's third step: sorted listings of a shard -> listings with photo columns, and images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ..quality.images.decode import UnreadablePhotoError, decode
from ..quality.images.description import describe
from ..schemas.dataset import Dataset, slices
from ..schemas.listing import IMAGES, LISTINGS, REJECTED
from .photos import Missing, PhotoSource
from .shards import ShardOutput, ShardWork

LISTINGS_AT_A_TIME = 128
FEATURES = ("width", "height", "phash", "phash256", "colour", "information", "jpeg", "error")


@dataclass
class PhotoWork(ShardWork):
    """Fetch, decode and hash the photos of a shard; what the previous attempt saw with equal bytes is copied."""

    listings: Dataset
    rejected: Dataset
    photos: PhotoSource
    previous: Dataset | None = None
    contracts = {"listings": LISTINGS, "images": IMAGES, "rejected": REJECTED}

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do one shard; rejected rows pass through."""
        known = Known(self.previous, shard)
        for batch in self.listings.batches(shard):
            # Photos fill memory, titles do not: a batch without photos stays whole.
            rows = LISTINGS_AT_A_TIME if len(batch["photos"].flatten()) else batch.num_rows or 1
            for piece in slices(batch, rows):
                images = self._images(piece, known, output)
                output.write("images", images)
                output.write("listings", _with_main_photo(piece, images))
        for batch in self.rejected.batches(shard):
            output.write("rejected", batch)

    def _images(self, batch: pa.RecordBatch, known: Known, output: ShardOutput) -> pa.RecordBatch:
        rows: list[dict[str, Any]] = []
        ids = batch["id"].to_pylist()
        wanted = [
            (i, photo) for i, photos in zip(ids, batch["photos"].to_pylist(), strict=True) for photo in photos or []
        ]
        fetched = iter(self.photos.fetch([p["reference"] for _, p in wanted if p["bytes"] is None]))
        for listing, photo in wanted:
            data = photo["bytes"] if photo["bytes"] is not None else next(fetched)
            row = {"id": listing, "reference": photo["reference"]}
            if isinstance(data, Missing):
                rows.append({**row, "error": data.reason})
                continue
            row["image_sha"] = hashlib.sha256(data).hexdigest()[:32]
            seen = known.find(listing, row["image_sha"])
            output.count("photos_copied" if seen else "photos_decoded")
            rows.append({**row, **(seen or self._decode(data))})
        _describe(rows)
        return pa.RecordBatch.from_pylist(_positions(rows), schema=IMAGES.schema)

    def _decode(self, data: bytes) -> dict[str, Any]:
        config = self.photos.config
        try:
            photo = decode(data, config.max_side, config.quality, config.max_megapixels, config.hash)
        except UnreadablePhotoError as error:
            return {"error": str(error)}
        return {"jpeg": photo.jpeg, "decoded": photo}


def _describe(rows: list[dict[str, Any]]) -> None:
    """Describe the photos decoded just now, all at once."""
    fresh = [row for row in rows if "decoded" in row]
    for row, found in zip(fresh, describe([row.pop("decoded") for row in fresh]), strict=True):
        row.update(found)


def _positions(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number each listing's photos: the first that decodes is 0, the others follow in the order given."""
    listings: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        listings.setdefault(row["id"], []).append(row)
    for photos in listings.values():
        main = next((k for k, photo in enumerate(photos) if photo.get("error") is None), 0)
        photos.insert(0, photos.pop(main))
        for position, photo in enumerate(photos):
            photo["position"] = position
    return [photo for photos in listings.values() for photo in photos]


def _with_main_photo(batch: pa.RecordBatch, images: pa.RecordBatch) -> pa.RecordBatch:
    """Put the main photo's columns beside the listings; a phash that the source gave stays where no photo gives one."""
    names = ["id", "position", "reference", "image_sha", "width", "height", "phash", "information", "error"]
    main = {row["id"]: row for row in images.select(names).to_pylist() if row["position"] == 0}
    found = [main.get(i, {}) for i in batch["id"].to_pylist()]
    given = batch["phash"].to_pylist()
    columns = {
        "image": [f.get("reference") for f in found],
        "photo_count": [len(photos or []) for photos in batch["photos"].to_pylist()],
        "image_sha": [f.get("image_sha") for f in found],
        "width": [f.get("width") for f in found],
        "height": [f.get("height") for f in found],
        "phash": [f.get("phash") or own for f, own in zip(found, given, strict=True)],
        "information": [f.get("information") for f in found],
        "image_error": [f.get("error") for f in found],
    }
    kept = [name for name in batch.schema.names if name != "photos" and name not in columns]
    arrays = [batch.column(n) for n in kept] + [pa.array(v, LISTINGS.schema.field(n).type) for n, v in columns.items()]
    return LISTINGS.conform(pa.RecordBatch.from_arrays(arrays, names=[*kept, *columns]))


@dataclass
class Known:
    """What the previous attempt knows of a shard's photos; read along, since both are sorted by id."""

    dataset: Dataset | None
    shard: int
    _rows: Iterator[dict[str, Any]] = field(init=False)
    _next: dict[str, Any] | None = field(init=False)
    _held: tuple[str, dict[str, dict[str, Any]]] = field(default=("", {}), init=False)

    def __post_init__(self) -> None:
        self._rows = self._read()
        self._next = next(self._rows, None)

    def _read(self) -> Iterator[dict[str, Any]]:
        if self.dataset is not None:
            for batch in self.dataset.batches(self.shard, rows=LISTINGS_AT_A_TIME):
                yield from batch.to_pylist()

    def find(self, listing: str, image_sha: str) -> dict[str, Any] | None:
        """Features of a photo that this listing had with these bytes; call with ids in falling order never."""
        if self._held[0] != listing:
            while self._next is not None and self._next["id"] < listing:
                self._next = next(self._rows, None)
            photos: dict[str, dict[str, Any]] = {}
            while self._next is not None and self._next["id"] == listing:
                photos[self._next["image_sha"]] = {name: self._next[name] for name in FEATURES}
                self._next = next(self._rows, None)
            self._held = (listing, photos)
        return self._held[1].get(image_sha)
