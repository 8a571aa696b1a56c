"""Words and numbers for people: counts, shares, hostile text made harmless, what each rule means."""

from __future__ import annotations

import difflib
import math
import re
from datetime import datetime

TITLE = 140  # characters of a seller's text that are shown
# Direction marks turn the words around them, zero-width ones hide; the joiners spell Persian and Hindi.
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u00ad\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
TOKEN = re.compile(r"[^\W_]+|\s+|.", re.DOTALL)

STAGES = {
    "ingest": "read the source",
    "clean": "clean product text",
    "filter": "reject noise",
    "deduplicate": "drop duplicates",
    "pairs": "draw training pairs",
    "pretrain": "train e-CLIP",
    "embed": "embed every product",
    "finetune": "train the heads",
    "predict": "answer for every product",
}
TASKS = {
    "category": "Category",
    "attributes": "Attributes",
    "adult": "Adult products",
    "matching": "Matching",
    "clustering": "Clustering",
}
METRICS = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "top_level_accuracy": "top-level accuracy",
    "micro_precision": "precision",
    "micro_recall": "recall",
    "micro_f1": "F1",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "average precision",
    "candidate_recall": "recall of candidates",
    "ari": "adjusted Rand index",
}
CURVES = {"learning_rate": "Learning rate", "logit_scale": "Sharpness of the similarities (logit scale)"}
METHODS = {
    "image": "photo",
    "text": "title",
    "both": "photo and title",
    "fused": "photo and title",
    "majority": "always the most frequent answer",
    "TF-IDF": "TF-IDF on titles",
    "HOG + colour": "HOG and colour of photos",
    "chance": "chance",
    "cca": "CCA baseline",
}
_NAMES = {
    "image_and_text": "Photo and title agree",
    "equal_gtin": "Equal GTIN",
    "text": "Titles agree",
    "image": "Photos agree",
    "gtin": "GTIN",
    "val": "Validation",
}


def count(number: float) -> str:
    """Write a whole number.

    >>> count(1412)
    '1,412'
    """
    return f"{round(number):,}"


def plural(number: int, word: str, words: str = "") -> str:
    """Write a number of things.

    >>> plural(1, "warning"), plural(1200, "listing"), plural(2, "category", "categories")
    ('1 warning', '1,200 listings', '2 categories')
    """
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def listed(parts: list[str]) -> str:
    """Join with commas and an "and".

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def duration(seconds: float | None) -> str:
    """Write a time span.

    >>> duration(3.25), duration(95), duration(7260), duration(None)
    ('3.2 s', '1 min 35 s', '2 h 1 min', '')
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def moment(iso: str) -> str:
    """Write a time stamp.

    >>> moment("2026-11-21T02:14:02+00:00")
    '21 Nov 2026, 02:14 UTC'
    """
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{found.day} {found:%b %Y, %H:%M} {found.tzname() or ''}".strip()


def figure(value: float | str | None, metric: str = "") -> str:
    """Write a metric: shares as percent, the Rand index as it is, what is unknown as a dash.

    >>> figure(0.24561), figure(-0.012, "ari"), figure(None)
    ('24.6%', '−0.012', '–')
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{value:.3f}".replace("-", "−") if metric == "ari" else f"{100 * value:.1f}%"


def shown(text: object, most: int = TITLE) -> str:
    """Cut a text, and write out what would hide in it or turn it around.

    >>> shown("mug\u202egum", 20), shown("x" * 30, 10)
    ('mug‹U+202E›gum', 'xxxxxxxxx…')
    """
    raw = str(text if text is not None else "")
    plain = visible(" ".join(raw[: 4 * most].split()))
    return plain if len(plain) <= most and len(raw) <= 4 * most else plain[: most - 1].rstrip() + "…"


def visible(text: str) -> str:
    """Write hidden characters out as their number; white space stays as it is."""
    return _HIDDEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", _CONTROL.sub("\ufffd", text))


def changes(before: str, after: str, most: int = TITLE, fold: bool = False) -> list[tuple[str, bool]]:
    """Split `before` into pieces, each with whether it is gone from `after`; with `fold` whatever its case.

    >>> changes("HOT  Mug", "Mug")
    [('HOT  ', True), ('Mug', False)]
    """
    old, new = (TOKEN.findall(text[:most]) for text in (before, after))
    pieces: list[tuple[str, bool]] = []
    one, other = ([word.casefold() for word in words] if fold else words for words in (old, new))
    for kind, start, end, _, _ in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if end > start:
            pieces.append((visible("".join(old[start:end])), kind != "equal"))
    return [*pieces, ("…", False)] if len(before) > most else pieces


def named(rule: str) -> str:
    """Write a rule's id as words.

    >>> named("unreadable_photo"), named("equal_gtin")
    ('Unreadable photo', 'Equal GTIN')
    """
    return _NAMES.get(rule) or rule.replace("_", " ").capitalize()
