"""One pass over a title's words: what each, with its neighbours, says of the variant."""

from __future__ import annotations

import numpy as np

from ..compiled import inner
from .cutting import AMPERSAND, APOSTROPHE, COMMA, HYPHEN, PLUS, SLASH, SPACE, TIMES, Text
from .figures import figures
from .grammar import (
    ARTICLE_AL,
    CODE,
    EDITION,
    FIRMLY,
    GROUP_SHIFT,
    KIND_SHIFT,
    NUMBER,
    PACK,
    VARIETY,
    WITH,
    X_WORDS,
    Found,
    among,
    code,
    code_end,
    has_script,
    hashed,
    model,
    phrase,
    say,
    spaceless,
    unit,
)
from .letters import DIGIT, HANGUL, KATAKANA, LETTER, find, hash_points
from .lexicon import JOINS, NUMBERS, PRECEDES, SAYS, Lexicon, number_value
from .numerals import number
from .part_numbers import grouped_number, part_number


@inner
def read(text: Text, lexicon: Lexicon, found: Found) -> None:
    """Write down all that a title says of its variant."""
    found.total[0] = 0
    k, coded = 0, False
    while k < len(text.starts):
        begin = k
        k = grouped_number(text, k, lexicon, found)
        if k > begin:
            coded = False
            continue
        if _chain_begins(text, k):
            k = part_number(text, k, lexicon, found)
            if k > begin:
                coded = False
                continue
        if has_script(text, k, DIGIT) and phrase(text, k, lexicon, SAYS)[1] <= k + 1:  # 2xl is a word
            k, coded = figures(text, k, lexicon, found)
            if k == begin:
                k += 1
            _counted(text, begin, k, lexicon, found)
        else:
            k, coded = _word(text, k, lexicon, found, coded)


@inner
def _chain_begins(text: Text, k: int) -> bool:
    """Say whether word k is the first of letters and digits that stand in one piece."""
    script = text.scripts[text.starts[k]]
    if script != LETTER and script != DIGIT:
        return False
    if k == 0 or text.gaps[k] & ~HYPHEN:
        return True
    before = text.scripts[text.starts[k - 1]]
    return bool(before != LETTER and before != DIGIT)


@inner
def _counted(text: Text, first: int, last: int, lexicon: Lexicon, found: Found) -> None:
    """Write down what the words at a number say beside the number: 60 capsules are no 60 tablets."""
    for k in range(first + 1, last):
        if has_script(text, k, LETTER) or spaceless(text.scripts[text.starts[k]]):
            entry, end = phrase(text, k, lexicon, SAYS)
            if entry >= 0 and end <= last and lexicon.feature[entry] >> KIND_SHIFT == VARIETY:
                say(found, lexicon.feature[entry], k, end)


@inner
def _word(text: Text, k: int, lexicon: Lexicon, found: Found, coded: bool) -> tuple[int, bool]:
    entry, end = phrase(text, k, lexicon, -1)
    glued = has_script(text, k + 1, DIGIT) and not text.gaps[k + 1] & ~HYPHEN and has_script(text, k, LETTER)
    if glued and end <= k + 1:
        letters = text.ends[k] - text.starts[k]
        behind, _ = _preceded(text, k, lexicon, found)
        if behind > k:
            return behind, False
        if letters == 1 and text.gaps[k + 1] == 0:
            return model(text, k, found)
        if letters == 1 or (letters <= 3 and not text.gaps[k + 1] & ~HYPHEN):
            rest = code(text, k + 1, code_end(text, k + 1))
            if letters == 1:
                return model(text, k, found)
            group = CODE | ((rest & np.uint64(0xFFFF)) << GROUP_SHIFT)
            say(found, hashed(group, text.hashes[k]), k, k + 1)
            return k + 1, False
    if entry < 0:
        _within(text, k, lexicon, found)
        return k + 1, False
    behind, _ = _preceded(text, k, lexicon, found)
    if behind > k:
        return behind, False
    firm = False
    start = entry
    while entry >= 0:
        does = lexicon.does[entry]
        if does == SAYS:
            firm |= _said(text, k, end, lexicon.feature[entry], found, coded)
        elif does == NUMBERS:
            say(found, NUMBER | number_value(lexicon.factor[entry]), k, end)
            coded = firm = True
        elif does == JOINS and lexicon.feature[entry] <= 1:
            _joined(text, k, lexicon.feature[entry], lexicon, found)
        entry = lexicon.following[entry]
    return end, firm and start >= 0


@inner
def _said(text: Text, k: int, end: int, said: np.uint64, found: Found, coded: bool) -> bool:
    """Write down what a phrase says; say whether it goes on with the model's name."""
    if said == 0:
        return False
    kind = said >> KIND_SHIFT
    short = end == k + 1 and text.ends[k] - text.starts[k] == 1 and not spaceless(text.scripts[text.starts[k]])
    if short and ((text.gaps[k] | text.gaps[end]) & (APOSTROPHE | AMPERSAND)):
        return False  # Levi's, L'Oréal, H&M
    if kind == EDITION and coded and (text.gaps[k] == 0 or text.gaps[k] == SPACE or text.gaps[k] == HYPHEN):
        say(found, said | FIRMLY, k, end)
        return True
    say(found, said, k, end)
    return False


@inner
def _joined(text: Text, k: int, without: np.uint64, lexicon: Lexicon, found: Found) -> None:
    """Write down "with lid", "without lid": one statement of the lid, yes or no."""
    w = k + 1
    while w < len(text.starts) and w < k + 3:
        entry, end = phrase(text, w, lexicon, JOINS)
        if entry < 0 or lexicon.feature[entry] != 2:
            break
        w = end
    if w >= len(text.starts) or text.ends[w] - text.starts[w] < 3 or not has_script(text, w, LETTER):
        return
    stem = hash_points(text.points, text.starts[w], min(text.ends[w], text.starts[w] + 5))
    said = WITH | ((stem & np.uint64(0xFFFF)) << GROUP_SHIFT) | ((np.uint64(1) + without) << np.uint64(1))
    say(found, said, k, w + 1)


@inner
def _preceded(text: Text, k: int, lexicon: Lexicon, found: Found) -> tuple[int, bool]:
    """Write down a number that a word announces: "size 38", "pack of 4", "Mark III"; give the word to go on with."""
    entry, end = phrase(text, k, lexicon, PRECEDES)
    if entry < 0 or end >= len(text.starts) or text.gaps[end] & (COMMA | SLASH | PLUS | TIMES):
        return k, False
    said = lexicon.feature[entry]
    if not has_script(text, end, DIGIT):
        roman, behind = phrase(text, end, lexicon, NUMBERS)
        if roman < 0 or said >> KIND_SHIFT == PACK:
            return k, False
        say(found, said | number_value(lexicon.factor[roman]), k, behind)
        return end, False
    value, behind, _ = number(text, end)
    measured, _ = unit(text, behind, lexicon, False)
    if measured >= 0 and lexicon.feature[measured] >> KIND_SHIFT != said >> KIND_SHIFT:
        return k, False
    if (
        behind < len(text.starts)
        and text.gaps[behind] == 0
        and text.ends[k] - text.starts[k] == 1
        and not among(text.hashes[behind], X_WORDS)
    ) and not (
        has_script(text, behind, LETTER)
        and text.ends[behind] - text.starts[behind] == 1
        and has_script(text, behind + 1, DIGIT)
    ):
        return k, False
    if said >> KIND_SHIFT == PACK:
        if value > 100 and text.gaps[end] == 0 and text.ends[k] - text.starts[k] == 1:
            return k, False  # X3450
        if value <= 1 or value > 10000 or among(text.hashes[min(behind, len(text.starts) - 1)], X_WORDS):
            return k, False
        say(found, said | number_value(value), k, behind)
        return behind, False
    say(found, said | number_value(value), k, behind)
    return (end if lexicon.flag[entry] else behind), False


@inner
def _within(text: Text, k: int, lexicon: Lexicon, found: Found) -> None:
    """Look for words of the lists at the beginning and the end of a word that they do not hold."""
    a, z = text.starts[k], text.ends[k]
    script = text.scripts[a]
    if script == LETTER:
        if z - a > 4 and text.points[a] == ARTICLE_AL[0] and text.points[a + 1] == ARTICLE_AL[1]:
            _say_key(k, hash_points(text.points, a + 2, z), lexicon, found)
        elif z - a >= 8:
            for end in range(z - 2, a + 4, -1):  # Herrenschuh, Lederband
                if _say_key(k, hash_points(text.points, a, end), lexicon, found):
                    break
    elif script == HANGUL or script == KATAKANA:  # noqa: SIM109
        least = 2 if script == HANGUL else 3
        for end in range(z - 1, a + least - 1, -1):
            if _say_key(k, hash_points(text.points, a, end), lexicon, found):
                break
        for begin in range(a + 1, z - least + 1):
            if _say_key(k, hash_points(text.points, begin, z), lexicon, found, True):
                break


@inner
def _say_key(k: int, key: np.uint64, lexicon: Lexicon, found: Found, firm: bool = False) -> bool:
    slot = find(lexicon.keys, key)
    entry = lexicon.first[slot] if slot >= 0 else -1
    known = False
    while entry >= 0:
        # "rechargeable" is no refill
        if lexicon.does[entry] == SAYS and (firm or lexicon.feature[entry] & FIRMLY == 0):
            known = True
            if lexicon.feature[entry] != 0:
                say(found, lexicon.feature[entry], k, k + 1)
        entry = lexicon.following[entry]
    return known
