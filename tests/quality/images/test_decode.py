from __future__ import annotations

import io
import subprocess
import sys
from typing import Literal

import imagehash
import numpy as np
import pytest
from eclip.quality.images.decode import Photo, UnreadablePhotoError, decode, open_image
from eclip.quality.images.hashes import hamming, phash, to_hex
from PIL import Image, ImageOps, UnidentifiedImageError
from quality_photos import bits, picture, saved

Path = Literal["exact", "fast"]
both = pytest.mark.parametrize("path", ["exact", "fast"])


@pytest.mark.parametrize("seed", range(12))
def test_hashes_are_those_of_imagehash(seed: int) -> None:
    data = saved(picture(90 + 17 * seed, 240 - 11 * seed, seed), quality=60 + 3 * seed)
    photo, image = decode(data, hash_path="exact"), Image.open(io.BytesIO(data))
    assert to_hex(phash(photo.gray32[None])) == [str(imagehash.phash(image))]
    assert to_hex(phash(photo.gray64[None])) == [str(imagehash.phash(image, hash_size=16))]


def test_a_flat_photo_hashes_as_in_imagehash() -> None:
    flat = Image.new("RGB", (64, 64), (200, 200, 200))
    assert to_hex(phash(decode(saved(flat)).gray32[None])) == [str(imagehash.phash(flat))]


@both
def test_a_small_upright_jpeg_is_kept_byte_by_byte(path: Path) -> None:
    data = saved(picture())
    assert decode(data, hash_path=path).jpeg == data
    large = decode(saved(picture(800, 400)), max_side=200, hash_path=path)
    assert Image.open(io.BytesIO(large.jpeg or b"")).size == (200, 100)
    assert (large.width, large.height) == (800, 400)


def test_no_jpeg_is_made_where_none_is_asked_for() -> None:
    data = saved(picture(800, 400))
    kept, hashed = (decode(data, max_side, hash_path="exact") for max_side in (512, None))
    assert hashed.jpeg is None
    assert np.array_equal(kept.gray64, hashed.gray64)


@both
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_turned_back(orientation: int, path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = picture(640, 480)
    turned = Image.open(io.BytesIO(saved(image, exif=exif, quality=95)))
    photo = decode(saved(image, exif=exif, quality=95), max_side=320, hash_path=path)
    upright = ImageOps.exif_transpose(turned)
    assert (photo.width, photo.height) == upright.size == ((640, 480) if orientation < 5 else (480, 640))
    kept = Image.open(io.BytesIO(photo.jpeg or b"")).convert("RGB")
    assert kept.size == (upright.width // 2, upright.height // 2)
    assert np.abs(np.asarray(kept, int) - np.asarray(upright.resize(kept.size), int)).mean() < 3
    if path == "exact":
        assert to_hex(phash(photo.gray32[None])) == [str(imagehash.phash(upright))]
    else:
        assert hamming(bits(photo), bits(decode(saved(upright, quality=95), hash_path="exact")))[0] <= 4


@pytest.mark.filterwarnings("ignore")  # Pillow says what it thinks of such blocks
@pytest.mark.parametrize(
    "block",
    [
        # A turn by 90 degrees beside text where a number belongs: written anew, the block does not fit its own types.
        b"MM\x00*\x00\x00\x00\x08\x00\x03\x01(\x00\x02\x00\x00\x00\x03mk\x00\x00\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
        b"\x01\x1a\x00\x05\x00\x00\x00\x01\x00\x00\x002\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x02",
        b"MM\x00*\x00\x00\x00\x08\x00\x03\x01\x0f*\x02\x00\x00\x00\x03mk\x00\x00\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
        b"\x01\r\x00\x05\x00\x00\x00\x01\x00\x00\x002\x00\xee\x00\x00\x00\x00\x00\x03\x00\x00\x00\x02",
        b"MM\0*\xff\xff\xff\xf0",
        b"II*\0",
        b"",
        b"garbage",
    ],
)
def test_an_odd_exif_block_is_no_reason_to_lose_a_photo(block: bytes) -> None:
    data = saved(picture(), exif=b"Exif\0\0" + block)
    assert sorted((decode(data).width, decode(data).height)) == [80, 120]


def test_metadata_is_taken_out_and_the_pixels_stay() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "Secretcam"
    plain = picture()
    data = saved(
        plain, exif=exif, comment=b"Secret note", xmp=b"<x>Secret</x>", icc_profile=b"a profile" * 9, dpi=(72, 72)
    )
    iptc = b"Photoshop 3.0\0Secret"
    data = data[:2] + b"\xff\xed" + (len(iptc) + 2).to_bytes(2, "big") + iptc + data[2:] + b"Secret behind the end"
    assert data.count(b"Secret") == 5
    photo = decode(data)
    assert b"Secret" not in photo.jpeg
    assert b"Exif" not in photo.jpeg
    kept = Image.open(io.BytesIO(photo.jpeg))
    assert kept.info["icc_profile"] == b"a profile" * 9  # what the colours mean is no metadata of the seller
    assert np.array_equal(np.asarray(kept), np.asarray(Image.open(io.BytesIO(data))))
    large = saved(picture(800, 400), exif=exif, comment=b"Secret note")
    assert b"Secret" not in decode(large).jpeg


@pytest.mark.parametrize(
    "more", [{"progressive": True}, {"quality": 100}, {"restart_marker_rows": 1}, {"optimize": True}]
)
def test_a_jpeg_of_any_layout_is_kept_byte_by_byte(more: dict) -> None:
    data = saved(Image.effect_noise((200, 150), 80).convert("RGB"), **more)
    assert decode(data).jpeg == data


def test_importing_leaves_the_limit_of_others_alone() -> None:
    program = "from PIL import Image; old = Image.MAX_IMAGE_PIXELS; import eclip.quality.images.decode; assert Image.MAX_IMAGE_PIXELS == old"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_documents_and_scripts_are_no_photos() -> None:
    with pytest.raises(UnidentifiedImageError):
        open_image(saved(picture(), "EPS"))
    with pytest.raises(UnreadablePhotoError, match="not an image of a known format"):
        decode(saved(picture(), "EPS"))
    with pytest.raises(UnreadablePhotoError, match="not an image of a known format"):
        decode(saved(picture(), "ICO"))


@both
@pytest.mark.filterwarnings("ignore")  # Pillow says what it thinks of such files
def test_bytes_at_random_give_a_photo_or_a_reason(path: Path) -> None:
    draw = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    small = picture(280, 260) if path == "fast" else picture(40, 30)
    sources = [saved(small, kind, **more) for kind, more in (
        ("JPEG", {"exif": exif}), ("JPEG", {"exif": exif, "progressive": True}), ("PNG", {"exif": exif}), ("GIF", {}),
        ("WEBP", {"exif": exif}), ("TIFF", {"exif": exif}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}),
    )]  # fmt: skip
    ends: set[type] = set()
    for number in range(800):
        data = bytearray(sources[number % len(sources)])
        # Most of what matters stands at the head of a file.
        span = min(len(data), 300) if number % 3 else len(data)
        for place in draw.integers(0, span, draw.integers(1, 12)):
            data[place] = draw.integers(0, 256)
        if number % 5 == 0:
            del data[draw.integers(1, len(data)) :]
        try:
            ends.add(type(decode(bytes(data), max_megapixels=1, hash_path=path)))
        except UnreadablePhotoError as error:
            ends.add(type(error))
    assert ends == {Photo, UnreadablePhotoError}


@pytest.mark.parametrize(
    ("kind", "mode", "more"),
    [("PNG", "RGBA", {}), ("PNG", "LA", {}), ("AVIF", "RGB", {}), ("WEBP", "RGBA", {}),
     ("MPO", "RGB", {"save_all": True, "append_images": [picture(seed=1)]}), ("GIF", "P", {"save_all": True, "append_images": [picture(seed=1)]}),
     ("JPEG", "L", {}), ("PNG", "P", {}), ("PNG", "L", {}), ("PNG", "1", {}), ("PNG", "I;16", {}), ("JPEG", "CMYK", {}),
     ("GIF", "P", {}), ("WEBP", "RGB", {}), ("JPEG", "RGB", {"progressive": True}), ("BMP", "RGB", {}), ("TIFF", "F", {})],
)  # fmt: skip
@both
def test_formats_and_modes(kind: str, mode: str, more: dict, path: Path) -> None:
    image = picture()
    if mode in ("I;16", "F"):
        image = Image.fromarray(
            (np.asarray(image.convert("L")).astype(np.uint16) * 200).astype(np.uint16 if mode == "I;16" else np.float32)
        )
    data = saved(image if mode in ("I;16", "F") else image.convert(mode), kind, **more)
    photo = decode(data, hash_path=path)
    assert Image.open(io.BytesIO(photo.jpeg or b"")).mode == "RGB"
    assert (photo.width, photo.height) == (120, 80)
    assert photo.rgb32.std() > 10  # something is to be seen on it


def test_transparency_lies_on_white() -> None:
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert decode(saved(image, "PNG")).rgb8.min() > 250


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"<html>404</html>", "not an image"),
        (saved(picture())[:900], "truncated"),
        (saved(picture(), "PNG")[:200], "does not decode"),
        (saved(Image.new("1", (9000, 9000)), "PNG"), "9000 x 9000 pixels"),
        (saved(Image.new("1", (15_000, 15_000)), "PNG"), "far more pixels than image.max_megapixels 64"),
    ],
)
def test_why_a_photo_does_not_decode(data: bytes, says: str) -> None:
    with pytest.raises(UnreadablePhotoError, match=says):
        decode(data, max_megapixels=64)
