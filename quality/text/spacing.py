"""Marks and white space: one of each run, none at the ends."""

from __future__ import annotations

import re

import numba
import numpy as np
import pyarrow as pa

from .characters import kind_of, kinds, matches, point_at, rewrite, rows_doubling, rows_with, strings

BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # they show nothing: the fillers of Korean syllables, the Braille blank
_MARKS = "[!?.,;:~*_=#|@$&^<>\\-–—·•、。]"  # not "+", "/", quotes: A+++, https://, 27''
_REPEATED = re.compile(rf"({_MARKS})\1+")
_WITHIN = "[\\s,./|&+-]*"
_EMPTY = rf"\({_WITHIN}\)|\[{_WITHIN}\]|\{{{_WITHIN}\}}|【\s*】|「\s*」|『\s*』|《\s*》|〔\s*〕"
_BRACKETS = re.compile(_EMPTY)
_STARRED = re.compile(r"(?<![\w*])\*(?=\w)([^*]+)(?<=[\w)!])\*(?![\w*])")  # not "5*3*2"
# At an end, separators of the first kind go with the space beside them ("-10°C" and "C#" keep theirs), the others go.
_BEGIN, _BEGIN_ALL = " -–—|,;:/~*_=#!.•·>", " |,;:/~*_=•·"
_END, _END_ALL = " -–—|,;:/~*_=#!?.•·<", " -–—|,;:/~_=•·"
_PLAIN = dict.fromkeys(map(ord, BLANK), " ")
# What makes a text ragged: white space that is no space, or one of those at its begin or end.
_SIGNS = (rf"[\s\v\x1c-\x1f\x85\pZ{BLANK}]", f"[{_BEGIN.replace('-', '')}-]", f"[{_END.replace('-', '')}-]")
_NOT_PLAIN, _AT_BEGIN, _AT_END = 1, 2, 4


def punctuation(texts: pa.Array) -> pa.Array:
    """Keep one of each run of the same mark, and drop empty brackets and stars around words.

    >>> punctuation(pa.array(["Wow!!! *Mug* --- () 5.5 ..."])).to_pylist()
    ['Wow! Mug -   5.5 .']
    """
    texts = rewrite(texts, lambda column: rows_doubling(column, _MARKS), lambda text: _REPEATED.sub(r"\1", text))
    texts = rewrite(texts, lambda column: rows_with(column, r"\*", 2), lambda text: _STARRED.sub(r"\1", text))
    return rewrite(texts, _emptied, lambda text: _BRACKETS.sub(" ", text))


def _emptied(texts: pa.Array) -> pa.Array:
    return matches(texts, _EMPTY, rows_with(texts, r"[(\[{【「『《〔]"))


def whitespace(texts: pa.Array) -> pa.Array:
    """Make every run of white space one space; trim it, with the separators left over at both ends.

    >>> whitespace(pa.array(["  -  Red\\tmug \\xa0 | ", "-10°C", "C#"])).to_pylist()
    ['Red mug', '-10°C', 'C#']
    """
    return rewrite(texts, lambda column: pa.array(_ragged(*strings(column), kinds(*_SIGNS))), _trimmed)


def _trimmed(text: str) -> str:
    if not text.isascii():
        text = text.translate(_PLAIN)
    text = " ".join(text.split())
    if not text or (text[0] not in _BEGIN and text[-1] not in _END):
        return text
    begin = text.rfind(" ", 0, len(text) - len(text.lstrip(_BEGIN))) + 1
    text = text[begin:].lstrip(_BEGIN_ALL)
    end = text.find(" ", len(text.rstrip(_END)))
    return (text if end < 0 else text[:end]).rstrip(_END_ALL)


@numba.njit(cache=True)
def _ragged(ends: np.ndarray, data: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Say which texts hold white space other than single spaces, or begin or end with it or a separator."""
    found = np.zeros(len(ends) - 1, np.bool_)
    for row in range(len(found)):
        begin, end = ends[row], ends[row + 1]
        at = begin
        spaced = False
        kind = 0
        while at < end:
            first = at == begin
            byte = data[at]
            if byte == 0x20:
                at += 1
                kind = _AT_BEGIN | _AT_END
                ragged = spaced or first
                spaced = True
            else:
                point, at = point_at(data, at)
                kind = kind_of(table, point)
                ragged = kind & _NOT_PLAIN or (first and kind & _AT_BEGIN)
                spaced = False
            if ragged:
                break
        found[row] = ragged or kind & _AT_END if begin < end else False
    return found
