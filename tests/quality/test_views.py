from __future__ import annotations

import io

import numpy as np
import pytest
from eclip.quality import views
from eclip.quality.images.features import FEATURES, thumb_features
from eclip.quality.views import photo_view, title_view
from PIL import Image
from shop import photo


def noise(seed: int) -> bytes:
    sink = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (80, 120, 3), np.uint8)
    Image.fromarray(pixels).save(sink, "JPEG")
    return sink.getvalue()


def test_edges_and_colours_are_those_of_one_photo_at_a_time() -> None:
    jpegs = [photo("tent", "red", 1), photo("ring", "black", 2), noise(0), noise(1)]
    thumbs = np.stack([views._thumb(jpeg, 0) for jpeg in jpegs])
    found = photo_view(jpegs)
    assert np.abs(found[:, :FEATURES] - thumb_features(thumbs)).max() < 1e-5
    pixels = thumbs.reshape(-1, 16, 4, 16, 4, 3).mean((2, 4)) / 255
    assert np.abs(found[:, FEATURES:] - pixels.reshape(len(jpegs), -1)).max() < 1e-6


def test_a_view_does_not_depend_on_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    jpegs = [photo("box", "blue", n) for n in range(5)]
    whole = photo_view(jpegs)
    monkeypatch.setattr(views, "PHOTOS_AT_A_TIME", 2)
    assert (photo_view(jpegs) == whole).all()
    assert (photo_view(jpegs[3:]) == whole[3:]).all()
    titles = ["Red mug 3", "藍色地毯", ""]
    assert (title_view(titles[1:]).toarray() == title_view(titles).toarray()[1:]).all()


def test_nothing_gives_no_rows() -> None:
    assert photo_view([]).shape == (0, sum(views.BLOCKS))
    assert title_view([]).shape == (0, views.NGRAMS)


def test_titles_are_described_in_any_script() -> None:
    rows = title_view(["藍色羊毛地毯", "藍色羊毛毛衣", "ＲＥＤ Mug!", "red mug", "★"]).toarray()
    assert rows[0] @ rows[1] > 4  # they begin with the same four characters
    assert (rows[2] == rows[3]).all()
    assert not rows[4].any()


def test_a_broken_photo_is_named() -> None:
    with pytest.raises(ValueError, match="photo 1 does not decode"):
        photo_view([photo("box", "red", 0), b"no photo"])
