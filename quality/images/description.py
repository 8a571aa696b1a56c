"""Describe decoded photos by hashes and colours, many at a time; hash files without keeping a picture of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from ...schemas.config import HashPath
from .decode import Photo, UnreadablePhotoError, decode
from .hashes import information, phash, to_hex

COLUMNS = ("width", "height", "phash", "phash256", "colour", "information", "error")
AT_A_TIME = 512
DESCRIBED_AT_ONCE = 32  # 1 MB of numbers to transform: what the cache holds


def describe(photos: Sequence[Photo]) -> list[dict[str, Any]]:
    """Give width, height, phash, phash256, colour and information of each photo, as the images dataset has them."""
    found: list[dict[str, Any]] = []
    for first in range(0, len(photos), DESCRIBED_AT_ONCE):
        some = photos[first : first + DESCRIBED_AT_ONCE]
        short = to_hex(phash(np.stack([photo.gray32 for photo in some])))
        long = to_hex(phash(np.stack([photo.gray64 for photo in some])))
        entropy = information(np.stack([photo.rgb32 for photo in some])).tolist()
        found += [
            {"width": photo.width, "height": photo.height, "phash": bits64, "phash256": bits256,
             "colour": photo.rgb8.tobytes(), "information": bits}
            for photo, bits64, bits256, bits in zip(some, short, long, entropy, strict=True)
        ]  # fmt: skip
    return found


def hash_photos(
    files: Iterable[bytes | None], hash_path: HashPath = "fast", max_megapixels: float = 64
) -> pd.DataFrame:
    """Hash photos, without keeping them.

    Args:
        files: The bytes of each; None where there is no photo.
        hash_path: "fast", or "exact" for the hash that imagehash gives.
        max_megapixels: A larger photo is not decoded.

    Returns:
        One row a file: width, height, phash (16 hex digits), phash256 (64), colour (8 x 8 RGB means, 192 bytes),
        information, and error, which says why a photo does not decode; the others are null there.
    """
    remaining = iter(files)
    rows: list[dict[str, Any]] = []
    # File by file: several hundred at once would fill the memory.
    while looked := [_looked(data, hash_path, max_megapixels) for data in islice(remaining, AT_A_TIME)]:
        described = iter(describe([photo for photo in looked if isinstance(photo, Photo)]))
        rows += [{"error": found} if isinstance(found, str) else next(described) for found in looked]
    return pd.DataFrame({name: [row.get(name) for row in rows] for name in COLUMNS})


def _looked(data: bytes | None, hash_path: HashPath, max_megapixels: float) -> Photo | str:
    try:
        return decode(data or b"", None, max_megapixels=max_megapixels, hash_path=hash_path)
    except UnreadablePhotoError as error:
        return str(error)
