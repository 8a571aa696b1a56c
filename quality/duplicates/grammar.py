"""The grammar of titles: numbers with units, sizes, pack counts, dimensions, model codes, and all words of the lists.

One pass over the words of a title. A statement is a feature of 64 bits (see `lexicon`) and the words that made it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiled import inner, making
from .cutting import COMMA, DOT, HYPHEN, MARK, PERCENT, PLUS, QUOTE, SPACE, TIMES, Text
from .letters import (
    DIGIT,
    HAN,
    HIRAGANA,
    LETTER,
    THAI,
    combine,
    find,
    hash_texts,
    mix,
)
from .lexicon import FIRM, KIND, MEASURES, VALUE_BITS, Lexicon, feature, number_value

MOST = 160  # statements of a title
CHAIN = 8  # numbers in a row

_SPACELESS = 1 << HAN | 1 << HIRAGANA | 1 << THAI
_VALUE = np.uint64((1 << VALUE_BITS) - 1)
KIND_SHIFT, GROUP_SHIFT = np.uint64(56), np.uint64(40)
NUMBER, YEAR = np.uint64(feature("number", None)), np.uint64(feature("number", None, "year"))
CODE, PART = np.uint64(feature("code", None)), np.uint64(feature("code", None, "part number"))
STRENGTH, VARIETY = np.uint64(feature("strength", None)), np.uint64(KIND["variety"])
FUNCTION, WITH = np.uint64(feature("function", None)), np.uint64(feature("with", None))
DIMENSIONS, DIMENSIONS_IN = np.uint64(feature("dimensions", None)), np.uint64(feature("dimensions", None, "in"))
PERCENTAGE, INCHES = np.uint64(feature("percent", None)), np.uint64(feature("length", None, "in"))
MULTIPACK, PLUS_EDITION = np.uint64(feature("pack", None, "", True)), np.uint64(feature("edition", "plus", "", True))
LINES_K, CARAT = np.uint64(feature("resolution", None, "k")), np.uint64(feature("carat", None))
KELVIN = np.uint64(feature("temperature", None))
LENGTH, STORAGE, PACK = np.uint64(KIND["length"]), np.uint64(KIND["storage"]), np.uint64(KIND["pack"])
EDITION, SIZE = np.uint64(KIND["edition"]), np.uint64(KIND["size"])
FIRMLY = np.uint64(FIRM)
ORDINALS = hash_texts(("st", "nd", "rd", "th"))
X_WORDS = hash_texts(("x", "х"))
LETTER_D = hash_texts(("d",))[0]
IN_WORDS = hash_texts(("in", "en", "em", "в", "i", "dalam"))
ARTICLE_AL = np.array([ord("ا"), ord("ل")], np.uint32)


class Found(NamedTuple):
    """The statements of a title."""

    features: np.ndarray  # [uint64 (MOST,)]
    starts: np.ndarray  # [int64 (MOST,)] the first word of each
    ends: np.ndarray  # [int64 (MOST,)] and the word behind its last
    total: np.ndarray  # [int64 (1,)]
    # Room to work in, made once: 10 x 15 x 20 are numbers in a row.
    values: np.ndarray  # [float64 (CHAIN,)]
    numbers: np.ndarray  # [int64 (4, CHAIN)]


@making
def no_statements() -> Found:
    """Make room for the statements of a title."""
    return Found(
        np.empty(MOST, np.uint64), np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.zeros(1, np.int64),
        np.empty(CHAIN, np.float64), np.empty((4, CHAIN), np.int64),
    )  # fmt: skip


@inner
def has_script(text: Text, k: int, script: int) -> bool:
    """Say whether there is a word k, of one script."""
    return k < len(text.starts) and text.scripts[text.starts[k]] == script


@inner
def among(word: np.uint64, listed: np.ndarray) -> bool:
    """Say whether a word is one of some."""
    for other in listed:  # noqa: SIM110
        if other == word:
            return True
    return False


@inner
def say(found: Found, said: np.uint64, start: int, end: int) -> None:
    """Write down a statement."""
    k = found.total[0]
    if k < MOST:
        found.features[k], found.starts[k], found.ends[k] = said, start, end
        found.total[0] = k + 1


@inner
def hashed(base: np.uint64, value: np.uint64) -> np.uint64:
    """Put a value's hash behind kind and group."""
    return base | ((value & _VALUE) << np.uint64(1))


@inner
def spaceless(script: int) -> bool:
    """Say whether a script has no spaces between words."""
    return (1 << script) & _SPACELESS != 0  # `in` would be compiled anew for each length of a tuple


@inner
def phrase(text: Text, k: int, lexicon: Lexicon, does: int) -> tuple[int, int]:
    """Find the longest phrase from word k on that does something (-1: anything): its entry and end, or -1, k."""
    best, end = -1, k
    slot = find(lexicon.keys, text.hashes[k])
    if slot < 0:
        return best, end
    key, longest = text.hashes[k], lexicon.longest[slot]
    w, apart = k, False  # apart: 20 cm 3rd Gen, Size M 2nd Gen are no 20 cm³, no m²
    while True:
        if slot >= 0:
            entry = lexicon.first[slot]
            while entry >= 0 and (
                (does >= 0 and lexicon.does[entry] != does) or (apart and lexicon.does[entry] == MEASURES)
            ):
                entry = lexicon.following[entry]
            if entry >= 0:
                best, end = entry, w + 1
        w += 1
        if w - k >= longest or w >= len(text.starts):
            break
        gap = text.gaps[w]
        if gap & (COMMA | QUOTE | PERCENT | TIMES | MARK) or (gap and spaceless(text.scripts[text.starts[w]])):
            break
        apart |= gap != 0 and has_script(text, w, DIGIT)
        key = combine(key, text.hashes[w])
        slot = find(lexicon.keys, key)
    # One Chinese character means itself only where it stands alone: 红 is red, 红枣 is no red.
    if end == k + 1 and spaceless(text.scripts[text.starts[k]]) and does != MEASURES:
        a, z = text.starts[k], text.ends[k]
        if (a > 0 and spaceless(text.scripts[a - 1])) or (z < len(text.scripts) and spaceless(text.scripts[z])):
            return -1, k
    return best, end


@inner
def unit(text: Text, k: int, lexicon: Lexicon, decimal: bool) -> tuple[int, int]:
    """Find the unit at word k, behind a number: entry and end, or -1, k."""
    if k >= len(text.starts) or text.gaps[k] & ~(SPACE | HYPHEN | DOT):
        return -1, k
    entry, end = phrase(text, k, lexicon, MEASURES)
    if entry < 0:
        return -1, k
    near = text.gaps[k] == 0 or text.gaps[k] == HYPHEN or decimal
    if lexicon.flag[entry] and not near:
        return -1, k
    if not near and text.ends[k] - text.starts[k] == 1 and _numbered(text, k - 1):  # TN-340 L: a model in size L
        return -1, k
    behind = text.gaps[end] == 0 and end < len(text.starts)
    if behind and has_script(text, end, DIGIT):  # part of a code: 13 M1
        return -1, k
    if behind and has_script(text, end, LETTER) and has_script(text, end - 1, DIGIT):  # 7M2B is no area
        return -1, k
    if (
        text.gaps[end] == 0
        and end < len(text.starts)
        and text.scripts[text.starts[end - 1]] == LETTER == text.scripts[text.starts[end]]
    ):
        return -1, k
    return entry, end


@inner
def _numbered(text: Text, k: int) -> bool:
    """Say whether number k belongs to the letters in front of it (TN-340), which are no x between numbers."""
    if k < 1 or not has_script(text, k - 1, LETTER) or text.gaps[k] & ~HYPHEN:
        return False
    return k < 2 or text.gaps[k - 1] != 0 or not has_script(text, k - 2, DIGIT)


@inner
def measure(found: Found, said: np.uint64, factor: float, value: float, start: int, end: int) -> None:
    """Write down a number with its unit."""
    kind = said >> KIND_SHIFT
    amount = value * factor
    if said == LINES_K:
        if amount >= 1000:
            said = KELVIN
        elif amount >= 9 and amount != 16:
            said = CARAT
    if kind == PACK and (amount <= 1 or amount != np.floor(amount)):
        return  # one of it is what silence means
    if kind == STORAGE and amount >= 1024 and amount % 1024 == 0:
        amount = amount / 1024 * 1000
    say(found, said | number_value(amount), start, end)


@inner
def code_end(text: Text, k: int) -> int:
    """The word behind the letters and digits that are written without a gap from word k on."""
    k += 1
    while k < len(text.starts) and text.gaps[k] == 0 and (has_script(text, k, DIGIT) or has_script(text, k, LETTER)):
        if among(text.hashes[k], X_WORDS) and has_script(text, k + 1, DIGIT) and not x3d(text, k):
            break  # M8x40 is M8 x 40
        k += 1
    return k


@inner
def x3d(text: Text, k: int) -> bool:
    """Say whether word k is the x of 5800X3D, which is no product of numbers."""
    if k + 2 >= len(text.starts) or text.gaps[k + 1] != 0 or text.gaps[k + 2] != 0:
        return False
    return bool(text.hashes[k + 2] == LETTER_D and text.ends[k + 1] - text.starts[k + 1] == 1)


@inner
def code(text: Text, first: int, last: int) -> np.uint64:
    """Hash letters and digits without what stands between them."""
    key = np.uint64(7)
    for k in range(first, last):
        for p in text.points[text.starts[k] : text.ends[k]]:
            key = mix(key * np.uint64(31) ^ np.uint64(p))
    return key


@inner
def plus_behind(text: Text, k: int) -> bool:
    """Say whether a plus stands directly behind word k - 1 and no number behind that: S21+."""
    a = text.ends[k - 1]
    return (
        bool(text.gaps[k] & PLUS)
        and text.points[a] == 43
        and not (has_script(text, k, DIGIT) and text.starts[k] == a + 1)
    )


@inner
def model(text: Text, k: int, found: Found) -> tuple[int, bool]:
    """Write down a code that begins with one letter: A52s, A-20."""
    end = code_end(text, k + 1)
    if has_script(text, end, DIGIT) and text.gaps[end] == DOT:
        end = code_end(text, end)  # f2.8L
    elif end == k + 2 and end < len(text.starts) and text.gaps[end] == SPACE and not has_script(text, end + 1, DIGIT):
        end += among(text.hashes[end], X_WORDS)  # G9 X is G9X
    say(found, hashed(CODE, code(text, k, end)), k, end)
    if plus_behind(text, end):
        say(found, PLUS_EDITION, k, end)
    return end, True
