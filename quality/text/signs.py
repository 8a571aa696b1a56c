"""Signs: what the rules look for, found for all of them in one pass over the bytes of a column.

A text without a rule's sign is one that the rule leaves alone; one that has it may still turn out to need nothing. A
table names the kinds of every code point, so a byte costs about two nanoseconds, however many rules there are.
"""

from __future__ import annotations

import functools
import re

import numpy as np
import pyarrow as pa

from ..compiled import compiled, inner
from .characters import changing, combining, kind_of, kinds, point_at, strings
from .noise_phrases import noisy

BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # they show nothing: the fillers of Korean syllables, the Braille blank
LETTER_OR_DIGIT = rf"[^\PL{BLANK}]|\pN"
# The joiners U+200C and U+200D stay: Persian, Hindi and others spell with them. Variation selectors belong to emoji.
UNSEEN = (
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffc\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff]"
)
# Not ♭ and ♯ (music), ✕ and ✖ (by), ❶ (a number).
DRAWN = (
    "[\u2500-\u266c\u2670-\u2714\u2717-\u2775\u2794-\u27bf\u2b00-\u2bff\u3013\u20e3\ue000-\uf8ff\U0001f000-\U0001f0ff"
    "\U0001f170-\U0001faff]"
)
MARKS = "[!?.,;:~*_=#|@$&^<>\\-–—·•、。]"  # not "+", "/", quotes: A+++, https://, 27''
SEPARATORS = "/|,;、，"
# What stands at an end, with the space beside it, and goes.
BEGIN, END = " -–—|,;:/~*_=#!.•·>", " -–—|,;:/~*_=#!?.•·<"
NOT_PLAIN = rf"[\s\v\x1c-\x1f\x85\pZ{BLANK}]"  # white space that is no space
# What ftfy is asked about: the first byte of a UTF-8 sequence read as Latin-1 or Windows-1252 and a byte behind it, or
# a control of which Windows made a quotation mark.
_LEAD = "[\u0080-\u009fÃÂâÐÑìíëêðåæçèéäãïàØÙÚÛ×ÎÏÅÄ]"
_TRAIL = "[\u0080-\u00bf\u2018-\u203a\u20ac\u2122\u0152-\u0192\u02c6\u02dc]"

# The kinds of a character, and those of which they consist.
_WORD, _DIGIT, _NUMBERED, _MARK, _PART, _HASH, _STAR, _OPEN, _HOLLOW, _CLOSE = (1 << bit for bit in range(10))
_HEAD, _TAIL, _ODD, _FIRST, _BEHIND, _CONTROL, _SLASHED, _AMPERSAND, _ENDED = (1 << bit for bit in range(10, 19))
_ABOVE, _AT, _QUOTE, _HIDDEN, _PICTURED, _CHANGING, _ACCENT = (1 << bit for bit in range(19, 26))
_CLASSES = (
    LETTER_OR_DIGIT, r"\p{Nd}", rf"[().+/\- ]|{NOT_PLAIN}", MARKS, f"[{SEPARATORS}]", "#", r"\*",
    r"[(\[{【「『《〔]", r"[\s,./|&+\-]", r"[)\]}】」』》〕]",
    f"[{re.escape(BEGIN)}]", f"[{re.escape(END)}]", NOT_PLAIN, _LEAD, _TRAIL, "[\u0080-\u009f]",
    r"\\", "&", ";", ">", "@", "[\"']", UNSEEN, DRAWN,
)  # fmt: skip

# The signs of a text.
WORDS, ESCAPED, ENTITY, TAG, MISREAD, UNSETTLED, INVISIBLE, PICTURE = (1 << bit for bit in range(8))
CONTACT, REPEATED, STUFFED, DOUBLED, STARRED, EMPTY, RAGGED, NOISE = (1 << bit for bit in range(8, 16))
_PHONE, _ITEMS = 7, 11  # digits of the shortest telephone number; marks between the items of a long list
LONGEST = 16  # words of a phrase that is looked for a second time
STAYS = 3  # times that a word of a title may stand in it


def signs(texts: pa.Array) -> np.ndarray:
    """Find the signs of n texts; a null shows none. [uint32 (n,)]

    >>> (signs(pa.array(["mug", "mug!!", None])) & DOUBLED > 0).tolist()
    [False, True, False]
    """
    ends, data = strings(texts)
    longest = int(np.diff(ends).max(initial=0))
    found = _signs(ends, data, _kinds(), combining(), np.empty(longest // 2 + 2, np.uint64))
    found |= np.uint32(NOISE) * noisy(texts)
    if texts.null_count:
        found[np.asarray(texts.is_null())] = 0
    return found


@functools.cache
def _kinds() -> np.ndarray:
    table = kinds(*_CLASSES).copy()
    table[changing() > 0] |= np.uint32(_CHANGING)
    table[combining() > 0] |= np.uint32(_ACCENT)
    table[0x20] &= ~np.uint32(_ODD)
    return table


@compiled
def _signs(ends: np.ndarray, data: np.ndarray, table: np.ndarray, ranks: np.ndarray, words: np.ndarray) -> np.ndarray:
    found = np.zeros(len(ends) - 1, np.uint32)
    slots = np.zeros(256, np.uint8)
    runs = np.zeros(LONGEST + 1, np.int64)
    for row in range(len(found)):
        at, end = ends[row], ends[row + 1]
        if at == end:
            continue
        sign = seen = twice = kind = first = 0
        point = 0x20
        rank = digits = items = count = size = 0
        hollow = False  # nothing yet between a bracket and here
        dotted = False  # a dot stands in this word
        word = np.uint64(0)
        while at < end:
            before, earlier, begin = point, kind, at
            point, at = point_at(data, at)
            lower = point | 0x20 if point < 0x80 else point
            kind = kind_of(table, point)
            if point > 0x20:
                word = (word << np.uint64(5) | word >> np.uint64(59)) ^ np.uint64(lower)
                size += at - begin
            elif size:
                words[count] = word * np.uint64(0x9E3779B97F4A7C15) & ~np.uint64(3) | np.uint64(min(size - 1, 3))
                count += 1
                size = 0
                word = np.uint64(0)
            if kind == _WORD:  # nearly always
                seen |= _WORD
                rank = digits = 0
                hollow = False
                continue
            twice |= seen & kind
            seen |= kind
            if kind & _DIGIT:
                digits += 1
                if digits == _PHONE:
                    sign |= CONTACT
            elif not kind & _NUMBERED:
                digits = 0
            if point == before:
                if kind & _MARK:
                    sign |= DOUBLED
                elif point == 0x20:
                    sign |= RAGGED
            if hollow and kind & _CLOSE:
                sign |= EMPTY
            hollow = kind & _OPEN > 0 or (hollow and kind & _HOLLOW > 0)
            items += kind & _PART > 0
            if (point == 0x2F and (before == 0x3A or dotted)) or (point == 0x2E and before | 0x20 == 0x77):
                sign |= CONTACT  # "://", "www.", "wa.me/"
            dotted = (dotted or point == 0x2E) and point != 0x20
            if (point == 0x20 or kind & _CLOSE) and _spelled(data, ends[row], begin):
                sign |= CONTACT
            if kind & _ENDED and seen & _AMPERSAND:
                sign |= ENTITY
            if kind & _BEHIND and earlier & _FIRST:
                sign |= MISREAD
            last = rank
            rank = kind_of(ranks, point) if kind & _ACCENT else 0
            if 0 < rank < last:
                sign |= UNSETTLED
            if begin == ends[row]:
                first = kind
        if size:
            words[count] = word * np.uint64(0x9E3779B97F4A7C15) & ~np.uint64(3) | np.uint64(min(size - 1, 3))
            count += 1
        if first & _HEAD or kind & _TAIL or seen & _ODD:
            sign |= RAGGED
        if seen & _SLASHED or (kind & _QUOTE and data[ends[row]] == 0x62):  # a Python bytes object begins with b
            sign |= ESCAPED
        if items >= _ITEMS or twice & _HASH:
            sign |= STUFFED
        sign |= WORDS if seen & _WORD else 0
        sign |= TAG if seen & _ABOVE else 0
        sign |= MISREAD if seen & _CONTROL else 0
        sign |= UNSETTLED if seen & _CHANGING else 0
        sign |= INVISIBLE if seen & _HIDDEN else 0
        sign |= PICTURE if seen & _PICTURED else 0
        sign |= CONTACT if seen & _AT else 0
        sign |= STARRED if twice & _STAR else 0
        if count > 2:
            sign |= _repeating(words, count, slots, runs)
        found[row] = sign
    return found


@inner
def _spelled(data: np.ndarray, start: int, end: int) -> bool:
    """Say whether "at", "ät", "arroba" or "dot", which spell an address out, may end before a place in a text."""
    if end - start < 3:
        return False
    earlier, before, last = data[end - 3] | 0x20, data[end - 2] | 0x20, data[end - 1] | 0x20
    if last == 0x61:
        return bool(before == 0x62 and earlier == 0x6F)  # "oba"
    letter = 0x61 <= earlier <= 0x7A
    return bool(
        last == 0x74 and (before == 0xA4 or (before == 0x61 and not letter) or (before == 0x6F and earlier == 0x64))
    )


@inner
def _repeating(words: np.ndarray, count: int, slots: np.ndarray, runs: np.ndarray) -> int:
    """Say whether words repeat in a row, and whether some word may stand more than STAYS times.

    Words are compared by hash, ASCII in lower case, the last two bits its size; an answer may be yes too often.
    """
    sign = 0
    again = False
    for place in range(count):
        slot = np.int64(words[place] >> np.uint64(56))
        size = np.int64(words[place] & np.uint64(3)) + 1
        if size > 2:
            slots[slot] = min(slots[slot] + 1, 255)
            again = again or slots[slot] > 1
            if size > 3 and slots[slot] > STAYS:
                sign |= STUFFED
    for place in range(count):
        slots[np.int64(words[place] >> np.uint64(56))] = 0
    if not again:
        return sign
    runs[:] = 0
    for place in range(1, count):
        for back in range(1, min(LONGEST, place) + 1):
            runs[back] = runs[back] + 1 if words[place] == words[place - back] else 0
            if runs[back] >= max(back, 2):
                return sign | REPEATED
    return sign
