"""The pixels of a photo as an array: JPEGs straight from memory by libjpeg-turbo, everything else by Pillow.

Pillow decodes JPEGs by the same library, to the same pixels, in twice the time; it takes over wherever the other gives
up or is not installed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from .head import Head

try:
    import simplejpeg
except ImportError:  # no wheel for this machine
    simplejpeg = None

JPEGS = ("JPEG", "MPO")  # Pillow calls a JPEG with further pictures behind the first an MPO
SCALES = (8, 4, 2, 1)  # by which a JPEG decodes smaller, skipping work: some of the frequencies of each block
ORIENTATION = 0x0112  # EXIF tag
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}
LYING = range(5, 9)  # orientations that exchange width and height


def orientation(image: Image.Image | Head) -> int:
    """Read how the camera was held, 1 to 8 as EXIF counts; 1 is upright, or not known."""
    if isinstance(image, Head) or (image.format in JPEGS and not image.info.keys() & {"exif", "xmp"}):
        return 1
    try:
        found = image.getexif().get(ORIENTATION, 1)
        return found if found in TURNS else 1
    except Exception:  # noqa: BLE001  (an EXIF block that cannot be read says nothing of the pixels)
        return 1


def turned(pixels: np.ndarray, held: int) -> np.ndarray:
    """Turn a picture upright. [uint8 (h, w, …)] -> [uint8 (h, w, …)], or (w, h, …) where it lies."""
    return np.ascontiguousarray(TURNS[held](pixels)) if held in TURNS else pixels


def scale_of(image: Image.Image | Head, shorter: int, longer: int) -> int:
    """Find by how much a photo may decode smaller so that its sides keep these pixels; 1 where it cannot."""
    if not _plain_jpeg(image):
        return 1
    low, high = sorted(image.size)
    return next((scale for scale in SCALES if low // scale >= shorter and high // scale >= longer), 1)


def pixels_of(image: Image.Image | Head, data: bytes, scale: int = 1) -> np.ndarray:
    """Decode a photo, as it lies in its file.

    Args:
        image: Just opened, or its head.
        data: The file's bytes.
        scale: One of SCALES; 1 where `scale_of` says so.

    Returns:
        [uint8 (h, w, 3)] RGB; transparent parts lie on white.

    Raises:
        Exception: it does not decode; Pillow's plugins raise nearly anything on a broken file.
        ValueError: of a head, the photo does not decode without Pillow.
    """
    if _plain_jpeg(image):
        if simplejpeg is not None:
            try:
                wide, high = (-(-side // scale) for side in image.size)
                return np.asarray(simplejpeg.decode_jpeg(data, "RGB", min_height=high, min_width=wide))
            except ValueError:  # it takes a warning for an error; Pillow tells the two apart
                if isinstance(image, Head):
                    raise
        if isinstance(image, Head):
            raise ValueError("there is no simplejpeg to decode it")
        image.draft(None, (image.width // scale, image.height // scale))
    assert isinstance(image, Image.Image)
    image.load()
    return np.array(_rgb(image))


def _plain_jpeg(image: Image.Image | Head) -> bool:
    return image.format in JPEGS and image.mode in ("RGB", "L")


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
