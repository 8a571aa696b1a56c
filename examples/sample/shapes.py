"""Shapes: the outlines of products, in a square of 100 x 100, from which masks are drawn.

A part is `layer form coordinates / measure`. Of the layers, `body` takes the product's colour, pattern and
material, `trim` is grey, `light` nearly white, `dark` nearly black. Of the forms, `blob` is a smooth closed
curve through the points, `poly` a polygon, `oval` and `box` fill x0 y0 x1 y1 (measure: corner radius), `arc`
is part of an oval's rim from one angle to another (measure: width), `line` a line (measure: width).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

LAYERS = ("body", "trim", "light", "dark")
SIDE = 200  # pixels of a mask

TABLE = """
[mug]
body arc 54 34 94 76 -95 95 / 8
body box 14 20 72 88 / 9
dark oval 17 15 69 27
[teapot]
body blob 26 66 14 58 4 38 14 34 22 46 36 52
body arc 62 36 98 78 -100 100 / 6
body blob 26 60 34 40 53 34 72 40 80 60 72 82 53 87 34 82
dark arc 34 30 72 46 10 170 / 2
trim oval 47 22 59 35
[pan]
dark line 60 54 97 88 / 8
body oval 4 12 70 76
trim oval 13 21 61 67
[bowl]
body blob 5 36 50 32 95 36 84 66 64 82 36 82 16 66
body box 36 78 64 88 / 2
dark oval 8 30 92 44
[petbowl]
body poly 20 40 80 40 99 84 1 84
trim oval 20 33 80 47
light oval 44 57 56 69
[wineglass]
body blob 26 10 50 8 74 10 75 34 60 52 50 56 40 52 25 34
body line 50 52 50 88 / 5
body oval 28 84 72 95
[lamp]
trim line 50 48 50 90 / 6
trim oval 28 84 72 96
body poly 34 6 66 6 86 52 14 52
[cushion]
body blob 6 6 28 13 50 11 72 13 94 6 88 28 90 50 88 72 94 94 72 87 50 89 28 87 6 94 12 72 10 50 12 28
[chair]
dark line 24 62 20 97 / 5
dark line 72 62 78 97 / 5
dark line 40 66 40 90 / 4
body box 18 3 70 49 / 8
body poly 17 50 71 50 88 69 14 69
[clock]
body oval 8 8 92 92
light oval 20 20 80 80
dark line 50 50 50 27 / 4
dark line 50 50 67 60 / 4
dark line 50 21 50 25 / 2
dark line 50 75 50 79 / 2
[vase]
body blob 36 5 50 7 64 5 59 22 74 46 72 72 62 94 50 95 38 94 28 72 26 46 41 22
dark arc 38 3 62 11 0 360 / 2
[sheet]
body box 3 24 97 76 / 2
light line 3 29 3 71 / 3
light line 97 29 97 71 / 3
[tshirt]
body poly 34 12 66 12 97 32 86 50 74 42 74 92 26 92 26 42 14 50 3 32
light arc 38 2 62 24 10 170 / 3
[hoodie]
body blob 36 22 34 8 50 1 66 8 64 22 50 28
body poly 32 18 68 18 84 30 99 78 86 84 74 52 74 93 26 93 26 52 14 84 1 78 16 30
dark oval 41 8 59 26
dark line 36 66 64 66 / 2
light line 46 27 46 42 / 2
light line 54 27 54 42 / 2
[trousers]
body poly 28 5 72 5 84 96 60 96 50 36 40 96 16 96
dark line 28 9 72 9 / 3
[dress]
body blob 34 4 40 16 50 20 60 16 66 4 70 24 62 42 72 60 90 90 50 97 10 90 28 60 38 42 30 24
dark line 38 42 62 42 / 3
[cap]
body blob 10 62 14 38 32 24 54 26 70 42 72 62 40 66
dark blob 62 56 80 56 99 66 92 72 70 66
trim oval 38 20 46 27
[backpack]
dark arc 36 1 64 30 180 360 / 5
body box 18 12 82 96 / 20
trim box 28 56 72 86 / 6
dark line 28 62 72 62 / 2
[handbag]
dark arc 28 4 72 70 180 360 / 5
body blob 16 38 50 36 84 38 92 64 94 88 50 92 6 88 8 64
trim box 44 36 56 50 / 2
[umbrella]
dark line 50 46 50 88 / 4
dark arc 36 78 52 97 0 180 / 4
body poly 3 54 8 36 24 17 50 8 76 17 92 36 97 54 81 47 66 54 50 47 34 54 19 47
[eyewear]
body arc 3 30 47 72 0 360 / 10
body arc 53 30 97 72 0 360 / 10
body line 44 46 56 46 / 8
body line 7 42 1 22 / 7
body line 93 42 99 22 / 7
[watch]
body box 33 2 67 98 / 6
trim oval 22 24 78 78
light oval 30 32 70 70
dark line 50 51 50 38 / 3
dark line 50 51 59 56 / 3
[sneaker]
body blob 5 66 8 36 22 40 34 28 50 46 70 56 92 62 96 72 50 74 8 74
light box 3 70 98 81 / 4
light line 38 40 48 34 / 2
light line 45 48 54 41 / 2
[boot]
body poly 24 5 58 5 58 50 78 58 92 68 93 84 24 84
dark box 22 82 96 91 / 2
dark box 22 86 42 96 / 1
[speaker]
body box 22 3 78 97 / 6
dark oval 39 12 61 34
dark oval 32 48 68 84
trim oval 43 59 57 73
[headphones]
body arc 12 6 88 96 180 360 / 10
body box 4 44 28 86 / 10
body box 72 44 96 86 / 10
dark box 25 50 33 80 / 4
dark box 67 50 75 80 / 4
[mouse]
body blob 50 8 70 16 76 42 74 74 50 94 26 74 24 42 30 16
dark line 50 9 50 44 / 2
dark line 25 44 75 44 / 2
trim box 46 20 54 36 / 4
[laptop]
body box 12 8 88 70 / 5
dark box 21 17 79 61 / 1
body poly 10 72 90 72 99 90 1 90
trim poly 22 75 78 75 82 84 18 84
[phonecase]
body box 27 3 73 97 / 10
dark box 32 8 50 26 / 5
trim oval 35 11 41 17
[pencilcase]
body box 2 34 98 70 / 15
dark line 10 43 88 43 / 2
trim box 84 41 92 54 / 2
[notebook]
body box 20 6 82 94 / 3
dark line 28 6 28 94 / 3
light box 40 22 72 38 / 2
[parcel]
body box 10 34 90 92 / 2
light box 44 34 56 92
light blob 50 33 36 32 24 22 32 12 44 20
light blob 50 33 56 20 68 12 76 22 64 32
[plushmouse]
body oval 4 6 40 42
body oval 60 6 96 42
body blob 50 22 78 34 80 64 50 94 20 64 22 34
dark oval 35 46 43 54
dark oval 57 46 65 54
dark oval 45 76 55 86
[bottle]
body blob 34 30 50 27 66 30 73 44 73 84 68 96 32 96 27 84 27 44
trim box 40 8 60 29 / 3
light box 34 52 66 78 / 2
"""
SHAPES = {
    name: [part.split() for part in parts.strip().split("\n")]
    for name, parts in (shape.split("]") for shape in TABLE.split("[")[1:])
}


@cache
def masks(shape: str) -> dict[str, Image.Image]:
    """Draw the layers of a shape: for each an 8-bit mask of SIDE x SIDE, 255 where the layer is."""
    drawn = {}
    for layer in LAYERS:
        mask = Image.new("L", (2 * SIDE, 2 * SIDE))  # at twice the size, for smooth edges
        pen = ImageDraw.Draw(mask)
        for part_layer, form, *rest in SHAPES[shape]:
            if part_layer == layer:
                numbers, _, measure = " ".join(rest).partition(" / ")
                _draw(pen, form, [float(n) for n in numbers.split()], float(measure or 0) * SIDE / 50)
        drawn[layer] = mask.resize((SIDE, SIDE), Image.Resampling.BOX)
    return drawn


def _draw(pen: ImageDraw.ImageDraw, form: str, numbers: list[float], measure: float) -> None:
    scaled = [number * SIDE / 50 for number in numbers]
    points = list(zip(scaled[::2], scaled[1::2], strict=True))
    box = (scaled[0], scaled[1], scaled[2], scaled[3])
    match form:
        case "blob":
            pen.polygon(_smooth(points), fill=255)
        case "poly":
            pen.polygon(points, fill=255)
        case "oval":
            pen.ellipse(box, fill=255)
        case "box":
            pen.rounded_rectangle(box, measure, fill=255)
        case "arc":
            pen.arc(box, numbers[4], numbers[5], fill=255, width=round(measure))
        case "line":
            pen.line(points, fill=255, width=round(measure))


def _smooth(points: list[tuple[float, float]], steps: int = 8) -> list[tuple[float, float]]:
    """Run a closed Catmull-Rom spline (1974) through the points."""
    p1 = np.array(points)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None, None]
    curve = p1 + t / 2 * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    return [(float(x), float(y)) for x, y in curve.transpose(1, 0, 2).reshape(-1, 2)]
