"""Classical features of a product photo: where its edges run, and which colours are where.

They need no training and no torch, and on clean studio photos they are hard to beat: any learnt model is
measured beside them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from .decode import open_image

THUMB = 64  # pixels, both sides
CELL = 8  # pixels
ORIENTATIONS = 9  # bins over 180 degrees
GRID = 3  # cells a side, for colours
FLOOR = (10.0 * CELL**2) ** 2  # of a block's squared strength: 10 grey levels at every pixel of a cell
HUES, SATURATIONS, VALUES = 8, 4, 4  # bins
HOG_SIZE = (THUMB // CELL - 1) ** 2 * 4 * ORIENTATIONS
COLOUR_SIZE = GRID**2 * HUES * SATURATIONS * VALUES
FEATURES = HOG_SIZE + COLOUR_SIZE


def hog(thumb: np.ndarray) -> np.ndarray:
    """Describe a photo's shapes by histograms of oriented gradients (Dalal and Triggs, CVPR 2005).

    Cells of 8 x 8 pixels, 9 orientations, blocks of 2 x 2 cells with overlap, each clipped and scaled
    (L2-Hys).

    Args:
        thumb: RGB, uint8 of shape (64, 64, 3).

    Returns:
        float32 of shape (1764,); each block's 36 numbers have length 1, or 0 where the block has no edge.
    """
    grey = _checked(thumb).astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    down[1:-1] = grey[2:] - grey[:-2]
    strength = np.hypot(across, down)
    # A vote is shared between the two nearest orientations.
    angle = (np.arctan2(down, across) % np.pi) / np.pi * ORIENTATIONS - 0.5
    lower = np.floor(angle).astype(np.int64)
    share = (angle - lower).astype(np.float32)
    cells = THUMB // CELL
    row, column = np.indices((THUMB, THUMB)) // CELL
    cell = (row * cells + column) * ORIENTATIONS
    votes = np.bincount(
        (cell + lower % ORIENTATIONS).ravel(), (strength * (1 - share)).ravel(), cells**2 * ORIENTATIONS
    )
    votes += np.bincount((cell + (lower + 1) % ORIENTATIONS).ravel(), (strength * share).ravel(), len(votes))
    grid = votes.reshape(cells, cells, ORIENTATIONS)
    blocks = np.concatenate([grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]], axis=-1)
    # The floor keeps the noise of a blank background from being blown up into edges.
    blocks = np.minimum(blocks / np.sqrt((blocks**2).sum(-1, keepdims=True) + FLOOR), 0.2)
    return np.asarray(blocks.ravel(), np.float32)


def colour_histograms(thumb: np.ndarray) -> np.ndarray:
    """Describe a photo's colours by one HSV histogram for each of 3 x 3 parts.

    The square roots of the shares are given: their dot product is the Bhattacharyya coefficient.

    Args:
        thumb: RGB, uint8 of shape (64, 64, 3).

    Returns:
        float32 of shape (1152,); each part's 128 numbers have length 1.
    """
    hsv = np.asarray(Image.fromarray(_checked(thumb)).convert("HSV"), np.int64)
    saturation = hsv[..., 1] * SATURATIONS // 256
    # The hue of a grey is noise.
    hue = np.where(saturation > 0, hsv[..., 0] * HUES // 256, 0)
    colour = (hue * SATURATIONS + saturation) * VALUES + hsv[..., 2] * VALUES // 256
    row, column = np.indices((THUMB, THUMB)) * GRID // THUMB
    bins = HUES * SATURATIONS * VALUES
    counts = np.bincount(((row * GRID + column) * bins + colour).ravel(), minlength=COLOUR_SIZE).reshape(GRID**2, bins)
    return np.asarray(np.sqrt(counts / counts.sum(1, keepdims=True)).ravel(), np.float32)


def thumb_features(thumbs: np.ndarray) -> np.ndarray:
    """Describe thumbnails, uint8 (n, 64, 64, 3), by HOG and then colours, float32 (n, 2916)."""
    rows = [np.concatenate([hog(thumb), colour_histograms(thumb)]) for thumb in thumbs]
    return np.stack(rows) if rows else np.zeros((0, FEATURES), np.float32)


def photo_features(jpegs: Sequence[bytes | None]) -> np.ndarray:
    """Describe photos by shapes and colours: float32 of shape (n, 2916), zeros where the photo is None.

    Raises:
        ValueError: a photo does not decode; the message names its position.
    """
    found = np.zeros((len(jpegs), FEATURES), np.float32)
    for position, jpeg in enumerate(jpegs):
        if jpeg is not None:
            try:
                thumb = _thumb(jpeg)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001  (Pillow's plugins raise nearly anything on a broken file)
                raise ValueError(f"photo {position} of {len(jpegs)} does not decode: {error}") from None
            found[position] = thumb_features(thumb[None])[0]
    return found


def _thumb(jpeg: bytes) -> np.ndarray:
    with open_image(jpeg) as photo:
        # A JPEG decodes at a half, quarter or eighth of its size for a fraction of the time.
        photo.draft("RGB", (2 * THUMB, 2 * THUMB))
        return np.asarray(photo.convert("RGB").resize((THUMB, THUMB), Image.Resampling.BILINEAR))


def _checked(thumb: np.ndarray) -> np.ndarray:
    if thumb.shape != (THUMB, THUMB, 3) or thumb.dtype != np.uint8:
        raise ValueError(f"thumbnail of shape {thumb.shape}, {thumb.dtype}; expected ({THUMB}, {THUMB}, 3), uint8")
    return thumb
