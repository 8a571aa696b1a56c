"""Cleaning rules: small pure functions from an Arrow string array to another, each with an id, applied in order.

A new rule is a function and a line in RULES. It must be idempotent and leave nulls alone. It names the sign by which
`signs` tells the texts that need it; Python may take its time on those.
"""

from __future__ import annotations

import re

from . import noise_phrases
from .characters import compatible
from .contacts import contacts
from .decoding import escaped_bytes, markup, mojibake
from .repetition import keyword_stuffing, repeated_words
from .rule import Draft, Rule
from .signs import DRAWN, INVISIBLE, NOISE, PICTURE, UNSEEN, UNSETTLED
from .spacing import punctuation, whitespace

_UNSEEN, _DRAWN = re.compile(UNSEEN), re.compile(f"{DRAWN}(?:\u200d?{DRAWN})*")


@Rule
def unicode(draft: Draft) -> None:
    """Bring characters to their compatible form (NFKC): full-width letters, ligatures, odd spaces; 20 m² stays.

    >>> import pyarrow as pa
    >>> unicode(pa.array(["ＭＵＧ　５００ｍｌ"])).to_pylist()
    ['MUG 500ml']
    """
    draft.rewrite(UNSETTLED, compatible)


@Rule
def invisible(draft: Draft) -> None:
    """Take out what cannot be seen: zero-width characters, direction marks, controls."""
    draft.rewrite(INVISIBLE, lambda text: _UNSEEN.sub("", text))


@Rule
def pictures(draft: Draft) -> None:
    """Replace emoji, stars, ticks and other pictures by a space.

    >>> import pyarrow as pa
    >>> pictures(pa.array(["🔥HOT🔥 Mug ★★★"])).to_pylist()
    [' HOT  Mug  ']
    """
    draft.rewrite(PICTURE, lambda text: _DRAWN.sub(" ", text))


@Rule
def seller_noise(draft: Draft) -> None:
    """Take out what sellers add to be seen: "HOT SALE!!", "[Official Store]", "free shipping", in several languages.

    >>> import pyarrow as pa
    >>> seller_noise(pa.array(["HOT SALE!! Red mug - free shipping"])).to_pylist()
    ['  Red mug -  ']
    """
    draft.replace(NOISE, noise_phrases.without)


RULES: dict[str, Rule] = {
    "escaped_bytes": escaped_bytes,
    "markup": markup,
    "mojibake": mojibake,
    "unicode": unicode,
    "invisible": invisible,
    "contacts": contacts,  # before pictures: a telephone stands before a number
    "pictures": pictures,
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
