"""Spelling: one hash for titles that say the same word by word, however units, numbers, accents and spaces are written.

"0,5 l" is "500ml", "24 Zoll" is 24", "40x40 cm" is "40 x 40cm", "Gr. 28" is "Größe 28", "USB-C" is "USB C", "Café" is
"Cafe" and "Müsli" is "Muesli". Signs that belong to a word or a number tell titles apart, as in `normalise`: C++, C#,
50% and -5 are not C, 50 and 5.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..compiled import compiled, inner
from ..text.characters import matches, strings
from .cutting import HYPHEN, QUOTE, SPACE, TIMES, Text, cut_text, room_for
from .grammar import GROUP_SHIFT, INCHES, KIND_SHIFT, SIZE, X_WORDS, among, has_script, phrase, unit
from .letters import DIGIT, LETTER, MOST_WORDS, alphabet, combine, mix
from .lexicon import KIND, PRECEDES, SAYS, Lexicon, lexicon, number_value
from .numerals import number
from .xxh64 import digests

_MEASURED = np.array(
    [KIND[kind] for kind in ("volume", "weight", "length", "area", "storage", "power", "voltage", "current", "charge",
                             "frequency", "light")], np.uint64
)  # fmt: skip
_SIGNS = np.array([ord(sign) for sign in "+#%"])
_MINUS = np.uint64(0x2212)
_LONGEST = 15  # digits of a number that a float holds
# Scripts whose marks are vowels or make other letters, which `letters` leaves out, and letters beyond its table.
_BEYOND = (
    r"[\x{0900}-\x{0DFF}\x{0F00}-\x{109F}\x{1780}-\x{17FF}\x{3099}\x{309A}\x{10000}-\x{1EFFF}\x{20000}-\x{3FFFF}]"
    r"|[\x{0400}-\x{04FF}][\x{0306}\x{0308}]"
)


def title_hashes(titles: pa.Array, normalised: pa.Array) -> np.ndarray:
    """Hash titles, equal for those that differ in spelling alone; 0 where there is no word. [uint64 (n,)]

    Args:
        titles: n titles.
        normalised: The same, as `normalise` gives them.

    >>> same = ["Juice 0,5 l", "juice 500ml", "Juice 5 l"]
    >>> from ..text.normalise import normalise
    >>> first, second, other = title_hashes(pa.array(same), normalise(pa.array(same))).tolist()
    >>> first == second, first == other
    (True, False)
    """
    plain = digests(normalised)
    titles = pc.fill_null(titles, "").cast(pa.large_string())
    if not pc.all(pc.string_is_ascii(titles)).as_py():
        titles = pc.replace_substring(titles, "ß", "ss")
    bounds, data = strings(titles)
    spelled = np.asarray(_spelled(data, bounds, *alphabet(), lexicon()))
    kept = (spelled == 0) | (plain == 0) | np.asarray(matches(titles, _BEYOND))
    return np.where(kept, plain, spelled)


@compiled
def _spelled(
    data: np.ndarray, bounds: np.ndarray, classes: np.ndarray, folds: np.ndarray, words: Lexicon
) -> np.ndarray:  # fmt: skip
    """Hash texts; 0 for one without a word and one with too many to be read."""
    found, room = np.zeros(len(bounds) - 1, np.uint64), room_for(bounds)
    for row in range(len(found)):
        text = cut_text(data, bounds[row], bounds[row + 1], classes, folds, room)
        if 0 < len(text.starts) < MOST_WORDS:
            found[row] = _hash(text, words)
    return found


@inner
def _hash(text: Text, words: Lexicon) -> np.uint64:
    key, k, quoted = np.uint64(1), 0, bool(text.gaps[0] & QUOTE)
    while k < len(text.starts):
        if has_script(text, k, DIGIT):
            if k > 0 and text.gaps[k] & TIMES and has_script(text, k - 1, DIGIT):
                key = combine(key, X_WORDS[0])
            if _negative(text, k):
                key = combine(key, _MINUS)
            said, end, inches = _amount(text, k, words, quoted)
            key = combine(key, said)
        else:
            said, end, inches = _word(text, k, words)
            key = combine(key, said)
        k = end
        key = _signed(text, k, key)
        quoted ^= bool(text.gaps[k] & QUOTE) and not inches
    return key


@inner
def _amount(text: Text, k: int, words: Lexicon, quoted: bool) -> tuple[np.uint64, int, bool]:
    """Give a number, with its unit in the base unit: its hash, the word behind it, and whether a quote is its unit."""
    value, end, _ = number(text, k)
    entry, behind = unit(text, end, words, end > k + 1)
    if entry >= 0 and among(words.feature[entry] >> KIND_SHIFT, _MEASURED):
        base = (words.feature[entry] >> np.uint64(1)) << np.uint64(1)
        return base | number_value(value * words.factor[entry]), behind, False
    if not quoted and text.gaps[end] & QUOTE and _quote_at(text, end):
        return INCHES | number_value(value), end, True
    if end == k + 1 and (text.ends[k] - text.starts[k] > _LONGEST or text.points[text.starts[k]] == 48):
        return mix(text.hashes[k]), end, False  # an article number, or 007
    return mix(np.uint64(number_value(value)) ^ np.uint64(DIGIT)), end, False


@inner
def _quote_at(text: Text, end: int) -> bool:
    """Say whether a quotation mark, or two apostrophes, stand directly behind word end - 1."""
    point = text.points[text.ends[end - 1]]
    return bool(point != 32)


@inner
def _negative(text: Text, k: int) -> bool:
    """Say whether a minus stands before number k, behind nothing or a space."""
    a = text.starts[k]
    if a == 0 or not text.gaps[k] & HYPHEN:
        return False
    point = text.points[a - 1]
    return bool(point != 32 and (k == 0 or text.gaps[k] & SPACE) and (a < 2 or text.points[a - 2] == 32))


@inner
def _word(text: Text, k: int, words: Lexicon) -> tuple[np.uint64, int, bool]:
    """Give a word: its letters without those that stand for an accent, or what a word before a size says."""
    entry, end = phrase(text, k, words, PRECEDES)
    if entry >= 0 and words.feature[entry] >> KIND_SHIFT == SIZE and end < len(text.starts):
        ungrouped = (words.feature[entry] >> GROUP_SHIFT) & np.uint64(0xFFFF) == 0
        size, _ = phrase(text, end, words, SAYS)
        sized = size >= 0 and words.feature[size] >> KIND_SHIFT == SIZE
        if ungrouped and (has_script(text, end, DIGIT) or sized):
            return mix(words.feature[entry] | np.uint64(1)), end, False
    if among(text.hashes[k], X_WORDS):
        return X_WORDS[0], k + 1, False
    if not has_script(text, k, LETTER):
        return text.hashes[k], k + 1, False
    key, before = np.uint64(7), np.uint32(0)
    for point in text.points[text.starts[k] : text.ends[k]]:
        if not (point == 101 and before in (97, 111, 117)):  # ae, oe, ue
            key = mix(key * np.uint64(31) ^ np.uint64(point))
        before = point
    return key, k + 1, False


@inner
def _signed(text: Text, k: int, key: np.uint64) -> np.uint64:
    """Add the signs that stand directly behind word k - 1."""
    last = text.starts[k] if k < len(text.starts) else len(text.points)
    for p in range(text.ends[k - 1], last):
        listed = False
        for sign in _SIGNS:
            listed |= text.points[p] == sign
        if not listed or text.scripts[p] != 0:
            break
        key = combine(key, np.uint64(text.points[p]))
    return key
