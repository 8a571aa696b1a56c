from __future__ import annotations

import numpy as np
import pytest
from eclip.quality.images.decode import decode
from eclip.quality.images.hashes import colour_distance, from_hex, hamming, information, phash, popcount, to_hex, words
from PIL import Image
from quality_photos import picture, saved


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


def test_popcounts_are_those_of_numpy() -> None:
    draw = np.random.default_rng(0)
    left, right = (draw.integers(0, 256, (500, 32)).astype(np.uint8) for _ in range(2))
    assert np.array_equal(hamming(left, right), np.bitwise_count(left ^ right).sum(axis=1))
    assert np.array_equal(hamming(left[:, :8], right[:, :8]), np.bitwise_count(left ^ right)[:, :8].sum(axis=1))
    assert [popcount(word) for word in words(left)[0]] == np.bitwise_count(words(left)[0]).tolist()
    assert hamming(left[:0], right[:0]).tolist() == []


def test_colour_distance_is_luma_everywhere_and_chroma_where_it_differs_most() -> None:
    draw = np.random.default_rng(0)
    left, right = (draw.integers(0, 256, (50, 192)).astype(np.uint8) for _ in range(2))
    apart = left.reshape(50, 64, 3).astype(float) - right.reshape(50, 64, 3)
    luma = apart @ [0.299, 0.587, 0.114]
    chroma = np.hypot(0.564 * (apart[..., 2] - luma), 0.713 * (apart[..., 0] - luma))
    expected = np.abs(luma).mean(axis=1) + np.sort(chroma, axis=1)[:, -16:].mean(axis=1)
    assert colour_distance(left, right) == pytest.approx(expected)
    assert np.array_equal(colour_distance(left, right), colour_distance(right, left))
    assert colour_distance(left, left).tolist() == [0.0] * 50


def test_a_recoloured_product_is_farther_than_a_copy() -> None:
    image = Image.new("RGB", (300, 300), "white")
    for colour, box in (((30, 60, 160), (110, 60, 190, 240)), ((40, 40, 40), (130, 90, 170, 120))):
        image.paste(colour, box)
    other = Image.new("RGB", (300, 300), "white")
    for colour, box in (((60, 40, 160), (110, 60, 190, 240)), ((40, 40, 40), (130, 90, 170, 120))):
        other.paste(colour, box)

    def shades(picture: Image.Image, quality: int = 95) -> np.ndarray:
        return decode(saved(picture, quality=quality)).rgb8.reshape(1, -1)

    assert colour_distance(shades(image), shades(image, 30))[0] < 2
    assert colour_distance(shades(image), shades(image.resize((170, 170))))[0] < 2
    assert colour_distance(shades(image), shades(other))[0] > 5
