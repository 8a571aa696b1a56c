from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from eclip.quality.images import decode as decoding
from eclip.quality.images.decode import UnreadablePhotoError, decode, open_image
from eclip.quality.images.head import jpeg_head
from PIL import Image


def saved(mode: str = "RGB", format: str = "JPEG", **options: Any) -> bytes:
    levels = np.random.default_rng(3).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    image = Image.fromarray(levels).resize((301, 203)).convert(mode)
    image.save(sink := io.BytesIO(), format, **options)
    return sink.getvalue()


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = 6
    return found


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    "options", [{}, {"comment": b"a"}, {"subsampling": 0, "optimize": True}, {"restart_marker_rows": 1}]
)
def test_the_head_says_what_pillow_says(mode: str, options: dict[str, Any]) -> None:
    data = saved(mode, **options)
    head, image = jpeg_head(data), open_image(data)
    assert head is not None
    assert (head.size, head.mode, head.format) == (image.size, image.mode, image.format)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xd8", b"\xff\xd8\xff\xd9" + bytes(20), saved(progressive=True), saved("CMYK"), saved(exif=exif()),
        saved(icc_profile=b"x" * 99), saved(format="PNG"), saved()[:200], saved().replace(b"\xff\xc0", b"\xff\xc3"),
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_pillow(data: bytes) -> None:
    assert jpeg_head(data) is None


def test_a_photo_decodes_equally_by_its_head_and_by_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    for options in ({}, {"subsampling": 0}):
        data = saved(**options)
        found = [decode(data, side, hash_path=path) for side in (None, 128, 512) for path in ("fast", "exact")]
        with monkeypatch.context() as patch:
            patch.setattr(decoding, "jpeg_head", lambda _: None)
            expected = [decode(data, side, hash_path=path) for side in (None, 128, 512) for path in ("fast", "exact")]
        for one, other in zip(found, expected, strict=True):
            assert (one.jpeg, one.width, one.height) == (other.jpeg, other.width, other.height)
            for name in ("gray32", "gray64", "rgb8", "rgb32"):
                assert np.array_equal(getattr(one, name), getattr(other, name))


def test_a_plain_photo_costs_no_opening_by_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("simplejpeg")

    def opened(data: bytes) -> Image.Image:
        raise AssertionError(f"{len(data)} bytes were opened")

    monkeypatch.setattr(decoding, "open_image", opened)
    assert decode(saved(), None).width == 301


def test_what_breaks_off_is_still_said_by_pillow() -> None:
    for data in (saved()[:-2000], saved()[:2000]):
        assert jpeg_head(data) is not None
        with pytest.raises(UnreadablePhotoError, match="truncated"):
            decode(data, None)
