"""Charts without a library: a bar is a row of text with a width, a line a small SVG in the page's colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

POINTS = 240  # of a line; more would not be seen


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart."""

    label: str
    value: str
    width: float  # percent of the longest bar, or of 1
    kind: str = ""  # a class of the style sheet
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A line from left to right, in a box of 100 x 100 that the page stretches."""

    points: str  # of an SVG polyline
    lowest: str
    highest: str
    first: str
    last: str
    x_first: str
    x_last: str


def counted(counts: Iterable[tuple[str, int]], kind: str = "") -> list[Bar]:
    """Bars of counts, the longest as wide as the chart.

    >>> [bar.width for bar in counted([("a", 4), ("b", 1)])]
    [100.0, 25.0]
    """
    rows = list(counts)
    most = max((number for _, number in rows), default=0)
    return [Bar(label, f"{number:,}", round(100 * number / most, 1) if most else 0.0, kind) for label, number in rows]


def line(points: Sequence[tuple[float, float | None]], form: str = ".2f") -> Line | None:
    """Draw a line, its ends written in `form`; of many points the mean of each stretch.

    None for fewer than two finite points.
    """
    finite = [(x, y) for x, y in points if y is not None and math.isfinite(x) and math.isfinite(y)]
    if len(finite) < 2:
        return None
    step = math.ceil(len(finite) / POINTS)
    thinned = [_mean(finite[i : i + step]) for i in range(0, len(finite), step)] if step > 1 else finite
    left, right = finite[0][0], finite[-1][0]
    low, high = 0.0, max(y for _, y in thinned)
    low = min(low, *(y for _, y in thinned))
    wide, tall = (right - left) or 1.0, (high - low) or 1.0
    drawn = " ".join(f"{100 * (x - left) / wide:.2f},{100 - 100 * (y - low) / tall:.2f}" for x, y in thinned)
    return Line(
        drawn,
        f"{low:.3g}",
        f"{high:.3g}",
        f"{finite[0][1]:{form}}",
        f"{finite[-1][1]:{form}}",
        f"{left:,.0f}",
        f"{right:,.0f}",
    )


def _mean(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def sizes(
    found: dict[int, int], what: str, edges: Sequence[int] = (1, 2, 3, 4, 5, 10, 20, 50, 100)
) -> list[tuple[str, int]]:
    """Sum up how many groups there are of each size, in ranges that end at `edges`; no empty ranges.

    >>> sizes({1: 9, 2: 5, 7: 1, 400: 1}, "rows")
    [('1 row', 9), ('2 rows', 5), ('6 to 10 rows', 1), ('over 100 rows', 1)]
    """
    ranges: list[tuple[str, int]] = []
    below = 0
    for edge in (*edges, None):
        number = sum(n for size, n in found.items() if size > below and (edge is None or size <= edge))
        name = f"over {below:,}" if edge is None else f"{edge:,}" if edge == below + 1 else f"{below + 1:,} to {edge:,}"
        if number:
            ranges.append((f"{name} {what.removesuffix('s') if name == '1' else what}", number))
        below = edge or below
    return ranges
