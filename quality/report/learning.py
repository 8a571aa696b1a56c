"""What was learnt: the model beside chance and CCA, each head beside every baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .charts import Bar
from .data import ReportData
from .words import METHODS, METRICS, TASKS, figure, listed, plural

FEW = 300  # validation rows below which a difference may be chance
OURS = ("image", "text", "both", "fused")
_READS = {"image": "photos", "text": "titles", "both": "photos and titles", "fused": "photos and titles"}
_LABELS = {"category": ("category", "categories"), "attributes": ("attribute", "attributes")}
_DIRECTIONS = {"photo_to_title": "photo to title", "title_to_photo": "title to photo"}


@dataclass(frozen=True)
class Row:
    """One method of a head's table: its figure for each metric, and whether it is the best."""

    method: str
    ours: bool
    figures: list[tuple[str, bool]]


@dataclass(frozen=True)
class Head:
    """A head's table."""

    name: str
    trained: bool
    reason: str
    rows_train: int
    rows_val: int
    labels: str
    metrics: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    said: str = ""
    few: bool = False


def retrieval(metrics: Mapping[str, Any]) -> list[tuple[str, list[Bar]]]:
    """Bars of how often the right title is found for a photo, and the other way: the model, CCA, chance."""
    charts = []
    for direction, words in _DIRECTIONS.items():
        for k in (1, 10):
            name = f"{direction}_r{k}"
            if metrics.get(name) is None:
                continue
            found = [
                ("e-CLIP", metrics[name], "ours"),
                ("CCA", metrics.get(f"{name}_cca"), ""),
                ("chance", metrics.get(f"{name}_chance"), ""),
            ]
            charts.append((f"{words.capitalize()}, recall at {k}", _bars(found)))
    return charts


def by_prompt(metrics: Mapping[str, Any]) -> list[Bar]:
    """Bars of how often the category is right whose name is the nearest."""
    found = [(METHODS[m], metrics.get(f"prompt_category_{m}"), "ours") for m in ("image", "text", "both")]
    if all(value is None for _, value, _ in found):
        return []
    return _bars([*found, (METHODS["majority"], metrics.get("prompt_category_majority"), "")])


def _bars(found: list[tuple[str, Any, str]]) -> list[Bar]:
    known = [(label, float(value), kind) for label, value, kind in found if isinstance(value, int | float)]
    return [
        Bar(label, f"{100 * value:.1f}%", round(100 * max(0.0, min(1.0, value)), 1), kind)
        for label, value, kind in known
    ]


def beside_cca(metrics: Mapping[str, Any]) -> str:
    """Say where CCA retrieves better than the model, and where the model does."""
    names = [(f"{name}_r{k}", f"{words} at {k}") for name, words in _DIRECTIONS.items() for k in (1, 10)]
    both = [
        (metrics[n], metrics[f"{n}_cca"], said)
        for n, said in names
        if _known(metrics, n) and _known(metrics, f"{n}_cca")
    ]
    lost = [said for ours, cca, said in both if cca > ours]
    if not both:
        return ""
    if not lost:
        return "The model finds at least as much as CCA throughout."
    return "CCA finds more throughout." if len(lost) == len(both) else f"CCA finds more from {listed(lost)}."


def _known(metrics: Mapping[str, Any], name: str) -> bool:
    return isinstance(metrics.get(name), int | float)


def heads(data: ReportData) -> list[Head]:
    """A table for each task."""
    return [_head(name, task) for name, task in (data.heads.get("tasks") or {}).items()]


def _head(name: str, task: Mapping[str, Any]) -> Head:
    title, trained = TASKS.get(name, name), bool(task.get("trained"))
    rows_val = int(task.get("rows_val") or 0)
    labels = plural(
        int(task.get("labels") or 0),
        *_LABELS.get(name, ("label", "labels") if name == "adult" else ("product", "products")),
    )
    facts = (int(task.get("rows_train") or 0), rows_val, labels)
    if not trained:
        return Head(title, False, str(task.get("reason", "")), *facts)
    main = str(task.get("metric") or "")
    measured = {m: dict(task[m]) for m in OURS if isinstance(task.get(m), Mapping)}
    names = list(dict.fromkeys(metric for figures in measured.values() for metric in figures))
    names = [main, *[n for n in names if n != main]] if main else names
    baselines = {m: {main: value} for m, value in (task.get("baselines") or {}).items()}
    everything = {**measured, **baselines}
    best = {n: max((f[n] for f in everything.values() if f.get(n) is not None), default=None) for n in names}
    rows = [
        Row(
            _method(m, name),
            m in measured,
            [(figure(f.get(n), n), f.get(n) is not None and f.get(n) == best[n]) for n in names],
        )
        for m, f in everything.items()
    ]
    said = _comparison(measured, {_method(m, name): f for m, f in baselines.items()}, main)
    return Head(title, True, "", *facts, [METRICS.get(n, n) for n in names], rows, said, rows_val < FEW)


def _method(method: str, task: str) -> str:
    # The average precision of random scores is the share of adult products; that is what stands there.
    return "answers at random" if (method, task) == ("majority", "adult") else METHODS.get(method, method)


def _comparison(
    measured: Mapping[str, Mapping[str, float]], baselines: Mapping[str, Mapping[str, float]], main: str
) -> str:
    """Say who is best by the metric that counts, also where it is a baseline."""
    ours = {m: f[main] for m, f in measured.items() if f.get(main) is not None}
    theirs = {m: f[main] for m, f in baselines.items() if f.get(main) is not None}
    if not ours:
        return "There was nothing to measure it on."
    metric = METRICS.get(main, main)
    best = max(ours, key=lambda m: ours[m])
    reached = f"{metric} {figure(ours[best], main)}"
    head = f"the head on {_READS[best]}"
    if not theirs:
        return f"The best is {head}: {reached}."
    rival = max(theirs, key=lambda m: theirs[m])
    figures = f"{metric} {figure(theirs[rival], main)}"
    if theirs[rival] > ours[best]:
        said = f"{rival[:1].upper()}{rival[1:]} is better here"
        return f"{said}: {figures}, against {figure(ours[best], main)} for {head}."
    if theirs[rival] == ours[best]:
        return f"No better than {rival}: both reach {figures}."
    beside = f"against {figure(theirs[rival], main)} for the strongest baseline, {rival}"
    return f"The best is {head}: {reached}, {beside}."


def few_said(head: Head) -> str:
    """Warn where there is little to judge on."""
    return f"Only {plural(head.rows_val, 'validation listing')}: differences may be chance."
