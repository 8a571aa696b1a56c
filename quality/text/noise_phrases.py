"""Phrases that sellers add to titles: plain lists, one a line, in `phrases/<language>.txt`.

To teach a phrase, add a line. Case does not matter, but a line in capitals (`COD`) means capitals alone, or brackets; a
space matches any white space and hyphens. `[promo]` is noise in brackets, between stars, and where it is shouted at an
end of the title: with a "!" behind it, or in capitals beside a word that has small letters. `!cod liver` is not
noise, though a part of it is: of two phrases that begin together the longer one counts. `#` starts a comment.
"""

from __future__ import annotations

import functools
import re
from importlib import resources

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from ..compiled import compiled, inner
from .characters import kind_of, point_at, point_before, strings
from .trie import (
    ALNUM,
    BEGINS,
    CAPITALS,
    COLUMN,
    FREE,
    FREE_BEGIN,
    FREE_END,
    HELD,
    KEPT,
    PHRASE,
    SMALL,
    Trie,
    capitals,
    longest_at,
)

_DECORATION = np.array([ord(character) for character in "!¡~*#|:-–—"])
_PARTING = np.array([ord(character) for character in "|-–—/•·,;"])
_CASED = 0x530  # Latin, Greek and Cyrillic lie below
_OPEN, _CLOSE = (
    np.array([ord(character) for character in brackets]) for brackets in ("[(【「{<《〔*", "])】」}>》〕*")
)
_BLANKS = re.compile(r"[\s_-]+")
# Scripts written without spaces, in which a phrase need not stand apart. Korean compounds need not either, but two
# syllables may well be a part of another word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|(?:[\uac00-\ud7a3][\\s\\d%+]*){3}"
)


def _files() -> list[tuple[str, str]]:
    folder = resources.files(__package__) / "phrases"
    return sorted((f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".txt"))


def _spaced(phrase: str) -> str:
    return _BLANKS.sub(" ", phrase)


def _lower(text: str) -> str:
    """Lower case, character by character; a Turkish i is an i with and without its dot."""
    return text.replace("İ", "i").lower().replace("ı", "i")


@functools.cache
def lines() -> dict[str, str]:
    """Each phrase in lower case, and its line as it stands in the list."""
    all_lines = (line.split("#")[0].strip() for _, content in _files() for line in content.splitlines())
    return {_spaced(_lower(line.strip("![]"))): line for line in all_lines if line}


@functools.cache
def phrases() -> tuple[str, ...]:
    """All phrases that are noise wherever they stand."""
    return tuple(sorted(line for line in lines().values() if line[0] not in "!["))


@functools.cache
def _trie() -> Trie:
    says = {}
    for key, line in lines().items():
        free = _UNSPACED.search(key) is not None or not key[0].isalnum()
        kind = KEPT if line[0] == "!" else HELD if line[0] == "[" else CAPITALS if line.isupper() else 0
        end = (free and _UNSPACED.search(key) is not None) or not key[-1].isalnum()
        says[key] = PHRASE | kind | FREE_BEGIN * free | FREE_END * end
    return Trie.of(says, _lower)


def noisy(texts: pa.Array) -> np.ndarray:
    """Say which of n texts `without` changes. [bool (n,)]"""
    return _noisy(*strings(texts), _trie())


def without(texts: pa.Array) -> pa.Array:
    """Put a space for every phrase that is noise, with the marks around it and the brackets that hold it alone.

    >>> without(pa.array(["[Official Store] COD liver oil ~free shipping!!", "Promo mug [promo]"])).to_pylist()
    ['  COD liver oil  ', 'Promo mug  ']
    """
    bounds, written = _without(*strings(texts), _trie())
    return pa.Array.from_buffers(texts.type, len(texts), [None, pa.py_buffer(bounds), pa.py_buffer(written)])


def bare(texts: pa.Array) -> pa.Array:
    """Say which texts are noise alone, even words that are noise only in brackets.

    >>> bare(pa.array(["SALE sale free shipping", "New Balance 574", ""])).to_pylist()
    [True, False, True]
    """
    rest = pc.replace_substring_regex(without(texts), r"[^\pL\pM\pN]+", "] [")
    held = without(pc.binary_join_element_wise("[", rest, "]", ""))
    return pc.invert(pc.match_substring_regex(held, r"[\pL\pN]"))


@compiled
def _noisy(ends: np.ndarray, data: np.ndarray, trie: Trie) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.bool_)
    for row in range(len(found)):
        begin, end = ends[row], ends[row + 1]
        found[row] = _next(trie, data, begin, begin, begin, end)[0] >= 0
    return found


@compiled
def _without(ends: np.ndarray, data: np.ndarray, trie: Trie) -> tuple[np.ndarray, np.ndarray]:
    written = np.empty(ends[-1] - ends[0], np.uint8)
    bounds = np.zeros_like(ends)
    out = 0
    for row in range(len(ends) - 1):
        begin, end = ends[row], ends[row + 1]
        kept = at = begin
        while kept < end:
            left, right, at = _next(trie, data, begin, kept, at, end)
            for byte in range(kept, left if left >= 0 else end):
                written[out] = data[byte]
                out += 1
            if left < 0:
                break
            written[out] = 0x20
            out += 1
            kept = right
        bounds[row + 1] = out
    return bounds, written[:out].copy()


@inner
def _next(trie: Trie, data: np.ndarray, begin: int, kept: int, at: int, end: int) -> tuple[int, int, int]:
    """Find the next noise.

    Args:
        trie: The phrases.
        data: Bytes.
        begin: Of the text.
        kept: From where noise may reach.
        at: From where to read on.
        end: Of the text.

    Returns:
        From where to where it reaches, -1 where there is none; and from where to read on.
    """
    columns, pairs = trie.columns, trie.pairs
    word = at > begin and kind_of(columns, point_at(data, point_before(data, at))[0]) & ALNUM > 0
    while at < end:
        point, after = point_at(data, at)
        code = kind_of(columns, point)
        if code & FREE or (code & BEGINS and not word):
            behind = kind_of(columns, point_at(data, after)[0]) & COLUMN if after < end else 0
            if pairs[code & COLUMN, behind]:  # seldom
                stop, said = longest_at(trie, data, at, end, code & ALNUM > 0 and not word)
                if stop >= 0:
                    left, right = _noise(trie, data, begin, kept, at, stop, end, said)
                    if left >= 0:
                        return left, right, stop
                    after = stop
                    code = kind_of(columns, point_at(data, point_before(data, stop))[0])
        word = code & ALNUM > 0
        at = after
    return -1, -1, end


@inner
def _noise(
    trie: Trie, data: np.ndarray, first: int, kept: int, begin: int, stop: int, end: int, said: int
) -> tuple[int, int]:  # fmt: skip
    """Say from where to where a phrase is noise with what is around it; (-1, -1) where it is none."""
    left, right = begin, stop
    while left > kept and data[left - 1] == 0x20:
        left -= 1
    while right < end and (data[right] == 0x20 or data[right] == 0x21):
        right += 1
    held = False
    if left > kept and right < end:
        before = point_before(data, left)
        opening, _ = point_at(data, before)
        closing, after = point_at(data, right)
        for bracket in range(len(_OPEN)):
            held = held or (opening == _OPEN[bracket] and closing == _CLOSE[bracket])
    if said & KEPT or (said & HELD and not held and not _shouted(trie, data, first, begin, stop, end)):
        return -1, -1
    if said & CAPITALS and not held and not capitals(trie, data, begin, stop):
        return -1, -1
    if held:
        begin, stop = before, after
    while begin > kept:
        before = point_before(data, begin)
        if not _decorates(point_at(data, before)[0]):
            break
        begin = before
    while stop < end:
        point, after = point_at(data, stop)
        if not _decorates(point):
            break
        stop = after
    return begin, _parted(data, kept, begin, stop, end)


@inner
def _shouted(trie: Trie, data: np.ndarray, first: int, begin: int, stop: int, end: int) -> bool:
    """Say whether a phrase is shouted at an end of the text: with "!", or in capitals beside small letters."""
    left, right = begin, stop
    while left > first:
        before = point_before(data, left)
        point, _ = point_at(data, before)
        if point != 0x20 and not _decorates(point):
            break
        left = before
    marked = stop < end and data[stop] == 0x21
    while right < end:
        point, after = point_at(data, right)
        if point != 0x20 and not _decorates(point):
            break
        marked |= point == 0x21
        right = after
    if left > first and right < end:
        return False
    if marked and (left == first or right == end):
        return True
    if stop - begin < 3 or point_at(data, begin)[0] >= _CASED or not capitals(trie, data, begin, stop):
        return False
    small = False
    if left == first:
        if right == stop or data[right - 1] != 0x20:
            return False  # PROMO-Code
        while right < end and data[right] != 0x20:
            point, right = point_at(data, right)
            small |= trie.columns[point] & SMALL > 0
        return small
    while left > first and data[left - 1] != 0x20:
        left = point_before(data, left)
        small |= trie.columns[point_at(data, left)[0]] & SMALL > 0
    return small


@inner
def _parted(data: np.ndarray, kept: int, begin: int, stop: int, end: int) -> int:
    """Give where noise ends that stands between two equal marks: one of them goes with it, "a - free - b"."""
    while begin > kept and data[begin - 1] == 0x20:
        begin -= 1
    right = stop
    while right < end and data[right] == 0x20:
        right += 1
    if begin == kept or right == end:
        return stop
    before, _ = point_at(data, point_before(data, begin))
    point, after = point_at(data, right)
    if before != point:
        return stop
    for mark in _PARTING:
        if point == mark:
            return after
    return stop


@inner
def _decorates(point: int) -> bool:
    found = False
    for mark in _DECORATION:
        found = found or point == mark
    return found


@functools.cache
def content_hash() -> str:
    """Hash of all lists: titles are cleaned again when one changes."""
    return xxhash.xxh3_64_hexdigest("\0".join(f"{n}\0{c}" for n, c in _files()).encode())
