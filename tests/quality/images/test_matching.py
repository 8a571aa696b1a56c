from __future__ import annotations

import numpy as np
import pytest
from eclip.quality.images.hashes import colour_distance, hamming
from eclip.quality.images.matching import FAR, Match, PhotoSigns, best_match, nearest


def signs(listings: list[list[tuple[int, int, int, int]]]) -> PhotoSigns:
    """Listings of photos, each as bits set in the short hash, in the long one, a grey level, and its level."""
    photos = [photo for listing in listings for photo in listing]
    short = np.array([(1 << s) - 1 for s, *_ in photos], np.uint64)
    long = np.array([[(1 << n) - 1, 0, 0, 0] for _, n, *_ in photos], np.uint64).reshape(-1, 4)
    colour = np.array([[grey] * 192 for *_, grey, _ in photos], np.uint8).reshape(-1, 192)
    level = np.array([level for *_, level in photos], np.uint8)
    return PhotoSigns(short, long, colour, level, np.cumsum([0, *map(len, listings)]))


def one(match: Match) -> tuple[float, ...]:
    return tuple(getattr(match, name)[0].item() for name in ("distance", "bits", "colour", "left_photo", "right_photo"))


def match(left: list[tuple[int, int, int, int]], right: list[tuple[int, int, int, int]]) -> tuple[float, ...]:
    return one(best_match(signs([left, right]), np.array([0]), np.array([1])))


def test_the_photo_that_agrees_best_counts() -> None:
    left, right = [(0, 40, 9, 2), (0, 10, 0, 2)], [(0, 60, 9, 2), (0, 12, 0, 2), (0, 13, 0, 2)]
    assert match(left, right) == (2, 256, 0, 1, 1)
    assert match(right, left) == (2, 256, 0, 1, 1)


def test_a_recoloured_photo_does_not_hide_the_same_photo() -> None:
    assert match([(0, 10, 0, 2)], [(0, 10, 200, 2), (0, 12, 0, 2)]) == (2, 256, 0, 0, 1)


def test_short_hashes_count_where_there_are_no_long_ones() -> None:
    assert match([(5, 0, 0, 1), (9, 30, 0, 2)], [(5, 0, 0, 1)])[:2] == (0, 64)
    assert match([(5, 0, 0, 1), (9, 30, 0, 2)], [(5, 0, 0, 1), (9, 60, 0, 2)]) == (30, 256, 0, 1, 1)
    assert np.isnan(match([(5, 0, 0, 1)], [(5, 0, 0, 1)])[2])


def test_photos_that_are_no_sign_and_listings_without_photos_are_not_compared() -> None:
    assert match([(0, 0, 0, 0)], [(0, 0, 0, 2)])[:2] == (-1, 0)
    assert match([], [(0, 0, 0, 2)])[:2] == (-1, 0)
    assert match([(0, 0, 0, 0), (0, 9, 0, 2)], [(0, 0, 0, 2)]) == (9, 256, 0, 1, 0)
    both = signs([[(5, 0, 0, 0), (9, 0, 0, 1)], [(6, 0, 0, 2)], []])
    assert nearest(both.short, both.level, both.bounds, 0, 1) == 3
    assert nearest(both.short, both.level, both.bounds, 0, 2) == FAR


def test_it_is_the_least_of_all_pairs() -> None:
    draw = np.random.default_rng(0)
    bounds = np.cumsum([0, *draw.integers(0, 4, 40)])
    size = int(bounds[-1])
    long, colour = (
        draw.integers(0, 1 << 60, (size, 4)).astype(np.uint64),
        draw.integers(0, 256, (size, 192)).astype(np.uint8),
    )
    level = draw.integers(0, 3, size).astype(np.uint8)
    photos = PhotoSigns(long[:, 0].copy(), long, colour, level, bounds)
    left, right = draw.integers(0, 40, (2, 200))
    found = best_match(photos, left, right)
    for pair in range(200):
        ours, theirs = (np.arange(bounds[k], bounds[k + 1]) for k in (left[pair], right[pair]))
        a, b = (side.ravel() for side in np.meshgrid(ours[level[ours] == 2], theirs[level[theirs] == 2], indexing="ij"))
        if len(a) == 0:
            assert found.bits[pair] < 256
            continue
        bits, shade = hamming(long[a].view(np.uint8), long[b].view(np.uint8)), colour_distance(colour[a], colour[b])
        best = np.argmin(bits + shade)
        assert (found.distance[pair], found.bits[pair]) == (bits[best], 256)
        assert found.colour[pair] == pytest.approx(shade[best])
        assert bounds[left[pair]] + found.left_photo[pair] == a[best]
        assert bounds[right[pair]] + found.right_photo[pair] == b[best]
