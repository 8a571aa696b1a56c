"""A drawn shop whose photos show what its titles say: kinds of things, in colours, by makers."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

KINDS = ("ball", "box", "tent", "ring", "pole", "ladder", "cross", "table")
COLOURS = {
    "red": (200, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 70, 200),
    "yellow": (230, 210, 40),
    "black": (30, 30, 30),
}
MAKERS = ("Acme", "Borg", "Corvo", "Dunes", "Esko", "Finch", "Gamma")


def photo(kind: str, colour: str, seed: int) -> bytes:
    """One thing on a nearly white ground."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (96, 96), tuple(random.integers(235, 256, 3).tolist()))
    pen, fill = ImageDraw.Draw(image), COLOURS[colour]
    x, y = random.integers(4, 20, 2).tolist()
    r, b = 92 - random.integers(0, 12), 92 - random.integers(0, 12)
    if kind == "ball":
        pen.ellipse([x, y, r, b], fill=fill)
    elif kind == "box":
        pen.rectangle([x, y, r, b], fill=fill)
    elif kind == "tent":
        pen.polygon([(48, y), (r, b), (x, b)], fill=fill)
    elif kind == "ring":
        pen.ellipse([x, y, r, b], outline=fill, width=12)
    elif kind == "pole":
        pen.rectangle([42, y, 54, b], fill=fill)
    elif kind == "ladder":
        for step in range(y, int(b), 14):
            pen.rectangle([x, step, r, step + 5], fill=fill)
    elif kind == "cross":
        pen.line([(x, y), (r, b)], fill=fill, width=12)
        pen.line([(r, y), (x, b)], fill=fill, width=12)
    else:
        pen.rectangle([x, y, r, y + 10], fill=fill)
        pen.rectangle([x, y, x + 8, b], fill=fill)
        pen.rectangle([r - 8, y, r, b], fill=fill)
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=85)
    return sink.getvalue()


def shop(rows: int = 400, swapped: float = 0.0, seed: int = 0) -> tuple[list[bytes], list[str], np.ndarray]:
    """Draw listings; a share of them gets the title of another kind of thing. -> photos, titles, bool (n,)"""
    random = np.random.default_rng(seed)
    kinds, colours = random.choice(KINDS, rows), random.choice(list(COLOURS), rows)
    makers, models = random.choice(MAKERS, rows), random.integers(100, 1000, rows)
    titles = [f"{m} {c} {k} {n}" for m, c, k, n in zip(makers, colours, kinds, models, strict=True)]
    photos = [photo(k, c, seed * rows + n) for n, (k, c) in enumerate(zip(kinds, colours, strict=True))]
    given, wrong = list(titles), np.zeros(rows, bool)
    for row in random.permutation(rows)[: round(swapped * rows)]:
        given[row] = titles[int(random.choice(np.flatnonzero(kinds != kinds[row])))]
        wrong[row] = True
    return photos, given, wrong
