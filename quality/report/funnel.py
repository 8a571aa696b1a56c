"""The way of the rows: in, out and taken out at each stage, and the sums that must hold."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .data import ReportData, StageFacts
from .meanings import meaning
from .words import STAGES, count, listed, named, plural

CHAIN = ("ingest", "clean", "filter", "deduplicate")  # each reads what the one before it let through
_LOST = {
    "ingest": "not usable as records",
    "filter": "noise",
    "deduplicate": "duplicates",
}


@dataclass(frozen=True)
class Loss:
    """Rows that one rule took out."""

    rule: str
    name: str
    meaning: str
    rows: int
    share: float  # of the rows that came in


@dataclass(frozen=True)
class Step:
    """One stage of the funnel."""

    stage: str
    what: str
    rows_in: int
    out: list[tuple[str, int]]  # name of a dataset, rows
    losses: list[Loss]
    width: float  # of the bar of rows that went on, in percent of the records of the source
    loss_width: float
    sum: str  # the equation
    holds: bool
    stale: bool = False  # of an earlier run
    remark: str = ""
    unread: str = ""  # values that were not understood: the rows went on without them

    @property
    def rows_out(self) -> int:
        """Rows that went on."""
        return sum(rows for _, rows in self.out)

    @property
    def lost(self) -> int:
        """Rows that were taken out."""
        return sum(loss.rows for loss in self.losses)


@dataclass(frozen=True)
class Funnel:
    """All stages that have rows, and whether every row is accounted for."""

    steps: list[Step]
    learning: list[Step]
    conserved: bool
    sentence: str

    @property
    def fresh(self) -> list[Step]:
        """The first stages of the chain, as far as they belong together."""
        return list(itertools.takewhile(lambda step: not step.stale, self.steps))

    @property
    def parts(self) -> list[tuple[str, str, int, float]]:
        """What became of the records, as parts of one bar: class, label, rows, percent."""
        steps = self.fresh
        if not steps:
            return []
        parts = [("kept", "stay", steps[-1].rows_out)]
        parts += [(step.stage, _LOST[step.stage], step.lost) for step in steps if step.lost]
        return [(name, label, rows, _percent(rows, steps[0].rows_in)) for name, label, rows in parts]


def funnel(data: ReportData) -> Funnel:
    """Follow the rows through the stages, and check the sums."""
    facts = {name: stage for name, stage in data.by_name.items() if stage.published}
    steps = _chain([facts[name] for name in CHAIN if name in facts])
    learning = [_learning(facts[name], facts) for name in ("pairs", "embed", "predict") if name in facts]
    checked = [step for step in [*steps, *learning] if not step.stale]
    wrong = [step.stage for step in checked if not step.holds]
    if not checked:
        sentence = "No stage has published rows."
    elif wrong:
        sentence = f"The sums do not hold at {listed(wrong)}; look at the remarks."
    else:
        where = f"{'all ' if len(checked) > 1 else ''}{plural(len(checked), 'stage')}"
        sentence = (
            f"Checked: at {where} the rows that came in are the rows that went on plus those taken out, and "
            "each stage read what the one before it let through. No row is lost."
        )
    return Funnel(steps, learning, not wrong, sentence)


def _chain(found: list[StageFacts]) -> list[Step]:
    steps: list[Step] = []
    for facts in found:
        step = _step(facts, _rows_in(found[0]), [("listings", facts.rows.get("listings", 0))])
        steps.append(_joined(step, steps[-1].stage, steps[-1].rows_out) if steps else step)
    return steps


def _joined(step: Step, before: str, passed: int) -> Step:
    """Check that a stage read what the one before it let through."""
    if step.stale or step.rows_in == passed:
        return step
    return replace(step, holds=False, remark=f"{before} let {plural(passed, 'row')} through")


def _rows_in(facts: StageFacts) -> int:
    return int(facts.metrics.get("rows_in") or 0)


def losses(facts: StageFacts) -> list[Loss]:
    """What each rule of a stage took out, the most first; what no rule explains is named."""
    rows_in = _rows_in(facts)
    taken: dict[str, int] = {}
    for key, rows in facts.counts.items():
        dataset, _, rule = key.partition(":")
        if dataset in ("rejected", "duplicates"):
            taken[rule] = rows
    for key, value in facts.metrics.items():
        if key.startswith("rows_skipped_"):
            taken[key.removeprefix("rows_skipped_")] = int(value or 0)
    found = [
        Loss(
            rule,
            named(rule),
            meaning(facts.name, rule, facts.settings),
            rows,
            rows / rows_in if rows_in else 0.0,
        )
        for rule, rows in sorted(taken.items(), key=lambda item: (-item[1], item[0]))
        if rows
    ]
    return found


def _step(facts: StageFacts, records: int, out: list[tuple[str, int]]) -> Step:
    rows_in, lost = _rows_in(facts), losses(facts)
    rows_out, rows_lost = sum(rows for _, rows in out), sum(loss.rows for loss in lost)
    holds = rows_in == rows_out + rows_lost and not facts.metrics.get("unaccounted_rows")
    terms = [count(rows) for _, rows in out] + [count(loss.rows) for loss in lost]
    return Step(
        stage=facts.name,
        what=STAGES.get(facts.name, ""),
        rows_in=rows_in,
        out=out,
        losses=lost,
        width=_percent(rows_out, records),
        loss_width=_percent(rows_lost, records),
        sum=f"{count(rows_in)} {'=' if holds else '≠'} {' + '.join(terms)}",
        holds=holds,
        stale=not facts.follows,
        unread=unread(facts),
        remark="" if facts.follows else "of an earlier run: what it reads has changed since",
    )


def unread(facts: StageFacts) -> str:
    """Say how many values of which columns a stage did not understand; empty where there are none."""
    counts = {
        key.removeprefix("unread_"): int(n) for key, n in facts.metrics.items() if key.startswith("unread_") and n
    }
    if not counts:
        return ""
    figures = listed([f"{count(rows)} of {name}" for name, rows in sorted(counts.items(), key=lambda c: (-c[1], c[0]))])
    return f"Values not understood and left empty: {figures}"


def _learning(facts: StageFacts, others: Mapping[str, StageFacts]) -> Step:
    names, before, read = {
        "pairs": (("train", "val"), "deduplicate", "listings"),
        "embed": (("embeddings",), "clean", "listings"),
        "predict": (("clusters",), "embed", "embeddings"),
    }[facts.name]
    step = _step(facts, _rows_in(facts), [(name, facts.rows.get(name, 0)) for name in names])
    if before in others:
        step = _joined(step, before, others[before].rows.get(read, 0))
    missing = facts.metrics.get("missing_predictions")
    return replace(step, holds=False, remark=f"{missing} answers are missing") if missing else step


def _percent(rows: int, of: int) -> float:
    return round(100 * rows / of, 2) if of else 0.0
