"""Forms of a word: endings, abbreviations, slips of the pen, words written apart. No array is made: these run often."""

from __future__ import annotations

import numpy as np

from ..compiled import inner
from .cutting import Text


@inner
def akin(one: Text, w: int, other: Text, v: int) -> bool:
    """Say whether word w of one text and word v of another, of one script, are forms of one word."""
    if one.hashes[w] == other.hashes[v]:
        return True
    a, z, b, y = one.starts[w], one.ends[w], other.starts[v], other.ends[v]
    shorter, longer = min(z - a, y - b), max(z - a, y - b)
    same = 0
    while same < shorter and one.points[a + same] == other.points[b + same]:
        same += 1
    if same == shorter and same >= (3 if one.points[a] < 0x1100 else 2):
        return True  # one cut short
    if same >= 4 and 10 * same >= 7 * shorter and longer - same <= 3:
        return True  # another ending: "strawberry" and "strawberries"
    if shorter >= 5 and slips(one.points, a, z, other.points, b, y, 2 if shorter >= 9 else 1):
        return True
    return _short_for(one.points, a, z, other.points, b, y) or _short_for(other.points, b, y, one.points, a, z)


@inner
def slips(one: np.ndarray, a: int, z: int, other: np.ndarray, b: int, y: int, most: int) -> bool:
    """Say whether two words are within 1 or 2 slips: a letter more, less, other, or two turned around."""
    while a < z and b < y and one[a] == other[b]:
        a, b = a + 1, b + 1
    while a < z and b < y and one[z - 1] == other[y - 1]:
        z, y = z - 1, y - 1
    n, m = z - a, y - b
    if n == 0 or m == 0 or most < 2:
        swapped = n == 2 and m == 2 and one[a] == other[b + 1] and one[a + 1] == other[b]
        return bool(max(n, m) <= most or (swapped and most > 0))
    if max(n, m) - min(n, m) > most:
        return False
    if n > 1 and m > 1 and one[a] == other[b + 1] and one[a + 1] == other[b]:  # noqa: SIM102
        if _one_slip(one, a + 2, z, other, b + 2, y):
            return True
    return (
        _one_slip(one, a + 1, z, other, b + 1, y)
        or _one_slip(one, a + 1, z, other, b, y)
        or _one_slip(one, a, z, other, b + 1, y)
    )


@inner
def misspelt(one: Text, w: int, other: Text, v: int) -> bool:
    """Say whether two words are one slip apart; of four letters, where one has lost a letter: "wool" is not "wood"."""
    a, z, b, y = one.starts[w], one.ends[w], other.starts[v], other.ends[v]
    shorter = min(z - a, y - b)
    return (shorter >= 5 or (shorter == 4 and z - a != y - b)) and slips(one.points, a, z, other.points, b, y, 1)


@inner
def _one_slip(one: np.ndarray, a: int, z: int, other: np.ndarray, b: int, y: int) -> bool:
    while a < z and b < y and one[a] == other[b]:
        a, b = a + 1, b + 1
    while a < z and b < y and one[z - 1] == other[y - 1]:
        z, y = z - 1, y - 1
    swapped = z - a == 2 and y - b == 2 and one[a] == other[b + 1] and one[a + 1] == other[b]
    return bool(max(z - a, y - b) <= 1 or swapped)


@inner
def _short_for(one: np.ndarray, a: int, z: int, other: np.ndarray, b: int, y: int) -> bool:
    """Say whether a word without vowels ("wht") is made of another's letters, in order, from its first on."""
    if one[a] != other[b] or not 3 <= z - a < y - b:
        return False
    k = a
    for i in range(a, z):
        if one[i] > 122 or one[i] in (97, 101, 105, 111, 117):  # beyond z, or a vowel
            return False
    for j in range(b, y):
        if k < z and one[k] == other[j]:
            k += 1
    return bool(k == z)


@inner
def written_apart(one: Text, w: int, other: Text) -> bool:
    """Say whether a word is written apart in another text ("smart phone"), or ends a word of it ("phone")."""
    a, size = one.starts[w], one.ends[w] - one.starts[w]
    for first in range(len(other.starts)):
        k, v = 0, first
        while v < len(other.starts):
            j = other.starts[v]
            while k < size and j < other.ends[v] and one.points[a + k] == other.points[j]:
                k += 1
                j += 1
            if j < other.ends[v]:
                break
            if k == size:
                return True
            v += 1
        begin = other.ends[first] - size
        if size >= 4 and begin > other.starts[first]:
            k = 0
            while k < size and one.points[a + k] == other.points[begin + k]:
                k += 1
            if k == size:
                return True
    return False
