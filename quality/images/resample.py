"""Make small pictures from large ones: grey ones bit for bit as Pillow makes them, in a fraction of its time.

A perceptual hash is a comparison of numbers that lie close together: one grey level decides a bit. So the luma and
the Lanczos filter here are Pillow's own, in its 22-bit integers, rounded where it rounds; only the order in which
memory is read differs.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..compiled import compiled, inner, making

REACH = 3  # zero crossings of the Lanczos window on each side
PRECISION = 22  # bits behind the point of a weight: 8 of a pixel, 2 for the window's lobes, 32 in all
EIGHTHS = 8  # of a pixel: a JPEG decodes at a half, a quarter or an eighth, and its last pixel may lie partly outside
TALL = 100  # times higher than wide; Pillow shrinks the height of such a picture first


class Taps(NamedTuple):
    """Along one side: from which pixels each pixel of the smaller picture is made, and with which weights."""

    first: np.ndarray  # [int64 (side,)]
    counts: np.ndarray  # [int64 (side,)]
    weights: np.ndarray  # [int32 (side, most)]


class SmallPictures(NamedTuple):
    """What the features of a photo are made from."""

    gray32: np.ndarray  # [uint8 (32, 32)]
    gray64: np.ndarray  # [uint8 (64, 64)]
    rgb8: np.ndarray  # [uint8 (8, 8, 3)]
    rgb32: np.ndarray  # [uint8 (32, 32, 3)]


def small_pictures(rgb: np.ndarray, covered: tuple[int, int] | None = None) -> SmallPictures:
    """Make a photo's small pictures.

    Args:
        rgb: [uint8 (h, w, 3)] C-contiguous and writable.
        covered: Width and height of the photo in EIGHTHS of these pixels: 307 pixels decoded at half cover 153.5 of
            154. Default: all.
    """
    wide, high = rgb.shape[1], rgb.shape[0]
    across, down = covered or (EIGHTHS * wide, EIGHTHS * high)
    found = _small_pictures(
        rgb, lanczos_taps(wide, across, 32), lanczos_taps(high, down, 32), lanczos_taps(wide, across, 64),
        lanczos_taps(high, down, 64), mean_taps(wide, across, 32), mean_taps(high, down, 32),
        mean_taps(32, 32 * EIGHTHS, 8),
    )  # fmt: skip
    return SmallPictures(*found)


def shrink(rgb: np.ndarray, covered: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Resize colours by the Lanczos filter, in a fifth of Pillow's time.

    Args:
        rgb: [uint8 (h, w, 3)] C-contiguous and writable.
        covered: Width and height of the photo in EIGHTHS of these pixels.
        size: Width and height to make of it.

    Returns:
        [uint8 (height, width, 3)]
    """
    wide, high = lanczos_taps(rgb.shape[1], covered[0], size[0]), lanczos_taps(rgb.shape[0], covered[1], size[1])
    return np.asarray(_shrink(rgb, wide, high))


@lru_cache(maxsize=1024)
def lanczos_taps(size: int, covered: int, side: int) -> Taps:
    """Give the weights of Pillow's LANCZOS filter, as integers of PRECISION bits."""
    return Taps(*_lanczos_taps(size, covered / EIGHTHS, side))


@lru_cache(maxsize=1024)
def mean_taps(size: int, covered: int, side: int) -> Taps:
    """Give the weights of a mean over cells: a pixel on an edge counts in both by its parts. They sum to `covered`."""
    return Taps(*_mean_taps(size, covered, side))


@compiled
def _small_pictures(
    rgb: np.ndarray, wide32: Taps, high32: Taps, wide64: Taps, high64: Taps, wide_cells: Taps, high_cells: Taps,
    fewer_cells: Taps,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    gray = luma(rgb)
    flipped = transposed(gray)
    rgb32 = means(rgb, wide_cells, high_cells)
    return (
        lanczos(gray, flipped, wide32, high32),
        lanczos(gray, flipped, wide64, high64),
        means(rgb32, fewer_cells, fewer_cells),
        rgb32,
    )


@compiled
def _shrink(rgb: np.ndarray, wide: Taps, high: Taps) -> np.ndarray:
    lower = _down(rgb.reshape(rgb.shape[0], -1), high)
    smaller = _down(_flipped(lower, rgb.shape[1]), wide)
    return _flipped(smaller, len(high.first)).reshape(len(high.first), len(wide.first), 3)


@making
def _flipped(image: np.ndarray, width: int) -> np.ndarray:
    """Transpose a picture of three colours. [uint8 (h, 3 w)] -> [uint8 (w, 3 h)]"""
    height = image.shape[0]
    found = np.empty((width, 3 * height), np.uint8)
    for y in range(height):
        for x in range(width):
            found[x, 3 * y], found[x, 3 * y + 1], found[x, 3 * y + 2] = (
                image[y, 3 * x], image[y, 3 * x + 1], image[y, 3 * x + 2],
            )  # fmt: skip
    return found


@compiled
def luma(rgb: np.ndarray) -> np.ndarray:
    """Turn colours to grey as Pillow's `convert("L")` does, by ITU-R BT.601. [uint8 (h, w, 3)] -> [uint8 (h, w)]"""
    height, width, _ = rgb.shape
    found = np.empty(height * width, np.uint8)
    flat = rgb.reshape(-1)
    for k in range(len(found)):
        red, green, blue = np.uint32(flat[3 * k]), np.uint32(flat[3 * k + 1]), np.uint32(flat[3 * k + 2])
        found[k] = (
            red * np.uint32(19595) + green * np.uint32(38470) + blue * np.uint32(7471) + np.uint32(1 << 15)
        ) >> np.uint32(16)
    return found.reshape(height, width)


@making
def lanczos(gray: np.ndarray, flipped: np.ndarray, wide: Taps, high: Taps) -> np.ndarray:
    """Resize as Pillow's `resize(…, LANCZOS)` does.

    Args:
        gray: [uint8 (h, w)]
        flipped: The same transposed: a pass along columns is the quick one, several sizes share this.
        wide: lanczos_taps of the width.
        high: And of the height.

    Returns:
        [uint8 (side, side)]
    """
    if gray.shape[0] > TALL * gray.shape[1] and len(high.first) < gray.shape[0]:
        return transposed(_down(transposed(_down(gray, high)), wide))
    return _down(transposed(_down(flipped, wide)), high)


@making
def transposed(image: np.ndarray) -> np.ndarray:
    """Transpose, eight rows at a time: a store for every byte of a column misses the cache. [uint8 (h, w)] -> (w, h)"""
    height, width = image.shape
    found = np.empty((width, height), np.uint8)
    whole = height // 8 * 8
    for y in range(0, whole, 8):
        a, b, c, d = image[y], image[y + 1], image[y + 2], image[y + 3]
        e, f, g, h = image[y + 4], image[y + 5], image[y + 6], image[y + 7]
        for x in range(width):
            line = found[x]
            line[y], line[y + 1], line[y + 2], line[y + 3] = a[x], b[x], c[x], d[x]
            line[y + 4], line[y + 5], line[y + 6], line[y + 7] = e[x], f[x], g[x], h[x]
    for y in range(whole, height):
        for x in range(width):
            found[x, y] = image[y, x]
    return found


@making
def _down(image: np.ndarray, taps: Taps) -> np.ndarray:
    """Resize the height. [uint8 (h, w)] -> [uint8 (side, w)]"""
    width, side = image.shape[1], len(taps.first)
    found = np.empty((side, width), np.uint8)
    totals = np.empty(width, np.int32)
    for out in range(side):
        totals[:] = 1 << (PRECISION - 1)
        first, count, weights = taps.first[out], taps.counts[out], taps.weights[out]
        for k in range(0, count - 3, 4):  # four lines at a time: totals are read and written a quarter as often
            a, b, c, d = image[first + k], image[first + k + 1], image[first + k + 2], image[first + k + 3]
            e, f, g, h = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
            for x in range(width):
                two = np.int32(np.int32(a[x]) * e) + np.int32(np.int32(b[x]) * f)
                other = np.int32(np.int32(c[x]) * g) + np.int32(np.int32(d[x]) * h)
                totals[x] = np.int32(totals[x] + np.int32(np.int32(two) + np.int32(other)))
        for k in range(count // 4 * 4, count):
            line, weight = image[first + k], weights[k]
            for x in range(width):
                totals[x] = np.int32(totals[x] + np.int32(np.int32(line[x]) * weight))
        for x in range(width):
            found[out, x] = min(max(totals[x] >> PRECISION, 0), 255)
    return found


@making
def means(rgb: np.ndarray, wide: Taps, high: Taps) -> np.ndarray:
    """Average colours over cells, rounded half up.

    Args:
        rgb: [uint8 (h, w, 3)]
        wide: mean_taps of the width.
        high: And of the height.

    Returns:
        [uint8 (side, side, 3)]
    """
    width, side = rgb.shape[1], len(high.first)
    found = np.empty((side, side, 3), np.uint8)
    sums = np.empty(3 * width, np.uint32)
    area = np.int64(high.weights[0].sum()) * np.int64(wide.weights[0].sum())
    for row in range(side):
        sums[:] = 0
        for k in range(high.counts[row]):
            rows, line = np.uint32(high.weights[row, k]), rgb[high.first[row] + k].reshape(-1)
            for x in range(len(sums)):
                sums[x] += np.uint32(line[x]) * rows
        for column in range(side):
            red, green, blue = area, area, area  # all is doubled: half of what it is divided by
            for k in range(wide.counts[column]):
                x, part = wide.first[column] + k, 2 * np.int64(wide.weights[column, k])
                red += sums[3 * x] * part
                green += sums[3 * x + 1] * part
                blue += sums[3 * x + 2] * part
            found[row, column, 0] = red // (2 * area)
            found[row, column, 1] = green // (2 * area)
            found[row, column, 2] = blue // (2 * area)
    return found


@compiled
def _mean_taps(size: int, covered: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # In a unit of which the photo is side x covered long, a cell is `covered` long and a pixel this:
    pixel = EIGHTHS * side
    first, count = np.empty(side, np.int64), np.empty(side, np.int64)
    weights = np.zeros((side, covered // pixel + 2), np.int32)
    for out in range(side):
        low, high = out * covered // pixel, min(-(-(out + 1) * covered // pixel), size)
        first[out], count[out] = low, high - low
        for k in range(high - low):
            begin, end = max((low + k) * pixel, out * covered), min((low + k + 1) * pixel, (out + 1) * covered)
            weights[out, k] = end - begin
    return first, count, weights


@compiled
def _lanczos_taps(size: int, covered: float, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scale = covered / side
    stretch = max(scale, 1.0)
    reach = REACH * stretch
    first, count = np.empty(side, np.int64), np.empty(side, np.int64)
    weights = np.zeros((side, math.ceil(reach) * 2 + 1), np.int32)
    window = np.empty(weights.shape[1], np.float64)
    for out in range(side):
        centre = (out + 0.5) * scale
        low = max(int(centre - reach + 0.5), 0)
        high = min(int(centre + reach + 0.5), size)
        first[out], count[out] = low, high - low
        total = 0.0
        for k in range(high - low):
            window[k] = _window((k + low - centre + 0.5) * (1.0 / stretch))
            total += window[k]
        for k in range(high - low):
            weight = window[k] / total * (1 << PRECISION)
            weights[out, k] = int(weight - 0.5) if weight < 0 else int(weight + 0.5)
    return first, count, weights


@inner
def _window(x: float) -> float:
    return _sinc(x) * _sinc(x / REACH) if -REACH <= x < REACH else 0.0


@inner
def _sinc(x: float) -> float:
    return 1.0 if x == 0.0 else math.sin(x * math.pi) / (x * math.pi)
