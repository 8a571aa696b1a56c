"""Kinds of characters: which rows hold one, and the compatible form of each that has one.

A table names the kinds of every code point; one compiled pass over Arrow's buffers says which rows are to be looked at
more closely. That costs 1 ns a byte, a third of what the cheapest pattern does.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Unicode puts nothing between the ideographs of planes 2 and 3 and the tags of plane 14, none of them of any kind here.
_PLANES = (range(0xD800), range(0xE000, 0x20000), range(0xE0000, 0xE1000))
_SIZE = 0xE1000
SETTLING = 8  # a text that takes longer was made for it

# Characters whose compatible form means something else: 10² is not 102, 42½ not 421/2; or that it breaks: a Thai or Lao
# vowel in two, a Korean letter that stands alone ("ㄱ자 소파") into the half of a syllable, 27″ into two feet.
_MEANT = (
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u215e\u2189\u00aa\u00ba"
    "\u0e33\u0eb3\u3131-\u318e\u2033\u2034\u2036\u2037\u2057"
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
def _all() -> tuple[np.ndarray, pa.Array]:
    points = [point for plane in _PLANES for point in plane]
    return np.array(points), pa.array([chr(point) for point in points])


@functools.cache
def kinds(*classes: str) -> np.ndarray:
    r"""Make the table of code points in which bit k is set where RE2 finds class k. [uint8 (n,)]

    >>> kinds(r"\p{L}", r"\p{N}")[[ord("a"), ord("7"), ord("ß"), ord("-")]].tolist()
    [1, 2, 1, 0]
    """
    points, characters = _all()
    table = np.zeros(_SIZE, np.uint8)
    for bit, kind in enumerate(classes):
        found = np.asarray(pc.match_substring_regex(characters, f"(?s){kind}"))
        table[points[found]] |= np.uint8(1 << bit)
    return table


@functools.cache
def _leads(*classes: str) -> np.ndarray:
    return leads(kinds(*classes))


def leads(table: np.ndarray) -> np.ndarray:
    """Say with which byte a character of any kind of a table may begin: the others are passed over. [bool (256,)]"""
    point = np.flatnonzero(table)
    bounds = [0x80, 0x800, 0x10000]
    first = np.choose(
        np.searchsorted(bounds, point, side="right"), [point, 0xC0 | point >> 6, 0xE0 | point >> 12, 0xF0 | point >> 18]
    )
    return np.isin(np.arange(256), first[(point < 0xD800) | (point >= 0xE000)])


def rows_with(texts: pa.Array, kind: str, least: int = 1) -> pa.Array:
    """Say which texts hold so many characters of an RE2 class; a null holds none.

    >>> rows_with(pa.array(["mug", "5 mugs", None]), "[0-9]").to_pylist()
    [False, True, False]
    """
    return pa.array(_rows_with(*strings(texts), kinds(kind), _leads(kind), least))


def rows_doubling(texts: pa.Array, kind: str) -> pa.Array:
    """Say in which texts a character of an RE2 class stands twice in a row.

    >>> rows_doubling(pa.array(["wow!!", "a.b.c", None]), "[!.]").to_pylist()
    [True, False, False]
    """
    return pa.array(_rows_doubling(*strings(texts), kinds(kind), _leads(kind)))


def unsettled(texts: pa.Array) -> pa.Array:
    """Say which texts `compatible` may change: the quick check of Unicode Annex 15, section 9."""
    return pa.array(_unsettled(*strings(texts), *_settling()))


def compatible(text: str) -> str:
    """Bring characters to their compatible form (NFKC), but for those whose form would mean something else.

    >>> compatible("ＭＵＧ 20 ㎡ Levi´s Brand™")
    'MUG 20 m² Levi´s Brand'
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_forms()))


@functools.cache
def _decomposing() -> list[int]:
    """Code points that Unicode spells by others, compatible or not, and Korean syllables."""
    points, characters = _all()
    end = chr(0x10FFFF)  # no character
    spelled = unicodedata.normalize("NFKD", end.join(characters.to_pylist())).split(end)  # at once: ten times as fast
    return [p for p, form in zip(points.tolist(), spelled, strict=True) if form != chr(p)]


@functools.cache
def _forms() -> dict[int, str]:
    forms = {ord(character): "" for character in _TRADEMARKS}
    meant = kinds(f"[{_MEANT}]")

    def form(point: int) -> str:
        if point not in forms and not meant[point]:
            kind, *parts = unicodedata.decomposition(chr(point)).split(" ")
            if kind.startswith("<"):
                spelled = "".join(form(int(part, 16)) for part in parts)
                # An accent that stands by itself ("Levi´s") would become a space with an accent on it.
                forms[point] = chr(point) if spelled[0] == " " and len(spelled) > 1 else spelled
        return forms.get(point, chr(point))

    for point in _decomposing():
        form(point)
    return forms


@functools.cache
def _settling() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    changing, combining = _changing(), _combining()
    return changing, combining, leads(changing | combining)


def _changing() -> np.ndarray:
    """Code points that have another form, or may be joined with what stands before them. [uint8 (n,)]"""
    table = np.zeros(_SIZE, np.uint8)
    table[[point for point, form in _forms().items() if form != chr(point)]] = 1
    table[0x1161:0x1176] = table[0x11A8:0x11C3] = 1  # the vowels and final letters of Korean syllables
    for point in _decomposing():
        parts = unicodedata.decomposition(chr(point)).split(" ")
        if unicodedata.normalize("NFC", chr(point)) != chr(point):
            table[point] = 1
        elif len(parts) == 2 and parts[0][0] != "<":
            table[int(parts[1], 16)] = 1
    return table


def _combining() -> np.ndarray:
    """Combining class of each code point: marks out of order are put in order. [uint8 (n,)]"""
    table = np.zeros(_SIZE, np.uint8)
    for point in np.flatnonzero(kinds(r"\p{M}")).tolist():
        table[point] = unicodedata.combining(chr(point))
    return table


@numba.njit(cache=True)
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


@numba.njit(cache=True)
def kind_of(table: np.ndarray, point: int) -> int:
    """Look a code point up."""
    return int(table[point]) if point < len(table) else 0


@numba.njit(cache=True)
def _rows_with(ends: np.ndarray, data: np.ndarray, table: np.ndarray, leads: np.ndarray, least: int) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.bool_)
    for row in range(len(found)):
        at, end = ends[row], ends[row + 1]
        seen = 0
        while at < end:
            if not leads[data[at]]:
                at += 1
                continue
            point, at = point_at(data, at)
            seen += kind_of(table, point) > 0
            if seen == least:
                found[row] = True
                break
    return found


@numba.njit(cache=True)
def _rows_doubling(ends: np.ndarray, data: np.ndarray, table: np.ndarray, leads: np.ndarray) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.bool_)
    for row in range(len(found)):
        at, end = ends[row], ends[row + 1]
        before = -1
        while at < end:
            if not leads[data[at]]:
                at += 1
                before = -1
                continue
            point, at = point_at(data, at)
            if point == before and kind_of(table, point):
                found[row] = True
                break
            before = point
    return found


@numba.njit(cache=True)
def _unsettled(
    ends: np.ndarray, data: np.ndarray, changing: np.ndarray, combining: np.ndarray, leads: np.ndarray
) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.bool_)
    for row in range(len(found)):
        at, end = ends[row], ends[row + 1]
        before = 0
        while at < end:
            if not leads[data[at]]:
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
