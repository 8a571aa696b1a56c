"""One pass over a title's words: what each, with its neighbours, says of the variant."""

from __future__ import annotations

import numba
import numpy as np

from .grammar import (
    _AL, _CODE, _DIMENSIONS, _DIMENSIONS_IN, _FIRM, _FUNCTION, _IN, _INCH, _K_EDITION, _K_LENGTH, _K_PACK, _K_SIZE, _K_STORAGE,
    _KIND_SHIFT, _GROUP_SHIFT, _MULTIPACK, _NUMBER, _ORDINALS, _PERCENT, _PLUS, _STRENGTH, _WITH, _X, _YEAR, AMPERSAND, APOSTROPHE,
    COMMA, HYPHEN, PERCENT, PLUS, QUOTE, SLASH, SPACE, TIMES, Found, _among, _hashed, _is, _spaceless, measure, phrase, say, unit,
)  # fmt: skip
from .letters import DIGIT, HANGUL, KATAKANA, LETTER, combine, find, hash_points, hash_text, mix
from .lexicon import JOINS, NUMBERS, PRECEDES, SAYS, Lexicon, number_value
from .numerals import Text, fraction, number

_PARTING = np.array([hash_text("r"), hash_text("l")], np.uint64)  # 205/55R16, W32L34
_CHAIN = 8  # numbers in a row: 10 x 15 x 20


@numba.njit(cache=True)
def read(text: Text, lexicon: Lexicon, found: Found) -> None:
    """Write down all that a title says of its variant."""
    found.total[0] = 0
    k, coded = 0, False
    while k < len(text.starts):
        if _is(text, k, DIGIT) and phrase(text, k, lexicon, SAYS)[1] <= k + 1:  # 2xl is a word
            begin = k
            k, coded = _figures(text, k, lexicon, found)
            if k == begin:
                k += 1
        else:
            k, coded = _word(text, k, lexicon, found, coded)


@numba.njit(cache=True)
def _code_end(text: Text, k: int) -> int:
    """The word behind the letters and digits that are written without a gap from word k on."""
    k += 1
    while k < len(text.starts) and text.gaps[k] == 0 and (_is(text, k, DIGIT) or _is(text, k, LETTER)):
        k += 1
    return k


@numba.njit(cache=True)
def _code(text: Text, first: int, last: int) -> np.uint64:
    """Hash letters and digits without what stands between them."""
    key = np.uint64(7)
    for k in range(first, last):
        for p in text.points[text.starts[k] : text.ends[k]]:
            key = mix(key * np.uint64(31) ^ np.uint64(p))
    return key


@numba.njit(cache=True)
def _plus(text: Text, k: int) -> bool:
    """Say whether a plus stands directly behind word k - 1 and no number behind that: S21+."""
    a = text.ends[k - 1]
    return bool(text.gaps[k] & PLUS) and text.points[a] == 43 and not (_is(text, k, DIGIT) and text.starts[k] == a + 1)


@numba.njit(cache=True)
def _word(text: Text, k: int, lexicon: Lexicon, found: Found, coded: bool) -> tuple[int, bool]:
    entry, end = phrase(text, k, lexicon, -1)
    glued = _is(text, k + 1, DIGIT) and text.gaps[k + 1] in (0, HYPHEN) and _is(text, k, LETTER)
    if glued and end <= k + 1:
        letters = text.ends[k] - text.starts[k]
        behind, also = _preceded(text, k, lexicon, found)
        if behind > k:
            return behind, False
        if letters == 1 and text.gaps[k + 1] == 0:
            return _model(text, k, found)
        if letters == 1 or (letters <= 3 and text.gaps[k + 1] in (0, HYPHEN)):
            rest = _code(text, k + 1, _code_end(text, k + 1))
            if letters == 1:
                return _model(text, k, found)
            group = _CODE | ((rest & np.uint64(0xFFFF)) << _GROUP_SHIFT)
            say(found, _hashed(group, text.hashes[k]), k, k + 1)
            return k + 1, False
    if entry < 0:
        _within(text, k, lexicon, found)
        return k + 1, False
    behind, also = _preceded(text, k, lexicon, found)
    if behind > k:
        return behind, False
    firm = False
    start = entry
    while entry >= 0:
        does = lexicon.does[entry]
        if does == SAYS:
            firm |= _said(text, k, end, lexicon.feature[entry], found, coded)
        elif does == NUMBERS:
            say(found, _NUMBER | number_value(lexicon.factor[entry]), k, end)
            coded = firm = True
        elif does == JOINS and lexicon.feature[entry] <= 1:
            _joined(text, k, lexicon.feature[entry], lexicon, found)
        entry = lexicon.following[entry]
    return end, firm and start >= 0


@numba.njit(cache=True)
def _said(text: Text, k: int, end: int, said: np.uint64, found: Found, coded: bool) -> bool:
    """Write down what a phrase says; say whether it goes on with the model's name."""
    if said == 0:
        return False
    kind = said >> _KIND_SHIFT
    short = end == k + 1 and text.ends[k] - text.starts[k] == 1 and not _spaceless(text.scripts[text.starts[k]])
    if short and ((text.gaps[k] | text.gaps[end]) & (APOSTROPHE | AMPERSAND)):
        return False  # Levi's, L'Oréal, H&M
    if kind == _K_EDITION and coded and text.gaps[k] in (0, SPACE, HYPHEN):
        say(found, said | _FIRM, k, end)
        return True
    say(found, said, k, end)
    return False


@numba.njit(cache=True)
def _joined(text: Text, k: int, without: np.uint64, lexicon: Lexicon, found: Found) -> None:
    """Write down "with lid", "without lid": one statement of the lid, yes or no."""
    w = k + 1
    while w < len(text.starts) and w < k + 3:
        entry, end = phrase(text, w, lexicon, JOINS)
        if entry < 0 or lexicon.feature[entry] != 2:
            break
        w = end
    if w >= len(text.starts) or text.ends[w] - text.starts[w] < 3 or not _is(text, w, LETTER):
        return
    stem = hash_points(text.points, text.starts[w], min(text.ends[w], text.starts[w] + 5))
    said = _WITH | ((stem & np.uint64(0xFFFF)) << _GROUP_SHIFT) | ((np.uint64(1) + without) << np.uint64(1))
    say(found, said, k, w + 1)


@numba.njit(cache=True)
def _model(text: Text, k: int, found: Found) -> tuple[int, bool]:
    """Write down a code that begins with one letter: A52s, A-20."""
    end = _code_end(text, k + 1)
    say(found, _hashed(_CODE, _code(text, k, end)), k, end)
    if _plus(text, end):
        say(found, _PLUS, k, end)
    return end, True


@numba.njit(cache=True)
def _preceded(text: Text, k: int, lexicon: Lexicon, found: Found) -> tuple[int, bool]:
    """Write down a number that a word announces: "size 38", "pack of 4", "Mark III"; give the word to go on with."""
    entry, end = phrase(text, k, lexicon, PRECEDES)
    if entry < 0 or end >= len(text.starts) or text.gaps[end] & (COMMA | SLASH | PLUS | TIMES):
        return k, False
    said = lexicon.feature[entry]
    if not _is(text, end, DIGIT):
        roman, behind = phrase(text, end, lexicon, NUMBERS)
        if roman < 0 or said >> _KIND_SHIFT == _K_PACK:
            return k, False
        say(found, said | number_value(lexicon.factor[roman]), k, behind)
        return end, False
    value, behind, _ = number(text, end)
    measured, _ = unit(text, behind, lexicon, False)
    if measured >= 0 and lexicon.feature[measured] >> _KIND_SHIFT != said >> _KIND_SHIFT:
        return k, False
    if behind < len(text.starts) and text.gaps[behind] == 0 and text.ends[k] - text.starts[k] == 1 and not _among(text.hashes[behind], _X):
        if not (_is(text, behind, LETTER) and text.ends[behind] - text.starts[behind] == 1 and _is(text, behind + 1, DIGIT)):
            return k, False
    if said >> _KIND_SHIFT == _K_PACK:
        if value <= 1 or value > 10000 or _among(text.hashes[min(behind, len(text.starts) - 1)], _X):
            return k, False
        say(found, said | number_value(value), k, behind)
        return behind, False
    say(found, said | number_value(value), k, behind)
    return (end if lexicon.flag[entry] else behind), False


@numba.njit(cache=True)
def _within(text: Text, k: int, lexicon: Lexicon, found: Found) -> None:
    """Look for words of the lists at the beginning and the end of a word that they do not hold."""
    a, z = text.starts[k], text.ends[k]
    script = text.scripts[a]
    if script == LETTER:
        if z - a > 4 and text.points[a] == _AL[0] and text.points[a + 1] == _AL[1]:
            _say_key(text, k, hash_points(text.points, a + 2, z), lexicon, found)
        elif z - a >= 8:
            for end in range(z - 2, a + 4, -1):  # Herrenschuh, Lederband
                if _say_key(text, k, hash_points(text.points, a, end), lexicon, found):
                    break
    elif script == HANGUL or script == KATAKANA:
        least = 2 if script == HANGUL else 3
        for end in range(z - 1, a + least - 1, -1):
            if _say_key(text, k, hash_points(text.points, a, end), lexicon, found):
                break
        for begin in range(a + 1, z - least + 1):
            if _say_key(text, k, hash_points(text.points, begin, z), lexicon, found):
                break


@numba.njit(cache=True)
def _say_key(text: Text, k: int, key: np.uint64, lexicon: Lexicon, found: Found) -> bool:
    slot = find(lexicon.keys, key)
    entry = lexicon.first[slot] if slot >= 0 else -1
    known = False
    while entry >= 0:
        if lexicon.does[entry] == SAYS:
            known = True
            if lexicon.feature[entry] != 0:
                say(found, lexicon.feature[entry], k, k + 1)
        entry = lexicon.following[entry]
    return known


@numba.njit(cache=True)
def _figures(text: Text, k: int, lexicon: Lexicon, found: Found) -> tuple[int, bool]:
    """Write down a number with all that belongs to it; give the word to go on with, and whether it may be a model's."""
    values, units = np.zeros(_CHAIN), np.full(_CHAIN, -1, np.int64)
    spans = np.zeros(_CHAIN, np.int64)
    n, start, times, joined = 0, k, False, 0
    while n < _CHAIN:
        value, end = fraction(text, k)
        decimal = end > k
        if end > k:
            entry, behind = unit(text, end, lexicon, True)
            if entry >= 0 and lexicon.feature[entry] >> _KIND_SHIFT == _K_STORAGE:
                end = k
        if end == k:
            value, end, thousands = number(text, k)
            decimal = value != np.floor(value)
        else:
            thousands = False
        entry, behind = unit(text, end, lexicon, decimal)
        if entry >= 0 and _times(text, end) and _among(text.hashes[end], _X):
            entry, behind = -1, end  # 90 x 200 is no pack of 90
        if entry >= 0 and thousands and lexicon.factor[entry] == 1000 and lexicon.feature[entry] >> _KIND_SHIFT != _K_STORAGE and value < 1e6:
            value /= 1000  # 1.500 kg
        values[n], units[n], spans[n] = value, entry, behind
        n += 1
        k = behind
        if k >= len(text.starts):
            break
        quoted = text.gaps[end] & QUOTE
        if _times(text, k) and joined in (0, TIMES):
            times, joined = True, TIMES
            k = k if text.gaps[k] & TIMES else k + 1
        elif joined in (0, TIMES) and text.gaps[k] == HYPHEN and _is(text, k, DIGIT) and not times and not quoted and n == 1:
            joined = HYPHEN
        elif joined == 0 and text.gaps[k] == (HYPHEN | SPACE) and _is(text, k, DIGIT) and n == 1:
            joined = HYPHEN
        elif joined in (0, SLASH) and text.gaps[k] in (SLASH, PLUS) and _is(text, k, DIGIT) and entry < 0:
            joined = SLASH
        else:
            break
    last = units[n - 1]
    if times and n > 1:
        return _product(text, start, n, values, units, spans[n - 1], lexicon, found)
    for i in range(n):
        a, z = (start if i == 0 else spans[i - 1]), spans[i]
        shared = units[i]
        if shared < 0 and last >= 0 and joined != 0:
            shared = last
        if shared >= 0:
            measure(found, lexicon.feature[shared], lexicon.factor[shared], values[i], a, z)
    if last >= 0 and n == 1:
        return spans[0], True
    if last >= 0 and joined != 0:
        return spans[n - 1], False
    for i in range(n - (last >= 0)):
        if units[i] < 0:
            a, z = (start if i == 0 else spans[i - 1]), spans[i]
            k, coded = _bare(text, a, z, values[i], lexicon, found, i + 1 == n)
            if i + 1 == n:
                return k, coded
    return spans[n - 1], False


@numba.njit(cache=True)
def _times(text: Text, k: int) -> bool:
    """Say whether word k, or what stands in front of it, is the x of 90 x 200."""
    if k >= len(text.starts):
        return False
    if text.gaps[k] & TIMES:
        return _is(text, k, DIGIT)
    return _among(text.hashes[k], _X) and _is(text, k + 1, DIGIT) and not text.gaps[k] & ~SPACE and not text.gaps[k + 1] & ~SPACE


@numba.njit(cache=True)
def _product(
    text: Text, start: int, n: int, values: np.ndarray, units: np.ndarray, end: int, lexicon: Lexicon, found: Found
) -> tuple[int, bool]:  # fmt: skip
    """Write down 90 x 200 cm, which is of one thing, or 6 x 330 ml, which is of six."""
    last = units[n - 1]
    kind = lexicon.feature[last] >> _KIND_SHIFT if last >= 0 else _K_LENGTH
    inches = bool(text.gaps[end] & QUOTE)
    first = units[0]
    if first >= 0 and lexicon.feature[first] >> _KIND_SHIFT != _K_LENGTH and last < 0:
        measure(found, lexicon.feature[first], lexicon.factor[first], values[0], start, end)  # 330 ml x 6
        if values[n - 1] > 1:
            say(found, _MULTIPACK | number_value(values[n - 1]), start, end)
        return end, False
    if kind == _K_LENGTH or first >= 0:
        parts = np.empty(n, np.int64)
        for i in range(n):
            part = np.int64(np.round(values[i] * 1000))
            while part > 0 and part % 10 == 0:
                part //= 10
            parts[i] = part
        parts.sort()
        key = np.uint64(3)
        for part in parts:
            key = combine(key, mix(np.uint64(part)))
        inches = inches or (last >= 0 and lexicon.feature[last] == _INCH)
        say(found, _hashed(_DIMENSIONS_IN if inches else _DIMENSIONS, key), start, end)
        return end, False
    count = 1.0
    for i in range(n - 1):
        count *= values[i]
    if count > 1 and count == np.floor(count):
        say(found, _MULTIPACK | number_value(count), start, end)
    measure(found, lexicon.feature[last], lexicon.factor[last], values[n - 1], start, end)
    return end, False


@numba.njit(cache=True)
def _bare(
    text: Text, k: int, end: int, value: float, lexicon: Lexicon, found: Found, final: bool
) -> tuple[int, bool]:  # fmt: skip
    """Write down a number without a unit of the lists: signs, codes that begin with digits, years."""
    behind = text.gaps[end]
    if behind & PERCENT:
        say(found, _PERCENT | number_value(value), k, end)
        return end, False
    if behind & QUOTE:
        say(found, _INCH | number_value(value), k, end)
        return end, False
    if final and _is(text, end, LETTER) and behind == 0:
        if _among(text.hashes[end], _ORDINALS):
            say(found, _NUMBER | number_value(value), k, end + 1)
            return end + 1, True
        stop = _code_end(text, end)
        entry, after = phrase(text, end, lexicon, SAYS)
        if stop == end + 1 == after and entry >= 0 and text.ends[end] - text.starts[end] > 1:
            kind = lexicon.feature[entry] >> _KIND_SHIFT
            if kind == _K_EDITION or kind == _K_SIZE:  # 305XL
                say(found, _NUMBER | number_value(value), k, end)
                say(found, lexicon.feature[entry] | _FIRM, end, after)
                return after, True
        # One letter behind it is another number: Note 10 and Note 10S, Pixel 6 and Pixel 6a.
        base = _NUMBER if stop == end + 1 and text.ends[end] - text.starts[end] == 1 else _CODE
        if stop > end + 1 and _among(text.hashes[end], _PARTING):
            say(found, _NUMBER | number_value(value), k, end)  # 205/55R16
            return end, False
        say(found, _hashed(base, _code(text, k, stop)), k, stop)
        if _plus(text, stop):
            say(found, _PLUS, k, stop)
        return stop, True
    if final and _is(text, end, LETTER) and behind == SPACE and text.ends[end] - text.starts[end] == 1:
        cup = text.points[text.starts[end]]
        if 60 <= value <= 120 and value % 5 == 0 and 97 <= cup <= 102 and text.gaps[end + 1] != 0:
            say(found, _hashed(_NUMBER, _code(text, k, end + 1)), k, end + 1)  # 75 B
            return end + 1, False
    if final and _is(text, end + 1, DIGIT) and _among(text.hashes[end], _IN):
        say(found, _FUNCTION | number_value(value), k, end + 2)  # 3 in 1
        return end + 2, False
    front = text.starts[k] - 1
    if front >= 0 and text.gaps[k] & (PLUS | HYPHEN) and end > k + 1:
        sign = text.points[front]
        if sign != 32 and (front == 0 or text.points[front - 1] == 32):
            say(found, _STRENGTH | number_value(value if sign == 43 else -value), k, end)
            return end, False
    base = _YEAR if 1950 <= value <= 2035 and text.ends[k] - text.starts[k] == 4 and end == k + 1 else _NUMBER
    say(found, base | number_value(value), k, end)
    if _plus(text, end):
        return end, False
    return end, True


