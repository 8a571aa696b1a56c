"""Substitutions: two titles each of which says a word that the other lacks, whatever the words mean.

The grammar of `variants` knows colours, sizes and flavours by name; this knows none: "gooseberry jam" and "quince jam"
differ by a word on each side, so they are two products. An addition on one side alone is none. Nor are a typing error
(Damerau-Levenshtein distance 1 from 5 letters on, 2 from 9), another ending, an abbreviation, or a word spelled as
one or two. Numbers and units are left to the grammar, and so are words that the lists know, but for one case:
"strawberry jam" and "gooseberry jam", where a known word and an unlisted one stand at one place (see `places`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ..compiled import compiled, inner
from .grammar import cut_text
from .letters import DIGIT, HAN, HIRAGANA, LETTER, OTHER, THAI, alphabet, find, fold, hash_points
from .lexicon import Lexicon, lexicon, unsaid
from .places import stated_instead

_LONGEST = 40  # letters of a word that are compared
_MOST = 128  # words of a title


def substitutions(texts: pa.Array, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Say of each pair whether each of its texts has a content word that the other has in no form.

    Args:
        texts: Normalised titles, n of them, none null.
        left: [int64 (m,)] one text of each pair.
        right: [int64 (m,)] and the other.

    Returns:
        [bool (m,)], equal for a pair and its mirror image.
    """
    texts = texts.cast(pa.large_string())
    _, bounds, data = texts.buffers()
    ends = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    raw = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return np.asarray(_substitutions(raw, ends, left, right, *alphabet(), unsaid(), lexicon()))


def differing(left: str, right: str) -> tuple[list[str], list[str]]:
    """Name the content words that each of two normalised titles has alone.

    >>> differing("gooseberry jam 340 g", "quince jam 340 g new")
    (['gooseberry'], ['quince'])
    """
    texts = [np.frombuffer(text.encode(), np.uint8) for text in (left, right)]
    one, other = (_read(text, 0, len(text), *alphabet(), unsaid()) for text in texts)
    return _words(left, one, other), _words(right, other, one)


class _Cut(NamedTuple):
    """A text cut into words."""

    points: np.ndarray  # [uint32 (n,)] folded
    scripts: np.ndarray  # [uint8 (n,)]
    places: np.ndarray  # [int64 (n,)] where each stands in the text
    starts: np.ndarray  # [int64 (words,)] of each word in points
    ends: np.ndarray  # [int64 (words,)]
    content: np.ndarray  # [bool (words,)] whether it counts


@inner
def _spaceless(script: int) -> bool:
    return script in (HAN, HIRAGANA, THAI)


@compiled
def _read(data: np.ndarray, first: int, last: int, classes: np.ndarray, folds: np.ndarray, known: np.ndarray) -> _Cut:
    """Cut UTF-8 bytes [first, last) into words; text without spaces stays in one piece."""
    size = last - first + 1
    points, scripts, places = np.empty(size, np.uint32), np.empty(size, np.uint8), np.empty(size, np.int64)
    starts, ends, content = np.empty(_MOST, np.int64), np.empty(_MOST, np.int64), np.empty(_MOST, np.bool_)
    n = fold(data, first, last, classes, folds, points, scripts, places)
    words = k = 0
    while k < n and words < _MOST:
        script, begin = scripts[k], k
        k += 1
        if script in (OTHER, DIGIT):
            continue
        while k < n and (scripts[k] == script or (_spaceless(script) and _spaceless(scripts[k]))):
            k += 1
        starts[words], ends[words] = begin, k
        # A letter at a digit is part of a code or a unit; in two letters a slip and another word are not told apart.
        coded = script == LETTER and ((begin > 0 and scripts[begin - 1] == DIGIT) or (k < n and scripts[k] == DIGIT))
        least = 3 if script == LETTER else 2
        content[words] = k - begin >= least and not coded and find(known, hash_points(points, begin, k)) < 0
        words += 1
    return _Cut(points[:n], scripts[:n], places[:n], starts[:words], ends[:words], content[:words])


@inner
def _slips(a: np.ndarray, b: np.ndarray, most: int) -> bool:
    """Say whether two words are within `most` slips: a letter more, less, other, or two turned around."""
    n, m = min(len(a), _LONGEST), min(len(b), _LONGEST)
    if abs(n - m) > most:
        return False
    before, above, row = np.empty(m + 1, np.int64), np.arange(m + 1), np.empty(m + 1, np.int64)
    for i in range(1, n + 1):
        row[0] = least = i
        for j in range(1, m + 1):
            value = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                value = min(value, before[j - 2] + 1)
            row[j] = value
            least = min(least, value)
        if least > most:
            return False
        before[:], above[:] = above, row
    return bool(above[m] <= most)


@inner
def _short_for(a: np.ndarray, b: np.ndarray) -> bool:
    """Say whether a word without vowels ("wht") is made of another's letters, in order, from its first on."""
    if a[0] != b[0] or not 3 <= len(a) < len(b):
        return False
    k = 0
    for point in a:
        if point > 122 or point in (97, 101, 105, 111, 117):  # beyond z, or a vowel
            return False
    for point in b:
        if k < len(a) and a[k] == point:
            k += 1
    return k == len(a)


@inner
def _akin(a: np.ndarray, b: np.ndarray) -> bool:
    """Say whether two words are forms of one word."""
    shorter, longer = min(len(a), len(b)), max(len(a), len(b))
    same = 0
    while same < shorter and a[same] == b[same]:
        same += 1
    if same == longer or (same == shorter and same >= (3 if a[0] < 0x1100 else 2)):
        return True  # equal, or one cut short
    if same >= 4 and 10 * same >= 7 * shorter and longer - same <= 3:
        return True  # another ending: "strawberry" and "strawberries"
    if shorter >= 5 and _slips(a, b, 2 if shorter >= 9 else 1):
        return True
    return _short_for(a, b) or _short_for(b, a)


@inner
def _joined(word: np.ndarray, text: _Cut) -> bool:
    """Say whether a word is written apart in a text ("smart phone"), or is the end of a word of it ("phone")."""
    for first in range(len(text.starts)):
        k, w = 0, first
        while w < len(text.starts):
            j = text.starts[w]
            while k < len(word) and j < text.ends[w] and word[k] == text.points[j]:
                k += 1
                j += 1
            if j < text.ends[w]:
                break
            if k == len(word):
                return True
            w += 1
        other = text.points[text.starts[first] : text.ends[first]]
        if len(other) > len(word) >= 4 and np.array_equal(other[len(other) - len(word) :], word):
            return True
    return False


@inner
def _uncovered(one: _Cut, a: int, z: int, other: _Cut, known: np.ndarray, marked: np.ndarray) -> None:
    """Mark the characters of a piece without spaces that stand in no pair of neighbours of the other text."""
    marked[a:z] = True
    for k in range(a, z - 1):
        for j in range(len(other.points) - 1):
            if one.points[k] == other.points[j] and one.points[k + 1] == other.points[j + 1]:
                marked[k] = marked[k + 1] = False
                break
    for k in range(a, z - 1):
        for end in range(k + 2, min(k + 8, z) + 1):
            if find(known, hash_points(one.points, k, end)) >= 0:
                marked[k:end] = False


@inner
def _neighbour(text: _Cut, k: int) -> np.int64:
    """Give the Chinese character at k, 0 where there is none."""
    return np.int64(text.points[k]) if 0 <= k < len(text.points) and text.scripts[k] == HAN else np.int64(0)


@inner
def _other_character(one: _Cut, k: int, other: _Cut) -> bool:
    """Say whether the other text has another character where k stands: between the same neighbours (or ends)."""
    before, after = _neighbour(one, k - 1), _neighbour(one, k + 1)
    if before == 0 and after == 0:
        return False
    for j in range(len(other.points)):
        if other.scripts[j] == HAN and other.points[j] != one.points[k]:  # noqa: SIM102
            if _neighbour(other, j - 1) == before and _neighbour(other, j + 1) == after:
                return True
    return False


@compiled
def _alone(one: _Cut, other: _Cut, known: np.ndarray, spans: np.ndarray) -> int:
    """Collect the spans of what a text says alone; give their number."""
    total = 0
    marked = np.zeros(len(one.points), np.bool_)
    for w in range(len(one.starts)):
        a, z = one.starts[w], one.ends[w]
        if not one.content[w]:
            continue
        if _spaceless(one.scripts[a]):
            _uncovered(one, a, z, other, known, marked)
            least = 3 if one.scripts[a] == THAI else 2
            k = a
            while k < z:
                begin = k
                while k < z and marked[k]:
                    k += 1
                single = k - begin == 1 and one.scripts[begin] == HAN and _other_character(one, begin, other)
                if (k - begin >= least or single) and total < len(spans):
                    spans[total, 0], spans[total, 1] = begin, k
                    total += 1
                k += 1
            continue
        said, word = False, one.points[a:z]
        for v in range(len(other.starts)):
            b = other.starts[v]
            if other.scripts[b] == one.scripts[a] and _akin(word, other.points[b : other.ends[v]]):
                said = True
                break
        if not said and not _joined(word, other) and total < len(spans):
            spans[total, 0], spans[total, 1] = a, z
            total += 1
    return total


def _words(text: str, one: _Cut, other: _Cut) -> list[str]:
    spans = np.empty((_MOST, 2), np.int64)
    found = _alone(one, other, unsaid(), spans)
    return [text[one.places[a] : one.places[z - 1] + 1] for a, z in spans[:found].tolist()]


@compiled
def _substitutions(
    data: np.ndarray, bounds: np.ndarray, left: np.ndarray, right: np.ndarray, classes: np.ndarray, folds: np.ndarray,
    known: np.ndarray, words: Lexicon,
) -> np.ndarray:  # fmt: skip
    result = np.zeros(len(left), np.bool_)
    ours, theirs = np.empty((8, 2), np.int64), np.empty((8, 2), np.int64)
    for k in range(len(left)):
        a, b = left[k], right[k]
        one = _read(data, bounds[a], bounds[a + 1], classes, folds, known)
        other = _read(data, bounds[b], bounds[b + 1], classes, folds, known)
        here, there = _alone(one, other, known, ours), _alone(other, one, known, theirs)
        if here > 0 and there > 0:
            result[k] = True
        elif here + there > 0:
            if here > 0:
                a, b = b, a
            spans = ours[:here] if here > 0 else theirs[:there]
            listed = cut_text(data, bounds[a], bounds[a + 1], classes, folds)
            unlisted = cut_text(data, bounds[b], bounds[b + 1], classes, folds)
            result[k] = stated_instead(listed, unlisted, spans, words)
    return result
