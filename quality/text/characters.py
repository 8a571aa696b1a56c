"""Kinds of characters: a table of every code point, which rows hold one, and the compatible form of each."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..compiled import compiled, inner

# Unicode puts nothing between the ideographs of planes 2 and 3 and the tags of plane 14, none of them of any kind here.
_PLANES = (range(0xD800), range(0xE000, 0x20000), range(0xE0000, 0xE1000))
_SIZE = 0xE1000
_BLOCK = 64  # characters of which it is asked at once whether one has a compatible form
SETTLING = 8  # a text that takes longer was made for it

# Characters whose compatible form means something else: 10² is not 102, 42½ not 421/2; or that it breaks: a Thai or Lao
# vowel in two, a Korean letter that stands alone ("ㄱ자 소파") into the half of a syllable, 27″ into two feet.
_MEANING = re.compile(
    "["
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u215e\u2189\u00aa\u00ba"
    "\u0e33\u0eb3\u3131-\u318e\u2033\u2034\u2036\u2037\u2057]"
)
_TRADEMARKS = "\u2120\u2122"  # which NFKC would spell out: BrandTM


def strings(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Give the buffers of a string array: where each text begins and ends, and the bytes. [int (n + 1,)], [uint8]"""
    wide = pa.types.is_large_string(texts.type)
    _, bounds, data = texts.buffers()
    if bounds is None or not len(texts):
        return np.zeros(len(texts) + 1, np.int32), np.zeros(0, np.uint8)
    ends = np.frombuffer(bounds, np.int64 if wide else np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return ends, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


def rewrite(texts: pa.Array, suspects: Callable[[pa.Array], pa.Array], fix: Callable[[str], str]) -> pa.Array:
    """Put what a Python function makes of them in place of suspect texts, until none is suspect or nothing changes.

    What is taken out of a text may join what stood beside it; one in which that goes on for long was made for it.

    Args:
        texts: Strings and nulls.
        suspects: Says which texts to look at; a null is none.
        fix: What it does not change it leaves as it is.

    Returns:
        The same array where no text is suspect.

    >>> bracketed = lambda texts: matches(texts, "[(]")
    >>> rewrite(pa.array(["a((b))", "b", None]), bracketed, lambda text: text.replace("(b)", "b")).to_pylist()
    ['ab', 'b', None]
    """
    rows = suspects(texts)
    if not pc.any(rows).as_py():
        return texts
    values = texts.filter(rows)
    fixed = open_values = pa.array([fix(text) for text in values.to_pylist()], texts.type)
    places = np.arange(len(values))  # of those that may change yet
    for _ in range(SETTLING):
        again = np.asarray(pc.and_(pc.not_equal(values, open_values), suspects(open_values)))
        if not again.any():
            break
        places, values = places[again], open_values.filter(pa.array(again))
        open_values = pa.array([fix(text) for text in values.to_pylist()], texts.type)
        mask = np.zeros(len(fixed), np.bool_)
        mask[places] = True
        fixed = pc.replace_with_mask(fixed, pa.array(mask), open_values)
    return pc.replace_with_mask(texts, rows, fixed)


def matches(texts: pa.Array, pattern: str, rows: pa.Array | None = None) -> pa.Array:
    """Say in which texts an RE2 pattern is found; never in a null. Given rows, look at those alone."""
    if rows is None:
        return pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    return pc.replace_with_mask(rows, rows, matches(texts.filter(rows), pattern)) if pc.any(rows).as_py() else rows


@functools.cache
def code_points() -> tuple[np.ndarray, str]:
    """All code points but surrogates, and the characters. [int64 (n,)], n characters"""
    points = np.concatenate([np.arange(plane.start, plane.stop) for plane in _PLANES])
    return points, points.astype("<u4").tobytes().decode("utf-32-le")


@functools.cache
def kinds(*classes: str) -> np.ndarray:
    r"""Make the table of code points in which bit k is set where class k is found. [uint8 or uint32 (n,)]

    Classes are those of RE2; white space in one without `\p` is that of ASCII.

    >>> kinds(r"\p{L}", r"\p{N}")[[ord("a"), ord("7"), ord("ß"), ord("-")]].tolist()
    [1, 2, 1, 0]
    """
    table = np.zeros(_SIZE, np.uint8 if len(classes) <= 8 else np.uint32)
    for bit, kind in enumerate(classes):
        table[_of_kind(kind)] |= table.dtype.type(1 << bit)
    return table


@functools.cache
def _of_kind(kind: str) -> np.ndarray:
    """Give all code points of a class. [int64 (m,)]"""
    points, characters = code_points()
    some = f"(?s:{kind})+"  # they are taken out in runs, which are few
    if r"\p" in kind.lower():
        others = pc.replace_substring_regex(pa.scalar(characters), some, "").as_py()
    else:  # Python is quicker than RE2 at this
        others = re.sub(some, "", characters, flags=re.ASCII)
    found = np.zeros(_SIZE, np.bool_)
    found[points] = True
    found[np.frombuffer(others.encode("utf-32-le"), "<u4")] = False
    return np.flatnonzero(found)


def rows_with(texts: pa.Array, kind: str) -> pa.Array:
    """Say which texts hold a character of an RE2 class; a null holds none.

    >>> rows_with(pa.array(["mug", "5 mugs", None]), "[0-9]").to_pylist()
    [False, True, False]
    """
    return pa.array(_rows_with(*strings(texts), kinds(kind)))


def unsettled(texts: pa.Array, changing: np.ndarray) -> pa.Array:
    """Say which texts hold a character that changes, or marks out of order.

    With the table of `changing` this is the quick check of Unicode Annex 15, section 9, for `compatible`.
    """
    return pa.array(_unsettled(*strings(texts), changing, combining()))


def compatible(text: str) -> str:
    """Bring characters to their compatible form (NFKC), but for those whose form would mean something else.

    >>> compatible("ＭＵＧ 20 ㎡ Levi´s Brand™")
    'MUG 20 m² Levi´s Brand'
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_forms))


class _Forms(dict[int, str]):
    """The form of each character, worked out when it is first met; for `str.translate`."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        kind, *parts = unicodedata.decomposition(character).split(" ")
        if character in _TRADEMARKS:
            form = ""
        elif kind.startswith("<") and not _MEANING.match(character):
            form = "".join(self[int(part, 16)] for part in parts)
            # An accent that stands by itself ("Levi´s") would become a space with an accent on it.
            form = character if form[0] == " " and len(form) > 1 else form
        else:
            form = character
        self[point] = form
        return form


_forms = _Forms()


@functools.cache
def changing() -> np.ndarray:
    """Code points that `compatible` changes, or may join with what stands before them. [uint8 (n,)]"""
    table = np.zeros(_SIZE, np.uint8)
    table[0x1161:0x1176] = table[0x11A8:0x11C3] = 1  # the vowels and final letters of Korean syllables
    characters = code_points()[1]
    blocks = (characters[first : first + _BLOCK] for first in range(0, len(characters), _BLOCK))
    for character in "".join(block for block in blocks if not unicodedata.is_normalized("NFKD", block)):
        parts = unicodedata.decomposition(character).split(" ")
        if parts != [""]:
            point = ord(character)
            if unicodedata.normalize("NFC", character) != character or _forms[point] != character:
                table[point] = 1
            elif len(parts) == 2 and parts[0][0] != "<":
                table[int(parts[1], 16)] = 1
    table[[ord(character) for character in _TRADEMARKS]] = 1
    return table


@functools.cache
def combining() -> np.ndarray:
    """Combining class of each code point: marks out of order are put in order. [uint8 (n,)]"""
    points, characters = code_points()
    table = np.zeros(_SIZE, np.uint8)
    table[points] = list(map(unicodedata.combining, characters))
    return table


@inner
def point_at(data: np.ndarray, at: int) -> tuple[Any, int]:
    """Read the code point that begins at a byte, and where the next one begins. Arrow's strings are valid UTF-8."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, at + 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | np.int64(data[at + 1]) & 0x3F, at + 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | np.int64(data[at + 2]) & 0x3F, at + 3
    return (
        (first & 0x07) << 18
        | (np.int64(data[at + 1]) & 0x3F) << 12
        | (np.int64(data[at + 2]) & 0x3F) << 6
        | np.int64(data[at + 3]) & 0x3F
    ), at + 4


@inner
def point_before(data: np.ndarray, at: int) -> int:
    """Say where the code point begins that ends before a byte."""
    at -= 1
    while data[at] & 0xC0 == 0x80:
        at -= 1
    return at


@inner
def kind_of(table: np.ndarray, point: int) -> int:
    """Look a code point up."""
    return int(table[point]) if point < len(table) else 0


@compiled
def _rows_with(ends: np.ndarray, data: np.ndarray, table: np.ndarray) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.bool_)
    for row in range(len(found)):
        at, end = ends[row], ends[row + 1]
        while at < end:
            point, at = point_at(data, at)
            if kind_of(table, point):
                found[row] = True
                break
    return found


@compiled
def _unsettled(ends: np.ndarray, data: np.ndarray, changing: np.ndarray, combining: np.ndarray) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.bool_)
    for row in range(len(found)):
        at, end = ends[row], ends[row + 1]
        before = 0
        while at < end:
            if data[at] < 0x80:  # ASCII is settled
                at += 1
                before = 0
                continue
            point, at = point_at(data, at)
            rank = kind_of(combining, point)
            if kind_of(changing, point) or 0 < rank < before:
                found[row] = True
                break
            before = rank
    return found
