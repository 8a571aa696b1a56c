"""Compare listings by their photos: of all pairs of photos that two listings have, the one that agrees best counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..compiled import compiled, inner
from .hashes import cell_distance, popcount

NO_SIGN, SHORT, WHOLE = 0, 1, 2  # levels: nothing to compare by, the 64-bit hash alone, everything
FAR = 65  # bits of a 64-bit hash that no two photos are apart


@dataclass(frozen=True)
class PhotoSigns:
    """The photos of n listings, one listing after the other."""

    short: np.ndarray  # [uint64 (p,)] 64-bit hashes
    long: np.ndarray  # [uint64 (p, 4)] 256-bit hashes, anything where the level is below WHOLE
    colour: np.ndarray  # [uint8 (p, 192)] 8 x 8 RGB means, anything where the level is below WHOLE
    level: np.ndarray  # [uint8 (p,)] NO_SIGN (a photo that many unlike listings share), SHORT or WHOLE
    bounds: np.ndarray  # [int64 (n + 1,)] listing i has the photos bounds[i] to bounds[i + 1]


@dataclass(frozen=True)
class Match:
    """The photos by which m pairs of listings agree best."""

    distance: np.ndarray  # [int16 (m,)] bits that differ; -1 where the photos cannot be compared
    bits: np.ndarray  # [int16 (m,)] of how many: 256, 64, or 0
    colour: np.ndarray  # [float32 (m,)] colour_distance; NaN where it is not known
    left_photo: np.ndarray  # [int64 (m,)] which of the left listing's, from 0; -1 where none
    right_photo: np.ndarray  # [int64 (m,)]


def best_match(photos: PhotoSigns, left: np.ndarray, right: np.ndarray) -> Match:
    """Compare pairs of listings by their photos.

    Photos of which everything is known go before those with a short hash alone. Among them the pair with the smallest
    sum of bits and colour distance counts, not the one with the fewest bits: a recoloured photo has equal bits. Of
    equal sums the first, in the order of the left listing's photos.

    Args:
        photos: The photos of n listings.
        left: [int64 (m,)] listings, 0 to n - 1.
        right: [int64 (m,)]
    """
    found = _best(photos.short, photos.long, photos.colour, photos.level, photos.bounds, left, right)
    return Match(*found)


@inner
def nearest(short: np.ndarray, level: np.ndarray, bounds: np.ndarray, left: int, right: int) -> int:
    """Give the least distance between 64-bit hashes of two listings' photos, FAR where one has no photo to compare."""
    least = FAR
    for a in range(bounds[left], bounds[left + 1]):
        for b in range(bounds[right], bounds[right + 1]):
            if level[a] > NO_SIGN and level[b] > NO_SIGN:
                least = min(least, popcount(short[a] ^ short[b]))
    return least


@compiled
def _best(
    short: np.ndarray, long: np.ndarray, colour: np.ndarray, level: np.ndarray, bounds: np.ndarray, left: np.ndarray,
    right: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    pairs = len(left)
    distance, bits = np.full(pairs, -1, np.int16), np.zeros(pairs, np.int16)
    colours = np.full(pairs, np.nan, np.float32)
    places = np.full((2, pairs), -1, np.int64)
    for pair in range(pairs):
        one, other = left[pair], right[pair]
        least = np.inf
        for a in range(bounds[one], bounds[one + 1]):
            for b in range(bounds[other], bounds[other + 1]):
                known = min(level[a], level[b])
                if known == NO_SIGN or (known == SHORT and bits[pair] == 256):
                    continue
                apart, shade = 0, np.nan
                if known == WHOLE:
                    for k in range(long.shape[1]):
                        apart += popcount(long[a, k] ^ long[b, k])
                    if bits[pair] == 256 and apart >= least:
                        continue  # whatever the colours
                    shade = cell_distance(colour[a], colour[b])
                    total = apart + shade
                else:
                    apart = popcount(short[a] ^ short[b])
                    total = float(apart)
                width = 256 if known == WHOLE else 64
                if width > bits[pair] or total < least:
                    least = total
                    distance[pair], bits[pair], colours[pair] = apart, width, shade
                    places[0, pair], places[1, pair] = a - bounds[one], b - bounds[other]
    return distance, bits, colours, places[0], places[1]
