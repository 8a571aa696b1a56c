"""What a head sees of a product: its image vector, its text vector, and which of the two are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

MODALITIES = ("image", "text", "both")


@dataclass(frozen=True)
class Vectors:
    """Hold the embeddings of n products, of dimension d."""

    image: np.ndarray  # float, (n, d)
    text: np.ndarray  # float, (n, d)
    fused: np.ndarray  # float, (n, d)
    has_image: np.ndarray  # bool, (n,)
    has_text: np.ndarray  # bool, (n,)

    def __len__(self) -> int:
        return len(self.has_image)

    @classmethod
    def of(cls, rows: pa.RecordBatch | pa.Table) -> Vectors:
        """Take the columns of the embeddings contract."""
        vectors = [_matrix(rows.column(name)) for name in ("image", "text", "fused")]
        flags = [np.asarray(rows.column(name)).astype(bool) for name in ("has_image", "has_text")]
        return cls(*vectors, *flags)

    def take(self, rows: np.ndarray) -> Vectors:
        """Choose rows by number or mask."""
        return Vectors(self.image[rows], self.text[rows], self.fused[rows], self.has_image[rows], self.has_text[rows])

    def only(self, modality: str) -> Vectors:
        """Hide what is not of a modality, as if the products had never had it."""
        if modality == "both":
            return self
        image = modality == "image"
        has_image, has_text = self.has_image & image, self.has_text & (not image)
        return Vectors(self.image, self.text, self.image if image else self.text, has_image, has_text)

    def complete(self, modality: str) -> np.ndarray:
        """Say which products have all that a modality needs. [bool of shape (n,)]"""
        if modality == "both":
            return np.asarray(self.has_image & self.has_text)
        return self.has_image if modality == "image" else self.has_text

    def inputs(self) -> np.ndarray:
        """Give [image | text | has_image | has_text], float32 of shape (n, 2d + 2), zeros where absent.

        Vectors of length 1 are scaled by the root of their dimension, so that one penalty suits every
        dimension.
        """
        scale = np.float32(np.sqrt(self.image.shape[1]))
        image = np.where(self.has_image[:, None], self.image, 0).astype(np.float32) * scale
        text = np.where(self.has_text[:, None], self.text, 0).astype(np.float32) * scale
        return np.concatenate([image, text, self.has_image[:, None], self.has_text[:, None]], axis=1, dtype=np.float32)


def modality_copies(vectors: Vectors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Show each product three times, with both, its image alone and its text alone, as far as it has them.

    So one head serves all three (modality dropout: Neverova et al., TPAMI 2016, with every case in every
    epoch).

    Returns:
        Inputs, float32 of shape (m, 2d + 2); the product of each, int64 of shape (m,); and weights, float64
        of shape (m,), that sum to 1 for each product.
    """
    both = vectors.complete("both")
    parts = [
        (vectors, both),
        (vectors.only("image"), vectors.has_image),
        (vectors.only("text"), vectors.has_text),
    ]
    rows = np.concatenate([np.flatnonzero(mask) for _, mask in parts])
    inputs = np.concatenate([part.take(mask).inputs() for part, mask in parts])
    return inputs, rows, 1.0 / np.bincount(rows, minlength=len(vectors))[rows]


def _matrix(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    return np.asarray(array.flatten()).reshape(len(array), array.type.list_size)
