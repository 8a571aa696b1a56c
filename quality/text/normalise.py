"""The form in which two texts are compared: lower case, words and numbers, one space between them."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

# Characters whose compatible form means something else: 10² is not 102, 42½ not 421/2.
_MEANT = re.compile("([\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u215e\u2189\u00aa\u00ba]+)")
_TRADEMARKS = re.compile("[\u2120\u2122]")  # which NFKC would spell out: BrandTM


def compatible(text: str) -> str:
    """Bring characters to their compatible form (NFKC), but for those whose form would mean something else.

    >>> compatible("ＭＵＧ 20 m² Brand™")
    'MUG 20 m² Brand'
    """
    parts = _MEANT.split(_TRADEMARKS.sub("", text))
    return "".join(part if k % 2 else unicodedata.normalize("NFKC", part) for k, part in enumerate(parts))


def normalise(texts: pa.Array) -> pa.Array:
    """Fold case and width, turn what is no word or number into single spaces; null becomes "".

    A number stands apart from the unit behind it: "500ml" and "500 ml" are one. Signs that belong to a word or a
    number stay: C++, C#, A+++, 50% and -5 are not C, A, 50 and 5.

    >>> normalise(pa.array(["Levi's® 501, ＲＥＤ!", "Mug 500ml", "C# + C++", "ice box -5 °C", None])).to_pylist()
    ['levi s 501 red', 'mug 500 ml', 'c# c++', 'ice box −5 c', '']
    """
    texts = pc.fill_null(texts, "")
    # Not pc.utf8_normalize: in pyarrow 25 it decomposes for NFKC and does not compose again.
    wide = pc.match_substring_regex(texts, r"[^\x00-\x7f]")
    if pc.any(wide).as_py():
        folded = [compatible(t).casefold() for t in texts.filter(wide).to_pylist()]
        texts = pc.replace_with_mask(texts, wide, pa.array(folded, texts.type))
    texts = pc.replace_substring_regex(pc.utf8_lower(texts), r"(^|\s)-(\p{N})", "\\1\u2212\\2")
    texts = pc.replace_substring_regex(texts, "[^\\p{L}\\p{N}\\p{M}+#%\u2212]+", " ")
    texts = pc.replace_substring_regex(texts, r"([+#%]+)([\p{L}\p{N}])", r"\1 \2")
    texts = pc.replace_substring_regex(texts, r"(^|\s)[+#%]+", " ")  # a sign of no word
    texts = pc.replace_substring_regex(texts, r"\s+", " ")
    texts = pc.replace_substring_regex(texts, r"(\p{N})(\p{L})", r"\1 \2")  # 500ml and 500 ml
    return pc.utf8_trim_whitespace(texts)
