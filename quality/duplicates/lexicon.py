"""The word lists, `words/*.txt`, as hash tables for compiled code."""

from __future__ import annotations

import functools
from importlib import resources

import numpy as np

from .letters import hash_table, hash_text
from .variant_words import AUDIENCE, COLOURS, PACK_BEFORE, SIZES, UNITS


def _lines(name: str) -> list[str]:
    text = (resources.files(__package__) / "words" / f"{name}.txt").read_text("utf-8")
    return [line for line in (line.split("#")[0].strip() for line in text.splitlines()) if line]


@functools.cache
def unsaid() -> np.ndarray:
    """Words that no substitution counts: small words, what sellers add, and all that the grammar knows."""
    listed = [word.strip() for line in _lines("unsaid") for word in line.split(",")]
    known = [*AUDIENCE, *COLOURS, *PACK_BEFORE, *SIZES, *UNITS]
    return hash_table({hash_text(word) for word in (*listed, *known) if word})[0]
