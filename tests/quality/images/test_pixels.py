from __future__ import annotations

import io
from typing import Literal

import imagehash
import numpy as np
import pytest
import simplejpeg
from eclip.quality.images import pixels
from eclip.quality.images.decode import decode, open_image
from eclip.quality.images.hashes import colour_distance, hamming, phash, to_hex
from PIL import Image
from quality_photos import bits, picture, saved

Path = Literal["exact", "fast"]
both = pytest.mark.parametrize("path", ["exact", "fast"])


@pytest.mark.parametrize(
    ("mode", "more"),
    [("RGB", {}), ("RGB", {"progressive": True}), ("RGB", {"subsampling": 0}), ("RGB", {"keep_rgb": True}), ("L", {}),
     ("RGB", {"restart_marker_rows": 1}), ("RGB", {"icc_profile": b"a profile" * 9}), ("CMYK", {})],
)  # fmt: skip
@pytest.mark.parametrize("side", [90, 300, 1100])
def test_the_fast_path_moves_few_bits(mode: str, more: dict, side: int) -> None:
    data = saved(picture(side, side + 37, side).convert(mode), quality=90, **more)
    exact, fast = decode(data, hash_path="exact"), decode(data, hash_path="fast")
    assert (exact.width, exact.height) == (fast.width, fast.height) == (side, side + 37)
    assert to_hex(phash(exact.gray32[None])) == [str(imagehash.phash(Image.open(io.BytesIO(data))))]
    apart = hamming(bits(exact), bits(fast))[0]
    assert apart <= 4
    assert side > 255 or apart == 0  # nothing to be left out
    assert colour_distance(exact.rgb8.reshape(1, -1), fast.rgb8.reshape(1, -1))[0] < 1


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("more", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}])
def test_pillow_takes_over_with_the_same_pixels(scale: int, more: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(picture(517, 389), **more)
    quick = pixels.pixels_of(open_image(data), data, scale)
    assert quick.shape == (-(-389 // scale), -(-517 // scale), 3)
    monkeypatch.setattr(pixels, "simplejpeg", None)
    assert np.array_equal(pixels.pixels_of(open_image(data), data, scale), quick)


@both
def test_what_pillow_reads_in_spite_of_a_warning_is_read(path: Path) -> None:
    data = saved(picture(300, 300))
    odd = data[:-2] + b"\0\0\0\0" + data[-2:]  # bytes before the end that belong to nothing
    with pytest.raises(ValueError, match="extraneous"):
        simplejpeg.decode_jpeg(odd)
    assert hamming(bits(decode(odd, hash_path=path)), bits(decode(data)))[0] <= 2
