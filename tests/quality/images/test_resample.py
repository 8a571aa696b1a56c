from __future__ import annotations

import numpy as np
import pytest
from eclip.quality.images.resample import EIGHTHS, luma, shrink, small_pictures
from PIL import Image

SIDES = [(1, 1), (3, 7), (1, 5000), (5000, 1), (5000, 3), (661, 4), (40, 1), (32, 32), (64, 64), (64, 10), (700, 32),
         (224, 224), (331, 512), (517, 389), (1201, 803)]  # fmt: skip


def noise(height: int, width: int) -> np.ndarray:
    """Half of it hard black and white, where a filter overshoots."""
    pixels = np.random.default_rng(height * 7919 + width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    pixels[:, width // 2 :] = (pixels[:, width // 2 :] > 127) * np.uint8(255)
    return pixels


@pytest.mark.parametrize(("height", "width"), SIDES)
def test_grey_pictures_are_those_of_pillow(height: int, width: int) -> None:
    pixels = noise(height, width)
    gray = Image.fromarray(pixels).convert("L")
    assert np.array_equal(luma(pixels), np.asarray(gray))
    small = small_pictures(pixels)
    for side, found in ((32, small.gray32), (64, small.gray64)):
        assert np.array_equal(found, np.asarray(gray.resize((side, side), Image.Resampling.LANCZOS)))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 7), (32, 32), (33, 100), (224, 150), (61, 300)])
def test_cells_are_means_by_area(height: int, width: int) -> None:
    pixels = noise(height, width)

    def shares(size: int, side: int) -> np.ndarray:
        edges, cells = np.arange(size) * side, np.arange(side)[:, None] * size
        return np.clip(np.minimum(edges + side, cells + size) - np.maximum(edges, cells), 0, None) / size

    small = small_pictures(pixels)
    mean = np.einsum("ry,yxc,sx->rsc", shares(height, 32), pixels.astype(float), shares(width, 32))
    assert np.abs(small.rgb32 - mean).max() <= 0.5 + 1e-9
    assert np.abs(small.rgb8 - small.rgb32.reshape(8, 4, 8, 4, 3).mean((1, 3))).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("size", "target"), [((900, 1200), (384, 512)), ((600, 611), (503, 512)), ((2, 900), (1, 512))]
)
def test_a_kept_photo_is_as_pillow_shrinks_it_to_a_few_levels(size: tuple[int, int], target: tuple[int, int]) -> None:
    pixels = np.asarray(Image.fromarray(noise(size[0] // 8 + 1, size[1] // 8)).resize(size[::-1])).copy()
    found = shrink(pixels, (EIGHTHS * size[1], EIGHTHS * size[0]), target[::-1])
    expected = np.asarray(Image.fromarray(pixels).resize(target[::-1], Image.Resampling.LANCZOS), int)
    assert found.shape == (*target, 3)
    assert np.abs(found - expected).max() <= 3


def test_a_pixel_that_lies_partly_outside_counts_in_part() -> None:
    # 100 x 60 pixels, each 4 x 4 times, of which the last column of the smaller picture holds only a half.
    fine = np.repeat(np.repeat(noise(60, 100), 2, axis=0), 2, axis=1)[:, :199]
    whole, part = (
        small_pictures(np.ascontiguousarray(fine)),
        small_pictures(noise(60, 100), (EIGHTHS * 199 // 2, EIGHTHS * 60)),
    )
    assert np.abs(whole.rgb32.astype(int) - part.rgb32).max() <= 1
    assert np.abs(whole.gray32.astype(int) - part.gray32).mean() < 2
    assert np.abs(whole.gray32.astype(int) - small_pictures(noise(60, 100)).gray32).mean() > 2
