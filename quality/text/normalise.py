"""The form in which two texts are compared: lower case, words and numbers, one space between them."""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..compiled import compiled
from .characters import changing, compatible, kind_of, kinds, point_at, strings, unsettled

_LETTER, _NUMBER, _MARK, _SIGN = 1, 2, 4, 8
_SPACE, _HYPHEN, _MINUS = 0x20, 0x2D, 0x2212


@functools.cache
def _words() -> np.ndarray:
    return kinds(r"\p{L}", r"\p{N}", r"\p{M}", "[+#%]")


@functools.cache
def _folding() -> np.ndarray:
    """Code points of which full case folding (Unicode 3.13, "ß" and "ss") makes more than lower case does. [(n,)]"""
    table = changing().copy()
    places = np.flatnonzero(kinds(r"\p{L}|\p{M}|\p{N}|\p{S}"))
    letters = pa.array(list(map(chr, places)))
    folded = pa.array([letter.casefold() for letter in letters.to_pylist()])
    table[places[np.asarray(pc.not_equal(pc.utf8_lower(letters), pc.utf8_lower(folded)))]] = 1
    return table


def normalise(texts: pa.Array) -> pa.Array:
    """Fold case and width, turn what is no word or number into single spaces; null becomes "".

    A number stands apart from the unit behind it: "500ml" and "500 ml" are one. Signs that belong to a word or a
    number stay: C++, C#, A+++, 50% and -5 are not C, A, 50 and 5.

    >>> normalise(pa.array(["Levi's® 501, ＲＥＤ!", "Mug 500ml", "C# + C++", "ice box -5 °C", None])).to_pylist()
    ['levi s 501 red', 'mug 500 ml', 'c# c++', 'ice box −5 c', '']
    """
    texts = pc.fill_null(texts, "")
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        folding = unsettled(texts, _folding())
        if pc.any(folding).as_py():
            folded = [compatible(t).casefold() for t in texts.filter(folding).to_pylist()]
            texts = pc.replace_with_mask(texts, folding, pa.array(folded, texts.type))
    ends, data = strings(pc.utf8_lower(texts))
    bounds, written = _apart(ends, data, _words())
    return pa.Array.from_buffers(texts.type, len(texts), [None, pa.py_buffer(bounds), pa.py_buffer(written)])


@compiled
def _apart(ends: np.ndarray, data: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write the words of lower-case texts, one space between them.

    What is no letter, mark, number or sign parts words. A hyphen before a number is a minus where nothing or a space
    stands before it. Signs that begin a word are dropped, those before a letter or number end one; a number ends where
    a letter begins.
    """
    size = ends[-1] - ends[0]
    written = np.empty(2 * size + 8, np.uint8)  # "-5 -5" grows by two thirds, "5a5a" by half
    bounds = np.zeros_like(ends)
    out = 0
    for row in range(len(ends) - 1):
        begin = out
        at, end = ends[row], ends[row + 1]
        before = 0  # kind of the last character of this word; 0: none yet
        spaced = True  # nothing, or white space, stands right before
        while at < end:
            point, after = point_at(data, at)
            kind = kind_of(words, point)
            if point == _HYPHEN and spaced and after < end and kind_of(words, point_at(data, after)[0]) & _NUMBER:
                point = _MINUS
            if point == _MINUS:
                kind = _MARK
            spaced = point == _SPACE or (0x09 <= point <= 0x0D and point != 0x0B)
            if kind == 0 or (kind == _SIGN and before == 0):
                before = 0 if kind == 0 else before
            else:
                parts = before == _SIGN or (before == _NUMBER and kind == _LETTER)
                if (before == 0 or (parts and kind & (_LETTER | _NUMBER))) and out > begin:
                    written[out] = _SPACE
                    out += 1
                if point == _MINUS:
                    written[out], written[out + 1], written[out + 2] = 0xE2, 0x88, 0x92
                    out += 3
                else:
                    for byte in range(at, after):
                        written[out] = data[byte]
                        out += 1
                before = kind
            at = after
        bounds[row + 1] = out
    return bounds, written[:out].copy()
