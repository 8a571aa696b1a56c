"""Cleaning rules: small pure functions from an Arrow string array to another, each with an id, applied in order.

A new rule is a function and a line in RULES. It must be idempotent and leave nulls alone. Work through
`pyarrow.compute` on whole columns; where Python is needed, only on the rows that look suspicious.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import ftfy
import pyarrow as pa
import pyarrow.compute as pc

from . import noise_phrases
from .normalise import compatible

Rule = Callable[[pa.Array], pa.Array]

LETTER_OR_DIGIT = r"[\p{L}\p{N}]"
_ESCAPED = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_ZERO_WIDTH = "\u200b\u2060\ufeff\u00ad\u180e"
_BIDI = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROLS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"
_PICTURES = "\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f"
_JOINED_PICTURES = f"[{_PICTURES}](?:\u200d?[{_PICTURES}])*"


def _on_suspects(texts: pa.Array, pattern: str, fix: Callable[[str], str]) -> pa.Array:
    """Apply a Python function to the rows that match a pattern."""
    suspect = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    if not pc.any(suspect).as_py():
        return texts
    fixed = pa.array([fix(t) for t in texts.filter(suspect).to_pylist()], texts.type)
    return pc.replace_with_mask(texts, suspect, fixed)


def escaped_bytes(texts: pa.Array) -> pa.Array:
    r"""Decode bytes written out as text: `\xe2\x9d\xa4` becomes a heart; what is not UTF-8 stays as it is.

    >>> escaped_bytes(pa.array([r"Caf\xc3\xa9"])).to_pylist()
    ['Café']
    """

    def decode(found: re.Match[str]) -> str:
        data = bytes.fromhex(found.group().replace("\\x", ""))
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return found.group()

    return _on_suspects(texts, r"\\x[0-9a-fA-F]{2}", lambda t: _ESCAPED.sub(decode, t))


def markup(texts: pa.Array) -> pa.Array:
    """Take out HTML: entities become characters, tags a space; "a < b" is no tag.

    >>> markup(pa.array(["<b>Mug</b>&nbsp;&amp; saucer"])).to_pylist()
    [' Mug \\xa0& saucer']
    """

    def unescape(text: str) -> str:
        # Exports escape twice, and three times; stop where nothing changes, or a hostile text would not end.
        for _ in range(5):
            plain = html.unescape(text)
            if plain == text:
                break
            text = plain
        return text

    texts = _on_suspects(texts, r"&(#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);", unescape)
    return pc.replace_substring_regex(texts, r"<!--.*?-->|</?[a-zA-Z][^<>]*>", " ")


def mojibake(texts: pa.Array) -> pa.Array:
    """Mend text decoded in the wrong encoding (ftfy), on rows that show its marks.

    >>> mojibake(pa.array(["CafÃ© latte"])).to_pylist()
    ['Café latte']
    """
    return _on_suspects(
        texts, "[ÃÂâÐÑìíëê][\u0080-\u00bf\u2018-\u203a\u20ac\u2122\u0152-\u0192\u02c6\u02dc]", ftfy.fix_encoding
    )


def unicode(texts: pa.Array) -> pa.Array:
    """Bring characters to their compatible form (NFKC): full-width letters, ligatures, odd spaces; 20 m² stays.

    >>> unicode(pa.array(["ＭＵＧ　５００ｍｌ"])).to_pylist()
    ['MUG 500ml']
    """
    # Not pc.utf8_normalize: in pyarrow 25 it decomposes for NFKC and does not compose again.
    return _on_suspects(texts, r"[^\x00-\x7f]", compatible)


def invisible(texts: pa.Array) -> pa.Array:
    """Take out what cannot be seen: zero-width characters, direction marks, controls.

    The joiners U+200C and U+200D stay: Persian, Hindi and others spell with them.
    """
    return pc.replace_substring_regex(texts, f"[{_ZERO_WIDTH}{_BIDI}{_CONTROLS}]", "")


def pictures(texts: pa.Array) -> pa.Array:
    """Replace emoji, stars, ticks and other pictures by a space.

    >>> pictures(pa.array(["🔥HOT🔥 Mug ★★★"])).to_pylist()
    [' HOT  Mug  ']
    """
    return pc.replace_substring_regex(texts, _JOINED_PICTURES, " ")


def seller_noise(texts: pa.Array) -> pa.Array:
    """Take out what sellers add to be seen: "HOT SALE!!", "[Official Store]", "free shipping", in several languages.

    >>> seller_noise(pa.array(["HOT SALE!! Red mug - free shipping"])).to_pylist()
    ['  Red mug -  ']
    """
    return pc.replace_substring_regex(texts, noise_phrases.pattern(), " ")


def punctuation(texts: pa.Array) -> pa.Array:
    """Keep one of each run of the same mark, and drop empty brackets.

    >>> punctuation(pa.array(["Wow!!! Mug --- () 5.5 ..."])).to_pylist()
    ['Wow! Mug -   5.5 .']
    """
    for mark in "!?.,;:~*_=#|-":  # not "+" and "/": A+++, C++, https://
        quoted = re.escape(mark)
        if pc.any(pc.match_substring(texts, mark * 2)).as_py():
            texts = pc.replace_substring_regex(texts, f"{quoted}{{2,}}", mark)
    return pc.replace_substring_regex(texts, r"\(\s*\)|\[\s*\]|\{\s*\}|【\s*】", " ")


def whitespace(texts: pa.Array) -> pa.Array:
    """Make every run of white space one space; trim it, with the separators left over at both ends.

    >>> whitespace(pa.array(["  -  Red\\tmug \\xa0 | "])).to_pylist()
    ['Red mug']
    """
    texts = pc.replace_substring_regex(texts, r"[\s\p{Z}]+", " ")
    # A lone separator at an end; "-10°C" and "5%" keep theirs.
    return pc.replace_substring_regex(
        texts, r"^(?:[ \-–—|,;:/~*_=#!•·>]+ |[ |,;:/~*_=#•·]+)+|(?: [ \-–—|,;:/~*_=#!?•·<]+|[ \-–—|,;:/~_=#•·]+)+$", ""
    )


RULES: dict[str, Rule] = {
    "escaped_bytes": escaped_bytes,
    "markup": markup,
    "mojibake": mojibake,
    "unicode": unicode,
    "invisible": invisible,
    "pictures": pictures,
    "seller_noise": seller_noise,
    "punctuation": punctuation,
    "whitespace": whitespace,
}
# Descriptions are prose: they keep their words and marks.
DESCRIPTION_RULES = ("escaped_bytes", "markup", "mojibake", "unicode", "invisible", "whitespace")
