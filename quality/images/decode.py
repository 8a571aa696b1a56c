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

from .metadata import without_metadata

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP")
ORIENTATION = 0x0112  # EXIF tag
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadablePhotoError(ValueError):
    """Say why a photo does not decode, in a few words."""


@dataclass(frozen=True)
class Photo:
    """A decoded photo and its small pictures."""

    jpeg: bytes  # at most `max_side` pixels on the longer side
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


def decode(data: bytes, max_side: int = 512, quality: int = 90, max_megapixels: float = 64) -> Photo:
    """Decode a photo of one of FORMATS; of an animation the first frame.

    Args:
        data: The file's bytes.
        max_side: Pixels of the longer side of the JPEG that is kept.
        quality: Of that JPEG, 1 to 100. A small upright RGB JPEG is kept byte by byte, without its metadata.
        max_megapixels: A larger photo is not decoded.

    Raises:
        UnreadablePhotoError: it is empty, too large, broken off or no image.
    """
    if not data:
        raise UnreadablePhotoError("the file is empty")
    try:
        image = open_image(data)
        width, height = image.size
        if width * height > max_megapixels * 1e6:
            raise UnreadablePhotoError(f"{width} x {height} pixels, more than image.max_megapixels {max_megapixels:g}")
        bare = without_metadata(data) if _small_upright_jpeg(image, max_side) else None
        return _photo(image, bare, max_side, quality)
    except (UnreadablePhotoError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise UnreadablePhotoError(f"not an image of a known format ({', '.join(_known_formats())})") from None
    except Image.DecompressionBombError:
        raise UnreadablePhotoError(f"far more pixels than image.max_megapixels {max_megapixels:g}") from None
    except Exception as error:  # noqa: BLE001  (Pillow's plugins raise nearly anything on a broken file)
        raise UnreadablePhotoError(f"does not decode: {str(error) or type(error).__name__}") from None


def _photo(image: Image.Image, bare: bytes | None, max_side: int, quality: int) -> Photo:
    image.load()
    turn = _turn(image)
    turned = image.transpose(turn) if turn is not None else image
    rgb = _rgb(turned)
    # A hash is of the source before downscaling, so that it is the one that other tools give.
    gray = turned.convert("L") if turned.mode in ("L", "RGB", "CMYK", "YCbCr") else rgb.convert("L")
    small = rgb.resize((32, 32), Image.Resampling.BOX)
    return Photo(
        jpeg=bare or _jpeg(rgb, max_side, quality),
        width=rgb.width,
        height=rgb.height,
        gray32=np.asarray(gray.resize((32, 32), Image.Resampling.LANCZOS)),
        gray64=np.asarray(gray.resize((64, 64), Image.Resampling.LANCZOS)),
        rgb8=np.asarray(small.resize((8, 8), Image.Resampling.BOX)),
        rgb32=np.asarray(small),
    )


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        return TURNS.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001  (an EXIF block that cannot be read says nothing of the pixels)
        return None


def _small_upright_jpeg(image: Image.Image, max_side: int) -> bool:
    return image.format == "JPEG" and image.mode == "RGB" and _turn(image) is None and max(image.size) <= max_side


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith(("I", "F")):
        # 16 and 32 bits a pixel: Pillow clips them to white; scale what is there to 8 bits.
        values = np.asarray(image, dtype=np.float64)
        low, high = float(values.min()), float(values.max())
        scaled = (values - low) / (high - low) * 255 if high > low else np.zeros_like(values)
        return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA"):
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layered).convert("RGB")
    return image.convert("RGB")


def _jpeg(image: Image.Image, max_side: int, quality: int) -> bytes:
    if max(image.size) > max_side:
        scale = max_side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=quality, comment=b"")  # Pillow would carry the source's comment over
    return sink.getvalue()
