import io

import numpy as np
import pytest
from eclip.quality.images.features import (
    COLOUR_SIZE,
    FEATURES,
    HOG_SIZE,
    colour_histograms,
    hog,
    photo_features,
)
from PIL import Image, ImageDraw


def striped(angle, low=40, high=200):
    """A thumbnail with stripes at an angle, in degrees."""
    y, x = np.mgrid[0:64, 0:64]
    wave = np.sin((x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))) * 0.8)
    return np.repeat(np.where(wave > 0, high, low).astype(np.uint8)[..., None], 3, axis=2)


def jpeg(size):
    """A photo of a blue disc on white."""
    picture = Image.new("RGB", (size, size), "white")
    edge = size // 5
    ImageDraw.Draw(picture).ellipse([edge, edge, size - edge, size - edge], fill=(30, 90, 200))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()


def test_hog_votes_for_the_direction_across_an_edge():
    across = hog(striped(0)).reshape(49, 4, 9).sum((0, 1))
    down = hog(striped(90)).reshape(49, 4, 9).sum((0, 1))
    assert set(np.argsort(across)[-2:]) == {0, 8}  # around 0 degrees, shared by the two bins beside it
    assert np.argmax(down) == 4


def test_hog_forgets_contrast_and_brightness_but_not_shape():
    plain = hog(striped(30))
    assert plain @ hog(striped(30, 10, 240)) > 0.98 * (plain @ plain)
    assert plain @ hog(striped(120)) < 0.5 * (plain @ plain)


def test_a_blank_photo_has_no_shape_and_its_noise_hardly_any():
    assert not hog(np.full((64, 64, 3), 200, np.uint8)).any()
    noise = np.random.default_rng(0).normal(200, 2, (64, 64, 3)).astype(np.uint8)
    assert np.linalg.norm(hog(noise)) < 0.35 * np.linalg.norm(hog(striped(0)))


def test_colours_know_where_they_are():
    left, right = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)
    left[:, :21], right[:, -21:] = (220, 30, 30), (220, 30, 30)
    same = colour_histograms(left) @ colour_histograms(left)
    assert same == pytest.approx(9, abs=1e-5)
    assert colour_histograms(left) @ colour_histograms(right) < 0.5 * same


def test_photo_features_join_both_and_leave_zeros_for_a_missing_photo():
    found = photo_features([jpeg(300), None])
    assert found.shape == (2, FEATURES) == (2, HOG_SIZE + COLOUR_SIZE)
    assert found.dtype == np.float32
    assert found[0, :HOG_SIZE].any()
    assert found[0, HOG_SIZE:].any()
    assert not found[1].any()
    assert photo_features([]).shape == (0, FEATURES)


def test_a_photo_decoded_at_a_reduced_scale_has_nearly_the_same_features():
    small, large = photo_features([jpeg(120), jpeg(1024)])
    assert small @ large > 0.95 * np.linalg.norm(small) * np.linalg.norm(large)


def test_what_does_not_decode_or_fit_is_named():
    with pytest.raises(ValueError, match="photo 1 of 2 does not decode"):
        photo_features([jpeg(64), b"not a photo"])
    with pytest.raises(ValueError, match=r"expected \(64, 64, 3\), uint8"):
        hog(np.zeros((32, 32, 3), np.uint8))
