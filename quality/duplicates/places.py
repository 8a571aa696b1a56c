"""Places of words: what one title says where another says something else, though the lists know words of it."""

from __future__ import annotations

import numpy as np

from ..compiled import inner
from .cutting import Text
from .forms import akin, misspelt, written_apart
from .grammar import KIND_SHIFT, Found, among, has_script, phrase, spaceless
from .letters import DIGIT, HAN, HIRAGANA, LETTER, THAI, find
from .lexicon import JOINS, KIND, MEASURES, Lexicon, Things
from .pairing import comparable

# What a word of no list may be another of: "teal" a colour, "gooseberry" a flavour.
_KINDS = np.array([KIND[kind] for kind in ("colour", "material", "flavour")], np.uint64)
_WORDS, _CHARACTERS = 4, 4  # that may be exchanged for others


@inner
def stated_instead(
    listed: Text, unlisted: Text, said: Found, told: Found, stated: np.ndarray, spans: np.ndarray, count: int
) -> bool:
    """Say whether a title states a colour, material or flavour where the other has a word of no list.

    Args:
        listed: The title all of whose words of no list the other has too.
        unlisted: The other.
        said: What the one states.
        told: What the other states.
        stated: [int64 (n, 2)] gets the words of the statement in its first row.
        spans: [int64 (n, 2)] the words that the other has alone; gets those that stand there in its first row.
        count: How many these are.
    """
    for k in range(said.total[0]):
        if (
            among(said.features[k] >> KIND_SHIFT, _KINDS)
            and not _told(said, k, told)
            and not _spelled(listed, said, k, unlisted)
        ):
            for s in range(count):
                if _at_one_place(listed, said.starts[k], said.ends[k], unlisted, spans[s, 0], spans[s, 1]):
                    stated[0, 0], stated[0, 1] = said.starts[k], said.ends[k]
                    spans[0, 0], spans[0, 1] = spans[s, 0], spans[s, 1]
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
            b, same = unlisted.starts[v], 0
            while same < least and b + same < unlisted.ends[v] and listed.points[a + same] == unlisted.points[b + same]:
                same += 1
            if same == least or misspelt(listed, w, unlisted, v):
                found = True
                break
        if not found:
            return False
    return True


@inner
def _at_one_place(one: Text, first: int, last: int, other: Text, w: int, v: int) -> bool:
    """Say whether words first to last of one and w to v of another have the same neighbours."""
    if (first == 0) != (w == 0) or (last == len(one.starts)) != (v == len(other.starts)):
        return False
    if first > 0 and one.hashes[first - 1] != other.hashes[w - 1]:
        return False
    return last == len(one.starts) or one.hashes[last] == other.hashes[v]


@inner
def exchanged(
    one: Text, other: Text, said: np.ndarray, told: np.ndarray, noise: np.ndarray, things: Things, lexicon: Lexicon
) -> tuple[int, int, int]:  # fmt: skip
    """Find the few words in which titles that are else equal differ, listed or not: "kecap asin" and "kecap manis".

    Args:
        one: A title.
        other: Another.
        said: [bool (words of one,)] whether the other says it, in whatever form.
        told: [bool (words of the other,)] whether the one does.
        noise: Words that say nothing.
        things: Words that name kinds of things.
        lexicon: The word lists.

    Returns:
        The first of these words, and the words behind their last in one and in the other; -1 each where there are none.
    """
    n, m, first, behind = len(one.starts), len(other.starts), 0, 0
    while first < min(n, m) and one.hashes[first] == other.hashes[first]:
        first += 1
    while behind < min(n, m) - first and one.hashes[n - 1 - behind] == other.hashes[m - 1 - behind]:
        behind += 1
    inside, found = first > 0 and behind > 0, False
    single = _single(one, first, n - behind) and _single(other, first, m - behind)
    if first + behind == 0 or not _few(one, first, n - behind) or not _few(other, first, m - behind):
        return -1, -1, -1
    for w in range(first, n - behind):
        for v in range(first, m - behind):
            if misspelt(one, w, other, v):
                return -1, -1, -1
            if not found and _tells(one, first, w, n - behind, other, said, noise, lexicon, single):  # noqa: SIM102
                if _tells(other, first, v, m - behind, one, told, noise, lexicon, single):
                    found = comparable(one, w, other, v, things, inside)
    return (first, n - behind, m - behind) if found else (-1, -1, -1)


@inner
def elsewhere(one: Text, other: Text, regions: Things) -> bool:
    """Say whether titles that are else equal end in codes of two regions: "keyboard K380 DE", "keyboard K380 US"."""
    n = len(one.starts)
    if n < 2 or n != len(other.starts) or one.gaps[n - 1] == 0 or other.gaps[n - 1] == 0:
        return False
    for w in range(n - 1):
        if one.hashes[w] != other.hashes[w]:
            return False
    here, there = find(regions.keys, one.hashes[n - 1]), find(regions.keys, other.hashes[n - 1])
    return bool(here >= 0 and there >= 0 and regions.kinds[here] != regions.kinds[there])


@inner
def furnished(one: Text, other: Text, noise: np.ndarray, lexicon: Lexicon) -> int:
    """Find what the other of titles that are else equal has "with" it: "lamp", "lamp with dimmer".

    Returns:
        The first of the words that the other adds, -1 where these are not "with" and what says something.
    """
    n, m, first, behind = len(one.starts), len(other.starts), 0, 0
    while first < min(n, m) and one.hashes[first] == other.hashes[first]:
        first += 1
    while behind < n - first and behind < m - first and one.hashes[n - 1 - behind] == other.hashes[m - 1 - behind]:
        behind += 1
    last = m - behind
    if first + behind < n or n == 0 or not first + 2 <= last <= first + _WORDS:
        return -1
    entry, end = phrase(other, first, lexicon, JOINS)
    if entry < 0 or lexicon.feature[entry] != 0 or end >= last:
        return -1
    for w in range(end, last):
        size = other.ends[w] - other.starts[w]
        if has_script(other, w, LETTER) and size >= 4 and find(noise, other.hashes[w]) < 0:
            return first
    return -1


@inner
def _few(text: Text, first: int, last: int) -> bool:
    if first == last or last - first > (_CHARACTERS if spaceless(text.scripts[text.starts[first]]) else _WORDS):
        return False
    for w in range(first, last):  # noqa: SIM110
        if has_script(text, w, DIGIT):
            return False  # numbers are the grammar's
    return True


@inner
def _single(text: Text, first: int, last: int) -> bool:
    """Say whether words first to last are one letter."""
    return last == first + 1 and text.ends[first] - text.starts[first] == 1 and has_script(text, first, LETTER)


@inner
def _tells(
    text: Text, first: int, w: int, last: int, other: Text, said: np.ndarray, noise: np.ndarray, lexicon: Lexicon,
    single: bool,
) -> bool:  # fmt: skip
    """Say whether word w of the words first to last says anything that the other title does not.

    A small word says nothing, but where each title has a letter alone: letter A, letter M. Nor does a letter among
    other words.
    """
    script, size = text.scripts[text.starts[w]], text.ends[w] - text.starts[w]
    if script in (HIRAGANA, THAI):
        return last - first >= 3
    if said[w] or (script != HAN and size < 2 and last > first + 1):
        return False
    if not single and find(noise, text.hashes[w]) >= 0:
        return False
    if w > 0 and has_script(text, w - 1, DIGIT) and phrase(text, w, lexicon, MEASURES)[0] >= 0:
        return False
    if script == LETTER and text.gaps[w + 1] == 0 and has_script(text, w + 1, DIGIT):
        return False
    return script == HAN or not written_apart(text, w, other)


@inner
def states_too(said: Found, first: int, last: int, told: Found, end: int) -> bool:
    """Say whether a statement within words first to last of one title, or first to end of the other, stands in both."""
    for i in range(said.total[0]):
        for j in range(told.total[0]):
            if said.features[i] >> np.uint64(1) == told.features[j] >> np.uint64(1):
                within = said.starts[i] < last and said.ends[i] > first
                if within or (told.starts[j] < end and told.ends[j] > first):
                    return True
    return False


@inner
def without(one: Text, other: Text, lexicon: Lexicon, ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Say whether one title is without what the other just names: "bra without wire", "bra wire"."""
    for w in range(len(one.starts) - 1):
        if _denied(one, w + 1, lexicon) and one.ends[w + 1] - one.starts[w + 1] >= 4:
            for v in range(len(other.starts)):
                same = has_script(one, w + 1, LETTER) and has_script(other, v, LETTER) and akin(one, w + 1, other, v)
                if same and other.ends[v] - other.starts[v] >= 4 and not _denied(other, v, lexicon):
                    ours[0, 0], ours[0, 1], theirs[0, 0], theirs[0, 1] = w, w + 2, v, v + 1
                    return True
    return False


@inner
def _denied(text: Text, w: int, lexicon: Lexicon) -> bool:
    """Say whether "without" stands in front of word w."""
    if w == 0:
        return False
    entry, end = phrase(text, w - 1, lexicon, JOINS)
    return bool(entry >= 0 and end == w and lexicon.feature[entry] == 1)
