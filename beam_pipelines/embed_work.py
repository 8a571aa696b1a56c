"""What embed does to a shard: photos and titles through the model, equal ones once, unchanged ones not again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import xxhash

from ..schemas.dataset import Dataset
from ..schemas.listing import REJECTED, Contract
from ..schemas.prediction import embeddings
from ..schemas.rejection import rejected
from ..schemas.storage import Storage
from .main_photos import MainPhotos
from .model_cache import fetched
from .shards import ShardOutput, ShardWork

if TYPE_CHECKING:
    from ..models.encoder import Encoder

ROWS_AT_A_TIME = 512
ROUNDING = 0.01  # of the length of a vector in half precision
COSINES = 256  # rows of a shard whose mean cosine stands for how spread the vectors are


@dataclass
class EmbedWork(ShardWork):
    """Embed a shard's listings; `encoder` is set by whoever loads the model."""

    listings: Dataset
    images: Dataset
    model: Storage
    batch: int
    dimension: int
    previous: Dataset | None = None
    encoder: Encoder | None = field(default=None, repr=False)
    contracts: Mapping[str, Contract] = field(init=False)

    def __post_init__(self) -> None:
        self.contracts = {"embeddings": embeddings(self.dimension), "rejected": REJECTED}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "encoder": None}

    def setup(self) -> None:
        """Load the model, once for each worker."""
        from ..models.encoder import Encoder

        self.encoder = Encoder.load(fetched(self.model), self.batch)

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Stream a shard; vectors of equal photos and titles, and of unchanged rows, are made once."""
        photos = MainPhotos(self.images, shard)
        image, text = Vectors(self.dimension), Vectors(self.dimension)
        if self.previous is not None:
            image.remember(self.previous, shard, "image_sha", "image", "has_image")
            text.remember(self.previous, shard, "text_hash", "text", "has_text")
        sample: list[pa.Array] = []
        assert self.encoder is not None
        for batch in self.listings.batches(shard, rows=ROWS_AT_A_TIME):
            output.count("in", batch.num_rows)
            jpegs = photos.take(batch["id"].to_pylist())
            titles = [t or "" for t in batch["title"].to_pylist()]
            shas = [s if j is not None else None for s, j in zip(batch["image_sha"].to_pylist(), jpegs, strict=True)]
            hashes = [xxhash.xxh3_128_hexdigest(t.encode()) if t else None for t in titles]
            images = image.of(shas, jpegs, self.encoder.images)
            texts = text.of(hashes, titles, self.encoder.texts)
            kept, lost = self._rows(batch, images, texts, shas, hashes)
            output.write("embeddings", kept)
            output.write("rejected", lost)
            output.count("off_length", off_length(kept["fused"]))
            output.count("not_finite", sum(not_finite(kept[name]) for name in ("image", "text", "fused")))
            output.count("with_image", int(sum(s is not None for s in shas)))
            output.count("with_text", int(sum(h is not None for h in hashes)))
            sample.append(kept["fused"][: max(0, COSINES - sum(len(s) for s in sample))])
        output.count("encoded_photos", image.made)
        output.count("encoded_titles", text.made)
        _note_spread(output, sample, self.dimension)

    def _rows(
        self,
        batch: pa.RecordBatch,
        images: np.ndarray,
        texts: np.ndarray,
        shas: list[str | None],
        hashes: list[str | None],
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        from ..models.encoder import fuse

        has_image, has_text = (np.array([k is not None for k in keys], bool) for keys in (shas, hashes))
        columns = [
            batch["id"], vectors(images), vectors(texts), vectors(fuse(images, texts, has_image, has_text)),
            pa.array(has_image), pa.array(has_text), pa.array(shas, pa.string()), pa.array(hashes, pa.string()),
        ]  # fmt: skip
        rows = pa.RecordBatch.from_arrays(columns, schema=self.contracts["embeddings"].schema)
        nothing = ~(has_image | has_text)
        details = ["neither a photo that decodes nor a title"] * batch.num_rows
        lost = rejected(batch, "embed", ["nothing_to_embed"], nothing[:, None], [details])
        return rows.filter(pa.array(~nothing)), lost


class Vectors:
    """Vectors by the hash of what they were made from; each is made once."""

    def __init__(self, dimension: int) -> None:
        self.known: dict[str, np.ndarray] = {}
        self.nothing = np.zeros(dimension, np.float32)
        self.made = 0

    def remember(self, previous: Dataset, shard: int, key: str, column: str, present: str) -> None:
        """Take over what an earlier attempt made with the same model."""
        for batch in previous.batches(shard, [key, column, present]):
            rows = matrix(batch[column])
            for row, (name, there) in enumerate(zip(batch[key].to_pylist(), batch[present].to_pylist(), strict=True)):
                if there and name is not None:
                    self.known[name] = rows[row]

    def of(
        self, keys: Sequence[str | None], items: Sequence[Any], make: Callable[[list[Any]], np.ndarray]
    ) -> np.ndarray:
        """Give a vector for each key, zeros for None; `make` gets the items of keys not known yet. [float32 (n, d)]"""
        fresh = {key: row for row, key in reversed(list(enumerate(keys))) if key is not None and key not in self.known}
        if fresh:
            rows = sorted(fresh.values())
            # Rounded as they are kept, so that a copied vector and one made anew are fused alike.
            found = make([items[row] for row in rows]).astype(np.float16).astype(np.float32)
            self.known |= {str(keys[row]): vector for row, vector in zip(rows, found, strict=True)}
            self.made += len(rows)
        held = [self.known[key] if key is not None else self.nothing for key in keys]
        return np.stack(held) if held else np.zeros((0, len(self.nothing)), np.float32)


def vectors(rows: np.ndarray) -> pa.Array:
    """Make a column of fixed-size lists. [(n, d)] -> float16 lists, never null"""
    element = pa.field("element", pa.float16(), nullable=False)
    return pa.FixedSizeListArray.from_arrays(
        pa.array(rows.astype(np.float16).ravel()), type=pa.list_(element, rows.shape[1])
    )


def matrix(column: pa.Array) -> np.ndarray:
    """Read a column of fixed-size lists. -> [float32 (n, d)]"""
    values = np.asarray(column.flatten()).astype(np.float32)
    return np.asarray(values.reshape(len(column), column.type.list_size))


def off_length(column: pa.Array) -> int:
    """Count vectors that are not of length 1, within what half precision rounds; NaN is none."""
    lengths = np.linalg.norm(matrix(column), axis=1)
    return int((~(np.abs(lengths - 1) <= ROUNDING)).sum())


def not_finite(column: pa.Array) -> int:
    """Count vectors with a NaN or an infinite number in them."""
    return int((~np.isfinite(matrix(column)).all(axis=1)).sum())


def _note_spread(output: ShardOutput, sample: list[pa.Array], dimension: int) -> None:
    """Count what the gate asks of the vectors, in whole millionths so that shards add up."""
    fused = np.concatenate([matrix(s) for s in sample]) if sample else np.zeros((0, dimension), np.float32)
    fused = fused[np.isfinite(fused).all(axis=1)]
    if len(fused) > 1:
        cosines = fused @ fused.T
        mean = (cosines.sum() - np.trace(cosines)) / (len(fused) * (len(fused) - 1))
        output.count("cosine_millionths", round(float(mean) * 1e6) * len(fused))
        output.count("cosine_rows", len(fused))
