from __future__ import annotations

import io

import imagehash
import numpy as np
import pytest
from eclip.quality.images.decode import UnreadablePhotoError, decode
from eclip.quality.images.hashes import colour_distance, from_hex, hamming, information, phash, to_hex
from PIL import Image, ImageDraw


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
