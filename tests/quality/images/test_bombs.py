"""Files made to be far larger than they look: each gives a photo or a reason, in bounded memory."""

from __future__ import annotations

import io
import pathlib
import struct
import subprocess
import sys
import zlib
from typing import Literal

import pytest
from eclip.quality.images.decode import MOST_SCANS, UnreadablePhotoError, decode
from PIL import Image
from quality_photos import picture, saved

Path = Literal["exact", "fast"]
both = pytest.mark.parametrize("path", ["exact", "fast"])


def blank_png(width: int, height: int) -> bytes:
    """A PNG of zeros, a thousandth of its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    row = bytes(1 + width // 8)
    pixels = packer.compress(row * height) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def gif_of(width: int, height: int) -> bytes:
    """A small GIF that claims this size, for its screen and its frame."""
    data = bytearray(saved(Image.new("P", (8, 8)), "GIF"))
    frame = data.index(b",", 13)
    struct.pack_into("<HH", data, 6, width, height)
    struct.pack_into("<HH", data, frame + 5, width, height)
    return bytes(data)


def many_scans(times: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times."""
    data = saved(picture(64, 64), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * times + data[-2:]


@both
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (blank_png(40_000, 40_000), "far more pixels than image.max_megapixels 64"),
        (blank_png(12_000, 12_000), "12000 x 12000 pixels, more than image.max_megapixels 64"),
        (gif_of(60_000, 60_000), "far more pixels"),
        (gif_of(10_000, 10_000), "10000 x 10000 pixels"),
        (many_scans(MOST_SCANS + 1), "scans"),
        (saved(picture(300, 300))[:-2000], "truncated"),
        (saved(picture(300, 300), progressive=True)[:2000], "truncated"),
        (b"\xff\xd8\xff", "does not decode|not an image"),
        (b"\0" * 5000, "not an image"),
    ],
    ids=["png", "png under the limit of pillow", "gif", "gif under it", "scans", "truncated", "truncated progressive", "head", "zeros"],
)  # fmt: skip
def test_what_is_refused_and_why(data: bytes, says: str, path: Path) -> None:
    with pytest.raises(UnreadablePhotoError, match=says):
        decode(data, hash_path=path)


@both
def test_scans_that_an_encoder_writes_are_read(path: Path) -> None:
    assert decode(saved(picture(300, 300), progressive=True), hash_path=path).width == 300


@both
@pytest.mark.parametrize("size", [(1, 1), (50_000, 1), (1, 50_000), (50_000, 40), (2, 3)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_odd_sizes_are_photos(size: tuple[int, int], kind: str, path: Path) -> None:
    photo = decode(saved(Image.new("RGB", size, (9, 99, 199)), kind), hash_path=path)
    assert (photo.width, photo.height) == size
    kept = Image.open(io.BytesIO(photo.jpeg or b""))
    assert max(kept.size) == min(512, max(size))
    assert photo.rgb8.reshape(-1, 3).mean(0) == pytest.approx([9, 99, 199], abs=3)


@both
@pytest.mark.parametrize(("kind", "name"), [("PNG", "a.jpg"), ("WEBP", "b.jpg"), ("JPEG", "c.png")])
def test_the_bytes_say_what_a_file_is_and_not_its_name(kind: str, name: str, path: Path) -> None:
    del name  # decode is given none
    assert decode(saved(picture(200, 200), kind), hash_path=path).width == 200


@both
def test_inverted_cmyk_of_photoshop_is_read_as_pillow_reads_it(path: Path) -> None:
    image = picture(300, 300).convert("CMYK")
    data = saved(image)
    assert b"Adobe" in data  # which inverts all four inks
    red = decode(saved(Image.new("RGB", (200, 200), (220, 20, 30)).convert("CMYK")), hash_path=path)
    assert red.rgb8.reshape(-1, 3).mean(0) == pytest.approx([220, 20, 30], abs=6)


@both
def test_a_large_photo_takes_memory_by_its_pixels(path: Path, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "large.jpg"
    Image.new("RGB", (6000, 4000), (9, 99, 199)).save(file, "JPEG", progressive=True)
    program = """
import resource, sys
from pathlib import Path
from eclip.quality.images.decode import decode
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
small, large = (Path(name).read_bytes() for name in sys.argv[2:])
decode(small, hash_path=sys.argv[1])
before = peak()
assert decode(large, hash_path=sys.argv[1]).width == 6000
print((peak() - before) / (6000 * 4000))
"""
    (tmp_path / "small.jpg").write_bytes(saved(picture(600, 600)))
    command = [sys.executable, "-c", program, path, tmp_path / "small.jpg", file]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    # Bytes a pixel: the coefficients of a progressive JPEG are 3; all pixels 3 more, grey and turned to rows 2.
    assert float(done.stdout) < (12 if path == "exact" else 6)
