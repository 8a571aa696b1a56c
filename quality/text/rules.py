"""Cleaning rules: small pure functions from an Arrow string array to another, each with an id, applied in order.

A new rule is a function and a line in RULES. It must be idempotent and leave nulls alone. Find the rows that need it
by a cheap pass over whole columns (`characters.rows_with`, a short pattern); Python may take its time on those.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa

from . import noise_phrases
from .characters import compatible, rewrite, rows_with, unsettled
from .contacts import contacts
from .decoding import escaped_bytes, markup, mojibake
from .repetition import keyword_stuffing, repeated_words
from .spacing import BLANK, punctuation, whitespace

Rule = Callable[[pa.Array], pa.Array]

LETTER_OR_DIGIT = rf"[^\PL{BLANK}]|\pN"
# The joiners U+200C and U+200D stay: Persian, Hindi and others spell with them. Variation selectors belong to emoji.
_INVISIBLE = (
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff]"
)
# Not ♭ and ♯ (music), ✕ and ✖ (by), ❶ (a number).
_PICTURES = (
    "\u2500-\u266c\u2670-\u2714\u2717-\u2775\u2794-\u27bf\u2b00-\u2bff\u3013\u20e3\ue000-\uf8ff\U0001f000-\U0001f0ff"
    "\U0001f170-\U0001faff"
)
_PICTURE = f"[{_PICTURES}]"
_JOINED_PICTURES = f"{_PICTURE}(?:\u200d?{_PICTURE})*"
_SHOWN, _DRAWN = re.compile(_INVISIBLE), re.compile(_JOINED_PICTURES)


def unicode(texts: pa.Array) -> pa.Array:
    """Bring characters to their compatible form (NFKC): full-width letters, ligatures, odd spaces; 20 m² stays.

    >>> unicode(pa.array(["ＭＵＧ　５００ｍｌ"])).to_pylist()
    ['MUG 500ml']
    """
    return rewrite(texts, unsettled, compatible)


def invisible(texts: pa.Array) -> pa.Array:
    """Take out what cannot be seen: zero-width characters, direction marks, controls."""
    return rewrite(texts, lambda column: rows_with(column, _INVISIBLE), lambda text: _SHOWN.sub("", text))


def pictures(texts: pa.Array) -> pa.Array:
    """Replace emoji, stars, ticks and other pictures by a space.

    >>> pictures(pa.array(["🔥HOT🔥 Mug ★★★"])).to_pylist()
    [' HOT  Mug  ']
    """
    return rewrite(texts, lambda column: rows_with(column, _PICTURE), lambda text: _DRAWN.sub(" ", text))


def seller_noise(texts: pa.Array) -> pa.Array:
    """Take out what sellers add to be seen: "HOT SALE!!", "[Official Store]", "free shipping", in several languages.

    >>> seller_noise(pa.array(["HOT SALE!! Red mug - free shipping"])).to_pylist()
    ['  Red mug -  ']
    """
    return rewrite(texts, noise_phrases.automaton().rows_with, noise_phrases.without)


RULES: dict[str, Rule] = {
    "escaped_bytes": escaped_bytes,
    "markup": markup,
    "mojibake": mojibake,
    "unicode": unicode,
    "invisible": invisible,
    "pictures": pictures,
    "contacts": contacts,
    "seller_noise": seller_noise,
    "repeated_words": repeated_words,
    "keyword_stuffing": keyword_stuffing,
    "punctuation": punctuation,
    "whitespace": whitespace,
}
# Descriptions are prose: they keep their words and marks.
DESCRIPTION_RULES = ("escaped_bytes", "markup", "mojibake", "unicode", "invisible", "whitespace")
# Rules that may leave nothing of a title.
EMPTYING_RULES = ("contacts", "seller_noise")
