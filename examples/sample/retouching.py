"""Photo files: what sellers and their software do to photos between the camera and the platform."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from .drawing import jpeg, photo, write
from .products import Product

CHANGES = ("none", "recompressed", "resized", "cropped", "watermarked")  # of a photo that is used again
HARD_CHANGES = (*CHANGES, "dimmed", "framed", "halved", "coarse")
BREAKAGES = ("garbage", "truncated", "missing", "empty")
TILES = 6  # different "no image" tiles


@dataclass(frozen=True)
class Shot:
    """One photo file: of which product, in which look, and what was done to it.

    `treatment` is one of HARD_CHANGES or BREAKAGES, `tiny`, `odd`, or `tile` and `tile_recompressed`, where `look`
    is the number of the tile.
    """

    product: Product
    look: str
    treatment: str = "none"


def develop(shot: Shot) -> bytes | None:
    """Give the bytes of the file, None where there is to be no file."""
    rng = random.Random(f"{shot.look}/file")
    if shot.treatment.startswith("tile"):
        return _tile(int(shot.look), 85 if shot.treatment == "tile" else 60)
    match shot.treatment:
        case "missing":
            return None
        case "empty":
            return b""
        case "garbage":
            return rng.randbytes(rng.randint(500, 3000))
    image = photo(shot.product, shot.look)
    if shot.treatment == "tiny":
        return jpeg(image.resize(tiny_size(shot.look)))
    if shot.treatment == "odd":
        return jpeg(_banner(image, odd_size(shot.look)))
    file = jpeg(image, rng.choice((75, 85, 90)))
    if shot.treatment == "truncated":
        return file[: int(len(file) * rng.uniform(0.2, 0.6))]
    return file if shot.treatment == "none" else _change(rng, file, shot.treatment)


def tiny_size(look: str) -> tuple[int, int]:
    """Give width and height of a thumbnail that somebody took for the photo. [pixels, below 40]"""
    rng = random.Random(f"{look}/tiny")
    return rng.randint(20, 38), rng.randint(20, 38)


def odd_size(look: str) -> tuple[int, int]:
    """Give width and height of a banner, wide or tall, more than four times as long as broad. [pixels]"""
    rng = random.Random(f"{look}/odd")
    short = rng.randint(72, 84)
    long = round(short * rng.uniform(4.3, 5.5))
    return (long, short) if rng.random() < 0.7 else (short, long)


def _change(rng: random.Random, file: bytes, change: str) -> bytes:
    image = Image.open(io.BytesIO(file)).convert("RGB")
    width, height = image.size
    match change:
        case "recompressed":
            return jpeg(image, rng.choice((40, 50, 60)))
        case "resized":
            share = rng.uniform(0.6, 0.85)
            return jpeg(image.resize((round(width * share), round(height * share))))
        case "cropped":
            left, top, right, bottom = (rng.uniform(0.01, 0.04) for _ in range(4))
            box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
            return jpeg(image.crop(tuple(round(edge) for edge in box)))  # type: ignore[arg-type]
        case "watermarked":
            write(
                image,
                "www.shop.example",
                (width / 2, height * rng.uniform(0.75, 0.9)),
                width / 12,
                (255, 255, 255, 150),
            )
            return jpeg(image)
        case "dimmed":
            return jpeg(ImageEnhance.Brightness(image).enhance(rng.uniform(0.88, 0.95)))
        case "framed":
            return jpeg(ImageOps.expand(image, 2, (250, 250, 250)))
        case "halved":
            return jpeg(image.resize((width // 2, height // 2)))
        case "coarse":
            return jpeg(image, 30)
    raise AssertionError(f"no such change of a photo: {change}")


def _banner(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    banner = Image.new("RGB", size, (235, 235, 230))
    image.thumbnail((min(size), min(size)))
    banner.paste(image, ((size[0] - image.width) // 4, (size[1] - image.height) // 4))
    return banner


@cache
def _tile(number: int, quality: int) -> bytes:
    """Draw one of the platforms' "no image" tiles: flat, in two or three shades."""
    paper, ink = ((238, 205), (255, 170), (220, 160), (96, 150), (205, 245), (60, 120))[number]
    text = ("NO IMAGE", "no photo", "Kein Bild", "Pas de photo", "COMING SOON", "N/A")[number]
    tile = Image.new("RGB", (200, 200), (paper, paper, paper))
    pen, fill = ImageDraw.Draw(tile), (ink, ink, ink)
    match number % 3:
        case 0:  # a picture frame with a hill and a sun
            pen.rectangle((50, 45, 150, 120), outline=fill, width=5)
            pen.polygon([(60, 112), (95, 72), (118, 98), (128, 88), (142, 112)], fill=fill)
            pen.ellipse((118, 56, 134, 72), fill=fill)
        case 1:  # a camera
            pen.rounded_rectangle((45, 55, 155, 125), 10, fill=fill)
            pen.ellipse((78, 68, 122, 112), fill=(paper, paper, paper))
            pen.rectangle((70, 45, 100, 56), fill=fill)
        case 2:  # a circle, crossed out
            pen.ellipse((60, 35, 140, 115), outline=fill, width=8)
            pen.line((74, 100, 126, 50), fill=fill, width=8)
    write(tile, text, (100, 155), 22, fill)
    return jpeg(tile, quality)
