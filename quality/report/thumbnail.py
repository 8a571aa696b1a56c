"""Small pictures that travel inside the page."""

from __future__ import annotations

import base64
import io

from PIL import Image

SIDE = 96  # pixels
QUALITY = 70  # of the JPEG


def thumbnail(jpeg: bytes, side: int = SIDE, quality: int = QUALITY) -> str:
    """Downscale a photo so that no side is longer than `side` pixels, as a data URI (about 3 kB).

    The photo is encoded anew, so that nothing but pixels of the source reaches the page.
    """
    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft("RGB", (2 * side, 2 * side))
        small = image.convert("RGB")
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
    small.info = {}  # comments, profiles and the like would be written again
    sink = io.BytesIO()
    small.save(sink, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode("ascii")
