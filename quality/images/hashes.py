"""Perceptual hashes and colour figures of photos, in batches.

`phash` is bit for bit what `imagehash.phash` gives: the low frequencies of a discrete cosine transform, above or
below their median (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft


def phash(gray: np.ndarray) -> np.ndarray:
    """Hash grey pictures of four times the hash's side.

    Args:
        gray: [uint8 (n, 4s, 4s)] s = 8 for 64 bits, 16 for 256 bits.

    Returns:
        [bool (n, s * s)] most significant bit first, row by row.
    """
    side = gray.shape[1] // 4
    # imagehash transforms columns, then rows; the median is over the low frequencies, the constant one included.
    frequencies = scipy.fft.dct(scipy.fft.dct(gray.astype(np.float64), axis=1), axis=2)[:, :side, :side]
    low = frequencies.reshape(len(gray), side * side)
    return np.asarray(low > np.median(low, axis=1, keepdims=True))


def to_hex(bits: np.ndarray) -> list[str]:
    """Write hashes as imagehash does. [bool (n, b)] -> n strings of b / 4 hex digits."""
    return [row.tobytes().hex() for row in np.packbits(bits, axis=1)]


def from_hex(hashes: Sequence[str | None], bits: int) -> np.ndarray:
    """Read hashes written in hex. [uint8 (n, bits / 8)], zeros where there is none."""
    empty = "00" * (bits // 8)
    packed = bytes.fromhex("".join(h if h and len(h) == bits // 4 else empty for h in hashes))
    return np.frombuffer(packed, np.uint8).reshape(len(hashes), bits // 8)


def hamming(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Count differing bits of packed hashes, pair by pair. [uint8 (n, b)] x2 -> [int64 (n,)]"""
    return np.asarray(np.bitwise_count(left ^ right).sum(axis=-1, dtype=np.int64))


def colour_distance(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mean absolute difference of 8 x 8 RGB means, pair by pair, 0 to 255. [uint8 (n, 192)] x2 -> [float64 (n,)]"""
    return np.asarray(np.abs(left.astype(np.int16) - right.astype(np.int16)).mean(axis=-1))


def information(rgb: np.ndarray) -> np.ndarray:
    """Entropy of the colours in bits: 0 for one flat colour, 6 for all 64 bins alike.

    Args:
        rgb: [uint8 (n, h, w, 3)] small pictures.

    Returns:
        [float32 (n,)]
    """
    bins = (rgb >> 6).astype(np.int64)
    codes = (bins[..., 0] * 16 + bins[..., 1] * 4 + bins[..., 2]).reshape(len(rgb), -1)
    counts = np.stack([np.bincount(row, minlength=64) for row in codes]) if len(rgb) else np.zeros((0, 64))
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=1), np.float32)
