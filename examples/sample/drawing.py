"""Product photos: a shape in its colour, pattern and material, turned a little, before a background."""

from __future__ import annotations

import io
import math
import random
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from .products import Product
from .shapes import SIDE, masks
from .tree import KINDS
from .vocabulary import COLOURS

TRIM, LIGHT, DARK = (150, 151, 154), (243, 240, 230), (34, 34, 38)
BADGES = ("SALE", "-20%", "NEW", "TOP")
Field = NDArray[np.float32]  # one number for each pixel of a mask, (SIDE, SIDE)


def photo(product: Product, look: str) -> Image.Image:
    """Draw one photo of a product; `look` seeds everything that is not the product: angle, light, background.

    So the same look of another colour is the same scene with the product recoloured.
    """
    rng = random.Random(look)
    long, ratio = rng.randint(160, 260), rng.choice((1, 1, 1, 1, 0.8, 1.25))
    width, height = (long, round(long * ratio)) if ratio < 1 else (round(long / ratio), long)
    scene = _background(rng, width, height)
    _place(rng, scene, _object(rng, product))
    if rng.random() < 0.12:
        _badge(rng, scene)
    return _camera(rng, scene)


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    """Encode an image."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def write(image: Image.Image, text: str, centre: tuple[float, float], size: float, fill: tuple[int, ...]) -> None:
    """Write a short text around a point."""
    ImageDraw.Draw(image, "RGBA").text(centre, text, fill=fill, font=ImageFont.load_default(size), anchor="mm")


def _object(rng: random.Random, product: Product) -> Image.Image:
    layers = masks(KINDS[product.kind].shape)
    body = _surface(rng, product).convert("RGBA")
    alpha = layers["body"]
    if product.material == "glass":
        alpha = alpha.point(lambda value: value * 0.8)
    body.putalpha(alpha)
    body.paste((25, 25, 28, 255), (0, 0), _outline(KINDS[product.kind].shape))
    for layer, colour in (("trim", TRIM), ("light", LIGHT), ("dark", DARK)):
        body.paste((*colour, 255), (0, 0), layers[layer])
    return body


@cache
def _outline(shape: str) -> Image.Image:
    body = masks(shape)["body"]
    edge = ImageChops.subtract(body, body.filter(ImageFilter.MinFilter(3)))
    return edge.point(lambda value: value * 0.4)  # faint: it only keeps white from drowning in white


def _surface(rng: random.Random, product: Product) -> Image.Image:
    base = np.array(COLOURS[product.colour].rgb, np.float32) + np.array([rng.gauss(0, 6) for _ in range(3)], np.float32)
    bright = base.mean() > 120
    second = base * 0.45 if bright else base * 0.5 + 127
    pattern = _pattern(rng, product.pattern)[..., None]
    light = _material(product.material)[..., None] * np.linspace(1.12, 0.88, SIDE, dtype=np.float32)[None, :, None]
    pixels = (base + (second - base) * pattern) * light
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _pattern(rng: random.Random, pattern: str) -> Field:
    """Give the share of the second colour. [float32 (SIDE, SIDE)]"""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    phase, period = rng.uniform(0, 30), rng.uniform(20, 30)
    upright = rng.random() < 0.7
    match pattern:
        case "striped":
            share = ((x if upright else y) + phase) % period < period * 0.42
        case "dotted":
            centre = period / 2
            share = np.hypot((x + phase) % period - centre, (y + phase) % period - centre) < period * 0.3
        case "checked":
            share = ((x + phase) // (period * 0.8) + (y + phase) // (period * 0.8)) % 2 == 0
        case "zigzag":
            wave = np.abs((x + phase) % period - period / 2)
            share = (y + wave + phase) % period < period * 0.42
        case _:
            share = np.zeros((SIDE, SIDE))
    return np.asarray(share, np.float32)


@cache
def _material(material: str) -> Field:
    """Give the brightness of a surface, 1 on average. [float32 (SIDE, SIDE)]"""
    y, x = (np.mgrid[0:SIDE, 0:SIDE] / SIDE).astype(np.float32)
    noise = np.random.default_rng(len(material)).normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    shine = np.exp(-(((x - 0.34) / 0.07) ** 2) - ((y - 0.45) / 0.3) ** 2)
    match material:
        case "ceramic":
            brightness = 1 + 0.45 * shine
        case "plastic":
            brightness = 1 + 0.2 * shine
        case "glass":
            brightness = 1.05 + 0.5 * shine + 0.3 * np.exp(-(((x - 0.66) / 0.03) ** 2))
        case "metal":
            brightness = 1 + 0.2 * np.sin(x * 19) * np.sin(x * 5 + 1)
        case "wood":
            brightness = 1 + 0.13 * np.sin(y * 70 + 5 * np.sin(x * 6) + 2 * np.sin(x * 17))
        case "cotton" | "canvas":
            weave = 0.05 if material == "cotton" else 0.11
            brightness = 1 + weave * np.sign(np.sin(x * SIDE * 1.57) * np.sin(y * SIDE * 1.57)) + 0.02 * noise
        case "wool":
            brightness = 1 + 0.13 * noise
        case "leather":
            grains = Image.fromarray(noise[:40, :40]).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            brightness = 1 + 0.09 * np.asarray(grains) + 0.08 * shine
        case _:
            brightness = np.ones((SIDE, SIDE))
    return np.asarray(brightness, np.float32)


def _background(rng: random.Random, width: int, height: int) -> Image.Image:
    kind = rng.random()
    if kind < 0.5:
        grey = rng.randint(238, 255)
        return Image.new("RGB", (width, height), (grey, grey, grey))
    if kind < 0.8:
        ends = []
        for _ in range(2):
            colour = np.array([rng.randint(90, 250) for _ in range(3)], np.float32)
            ends.append(colour * 0.5 + colour.mean() * 0.5)
        step = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        pixels = np.broadcast_to(ends[0] * (1 - step) + ends[1] * step, (height, width, 3))
        return Image.fromarray(pixels.astype(np.uint8))
    scene = Image.new("RGB", (width, height), _any_colour(rng, 120, 230))
    pen = ImageDraw.Draw(scene)
    for _ in range(rng.randint(4, 9)):
        x, y = rng.randint(-30, width), rng.randint(-30, height)
        box = (x, y, x + rng.randint(10, width // 2), y + rng.randint(10, height // 2))
        form = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        form(box, fill=_any_colour(rng, 60, 240))
    return scene.filter(ImageFilter.GaussianBlur(2))


def _place(rng: random.Random, scene: Image.Image, thing: Image.Image) -> None:
    """Turn, mirror, stretch and paste the product; it fills most of the frame, near the centre."""
    if rng.random() < 0.5:
        thing = thing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    angle, shear = math.radians(rng.gauss(0, 7)), rng.gauss(0, 0.04)
    scale = min(scene.size) * rng.uniform(0.78, 1.0) / SIDE
    wide, tall = scale * rng.uniform(0.9, 1.08), scale * rng.uniform(0.9, 1.08)
    x = scene.width / 2 + rng.uniform(-0.07, 0.07) * scene.width
    y = scene.height / 2 + rng.uniform(-0.07, 0.07) * scene.height
    # Pillow asks where each pixel of the scene comes from: the inverse of rotate(shear(stretch)).
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    inverse = np.linalg.inv(turn @ np.array([[1, shear], [0, 1]]) @ np.diag([wide, tall]))
    shift = np.array([SIDE / 2, SIDE / 2]) - inverse @ np.array([x, y])
    data = (*inverse[0], shift[0], *inverse[1], shift[1])
    layer = thing.transform(scene.size, Image.Transform.AFFINE, data, Image.Resampling.BICUBIC)
    scene.paste(layer, (0, 0), layer)


def _badge(rng: random.Random, scene: Image.Image) -> None:
    side = rng.randint(34, 60)
    x, y = rng.randint(0, scene.width - side), rng.randint(0, scene.height - side)
    pen, colour = ImageDraw.Draw(scene), _any_colour(rng, 0, 255)
    if rng.random() < 0.5:
        pen.ellipse((x, y, x + side, y + side), fill=colour)
    else:
        pen.rectangle((x, y + side // 4, x + side, y + side * 3 // 4), fill=colour)
    write(scene, rng.choice(BADGES), (x + side / 2, y + side / 2), side / 4, (255, 255, 255))


def _camera(rng: random.Random, scene: Image.Image) -> Image.Image:
    """Add what a cheap camera adds: brightness, a colour cast, noise."""
    cast = np.array([rng.gauss(1, 0.06) for _ in range(3)], np.float32) * rng.uniform(0.72, 1.18)
    noise = np.random.default_rng(rng.getrandbits(32)).standard_normal((scene.height, scene.width, 1), np.float32)
    pixels = np.asarray(scene, np.float32) * cast + 5 * noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _any_colour(rng: random.Random, low: int, high: int) -> tuple[int, int, int]:
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)
