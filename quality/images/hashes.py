"""Perceptual hashes and colour figures of photos, in batches.

`phash` is bit for bit what `imagehash.phash` gives: the low frequencies of a discrete cosine transform, above or
below their median (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..compiled import compiled, inner, making

CELLS = 64  # 8 x 8 means of colours
WORST = 16  # cells whose chroma differs most: a product covers a part of its photo, the rest is background


def phash(gray: np.ndarray) -> np.ndarray:
    """Hash grey pictures of four times the hash's side.

    Args:
        gray: [uint8 (n, 4s, 4s)] s = 8 for 64 bits, 16 for 256 bits.

    Returns:
        [bool (n, s * s)] most significant bit first, row by row.
    """
    import scipy.fft  # late: it takes a third of a second, and whoever compares titles needs only the rest of this file

    side = gray.shape[1] // 4
    # imagehash transforms columns, then rows; the median is over the low frequencies, the constant one included.
    rows = scipy.fft.dct(gray.astype(np.float64), axis=1)[:, :side]
    low = scipy.fft.dct(rows, axis=2)[:, :, :side].reshape(len(gray), side * side)
    return np.asarray(low > np.median(low, axis=1, keepdims=True))


def to_hex(bits: np.ndarray) -> list[str]:
    """Write hashes as imagehash does. [bool (n, b)] -> n strings of b / 4 hex digits."""
    return [row.tobytes().hex() for row in np.packbits(bits, axis=1)]


def from_hex(hashes: Sequence[str | None], bits: int) -> np.ndarray:
    """Read hashes written in hex. [uint8 (n, bits / 8)], zeros where there is none."""
    empty = "00" * (bits // 8)
    packed = bytes.fromhex("".join(h if h and len(h) == bits // 4 else empty for h in hashes))
    return np.frombuffer(packed, np.uint8).reshape(len(hashes), bits // 8)


def words(packed: np.ndarray) -> np.ndarray:
    """See packed hashes as words, for `popcount`. [uint8 (n, 8 k)] -> [uint64 (n, k)]"""
    return np.ascontiguousarray(packed).view(np.uint64)


@inner
def popcount(word: np.uint64) -> int:
    """Count the bits that are set in a uint64; compiled to one machine instruction."""
    count = 0
    while word:
        word &= word - np.uint64(1)
        count += 1
    return count


def hamming(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Count differing bits of packed hashes, pair by pair. [uint8 (n, 8 k)] x2 -> [int64 (n,)]"""
    return np.asarray(_hamming(words(left), words(right)))


@compiled
def _hamming(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    found = np.zeros(len(left), np.int64)
    for row in range(len(left)):
        for k in range(left.shape[1]):
            found[row] += popcount(left[row, k] ^ right[row, k])
    return found


def colour_distance(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Measure how far the colours of two photos lie apart, pair by pair.

    The mean difference of the 64 cells in luma, which every copy keeps small, and that of the 16 cells that differ
    most in chroma, which only a recoloured product makes large: over all cells the background would hide it. Luma and
    chroma are those of JPEG (ITU-R BT.601).

    Args:
        left: [uint8 (n, 192)] 8 x 8 RGB means.
        right: [uint8 (n, 192)]

    Returns:
        [float64 (n,)] 0 for equal colours; copies stay below 4, another colour begins there; 442 at most.
    """
    return np.asarray(_colour_distances(left, right))


@compiled
def _colour_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    found = np.empty(len(left), np.float64)
    for row in range(len(left)):
        found[row] = cell_distance(left[row], right[row])
    return found


@making
def cell_distance(left: np.ndarray, right: np.ndarray) -> float:
    """`colour_distance` of one pair. [uint8 (192,)] x2"""
    worst = np.zeros(WORST, np.float64)  # squares, the smallest first
    luma = 0.0
    for cell in range(CELLS):
        red = float(left[3 * cell]) - float(right[3 * cell])
        green = float(left[3 * cell + 1]) - float(right[3 * cell + 1])
        blue = float(left[3 * cell + 2]) - float(right[3 * cell + 2])
        light = 0.299 * red + 0.587 * green + 0.114 * blue
        luma += abs(light)
        chroma = (0.564 * (blue - light)) ** 2 + (0.713 * (red - light)) ** 2
        if chroma > worst[0]:
            place = 0
            while place + 1 < WORST and worst[place + 1] < chroma:
                worst[place] = worst[place + 1]
                place += 1
            worst[place] = chroma
    colour = 0.0
    for square in worst:
        colour += np.sqrt(square)
    return float(luma / CELLS + colour / WORST)


def information(rgb: np.ndarray) -> np.ndarray:
    """Entropy of the colours in bits: 0 for one flat colour, 6 for all 64 bins alike.

    Args:
        rgb: [uint8 (n, h, w, 3)] small pictures.

    Returns:
        [float32 (n,)]
    """
    counts = _colour_counts(np.ascontiguousarray(rgb).reshape(len(rgb), -1, 3))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=1), np.float32)


@compiled
def _colour_counts(rgb: np.ndarray) -> np.ndarray:
    """Count the pixels of each of 64 colours, four levels of each primary. [uint8 (n, pixels, 3)] -> [int64 (n, 64)]"""
    found = np.zeros((len(rgb), 64), np.int64)
    for photo in range(len(rgb)):
        for k in range(rgb.shape[1]):
            red, green, blue = rgb[photo, k, 0] >> 6, rgb[photo, k, 1] >> 6, rgb[photo, k, 2] >> 6
            found[photo, red * 16 + green * 4 + blue] += 1
    return found
