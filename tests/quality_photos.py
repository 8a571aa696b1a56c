"""Photos that tests draw: a few shapes, saved in any format."""

from __future__ import annotations

import io

import numpy as np
from eclip.quality.images.decode import Photo
from eclip.quality.images.hashes import phash
from PIL import Image, ImageDraw


def picture(width: int = 120, height: int = 80, seed: int = 0) -> Image.Image:
    """A few coloured shapes on white."""
    draw = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = draw.integers(0, width), draw.integers(0, height)
        pen.ellipse(
            [x, y, x + draw.integers(8, 60), y + draw.integers(8, 60)], fill=tuple(draw.integers(0, 255, 3).tolist())
        )
    return image


def bits(photo: Photo) -> np.ndarray:
    """The 64-bit hash, packed. [uint8 (1, 8)]"""
    return np.packbits(phash(photo.gray32[None]), axis=1)


def saved(image: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **more)
    return sink.getvalue()
