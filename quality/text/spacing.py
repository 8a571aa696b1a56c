"""Marks and white space: one of each run, none at the ends."""

from __future__ import annotations

import functools
import re

import numpy as np
import pyarrow as pa

from ..compiled import compiled
from .characters import kind_of, kinds, point_at, point_before, strings
from .rule import Draft, Rule
from .signs import BEGIN, DOUBLED, EMPTY, END, MARKS, NOT_PLAIN, RAGGED, STARRED

_REPEATED = re.compile(rf"({MARKS})\1+")
_WITHIN = "[\\s,./|&+-]*"
_EMPTY = rf"\({_WITHIN}\)|\[{_WITHIN}\]|\{{{_WITHIN}\}}|【\s*】|「\s*」|『\s*』|《\s*》|〔\s*〕"
_BRACKETS = re.compile(_EMPTY)
_STARRED = re.compile(r"(?<![\w*])\*(?=\w)([^*]+)(?<=[\w)!])\*(?![\w*])")  # not "5*3*2"
# At an end, separators of signs.BEGIN and END go with the space beside them ("-10°C" and "C#" keep theirs), these go
# wherever they stand there.
_BEGIN_ALL, _END_ALL = " |,;:/~*_=•·", " -–—|,;:/~_=•·"
_SPACE, _AT_BEGIN, _AT_END, _ALL_BEGIN, _ALL_END = 1, 2, 4, 8, 16


@Rule
def punctuation(draft: Draft) -> None:
    """Keep one of each run of the same mark, and drop empty brackets and stars around words.

    >>> punctuation(pa.array(["Wow!!! *Mug* --- () 5.5 ..."])).to_pylist()
    ['Wow! Mug -   5.5 .']
    """
    draft.rewrite(DOUBLED, lambda text: _REPEATED.sub(r"\1", text))
    draft.rewrite(STARRED, lambda text: _STARRED.sub(r"\1", text))
    draft.rewrite(EMPTY, lambda text: _BRACKETS.sub(" ", text))


@Rule
def whitespace(draft: Draft) -> None:
    """Make every run of white space one space; trim it, with the separators left over at both ends.

    >>> whitespace(pa.array(["  -  Red\\tmug \\xa0 | ", "-10°C", "C#"])).to_pylist()
    ['Red mug', '-10°C', 'C#']
    """
    draft.replace(RAGGED, _tidy)


def _tidy(texts: pa.Array) -> pa.Array:
    bounds, written = _tidied(*strings(texts), _kinds())
    return pa.Array.from_buffers(texts.type, len(texts), [None, pa.py_buffer(bounds), pa.py_buffer(written)])


@functools.cache
def _kinds() -> np.ndarray:
    return kinds(f"{NOT_PLAIN}|[ ]", *(f"[{re.escape(ends)}]" for ends in (BEGIN, END, _BEGIN_ALL, _END_ALL)))


@compiled
def _tidied(ends: np.ndarray, data: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    written = np.empty(ends[-1] - ends[0], np.uint8)
    bounds = np.zeros_like(ends)
    out = 0
    for row in range(len(ends) - 1):
        begin = out
        at, end = ends[row], ends[row + 1]
        spaced = False
        while at < end:
            point, after = point_at(data, at)
            if kind_of(table, point) & _SPACE:
                spaced = out > begin
            else:
                if spaced:
                    written[out] = 0x20
                    out += 1
                    spaced = False
                for byte in range(at, after):
                    written[out] = data[byte]
                    out += 1
            at = after
        head, tail = _trimmed(written, begin, out, table)
        for byte in range(head, tail):
            written[begin + byte - head] = written[byte]
        out = begin + tail - head
        bounds[row + 1] = out
    return bounds, written[:out].copy()


@compiled
def _trimmed(text: np.ndarray, begin: int, end: int, table: np.ndarray) -> tuple[int, int]:
    """Say where a text with single spaces begins and ends without what goes at its ends."""
    head = at = begin
    while at < end:
        point, at = point_at(text, at)
        if not kind_of(table, point) & _AT_BEGIN:
            break
        head = at if point == 0x20 else head
    while head < end:
        point, at = point_at(text, head)
        if not kind_of(table, point) & _ALL_BEGIN:
            break
        head = at
    tail = end
    while end > head:
        at = point_before(text, end)
        point, _ = point_at(text, at)
        if not kind_of(table, point) & _AT_END:
            break
        end = at
        tail = at if point == 0x20 else tail
    while tail > head:
        at = point_before(text, tail)
        if not kind_of(table, point_at(text, at)[0]) & _ALL_END:
            break
        tail = at
    return head, tail
