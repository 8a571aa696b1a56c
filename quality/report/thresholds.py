"""Thresholds for the page: what each of them would take out at other values, and what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass

from .charts import Bar
from .data import Margin, ReportData, Sweep
from .words import count, plural

_SAID = {  # what it holds, and how a score is written
    "filter.min_side": ("pixels of the photo’s shorter side, at least", "{:.0f} pixels"),
    "filter.max_aspect": ("longer side over shorter, at most", "{:.2f} times as long"),
    "filter.min_characters": ("letters and digits of the title, at least", "{:.0f} letters and digits"),
    "filter.mismatch.max_score": ("share of random pairs that fit better, at most", "{:.1%} fit better"),
    "filter.placeholder.min_listings": ("listings that share a placeholder, at least", "{:.0f}"),
    "filter.placeholder.max_information": ("bits of colour in a placeholder, at most", "{:.2f}"),
    "filter.placeholder.max_title_similarity": ("how alike a placeholder’s titles are, at most", "{:.2f}"),
    "deduplicate.text_similarity": ("Jaccard index from which titles agree", "titles {:.2f} alike"),
    "deduplicate.text_beside_photo": (
        "the same beside an equal photo",
        "titles {:.2f} alike",
    ),
    "deduplicate.image_distance": ("bits of 256 up to which photos agree", "{:.0f} bits apart"),
    "deduplicate.colour_distance": ("difference of colours up to which they do", "colours {:.1f} apart"),
    "deduplicate.image_far": ("share of bits from which photos contradict a title", "{:.0%} of the bits differ"),
}


@dataclass(frozen=True)
class Threshold:
    """One threshold: bars by value, and listings or pairs at its margin."""

    key: str
    what: str
    unit: str
    bars: list[Bar]
    now: str  # what it takes out as it is
    flat: str  # a sentence instead of the bars, where no value would change anything
    out: list[tuple[Margin, str]]  # taken out, and what each measures
    stay: list[tuple[Margin, str]]
    steps: list[str]  # what is lost and won by the next values


def thresholds(data: ReportData) -> list[Threshold]:
    """Say for each threshold what other values of it would do."""
    return [_threshold(sweep) for sweep in data.sweeps]


def _threshold(sweep: Sweep) -> Threshold:
    what, form = _SAID.get(sweep.key, ("", "{:g}"))
    pairs = all(point.rows is None for point in sweep.points)
    numbers = [(point.pairs if pairs else point.rows) or 0 for point in sweep.points]
    most = max(numbers, default=0)
    bars = [
        Bar(
            f"{point.value:g}",
            count(number),
            round(100 * number / most, 1) if most else 0.0,
            "now" if point.now else "",
        )
        for point, number in zip(sweep.points, numbers, strict=True)
    ]
    flat = ""
    if len(set(numbers)) == 1:
        values = f"from {sweep.points[0].value:g} to {sweep.points[-1].value:g}"
        flat = f"{plural(most, 'pair' if pairs else 'listing')} at every value {values}."
    marked = [(near, form.format(near.score)) for near in sweep.margin]
    return Threshold(
        sweep.key, what, "pairs" if pairs else "listings", bars, _now(sweep, numbers), flat,
        [m for m in marked if m[0].out], [m for m in marked if not m[0].out], _steps(sweep, numbers),
    )  # fmt: skip


def _now(sweep: Sweep, numbers: list[int]) -> str:
    number = next((n for point, n in zip(sweep.points, numbers, strict=True) if point.now), 0)
    value = next((point.value for point in sweep.points if point.now), 0.0)
    return f"{value:g} takes out {count(number)}"


def _steps(sweep: Sweep, numbers: list[int]) -> list[str]:
    now = next((k for k, point in enumerate(sweep.points) if point.now), None)
    if now is None:
        return []
    said = []
    for k in (now - 1, now + 1):
        if 0 <= k < len(numbers) and numbers[k] != numbers[now]:
            change = numbers[k] - numbers[now]
            said.append(f"{abs(change):,} {'more' if change > 0 else 'fewer'} at {sweep.points[k].value:g}")
    return said
