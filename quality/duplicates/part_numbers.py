"""Part numbers: letters and digits in one piece, KDL-46EX500, and long numbers cut by hyphens or spaces.

010-00576-00 and 0 986 424 797 are one number each.
"""

from __future__ import annotations

import numpy as np

from ..compiled import inner
from .cutting import HYPHEN, SPACE, Text
from .grammar import CODE, GROUP_SHIFT, NUMBER, PART, X_WORDS, Found, among, code, has_script, hashed, phrase, say, unit
from .letters import DIGIT, LETTER, find
from .lexicon import PRECEDES, Lexicon, number_value
from .numerals import digits

_SUFFIX = 3  # letters behind a part number; more are a word


@inner
def part_number(text: Text, k: int, lexicon: Lexicon, found: Found) -> int:
    """Write down the part number that begins at word k; give the word to go on with, k where its parts say more.

    Letters behind the last digit, a colour or a country, are a statement of their own, which a title may leave out:
    DSC-W120 may be DSC-W120B, but TN-241BK is no TN-241C.
    """
    end, figures, letters, last, longest = k, 0, 0, -1, 0
    while end < len(text.starts) and (end == k or not text.gaps[end] & ~HYPHEN):
        size = text.ends[end] - text.starts[end]
        if has_script(text, end, DIGIT):
            figures, last, longest = figures + size, end, max(longest, size)
        elif has_script(text, end, LETTER):
            letters += size
        else:
            break
        end += 1
    if letters == 0:
        if end > k + 1 and longest >= 5 and figures >= 8:
            return _long_number(text, k, end, found)
        return k
    if figures < 2 or not _coded(text, k, end, last, lexicon):
        return k
    if last == k:  # 4040RDTRPB begins with its digits and has no others
        last = end - 1
        if figures < 4:
            return k
    size = 0
    for w in range(k, last + 1):
        size += text.ends[w] - text.starts[w]
    if size >= 5:
        part = code(text, k, last + 1)
        say(found, hashed(PART, part), k, last + 1)
        if end == last + 2 and text.ends[end - 1] - text.starts[end - 1] <= _SUFFIX:
            group = CODE | ((part & np.uint64(0xFFFF)) << GROUP_SHIFT)
            say(found, hashed(group, text.hashes[end - 1]), k, end)
    return k


@inner
def grouped_number(text: Text, k: int, lexicon: Lexicon, found: Found) -> int:
    """Write down a digit and threes of them from word k on, as makers of parts write; give the word behind, or k."""
    end = k + 1
    if not has_script(text, k, DIGIT) or text.ends[k] - text.starts[k] > 1 or (k > 0 and text.gaps[k] != SPACE):
        return k
    while has_script(text, end, DIGIT) and text.gaps[end] == SPACE and text.ends[end] - text.starts[end] == 3:
        end += 1
    if unit(text, end, lexicon, False)[0] >= 0:  # 0 986 479 288 mm
        end -= 1
    if end < k + 3 or (end < len(text.starts) and text.gaps[end] != SPACE):
        return k
    return _long_number(text, k, end, found)


@inner
def _long_number(text: Text, k: int, end: int, found: Found) -> int:
    value = 0.0
    for w in range(k, end):
        value = value * 10.0 ** (text.ends[w] - text.starts[w]) + digits(text, w)
    say(found, NUMBER | number_value(value), k, end)
    return end


@inner
def _coded(text: Text, k: int, end: int, last: int, lexicon: Lexicon) -> bool:
    """Say whether words k to end are a code: no known word before a number, no amount, no product of numbers."""
    if phrase(text, k, lexicon, PRECEDES)[0] >= 0:
        return False
    if _parted(text, k):
        return False
    if text.ends[k] - text.starts[k] >= 4 and find(lexicon.keys, text.hashes[k]) >= 0:
        return False
    times = others = 0
    for w in range(k, end):
        if has_script(text, w, DIGIT):
            measured, _ = unit(text, w + 1, lexicon, False)
            glued = w > k and text.gaps[w] == 0 and text.ends[w + 1] - text.starts[w + 1] == 1 if w + 1 < end else False
            if measured >= 0 and not glued:
                return False
        elif w < last and among(text.hashes[w], X_WORDS):
            times += 1
        else:
            others += text.ends[w] - text.starts[w]
    return times == 0 or others > 1  # M8x40


@inner
def _parted(text: Text, k: int) -> bool:
    """Say whether the first letters of a code stand apart, behind a brand: Sony WH 1000XM4, Panasonic DMC LX100."""
    if k < 2 or text.gaps[k] != SPACE or not has_script(text, k - 1, LETTER):
        return False
    short = has_script(text, k, DIGIT) or text.ends[k] - text.starts[k] <= 2
    return bool(short and text.ends[k - 1] - text.starts[k - 1] <= 3)
