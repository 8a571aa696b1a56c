"""Which listings a model learns from and which judge it: whole families, never cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import xxhash

GIVEN = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test", "holdout": "test",
}  # fmt: skip


def group_hash(groups: pa.Array, seed: int) -> np.ndarray:
    """Hash families with a seed: their order in training. [uint64 (n,)]"""
    return np.array([xxhash.xxh64_intdigest(g.encode(), seed) for g in groups.to_pylist()], np.uint64)


def split_of(groups: pa.Array, given: pa.Array, val_share: float, seed: int) -> list[str]:
    """Say for each listing: train, val or test.

    What the source gives wins; a family without it goes to val as a whole, with probability `val_share`.

    >>> split_of(pa.array(["a", "a", "b"]), pa.array([None, None, "Test"]), 0.0, seed=0)
    ['train', 'train', 'test']
    """
    # Another seed than the order's: else val would be the families that come first.
    drawn = group_hash(groups, seed + 1).astype(np.float64) / 2.0**64 < val_share
    named = [GIVEN.get((g or "").strip().casefold()) for g in given.to_pylist()]
    return [own or ("val" if val else "train") for own, val in zip(named, drawn.tolist(), strict=True)]
