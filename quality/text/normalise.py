"""The form in which two texts are compared: lower case, words and numbers only, one space between them."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc


def normalise(texts: pa.Array) -> pa.Array:
    """Fold case and width, turn everything but letters, digits and marks into single spaces; null becomes "".

    A number stands apart from the unit behind it: "500ml" and "500 ml" are one.

    >>> normalise(pa.array(["Levi's® 501, ＲＥＤ!", "Mug 500ml", None])).to_pylist()
    ['levi s 501 red', 'mug 500 ml', '']
    """
    texts = pc.fill_null(texts, "")
    # Not pc.utf8_normalize: in pyarrow 25 it decomposes for NFKC and does not compose again.
    wide = pc.match_substring_regex(texts, r"[^\x00-\x7f]")
    if pc.any(wide).as_py():
        folded = [unicodedata.normalize("NFKC", t).casefold() for t in texts.filter(wide).to_pylist()]
        texts = pc.replace_with_mask(texts, wide, pa.array(folded, texts.type))
    texts = pc.replace_substring_regex(pc.utf8_lower(texts), r"[^\p{L}\p{N}\p{M}]+", " ")
    texts = pc.replace_substring_regex(texts, r"(\p{N})(\p{L})", r"\1 \2")  # 500ml and 500 ml
    return pc.utf8_trim_whitespace(texts)
