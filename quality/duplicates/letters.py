"""Letters as titles are compared by: folded, classed by script, cut into words, hashed; all of it compiled.

Latin, Cyrillic, Arabic and Korean words stand between spaces. Chinese, Japanese and Thai have none: there each
character is a word of its own, and what the lists know is found as a sequence of them.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from ..compiled import compiled, inner

OTHER, LETTER, DIGIT, HAN, KATAKANA, HANGUL, HIRAGANA, THAI, SKIPPED = range(9)
POINTS = 0x20000
MOST_WORDS = 256  # of a title that are looked at
EMPTY = np.uint64(0)
FRACTIONS = {"½": 1 / 2, "¼": 1 / 4, "¾": 3 / 4, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 1 / 8, "⅜": 3 / 8, "⅝": 5 / 8, "⅞": 7 / 8}

# What accents are taken from: letters of Latin and Greek, whose capitals often go without. In Vietnamese they make
# other words, "dừa" a coconut and "dứa" a pineapple: letters that it alone has keep them.
_ACCENTED = re.compile("[\\x00-\\x7f\u0370-\u03ff]")
_VIETNAMESE = re.compile("[\u01a1\u01b0\u1ea0-\u1ef9]")
_UNDECOMPOSED = dict(zip("øłıđæœёأإآىة", "olidaoеااايه", strict=True))


@functools.cache
def alphabet() -> tuple[np.ndarray, np.ndarray]:
    """The class of each code point and what it is folded to. [uint8 (POINTS,)], [uint32 (POINTS,)]"""
    classes, folds = np.zeros(POINTS, np.uint8), np.arange(POINTS, dtype=np.uint32)
    for point in range(0x3400):
        classes[point], folds[point] = _letter(chr(point))
    classes[0x3400:0xA000] = classes[0xF900:0xFB00] = HAN
    for first, last, script in ((0xA000, 0xAC00, LETTER), (0xAC00, 0xD7A4, HANGUL), (0xFB00, 0x10000, None)):
        for point in range(first, last):
            classes[point], folds[point] = (script, point) if script else _letter(chr(point))
    classes[0x3005] = HAN  # 々
    return classes, folds


def _letter(character: str) -> tuple[int, int]:
    category = unicodedata.category(character)
    if category == "Nd":
        return DIGIT, ord("0") + unicodedata.digit(character)
    if character in "\u066b\u066c":
        return OTHER, ord(".,"["\u066b\u066c".index(character)])  # the marks of Arabic numbers
    if character in FRACTIONS:
        return DIGIT, ord(character)
    name = unicodedata.name(character, "")
    if "THAI" in name[:5]:
        return THAI, ord(character)
    if category == "Mn" or character == "ـ" or category == "Cf":
        return SKIPPED, ord(character)
    folded = unicodedata.normalize("NFKC", character)
    if category in ("No", "Nl") and folded != character and folded.isascii() and folded.isalnum():
        if folded.isalpha() or len(folded) > 1:  # Ⅱ, ⑫
            return LETTER, ord(folded.lower() if len(folded) == 1 else character.lower())
        raised = unicodedata.decomposition(character).startswith("<super>")  # m² is the word m2, K₂ a K and a 2
        return LETTER if raised else DIGIT, ord(folded)
    if category[0] not in "LM" and character != "ー":
        return OTHER, ord(folded) if len(folded) == 1 else ord(character)
    folded = folded.casefold()
    base, *marks = list(unicodedata.normalize("NFD", folded))
    if len(folded) > 1 and all(unicodedata.category(mark) == "Mn" for mark in marks):
        folded = base  # İ
    elif len(folded) > 1:
        folded = character.lower() if len(character.lower()) == 1 else character
        base = unicodedata.normalize("NFD", folded)[0]
    if not _VIETNAMESE.match(folded):
        folded = base if _ACCENTED.match(base) else _UNDECOMPOSED.get(folded, folded)
    script = unicodedata.name(folded, "")
    if script.startswith("KATAKANA") or character == "ー":
        return KATAKANA, ord(folded)
    if script.startswith("HIRAGANA"):
        return HIRAGANA, ord(folded)
    return LETTER, ord(folded) if folded != "ß" else ord("s")


@inner
def fold(
    data: np.ndarray, first: int, last: int, classes: np.ndarray, folds: np.ndarray, points: np.ndarray,
    scripts: np.ndarray, places: np.ndarray,
) -> int:  # fmt: skip
    """Read UTF-8 bytes [first, last) as folded code points, their classes and places; give their number.

    Combining marks are left out: a place counts code points of the text as it was.
    """
    n = place = 0
    i = first
    while i < last:
        lead = np.uint32(data[i])
        width = 1 if lead < 0x80 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        point = lead if width == 1 else lead & np.uint32(0xFF >> (width + 1))
        for k in range(1, width):
            point = np.uint32((point << np.uint32(6)) | (np.uint32(data[i + k]) & np.uint32(0x3F)))
        i += width
        script = classes[point] if point < POINTS else OTHER
        if script != SKIPPED:
            points[n] = folds[point] if point < POINTS else point
            scripts[n] = script
            places[n] = place
            n += 1
        place += 1
    return n


@inner
def hash_points(points: np.ndarray, first: int, last: int) -> np.uint64:
    """Hash folded code points (FNV-1a over 32-bit words, then mixed); never EMPTY."""
    state = np.uint64(0xCBF29CE484222325)
    for k in range(first, last):
        state = (state ^ np.uint64(points[k])) * np.uint64(0x100000001B3)
    return mix(state)


@inner
def mix(state: np.uint64) -> np.uint64:
    """Spread a hash over all bits; never EMPTY."""
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    state = (state ^ (state >> np.uint64(29))) * np.uint64(0xC4CEB9FE1A85EC53)
    return (state ^ (state >> np.uint64(32))) | np.uint64(1)


@inner
def combine(phrase: np.uint64, word: np.uint64) -> np.uint64:
    """Hash a phrase and the word behind it."""
    return mix(phrase * np.uint64(31) ^ word)


@inner
def cut(scripts: np.ndarray, n: int, starts: np.ndarray, ends: np.ndarray) -> int:
    """Cut folded text into words, numbers and single characters of scripts without spaces; give their number."""
    words = k = 0
    while k < n and words < MOST_WORDS:
        script = scripts[k]
        if script == OTHER:
            k += 1
            continue
        starts[words] = k
        k += 1
        while k < n and scripts[k] == script and script != HAN and script != HIRAGANA and script != THAI:
            k += 1
        ends[words] = k
        words += 1
    return words


@inner
def find(table: np.ndarray, key: np.uint64) -> np.int64:
    """Find a key's slot in a hash table, -1 where it has none."""
    slot = np.int64(key & np.uint64(len(table) - 1))
    while table[slot] != EMPTY:
        if table[slot] == key:
            return np.int64(slot)
        slot = (slot + 1) & (len(table) - 1)
    return np.int64(-1)


@compiled
def _place(table: np.ndarray, keys: np.ndarray) -> np.ndarray:
    slots = np.empty(len(keys), np.int64)
    for k in range(len(keys)):
        slot = np.int64(keys[k] & np.uint64(len(table) - 1))
        while table[slot] != EMPTY and table[slot] != keys[k]:
            slot = (slot + 1) & (len(table) - 1)
        table[slot] = keys[k]
        slots[k] = slot
    return slots


def hash_table(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Build a hash table of keys for `find`, and give each key's slot. [uint64 (2 ** k,)], [int64 (n,)]"""
    wanted, places = np.unique(keys, return_inverse=True)
    table = np.zeros(1 << max(4, (4 * len(wanted)).bit_length()), np.uint64)
    return table, _place(table, wanted)[places]


def hash_texts(texts: Sequence[str]) -> np.ndarray:
    """Hash n texts without their spaces and marks, as `hash_points` does a word. [uint64 (n,)]"""
    return np.asarray(_hash_texts(*_joined(texts), *alphabet()))


def hash_phrases(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut texts into words: the hash of each one's first word, that of all, and how many. [uint64 (n,)] x2, [int8]

    Raises:
        ValueError: a text has no word.
    """
    first, whole, count = _hash_phrases(*_joined(texts), *alphabet())
    if not count.all():
        raise ValueError(f"the phrase {texts[int(np.argmin(count))]!r} has no letter and no digit")
    return first, whole, count


def _joined(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    encoded = [text.encode() for text in texts]
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=bounds[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), bounds


@compiled
def _hash_texts(data: np.ndarray, bounds: np.ndarray, classes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    found = np.zeros(len(bounds) - 1, np.uint64)
    points, scripts, places = (
        np.empty(len(data), np.uint32),
        np.empty(len(data), np.uint8),
        np.empty(len(data), np.int64),
    )
    for row in range(len(found)):
        n = fold(data, bounds[row], bounds[row + 1], classes, folds, points, scripts, places)
        kept = 0
        for k in range(n):
            if scripts[k] != OTHER:
                points[kept] = points[k]
                kept += 1
        found[row] = hash_points(points, 0, kept)
    return found


@compiled
def _hash_phrases(
    data: np.ndarray, bounds: np.ndarray, classes: np.ndarray, folds: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = len(bounds) - 1
    first, whole, count = np.zeros(n, np.uint64), np.zeros(n, np.uint64), np.zeros(n, np.int8)
    points, scripts, places = (
        np.empty(len(data), np.uint32),
        np.empty(len(data), np.uint8),
        np.empty(len(data), np.int64),
    )
    starts, ends = np.empty(MOST_WORDS, np.int64), np.empty(MOST_WORDS, np.int64)
    for row in range(n):
        read = fold(data, bounds[row], bounds[row + 1], classes, folds, points, scripts, places)
        count[row] = cut(scripts, read, starts, ends)
        for k in range(count[row]):
            word = hash_points(points, starts[k], ends[k])
            first[row] = first[row] if k else word
            whole[row] = combine(whole[row], word) if k else word
    return first, whole, count
