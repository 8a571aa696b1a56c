"""What changed since another run: rows, reasons, settings, gates, and how columns are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .charts import Bar
from .data import ReportData, StageFacts
from .funnel import losses
from .words import count, listed, named, plural

COLUMNS, STABLE, BINS, VALUES = 8, 4, 12, 8  # shown: columns, of them if none moved, bins of each, new or gone values
SHOWN = ("ingest", "clean", "filter", "deduplicate")  # whose columns are shown: of the one in which one moved most
COUNTED = ("ingest", "clean", "filter", "deduplicate", "pairs", "embed", "predict")


@dataclass(frozen=True)
class Change:
    """A number then and now."""

    name: str
    then: str
    now: str
    change: str
    moved: bool


@dataclass(frozen=True)
class Column:
    """How a column was distributed then and is now."""

    name: str
    psi: float
    level: str
    what: str
    bars: list[tuple[str, Bar, Bar]]  # bin, then, now


def rows(data: ReportData) -> list[tuple[str, list[Change]]]:
    """Rows in, out and by reason, stage by stage, of both runs."""
    if data.compared is None:
        return []
    then = {stage.name: stage for stage in data.compared.stages if stage.published}
    found = []
    for stage in data.stages:
        before = then.get(stage.name)
        if stage.name not in COUNTED or before is None or not stage.published:
            continue
        lines = [_change("came in", before.metrics.get("rows_in"), stage.metrics.get("rows_in"))]
        lost = [{loss.rule: loss.rows for loss in losses(facts)} for facts in (before, stage)]
        lines += [
            _change(named(rule), lost[0].get(rule, 0), lost[1].get(rule, 0))
            for rule in dict.fromkeys([*lost[1], *lost[0]])
        ]
        lines.append(_change("went on", _out(before), _out(stage)))
        found.append((stage.name, lines))
    return found


def _out(stage: StageFacts) -> int:
    names = {"pairs": ("train", "val"), "embed": ("embeddings",), "predict": ("clusters",)}.get(
        stage.name, ("listings",)
    )
    return sum(stage.rows.get(name, 0) for name in names)


def _change(name: str, then: Any, now: Any) -> Change:
    old, new = int(then or 0), int(now or 0)
    share = f" ({100 * (new - old) / old:+.1f}%)" if old and new != old else ""
    return Change(
        name, count(old), count(new), f"{new - old:+,}{share}".replace("-", "−") if new != old else "–", new != old
    )


def settings(data: ReportData) -> list[tuple[str, str, str, str]]:
    """Keys that were set otherwise: stage, key, then, now."""
    if data.compared is None:
        return []
    then = {stage.name: stage.settings for stage in data.compared.stages}
    return [
        (stage.name, *line)
        for stage in data.stages
        if stage.published and then.get(stage.name)
        for line in _differences(then[stage.name], stage.settings)
    ]


def _differences(then: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> list[tuple[str, str, str]]:
    found = []
    for key in dict.fromkeys([*now, *then]):
        old, new, name = then.get(key), now.get(key), f"{path}.{key}" if path else str(key)
        if key == "put_back":  # a hash of its content
            old, new = (side and f"a list ({side[:6]})" for side in (old, new))
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += _differences(old, new, name)
        elif old != new:
            found.append((name, "–" if old is None else str(old), "–" if new is None else str(new)))
    return found


def verdicts(data: ReportData) -> list[str]:
    """Say which gate rules fail now and did not, and the other way."""
    if data.compared is None:
        return []
    said = []
    sides = [{(s.name, f["rule"]) for s in stages if s.published for f in s.verdict.get("failures", [])}
             for stages in (data.compared.stages, data.stages)]  # fmt: skip
    for words, rules in (("Fails now and did not", sides[1] - sides[0]), ("Failed and holds now", sides[0] - sides[1])):
        if rules:
            said.append(f"{words}: {listed([f'{named(rule)} ({stage})' for stage, rule in sorted(rules)])}.")
    return said or ["The same gate rules hold and fail."]


def _stage(data: ReportData) -> str | None:
    there = [name for name in SHOWN if (data.drift.get(name) or {}).get("columns")]
    most = {name: max(each["psi"] - each["noise"] for each in data.drift[name]["columns"].values()) for name in there}
    return max(there, key=lambda name: most[name], default=None)


def columns(data: ReportData) -> tuple[str, str, list[Column]]:
    """The columns that moved most: of which stage, against what, and each with its bins."""
    stage = _stage(data)
    if stage is None:
        return "", "", []
    record = data.drift[stage]
    order = sorted(record["columns"].items(), key=lambda item: (item[1]["noise"] - item[1]["psi"], item[0]))
    telling = [each for each in order if each[1]["level"] != "stable"] or order[:STABLE]
    return stage, str(record["baseline"]), [_column(name, found) for name, found in telling[:COLUMNS]]


def _column(name: str, found: Mapping[str, Any]) -> Column:
    bins = found["bins"]
    if len(bins) > BINS:
        bins = sorted(bins, key=lambda each: -(each["then"] + each["now"]))[:BINS]
    totals = [max(1, found[side]["rows"]) for side in ("then", "now")]
    shares = [(b["name"], b["then"] / totals[0], b["now"] / totals[1]) for b in bins]
    most = max((max(s[1:]) for s in shares), default=0.0) or 1.0
    bars = [
        (
            label,
            Bar(label, f"{100 * old:.1f}%", round(100 * old / most, 1)),
            Bar(label, f"{100 * new:.1f}%", round(100 * new / most, 1), "ours"),
        )
        for label, old, new in shares
    ]
    what = {"lengths": "characters or items", "numbers": "numbers", "values": "values", "booleans": "yes or no"}
    return Column(name, found["psi"], found["level"], what.get(found["kind"], found["kind"]), bars)


def values(data: ReportData) -> list[str]:
    """Say which values are new and which have gone, column by column."""
    stage = _stage(data)
    said = []
    for name, found in (data.drift[stage]["values"] if stage else {}).items():
        for word, key in (("new", "new"), ("gone", "vanished")):
            if found[f"{key}_count"]:
                some = [f"{value} ({number:,})" for value, number in found[key][:VALUES]]
                more: Any = found[f"{key}_count"] - len(some)
                more = f", and {more:,} more" if more > 0 else ""
                said.append(f"{name}: {plural(found[f'{key}_count'], 'value')} {word}: {', '.join(some)}{more}")
    return said


def moved(data: ReportData) -> str:
    """Say in a sentence whether the columns moved."""
    stage, baseline, _ = columns(data)
    if not stage:
        return ""
    found = data.drift[stage]["columns"]
    levels = {level: [name for name, each in found.items() if each["level"] == level] for level in ("shifted", "moved")}
    if not levels["shifted"] and not levels["moved"]:
        return f"Against {baseline} no column of {stage} has moved by more than chance explains, of {len(found)}."
    said = [
        f"{listed(names[:6])} {'has' if len(names) == 1 else 'have'} {level}"
        for level, names in levels.items()
        if names
    ]
    return f"Against {baseline}, of {len(found)} columns of {stage}, {' and '.join(said)}."
