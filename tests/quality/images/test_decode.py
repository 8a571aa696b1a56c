from __future__ import annotations

import io
import subprocess
import sys

import imagehash
import numpy as np
import pytest
from eclip.quality.images.decode import Photo, UnreadablePhotoError, decode, open_image
from eclip.quality.images.hashes import colour_distance, from_hex, hamming, information, phash, to_hex
from PIL import Image, ImageDraw, UnidentifiedImageError


def picture(width: int = 120, height: int = 80, seed: int = 0) -> Image.Image:
    """A few coloured shapes on white."""
    draw = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = draw.integers(0, width), draw.integers(0, height)
        pen.ellipse(
            [x, y, x + draw.integers(8, 60), y + draw.integers(8, 60)], fill=tuple(draw.integers(0, 255, 3).tolist())
        )
    return image


def saved(image: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **more)
    return sink.getvalue()


@pytest.mark.parametrize("seed", range(12))
def test_hashes_are_those_of_imagehash(seed: int) -> None:
    data = saved(picture(90 + 17 * seed, 240 - 11 * seed, seed), quality=60 + 3 * seed)
    photo, image = decode(data), Image.open(io.BytesIO(data))
    assert to_hex(phash(photo.gray32[None])) == [str(imagehash.phash(image))]
    assert to_hex(phash(photo.gray64[None])) == [str(imagehash.phash(image, hash_size=16))]


def test_a_flat_photo_hashes_as_in_imagehash() -> None:
    flat = Image.new("RGB", (64, 64), (200, 200, 200))
    assert to_hex(phash(decode(saved(flat)).gray32[None])) == [str(imagehash.phash(flat))]


def test_a_small_upright_jpeg_is_kept_byte_by_byte() -> None:
    data = saved(picture())
    assert decode(data).jpeg == data
    large = decode(saved(picture(800, 400)), max_side=200)
    assert Image.open(io.BytesIO(large.jpeg)).size == (200, 100)
    assert (large.width, large.height) == (800, 400)


def test_a_turned_photo_is_turned_back() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    image = picture(120, 80)
    photo = decode(saved(image, exif=exif))
    assert (photo.width, photo.height) == (80, 120)
    assert Image.open(io.BytesIO(photo.jpeg)).size == (80, 120)
    upright = decode(saved(image.rotate(-90, expand=True)))
    assert hamming(*(np.packbits(phash(p.gray32[None]), axis=1) for p in (photo, upright)))[0] <= 4


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


@pytest.mark.filterwarnings("ignore")  # Pillow says what it thinks of such files
def test_bytes_at_random_give_a_photo_or_a_reason() -> None:
    draw = np.random.default_rng(0)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "maker"
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    small = picture(40, 30)
    sources = [saved(small, kind, **more) for kind, more in (
        ("JPEG", {"exif": exif}), ("JPEG", {"exif": exif, "progressive": True}), ("PNG", {"exif": exif}), ("GIF", {}),
        ("WEBP", {"exif": exif}), ("TIFF", {"exif": exif}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}),
    )]  # fmt: skip
    ends: set[type] = set()
    for number in range(1600):
        data = bytearray(sources[number % len(sources)])
        # Most of what matters stands at the head of a file.
        span = min(len(data), 300) if number % 3 else len(data)
        for place in draw.integers(0, span, draw.integers(1, 12)):
            data[place] = draw.integers(0, 256)
        if number % 5 == 0:
            del data[draw.integers(1, len(data)) :]
        try:
            ends.add(type(decode(bytes(data), max_megapixels=1)))
        except UnreadablePhotoError as error:
            ends.add(type(error))
    assert ends == {Photo, UnreadablePhotoError}


@pytest.mark.parametrize(
    ("kind", "mode", "more"),
    [("PNG", "RGBA", {}), ("PNG", "P", {}), ("PNG", "L", {}), ("PNG", "1", {}), ("PNG", "I;16", {}), ("JPEG", "CMYK", {}),
     ("GIF", "P", {}), ("WEBP", "RGB", {}), ("JPEG", "RGB", {"progressive": True}), ("BMP", "RGB", {}), ("TIFF", "F", {})],
)  # fmt: skip
def test_formats_and_modes(kind: str, mode: str, more: dict) -> None:
    image = picture()
    if mode in ("I;16", "F"):
        image = Image.fromarray(
            (np.asarray(image.convert("L")).astype(np.uint16) * 200).astype(np.uint16 if mode == "I;16" else np.float32)
        )
    photo = decode(saved(image if mode in ("I;16", "F") else image.convert(mode), kind, **more))
    assert Image.open(io.BytesIO(photo.jpeg)).mode == "RGB"
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


def test_recompressed_and_resized_photos_stay_near_and_others_do_not() -> None:
    base = picture(300, 300, 5)
    original, again, smaller, other = (
        decode(d)
        for d in (
            saved(base, quality=92),
            saved(base, quality=40),
            saved(base.resize((170, 170))),
            saved(picture(300, 300, 6)),
        )
    )

    def apart(photo: object) -> tuple[int, float]:
        bits = [np.packbits(phash(p.gray64[None]), axis=1) for p in (original, photo)]  # type: ignore[attr-defined]
        shades = [p.rgb8.reshape(1, -1) for p in (original, photo)]  # type: ignore[attr-defined]
        return int(hamming(*bits)[0]), float(colour_distance(*shades)[0])

    assert apart(again)[0] <= 32
    assert apart(again)[1] < 3
    assert apart(smaller)[0] <= 32
    assert apart(other)[0] > 64


def test_information_is_entropy_in_bits() -> None:
    flat = np.full((1, 32, 32, 3), 200, np.uint8)
    half = flat.copy()
    half[0, :16] = 0
    every = np.stack([np.repeat(np.arange(64), 16).reshape(32, 32) // 16 * 64, np.repeat(np.arange(64), 16).reshape(32, 32) // 4 % 4 * 64,
                      np.repeat(np.arange(64), 16).reshape(32, 32) % 4 * 64], axis=-1).astype(np.uint8)[None]  # fmt: skip
    assert information(np.concatenate([flat, half, every])).tolist() == [0.0, 1.0, 6.0]


def test_hashes_in_hex_and_back() -> None:
    bits = np.random.default_rng(0).random((3, 64)) < 0.5
    packed = from_hex([*to_hex(bits), None, "not hex of the right length"], 64)
    assert np.array_equal(np.unpackbits(packed[:3], axis=1).astype(bool), bits)
    assert not packed[3:].any()
