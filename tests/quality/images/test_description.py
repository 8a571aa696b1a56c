from __future__ import annotations

import io

import imagehash
import pytest
from eclip.quality.images import description
from eclip.quality.images.decode import decode
from eclip.quality.images.description import COLUMNS, describe, hash_photos
from PIL import Image
from quality_photos import picture, saved


def test_photos_are_hashed_a_few_at_a_time_and_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "AT_A_TIME", 3)
    files = [saved(picture(seed=seed)) for seed in range(7)]
    files[2], files[5] = b"no photo", b""
    found = hash_photos([*files, None], "exact")
    assert list(found.columns) == list(COLUMNS)
    assert found["error"].notna().tolist() == [k in (2, 5, 7) for k in range(8)]
    assert found["phash"].isna().tolist() == found["error"].notna().tolist()
    for row in (0, 1, 3, 4, 6):
        assert found["phash"][row] == str(imagehash.phash(Image.open(io.BytesIO(files[row]))))
        assert (found["width"][row], found["height"][row]) == (120, 80)
        assert len(found["colour"][row]) == 192
        assert len(found["phash256"][row]) == 64


def test_a_large_photo_is_refused_with_its_reason() -> None:
    assert "more than image.max_megapixels 0.001" in hash_photos([saved(picture())], max_megapixels=0.001)["error"][0]


def test_nothing_gives_nothing() -> None:
    assert describe([]) == []
    assert hash_photos([]).empty
    assert describe([decode(saved(picture()))])[0]["width"] == 120
