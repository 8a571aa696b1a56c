"""Places of words: what one title states where another has a word of no list."""

from __future__ import annotations

import numpy as np

from ..compiled import inner
from .grammar import KIND_SHIFT, MOST, Found
from .lexicon import KIND, Lexicon
from .numerals import Text
from .statements import read

# What a word of no list may be another of: "teal" a colour, "gooseberry" a flavour.
_KINDS = np.array([KIND[kind] for kind in ("colour", "material", "flavour")], np.uint64)


@inner
def stated_instead(listed: Text, unlisted: Text, spans: np.ndarray, lexicon: Lexicon) -> bool:
    """Say whether a title states a colour, material or flavour where the other has a word of no list.

    Args:
        listed: The title all of whose words of no list the other has too.
        unlisted: The other.
        spans: [int64 (n, 2)] the words that the other has alone, as code points of it.
        lexicon: The word lists.
    """
    said = Found(np.empty(MOST, np.uint64), np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.zeros(1, np.int64))
    told = Found(np.empty(MOST, np.uint64), np.empty(MOST, np.int64), np.empty(MOST, np.int64), np.zeros(1, np.int64))
    read(listed, lexicon, said)
    read(unlisted, lexicon, told)
    for k in range(said.total[0]):
        if _of_kind(said.features[k]) and not _told(said, k, told) and not _spelled(listed, said, k, unlisted):
            for s in range(len(spans)):
                if _at_one_place(listed, said.starts[k], said.ends[k], unlisted, spans[s, 0], spans[s, 1]):
                    return True
    return False


@inner
def _of_kind(feature: np.uint64) -> bool:
    for kind in _KINDS:  # noqa: SIM110
        if feature >> KIND_SHIFT == kind:
            return True
    return False


@inner
def _told(said: Found, k: int, told: Found) -> bool:
    """Say whether the other title makes a statement of kind and group of k's, or one of those of the same words."""
    for i in range(said.total[0]):
        if said.starts[i] < said.ends[k] and said.starts[k] < said.ends[i]:
            for j in range(told.total[0]):
                if said.features[i] >> np.uint64(1) == told.features[j] >> np.uint64(1):
                    return True
    return False


@inner
def _spelled(listed: Text, said: Found, k: int, unlisted: Text) -> bool:
    """Say whether the other title has all words of a statement, or words that begin like them."""
    for w in range(said.starts[k], said.ends[k]):
        a, z = listed.starts[w], listed.ends[w]
        least = min(4, z - a)
        found = False
        for v in range(len(unlisted.starts)):
            b, y = unlisted.starts[v], unlisted.ends[v]
            if y - b >= least and np.array_equal(listed.points[a : a + least], unlisted.points[b : b + least]):
                found = True
                break
        if not found:
            return False
    return True


@inner
def _at_one_place(one: Text, first: int, last: int, other: Text, begin: int, end: int) -> bool:
    """Say whether words first to last of one and code points begin to end of another have the same neighbours."""
    w = 0
    while w < len(other.starts) and other.starts[w] < begin:
        w += 1
    v = w
    while v < len(other.starts) and other.ends[v] <= end:
        v += 1
    if (first == 0) != (w == 0) or (last == len(one.starts)) != (v == len(other.starts)):
        return False
    if first > 0 and one.hashes[first - 1] != other.hashes[w - 1]:
        return False
    return last == len(one.starts) or one.hashes[last] == other.hashes[v]
