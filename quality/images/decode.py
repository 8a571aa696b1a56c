"""Decode one photo: turned as its EXIF says, downscaled once, with the small pictures that features are made from.

Photos come from strangers: only the formats that shops use are opened, the number of pixels is checked before one is
decoded, and whatever a decoder raises on their bytes becomes one error.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, UnidentifiedImageError

from ...schemas.config import HashPath
from .head import Head, jpeg_head
from .metadata import without_metadata
from .pixels import LYING, orientation, pixels_of, scale_of, turned
from .resample import EIGHTHS, shrink, small_pictures

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP")
MOST_SCANS = 500  # of a progressive JPEG; each is a pass over all pixels, in as little as ten bytes
FAST_SIDE = 128  # pixels that the shorter side keeps on the fast path: twice what the larger hash is made from


class UnreadablePhotoError(ValueError):
    """Say why a photo does not decode, in a few words."""


@dataclass(frozen=True)
class Photo:
    """A decoded photo and its small pictures."""

    jpeg: bytes | None  # at most `max_side` pixels on the longer side; None where none was asked for
    width: int  # of the source, after the EXIF turn
    height: int
    gray32: np.ndarray  # [uint8 (32, 32)] what a 64-bit perceptual hash is made from
    gray64: np.ndarray  # [uint8 (64, 64)] the same for 256 bits
    rgb8: np.ndarray  # [uint8 (8, 8, 3)] mean colours
    rgb32: np.ndarray  # [uint8 (32, 32, 3)]


def open_image(data: bytes) -> Image.Image:
    """Open a photo of a format that shops use; no pixel is decoded yet.

    Raises:
        Exception: the bytes are no such photo; Pillow's plugins raise nearly anything on a broken file.
    """
    return Image.open(io.BytesIO(data), formats=_known_formats())


@cache
def _known_formats() -> tuple[str, ...]:
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)  # AVIF: from Pillow 11.3 on


def decode(
    data: bytes,
    max_side: int | None = 512,
    quality: int = 90,
    max_megapixels: float = 64,
    hash_path: HashPath = "fast",
) -> Photo:
    """Decode a photo of one of FORMATS; of an animation the first frame.

    Args:
        data: The file's bytes.
        max_side: Pixels of the longer side of the JPEG that is kept; None: none is, which is quicker.
        quality: Of that JPEG, 1 to 100. A small upright RGB JPEG is kept byte by byte, without its metadata.
        max_megapixels: A larger photo is not decoded.
        hash_path: "fast": of a JPEG only as many pixels are decoded as the small pictures, and the JPEG that is kept,
            need. "exact": the small pictures are made from all pixels, and `phash` is bit for bit that of imagehash.

    Raises:
        UnreadablePhotoError: it is empty, too large, broken off or no image.
    """
    if not data:
        raise UnreadablePhotoError("the file is empty")
    try:
        head = jpeg_head(data)
        if head is not None and head.width * head.height <= min(max_megapixels * 1e6, Image.MAX_IMAGE_PIXELS or 0):
            try:
                return _photo(head, data, max_side, quality, hash_path)
            except ValueError:  # simplejpeg takes a warning for an error; Pillow tells the two apart
                pass
        image = open_image(data)
        width, height = image.size
        if width * height > max_megapixels * 1e6:
            raise UnreadablePhotoError(f"{width} x {height} pixels, more than image.max_megapixels {max_megapixels:g}")
        scans = data.count(b"\xff\xda") if image.info.get("progressive") else 1
        if scans > MOST_SCANS:
            raise UnreadablePhotoError(f"a JPEG of {scans} scans; one with more than {MOST_SCANS} is no photo")
        return _photo(image, data, max_side, quality, hash_path)
    except (UnreadablePhotoError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise UnreadablePhotoError(f"not an image of a known format ({', '.join(_known_formats())})") from None
    except Image.DecompressionBombError:
        raise UnreadablePhotoError(f"far more pixels than image.max_megapixels {max_megapixels:g}") from None
    except Exception as error:  # noqa: BLE001  (Pillow's plugins raise nearly anything on a broken file)
        raise UnreadablePhotoError(f"does not decode: {str(error) or type(error).__name__}") from None


def _photo(image: Image.Image | Head, data: bytes, max_side: int | None, quality: int, hash_path: HashPath) -> Photo:
    width, height = image.size
    held = orientation(image)
    small_jpeg = max_side is not None and image.format == "JPEG" and image.mode == "RGB" and max(image.size) <= max_side
    jpeg = without_metadata(data) if small_jpeg and held == 1 else None
    longer = max_side if max_side is not None and jpeg is None else 0  # what the JPEG still to be made needs
    scale = scale_of(image, FAST_SIDE, longer) if hash_path == "fast" else 1
    pixels = pixels_of(image, data, scale)
    if scale == 1:  # imagehash sees it upright, and in which order rows and columns are rounded decides a bit
        pixels, held, width, height = turned(pixels, held), 1, *_upright(width, height, held)
    covered = (width * EIGHTHS // scale, height * EIGHTHS // scale)
    if max_side is not None and jpeg is None:
        size = _size(width, height, max_side)
        jpeg = _jpeg(turned(pixels if size == (width, height) else shrink(pixels, covered, size), held), quality)
    small = (turned(picture, held) for picture in small_pictures(pixels, covered))
    return Photo(jpeg, *_upright(width, height, held), *small)


def _upright(width: int, height: int, held: int) -> tuple[int, int]:
    return (height, width) if held in LYING else (width, height)


def _size(width: int, height: int, max_side: int) -> tuple[int, int]:
    smaller = min(1.0, max_side / max(width, height))
    return max(1, round(width * smaller)), max(1, round(height * smaller))


def _jpeg(pixels: np.ndarray, quality: int) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "JPEG", quality=quality)
    return sink.getvalue()
