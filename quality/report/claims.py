"""What may be claimed of a figure: which rows it was measured on, and what training had seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .data import ReportData, StageFacts
from .learning import retrieval
from .words import count, listed, plural


@dataclass(frozen=True)
class Prompted:
    """What to call the answers by the names of categories, and why."""

    title: str
    sentence: str


def measured(pretrain: StageFacts, pairs: StageFacts) -> str:
    """Say what the figures stand on, and beside what they stand."""
    figures = pretrain.metrics
    if not retrieval(figures):
        return "There was nothing to measure it on."
    families, titles = pairs.metrics.get("families_across_splits"), figures.get("val_titles")
    seen = [
        (families, f"{plural(_whole(families), 'family stands', 'families stand')} in more than one split"),
        _share(figures.get("val_titles_in_train"), titles, "titles were trained on"),
    ]
    said = f"Measured on validation pairs{_unseen(seen, 'whose families and titles it has not seen')}."
    beside = "Beside it stand chance and a CCA of simple photo and title features, which sees no categories"
    taught = figures.get("prompt_category_both") is not None and pretrain.settings.get("category_prompts", 1)
    return f"{said} {beside}{'; the model was trained on their names' if taught else ''}."


def evaluated_on(data: ReportData) -> str:
    """Say which rows the heads were judged on, and how much of them training has seen."""
    found = data.heads
    if not found.get("evaluated_on"):
        return ""
    where = "the source’s own test rows" if found["evaluated_on"] == "test" else "validation rows"
    seen = [
        _share(found.get(f"{n}_in_train"), found.get(n), f"{n} stand in training too") for n in ("families", "titles")
    ]
    return f"Judged on {where}{_unseen(seen, 'whose families and titles no head has seen in training')}."


def prompted(settings: Mapping[str, Any]) -> Prompted:
    """Say how the model came to know the names: it is zero-shot only where it was not trained on them."""
    asked = "The model compares the product with the names of the categories; no head was trained."
    weight = settings.get("category_prompts")
    if weight == 0:
        return Prompted("Zero-shot category", f"{asked} Nor was the model, on these names.")
    how = f" with weight {weight:g}" if isinstance(weight, int | float) else ""
    return Prompted(
        "Category by prompt", f"{asked} But the model was, on these very names{how}: this is not zero-shot."
    )


def _share(part: object, whole: object, what: str) -> tuple[object, str]:
    return part, f"{count(_whole(part))} of {count(_whole(whole))} {what}"


def _unseen(seen: Sequence[tuple[object, str]], claim: str) -> str:
    """Make a claim where all numbers are 0, else say which are not; neither where one is not known.

    >>> [_unseen([(0, "a"), (n, "3 of 9 titles")], "never seen") for n in (0, 3, None)]
    [' never seen', ', but 3 of 9 titles', '']
    """
    crossing = [said for number, said in seen if number]
    if crossing:
        return f", but {listed(crossing)}"
    return "" if any(number is None for number, _ in seen) else f" {claim}"


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
