"""Labels: what people answered on a review page, and how often the rules are right.

Answers are "y" (the decision is right), "n" (it is wrong) and "?" (cannot be told, which counts for neither).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from ...schemas.errors import ConfigError
from .data import Facts

ANSWERS = ("y", "n", "?")
# Of noise every scored pair is drawn from: those beyond the threshold are decisions, the others show what it misses.
BEYOND, WITHIN = "mismatched_photo", "fitting_photo"
FORMAT = "eclip.review/1"
Z = 1.959964  # of the 95% interval
QUESTIONS = {
    "duplicates": ("Are both the same product, so that dropping the right one is right?", "deduplicate"),
    "variants": ("Are these different products or variants, so that keeping both is right?", "deduplicate"),
    "noise": ("Does the photo show something else than the title says?", "filter"),
    "rejected": ("Was this listing rightly rejected?", "filter"),
}


class Stratum(Facts):
    """Cases of one rule and one score band."""

    rule: str
    band: str
    rows: int  # that there are
    drawn: int = 0


class Label(BaseModel):
    """An answer, as the page saves it."""

    model_config = ConfigDict(extra="ignore")
    case: str
    rule: str
    band: str
    answer: str


class Labels(BaseModel):
    """A saved file."""

    model_config = ConfigDict(extra="ignore")
    format: str
    of: str
    attempt: str = ""
    strata: list[Stratum] = []
    labels: list[Label]


class Line(Facts):
    """How often decisions are right, of one rule and band, or of all together."""

    rule: str
    band: str = ""
    right: int = 0
    judged: int = 0
    unsure: int = 0
    precision: float | None = None
    low: float | None = None  # of the 95% interval
    high: float | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """The line for a table."""
        if self.precision is None:
            return self.rule, self.band, str(self.right), str(self.judged), "–", ""
        interval = f"{100 * (self.low or 0):.1f}% to {100 * (self.high or 0):.1f}%"
        return self.rule, self.band, str(self.right), str(self.judged), f"{100 * self.precision:.1f}%", interval


class Review(Facts):
    """What the answers say."""

    of: str
    attempt: str
    lines: list[Line]
    sentence: str
    metrics: dict[str, float]


def wilson(right: float, judged: float, z: float = Z) -> tuple[float, float]:
    """Give the interval of a share (Wilson, "Probable inference", J. Am. Stat. Assoc. 22, 1927).

    >>> [round(x, 3) for x in wilson(9, 10)], wilson(0, 0)
    ([0.596, 0.982], (0.0, 1.0))
    """
    if not judged:
        return 0.0, 1.0
    share, extra = right / judged, z * z / judged
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * math.sqrt(share * (1 - share) / judged + extra / (4 * judged))
    return max(0.0, middle - half), min(1.0, middle + half)


def read_labels(text: str, where: str) -> Labels:
    """Read what the page saved.

    Raises:
        ConfigError: it is something else.
    """
    try:
        found = Labels.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{where}: these are no labels of a review page: {place or 'the file'}: {first['msg']}"
        ) from None
    if found.format != FORMAT or found.of not in QUESTIONS:
        raise ConfigError(f"{where}: expected labels of the format {FORMAT}, found {found.format!r} of {found.of!r}")
    wrong = next((label for label in found.labels if label.answer not in ANSWERS), None)
    if wrong is not None:
        raise ConfigError(
            f"{where}: the answer to {wrong.case!r} is {wrong.answer!r}; expected one of {', '.join(ANSWERS)}"
        )
    return found


def judge(found: Labels) -> Review:
    """Say how often the decisions were right: by rule and band, by rule, and all together.

    A rule's precision weighs its bands, and that of all together all strata, by the rows that there are: bands are
    drawn alike, whatever their size. The interval is Wilson's, with the effective number of answers (Kish, 1965).

    Of noise the precision is that of the pairs beyond the threshold alone; `review_noise_share` is the share of all
    scored pairs whose photo shows something else.
    """
    answers = {label.case: label for label in found.labels}  # a case judged twice counts as judged last
    tally: dict[tuple[str, str], dict[str, int]] = {}
    for label in answers.values():
        counts = tally.setdefault((label.rule, label.band), dict.fromkeys(ANSWERS, 0))
        counts[label.answer] += 1
    rows = {(s.rule, s.band): s.rows for s in found.strata}
    lines: list[Line] = []
    metrics: dict[str, float] = {}
    for rule in sorted({rule for rule, _ in tally}):
        mine = {key: counts for key, counts in sorted(tally.items()) if key[0] == rule}
        if len(mine) > 1 or next(iter(mine))[1]:
            lines += [_line(rule, name, {(rule, name): counts}, rows) for (_, name), counts in mine.items()]
        whole = _line(rule, "all" if len(mine) > 1 or next(iter(mine))[1] else "", mine, rows)
        lines.append(whole)
        if rule != WITHIN:
            metrics |= _metrics(f"review_{found.of}_{'_'.join(rule.split())}_", whole)
    decided = {key: counts for key, counts in tally.items() if key[0] != WITHIN}
    total = _line("all rules", "", decided, rows)
    metrics |= _metrics(f"review_{found.of}_", total)
    said = _said(total, sum(n for (rule, _), n in rows.items() if rule != WITHIN))
    if found.of == "noise":
        everything = _line("all scored pairs", "", tally, rows)
        metrics |= _metrics("review_noise_", everything, "share", "share_judged")
        said = f"Beyond the threshold: {said}"
        if everything.precision is not None:
            said += (
                f" Of all {sum(rows.values()) or everything.judged:,} scored pairs {100 * everything.precision:.1f}% "
                f"show something else (95%: {100 * (everything.low or 0):.1f}% to {100 * (everything.high or 0):.1f}%)."
            )
        total = everything
    return Review(of=found.of, attempt=found.attempt, lines=[*lines, total], sentence=said, metrics=metrics)


def _said(total: Line, rows: int) -> str:
    if total.precision is None:
        return "Nothing was judged yet."
    return (
        f"Of {total.judged} judged {total.right} are right; weighed by how many there are of each kind, "
        f"{100 * total.precision:.1f}% of all {rows or total.judged:,} "
        f"(95%: {100 * (total.low or 0):.1f}% to {100 * (total.high or 0):.1f}%)."
    )


def _line(
    rule: str, name: str, tally: Mapping[tuple[str, str], Mapping[str, int]], rows: Mapping[tuple[str, str], int]
) -> Line:
    right, wrong, unsure = (sum(counts[answer] for counts in tally.values()) for answer in ANSWERS)
    sure = {key: counts["y"] + counts["n"] for key, counts in tally.items() if counts["y"] + counts["n"]}
    if not sure:
        return Line(rule=rule, band=name, unsure=unsure)
    weight = {key: max(1, rows.get(key, 1)) for key in sure}
    whole = sum(weight.values())
    share = sum(weight[key] / whole * tally[key]["y"] / sure[key] for key in sure)
    effective = 1 / sum((weight[key] / whole) ** 2 / sure[key] for key in sure)
    low, high = wilson(share * effective, effective)
    return Line(
        rule=rule, band=name, right=right, judged=right + wrong, unsure=unsure, precision=share, low=low, high=high
    )


def _metrics(prefix: str, line: Line, name: str = "precision", judged: str = "judged") -> dict[str, float]:
    if line.precision is None:
        return {}
    return {
        f"{prefix}{name}": line.precision,
        f"{prefix}{name}_low": line.low or 0.0,
        f"{prefix}{judged}": line.judged,
    }
