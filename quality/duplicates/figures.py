"""Numbers with all that belongs to them: 6 x 330 ml, 90x200, 4/64GB, 3-6 months, 305XL, +1.5."""

from __future__ import annotations

import numpy as np

from ..compiled import inner
from .cutting import HYPHEN, PERCENT, PLUS, QUOTE, SLASH, SPACE, TIMES, Text
from .grammar import (
    CHAIN,
    CODE,
    DIMENSIONS,
    DIMENSIONS_IN,
    EDITION,
    FIRMLY,
    FUNCTION,
    IN_WORDS,
    INCHES,
    KIND_SHIFT,
    LENGTH,
    MULTIPACK,
    NUMBER,
    ORDINALS,
    PERCENTAGE,
    PLUS_EDITION,
    SIZE,
    STORAGE,
    STRENGTH,
    X_WORDS,
    YEAR,
    Found,
    among,
    code,
    code_end,
    has_script,
    hashed,
    measure,
    phrase,
    plus_behind,
    say,
    unit,
    x3d,
)
from .letters import DIGIT, LETTER, combine, hash_texts, mix
from .lexicon import SAYS, Lexicon, number_value
from .numerals import fraction, number
from .sorting import rise

PARTING = hash_texts(("r", "l"))  # 205/55R16, W32L34
RADIAL = hash_texts(("r", "zr"))


@inner
def figures(text: Text, k: int, lexicon: Lexicon, found: Found) -> tuple[int, bool]:
    """Write down a number with all that belongs to it; give the word to go on with, and whether it may be a model's."""
    if _rated(text, k):
        say(found, hashed(CODE, code(text, k, k + 2)), k, k + 2)
        return k + 2, False
    values, units, spans = found.values, found.numbers[0], found.numbers[1]
    n, start, times, joined = 0, k, False, 0
    while n < CHAIN:
        value, end = fraction(text, k)
        decimal = end > k
        if end > k:
            entry, behind = unit(text, end, lexicon, True)
            if entry >= 0 and lexicon.feature[entry] >> KIND_SHIFT == STORAGE:
                end = k
        if end == k:
            value, end, thousands = number(text, k)
            decimal = value != np.floor(value)
        else:
            thousands = False
        entry, behind = unit(text, end, lexicon, decimal)
        if entry >= 0 and _times(text, end) and among(text.hashes[end], X_WORDS):
            entry, behind = -1, end  # 90 x 200 is no pack of 90
        if (
            entry >= 0
            and thousands
            and lexicon.factor[entry] == 1000
            and lexicon.feature[entry] >> KIND_SHIFT != STORAGE
            and value < 1e6
        ):
            value /= 1000  # 1.500 kg
        if entry >= 0 and has_script(text, behind - 1, DIGIT) and text.gaps[end] == SPACE:
            say(found, hashed(CODE, code(text, end, behind)), end, behind)  # MacBook 13 M2: perhaps no square metres
        values[n], units[n], spans[n] = value, entry, behind
        n += 1
        k = behind
        if k >= len(text.starts):
            break
        quoted = text.gaps[end] & QUOTE
        if _times(text, k) and (joined == 0 or joined == TIMES):
            times, joined = True, TIMES
            k = k if text.gaps[k] & TIMES else k + 1
        elif (
            (joined == 0 or joined == TIMES)
            and text.gaps[k] == HYPHEN
            and has_script(text, k, DIGIT)
            and not times
            and not quoted
            and n == 1
        ) or (joined == 0 and text.gaps[k] == (HYPHEN | SPACE) and has_script(text, k, DIGIT) and n == 1):
            joined = HYPHEN
        elif (
            (joined == 0 or joined == SLASH)
            and (text.gaps[k] == SLASH or text.gaps[k] == PLUS)
            and has_script(text, k, DIGIT)
            and entry < 0
        ):
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


@inner
def _rated(text: Text, k: int) -> bool:
    """Say whether word k is the load and speed of a tyre, behind its rim: 205/55 R16 91V is of no 91 volts."""
    if k < 3 or k + 1 >= len(text.starts) or text.gaps[k] != SPACE or text.gaps[k + 1] != 0 or text.gaps[k - 1] != 0:
        return False
    rim = has_script(text, k - 1, DIGIT) and text.ends[k - 1] - text.starts[k - 1] == 2
    rated = has_script(text, k + 1, LETTER) and text.ends[k + 1] - text.starts[k + 1] == 1
    return bool(rim and rated and among(text.hashes[k - 2], RADIAL) and has_script(text, k - 3, DIGIT))


@inner
def _times(text: Text, k: int) -> bool:
    """Say whether word k, or what stands in front of it, is the x of 90 x 200."""
    if k >= len(text.starts):
        return False
    if text.gaps[k] & TIMES:
        return has_script(text, k, DIGIT)
    return (
        among(text.hashes[k], X_WORDS)
        and has_script(text, k + 1, DIGIT)
        and not text.gaps[k] & ~SPACE
        and not text.gaps[k + 1] & ~SPACE
        and not x3d(text, k)
    )


@inner
def _things(text: Text, k: int) -> bool:
    """Say whether word k is the x of 4 x chair."""
    if k + 1 >= len(text.starts) or not among(text.hashes[k], X_WORDS) or text.gaps[k] & ~SPACE:
        return False
    return text.gaps[k + 1] == SPACE and not has_script(text, k + 1, DIGIT)


@inner
def _in_tens(parts: np.ndarray) -> bool:
    """Say whether some numbers, not all of them 0, are multiples of ten."""
    some = np.int64(0)
    for part in parts:
        if part % 10:
            return False
        some |= part
    return bool(some > 0)


@inner
def _sizes(parts: np.ndarray, key: int) -> np.uint64:
    """Hash numbers in whatever order."""
    rise(parts, len(parts))
    found = np.uint64(key)
    for part in parts:
        found = combine(found, mix(np.uint64(part)))
    return found


@inner
def _thousandths(value: float) -> np.int64:
    """Round to three decimals; what no integer holds is the largest."""
    return np.int64(round(min(value * 1000, 9e18)))


@inner
def _product(
    text: Text, start: int, n: int, values: np.ndarray, units: np.ndarray, end: int, lexicon: Lexicon, found: Found
) -> tuple[int, bool]:  # fmt: skip
    """Write down 90 x 200 cm, which is of one thing, or 6 x 330 ml, which is of six."""
    last = units[n - 1]
    kind = lexicon.feature[last] >> KIND_SHIFT if last >= 0 else LENGTH
    inches = bool(text.gaps[end] & QUOTE)
    first = units[0]
    if first >= 0 and lexicon.feature[first] >> KIND_SHIFT != LENGTH and last < 0:
        measure(found, lexicon.feature[first], lexicon.factor[first], values[0], start, end)  # 330 ml x 6
        if values[n - 1] > 1:
            say(found, MULTIPACK | number_value(values[n - 1]), start, end)
        return end, False
    if kind == LENGTH or first >= 0:
        inches = inches or (last >= 0 and lexicon.feature[last] == INCHES)
        said = DIMENSIONS_IN if inches else DIMENSIONS
        whole, parts = found.numbers[2, :n], found.numbers[3, :n]
        for i in range(n):
            unit = units[i] if units[i] >= 0 else last
            parts[i] = _thousandths(values[i])
            whole[i] = _thousandths(values[i] * (lexicon.factor[unit] if unit >= 0 else 1.0))
        # 90 x 200 is 90 x 200 cm and 900 x 2000 mm, as far as it says; 90 x 200 cm is not 900 x 2000 cm.
        while _in_tens(parts):
            for i in range(n):
                parts[i] //= 10
        say(found, hashed(said, _sizes(parts, 3)), start, end)
        if last >= 0:
            say(found, hashed(said, _sizes(whole, 5)), start, end)
        return end, False
    count = 1.0
    for i in range(n - 1):
        count *= values[i]
    if count > 1 and count == np.floor(count):
        say(found, MULTIPACK | number_value(count), start, end)
    measure(found, lexicon.feature[last], lexicon.factor[last], values[n - 1], start, end)
    return end, False


@inner
def _bare(
    text: Text, k: int, end: int, value: float, lexicon: Lexicon, found: Found, final: bool
) -> tuple[int, bool]:  # fmt: skip
    """Write down a number without a unit of the lists: signs, codes that begin with digits, years."""
    behind = text.gaps[end]
    if behind & PERCENT:
        say(found, PERCENTAGE | number_value(value), k, end)
        return end, False
    if behind & QUOTE:
        say(found, INCHES | number_value(value), k, end)
        return end, False
    if k == 0 and 1 < value <= 100 and _things(text, end):
        say(found, MULTIPACK | number_value(value), k, end + 1)  # 4 x dining chair
        return end + 1, False
    if final and has_script(text, end, LETTER) and behind == 0:
        if among(text.hashes[end], ORDINALS):
            say(found, NUMBER | number_value(value), k, end + 1)
            return end + 1, True
        stop = code_end(text, end)
        entry, after = phrase(text, end, lexicon, SAYS)
        if stop == end + 1 == after and entry >= 0 and text.ends[end] - text.starts[end] > 1:
            kind = lexicon.feature[entry] >> KIND_SHIFT
            if kind == EDITION or (kind == SIZE and text.points[text.starts[end]] == 120):  # 305XL
                say(found, NUMBER | number_value(value), k, end)
                say(found, lexicon.feature[entry] | FIRMLY, end, after)
                return after, True
        # One letter behind it is another number: Note 10 and Note 10S, Pixel 6 and Pixel 6a.
        single = stop == end + 1 and text.ends[end] - text.starts[end] == 1
        base = NUMBER if single or x3d(text, end) else CODE
        if stop > end + 1 and among(text.hashes[end], PARTING):
            say(found, NUMBER | number_value(value), k, end)  # 205/55R16
            return end, False
        said = code(text, k, stop)
        say(found, hashed(base, mix(said) if value != np.floor(value) else said), k, stop)  # 1.5A is no 15A
        if plus_behind(text, stop):
            say(found, PLUS_EDITION, k, stop)
        return stop, True
    if final and has_script(text, end, LETTER) and behind == SPACE and text.ends[end] - text.starts[end] == 1:
        cup = text.points[text.starts[end]]
        if 60 <= value <= 120 and value % 5 == 0 and 97 <= cup <= 102 and text.gaps[end + 1] != 0:
            say(found, hashed(NUMBER, code(text, k, end + 1)), k, end + 1)  # 75 B
            return end + 1, False
    if final and has_script(text, end + 1, DIGIT) and among(text.hashes[end], IN_WORDS):
        say(found, FUNCTION | number_value(value), k, end + 2)  # 3 in 1
        return end + 2, False
    front = text.starts[k] - 1
    if front >= 0 and text.gaps[k] & (PLUS | HYPHEN) and end > k + 1:
        sign = text.points[front]
        if sign != 32 and (front == 0 or text.points[front - 1] == 32):
            say(found, STRENGTH | number_value(value if sign == 43 else -value), k, end)
            return end, False
    year = 1950 <= value <= 2035 and value != 2000  # of 2,000 tiles
    base = YEAR if year and text.ends[k] - text.starts[k] == 4 and end == k + 1 else NUMBER
    say(found, base | number_value(value), k, end)
    if plus_behind(text, end):
        return end, False
    return end, True
