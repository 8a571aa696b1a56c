"""Substitutions: two titles each of which says a word that the other lacks, whatever the words mean.

The grammar of `variants` knows colours, sizes and flavours by name; this knows none: "gooseberry jam" and "quince jam"
differ by a word on each side, so they are two products. An addition on one side alone is none, nor are two additions
at different places of titles that say the rest in one order: "iPhone 13 smartphone" and "Apple iPhone 13". Nor are a
typing error (Damerau-Levenshtein distance 1 from 5 letters on, 2 from 9), another ending, an abbreviation, a word
spelled as one or two, in another alphabet, or another name of one kind of thing (`words/things.txt`). Numbers and units
are left to the grammar. So are words that the lists know, but where they stand at one place (see `places`), where a
letter counts as well: "letter A", "letter M".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ..compiled import compiled, inner, making
from .cutting import Text, cut_text, room_for
from .forms import written_apart
from .grammar import has_script, no_statements, spaceless
from .letters import DIGIT, HAN, LETTER, THAI, alphabet, find, hash_points
from .lexicon import Lexicon, Things, lexicon, noise, regions, things, unsaid
from .pairing import paired, rivals
from .places import elsewhere, exchanged, furnished, stated_instead, states_too, without
from .statements import read

_MOST = 8  # spans of words that a text may have alone


class _Tables(NamedTuple):
    """What is known of words."""

    classes: np.ndarray  # [uint8 (POINTS,)]
    folds: np.ndarray  # [uint32 (POINTS,)]
    known: np.ndarray  # [uint64] words that are noise or in a list
    noise: np.ndarray  # [uint64] words that say nothing
    things: Things
    regions: Things
    lexicon: Lexicon


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
    return np.asarray(_substitutions(raw, ends, left, right, _tables(), *_no_spans()))


def differing(left: str, right: str) -> tuple[list[str], list[str]]:
    """Name the words that stand in each of two normalised titles instead of the other's; none where none do.

    >>> differing("gooseberry jam 340 g", "quince jam 340 g new")
    (['gooseberry'], ['quince'])
    """
    raw = np.frombuffer((left + right).encode(), np.uint8)
    ends = np.array([0, len(left.encode()), len(raw)])
    ours, theirs, counts = _no_spans()
    _substitutions(raw, ends, np.array([0]), np.array([1]), _tables(), ours, theirs, counts)
    return [left[a:z] for a, z in ours[: counts[0]].tolist()], [right[a:z] for a, z in theirs[: counts[1]].tolist()]


def _no_spans() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.empty((_MOST, 2), np.int64), np.empty((_MOST, 2), np.int64), np.zeros(2, np.int64)


def _tables() -> _Tables:
    return _Tables(*alphabet(), unsaid(), noise(), things(), regions(), lexicon())


@compiled
def _substitutions(
    data: np.ndarray, bounds: np.ndarray, left: np.ndarray, right: np.ndarray, tables: _Tables, ours: np.ndarray,
    theirs: np.ndarray, counts: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Judge pairs; tell where in the texts of the last pair the words are, and how many. All that reads is called here:

    compiled code is taken over into each caller, and what reads titles is large.
    """
    result = np.zeros(len(left), np.bool_)
    said = no_statements()
    told = no_statements()
    room, other_room = room_for(bounds), room_for(bounds)
    for k in range(len(left)):
        one = cut_text(data, bounds[left[k]], bounds[left[k] + 1], tables.classes, tables.folds, room)
        other = cut_text(data, bounds[right[k]], bounds[right[k] + 1], tables.classes, tables.folds, other_room)
        # One of two texts always comes first, so that a pair and its mirror image are judged alike.
        turned = hash_points(one.points, 0, len(one.points)) > hash_points(other.points, 0, len(other.points))
        if turned:
            one, other, ours, theirs = other, one, theirs, ours
        pairing = paired(one, other, tables.things, tables.lexicon)
        here, there = _alone(one, other, pairing.said, tables, ours), _alone(other, one, pairing.told, tables, theirs)
        if here > 0 and there > 0:
            here, there = rivals(one, other, tables.things, ours, here, theirs, there)
        if here == 0 or there == 0:
            first, last, end = exchanged(
                one, other, pairing.said, pairing.told, tables.noise, tables.things, tables.lexicon
            )
            if here + there > 0 or first >= 0:
                read(one, tables.lexicon, said)
                read(other, tables.lexicon, told)
            found = (here > 0 and stated_instead(other, one, told, said, theirs, ours, here)) or (
                there > 0 and stated_instead(one, other, said, told, ours, theirs, there)
            )
            if not found and first >= 0 and not states_too(said, first, last, told, end):
                ours[0, 0], ours[0, 1], theirs[0, 0], theirs[0, 1], found = first, last, first, end, True
            found = found or without(one, other, tables.lexicon, ours, theirs)
            found = found or without(other, one, tables.lexicon, theirs, ours)
            if not found and elsewhere(one, other, tables.regions):
                last = len(one.starts)
                ours[0, 0], ours[0, 1], theirs[0, 0], theirs[0, 1], found = last - 1, last, last - 1, last, True
            here = there = int(found)
            if not found:
                here, there = _added(one, other, tables, ours), _added(other, one, tables, theirs)
                found = here + there > 0
        else:
            found = True
        result[k] = found
        if k == len(left) - 1:
            _spell(one, ours, here)
            _spell(other, theirs, there)
            counts[0], counts[1] = (there, here) if turned else (here, there)
        if turned:
            ours, theirs = theirs, ours
    return result


@inner
def _added(one: Text, other: Text, tables: _Tables, spans: np.ndarray) -> int:
    """Write down what the one has "with" it where titles are else equal; give the number of spans, 1 or 0."""
    first = furnished(other, one, tables.noise, tables.lexicon)
    if first < 0:
        return 0
    spans[0, 0], spans[0, 1] = first, first + len(one.starts) - len(other.starts)
    return 1


@inner
def _spell(text: Text, spans: np.ndarray, count: int) -> None:
    """Turn words into places of the text as it was."""
    for k in range(count):
        spans[k, 0] = text.places[text.starts[spans[k, 0]]]
        spans[k, 1] = text.places[text.ends[spans[k, 1] - 1] - 1] + 1


@making
def _alone(one: Text, other: Text, said: np.ndarray, tables: _Tables, spans: np.ndarray) -> int:
    """Collect the spans of words that a text says alone; give their number."""
    total, w = 0, 0
    while w < len(one.starts):
        begin, script = w, one.scripts[one.starts[w]]
        w += 1
        if not spaceless(script):
            if not said[begin] and _content(one, begin, tables.known) and not written_apart(one, begin, other):
                if total < len(spans):
                    spans[total, 0], spans[total, 1] = begin, w
                total += 1
            continue
        while w < len(one.starts) and one.gaps[w] == 0 and spaceless(one.scripts[one.starts[w]]):
            w += 1
        if w - begin >= 2 and find(tables.known, hash_points(one.points, one.starts[begin], one.ends[w - 1])) < 0:
            total = _uncovered(one, begin, w, other, tables.known, spans, total)
    return min(total, len(spans))


@inner
def _content(text: Text, w: int, known: np.ndarray) -> bool:
    """Say whether a word of a text with spaces counts."""
    script = text.scripts[text.starts[w]]
    if script == DIGIT or text.ends[w] - text.starts[w] < (3 if script == LETTER else 2):
        return False
    # A letter at a digit is part of a code or a unit; in two letters a slip and another word are not told apart.
    if script == LETTER and (
        (text.gaps[w] == 0 and w > 0 and has_script(text, w - 1, DIGIT))
        or (text.gaps[w + 1] == 0 and has_script(text, w + 1, DIGIT))
    ):
        return False
    return bool(find(known, text.hashes[w]) < 0)


@making
def _uncovered(
    one: Text, first: int, last: int, other: Text, known: np.ndarray, spans: np.ndarray, total: int
) -> int:  # fmt: skip
    """Collect the characters of a piece without spaces that stand in no pair of neighbours of the other text."""
    marked = np.ones(last - first, np.bool_)
    for k in range(first, last - 1):
        for j in range(len(other.starts) - 1):
            if one.hashes[k] == other.hashes[j] and one.hashes[k + 1] == other.hashes[j + 1]:
                marked[k - first] = marked[k + 1 - first] = False
                break
    for k in range(first, last - 1):
        for end in range(k + 2, min(k + 8, last) + 1):
            if find(known, hash_points(one.points, one.starts[k], one.ends[end - 1])) >= 0:
                for i in range(k, end):
                    marked[i - first] = False
    least = 3 if one.scripts[one.starts[first]] == THAI else 2
    k = first
    while k < last:
        begin = k
        while k < last and marked[k - first]:
            k += 1
        single = k - begin == 1 and has_script(one, begin, HAN) and _other_character(one, begin, other)
        if (k - begin >= least or single) and total < len(spans):
            spans[total, 0], spans[total, 1] = begin, k
            total += 1
        k += 1
    return total


@inner
def _neighbour(text: Text, k: int, towards: int) -> np.uint64:
    """Give the hash of the Chinese character beside word k, 0 where there is none."""
    beside = k + towards
    if not 0 <= beside < len(text.starts) or text.gaps[max(k, beside)] != 0 or not has_script(text, beside, HAN):
        return np.uint64(0)
    return np.uint64(text.hashes[beside])


@inner
def _other_character(one: Text, k: int, other: Text) -> bool:
    """Say whether the other text has another character where k stands: between the same neighbours (or ends)."""
    before, after = _neighbour(one, k, -1), _neighbour(one, k, 1)
    if before == 0 and after == 0:
        return False
    for j in range(len(other.starts)):
        if has_script(other, j, HAN) and other.hashes[j] != one.hashes[k]:  # noqa: SIM102
            if _neighbour(other, j, -1) == before and _neighbour(other, j, 1) == after:
                return True
    return False
