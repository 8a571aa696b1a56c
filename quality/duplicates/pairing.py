"""Pairs of words: which words of two titles are one word, and which of the others may stand for each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiled import inner, making
from .cutting import Text
from .forms import akin
from .grammar import spaceless
from .letters import DIGIT, LETTER, find, hash_points
from .lexicon import Lexicon, Things

_PART = 4  # letters of either part of a compound


class Pairing(NamedTuple):
    """Which words of two texts are one word."""

    said: np.ndarray  # [bool (words of one,)] whether the other says it
    told: np.ndarray  # [bool (words of the other,)] whether the one says it


@making
def paired(one: Text, other: Text, things: Things, lexicon: Lexicon) -> Pairing:
    """Find the words of two texts that are one word; text without spaces is left out."""
    said, told = np.zeros(len(one.starts), np.bool_), np.zeros(len(other.starts), np.bool_)
    kinds = np.empty(len(other.starts), np.int64)
    for v in range(len(other.starts)):
        kinds[v] = _thing(other, v, things)
    for w in range(len(one.starts)):
        script, kind = one.scripts[one.starts[w]], _thing(one, w, things)
        for v in range(len(other.starts)):
            same = one.hashes[w] == other.hashes[v] or (kind >= 0 and kind == kinds[v])
            if not same and script == other.scripts[other.starts[v]] and script != DIGIT and not spaceless(script):
                same = akin(one, w, other, v) and not _compound(one, w, other, v, things, lexicon)
            if same:
                said[w] = told[v] = True
    return Pairing(said, told)


@inner
def _compound(one: Text, w: int, other: Text, v: int, things: Things, lexicon: Lexicon) -> bool:
    """Say whether the longer of two words is the shorter and a word of the lists: "mint" is not "mintgrün".

    It is where the other title says that word too, one that begins like it, or another for the same:
    "yoga mat", "Yogamatte"; "bridge camera", "Bridgekamera".
    """
    if one.ends[w] - one.starts[w] > other.ends[v] - other.starts[v]:
        one, w, other, v = other, v, one, w
    size, a, b = one.ends[w] - one.starts[w], one.starts[w], other.starts[v]
    if size < _PART or other.ends[v] - b < size + _PART:
        return False
    for k in range(size):
        if one.points[a + k] != other.points[b + k]:
            return False
    rest = hash_points(other.points, b + size, other.ends[v])
    slot, listed = find(things.keys, rest), _first(lexicon, rest)
    if slot < 0 and listed < 0:
        return False
    for k in range(len(one.starts)):
        stated = _first(lexicon, one.hashes[k])
        if (
            listed >= 0
            and stated >= 0
            and lexicon.feature[listed] >> np.uint64(1) == lexicon.feature[stated] >> np.uint64(1)
        ):
            return False
        if slot >= 0 and _thing(one, k, things) == things.kinds[slot]:
            return False
        same = 0
        while same < _PART - 1 and one.starts[k] + same < one.ends[k]:
            if one.points[one.starts[k] + same] != other.points[b + size + same]:
                break
            same += 1
        if same == _PART - 1:
            return False
    return True


@inner
def _first(lexicon: Lexicon, key: np.uint64) -> int:
    """Give the first entry of a word of the lists, -1 for another word."""
    slot = find(lexicon.keys, key)
    return int(lexicon.first[slot]) if slot >= 0 else -1


@inner
def _thing(text: Text, w: int, things: Things) -> np.int64:
    """Give the number of the kind of thing that a word names, -1 where it names none."""
    slot = find(things.keys, text.hashes[w])
    return np.int64(things.kinds[slot]) if slot >= 0 else np.int64(-1)


@making
def rivals(
    one: Text, other: Text, things: Things, ours: np.ndarray, here: int, theirs: np.ndarray, there: int
) -> tuple[int, int]:
    """Keep of the spans those that another may stand for, wherever it stands: sellers order words as they like."""
    kept, used, total = 0, np.zeros(len(theirs), np.bool_), 0
    for i in range(here):
        rival, w = False, ours[i, 0]
        for j in range(there):
            v = theirs[j, 0]
            if comparable(one, w, other, v, things, False):
                rival = used[j] = True
        if rival:
            ours[kept, 0], ours[kept, 1] = ours[i, 0], ours[i, 1]
            kept += 1
    for j in range(there):
        if used[j]:
            theirs[total, 0], theirs[total, 1] = theirs[j, 0], theirs[j, 1]
            total += 1
    return kept, total


@inner
def comparable(one: Text, w: int, other: Text, v: int, things: Things, any_kind: bool) -> bool:
    """Say whether a word may stand for another: not one in two alphabets, no "phone" for a brand."""
    writing, signs = _writing(one, w), _writing(other, v)
    if writing != signs and writing > 0 and signs > 0:
        return False
    return any_kind or (_thing(one, w, things) >= 0) == (_thing(other, v, things) >= 0)


@inner
def _writing(text: Text, w: int) -> np.int64:
    """Give a number of the letters that a word is written in: Latin, Cyrillic, Hangul; 0 where they say no sound."""
    script, point = text.scripts[text.starts[w]], text.points[text.starts[w]]
    if spaceless(script):
        return np.int64(0)
    return np.int64(script) if script != LETTER else np.int64(16 if point < 0x370 else 16 + (point >> 8))
