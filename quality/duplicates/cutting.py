"""Titles cut into words: where each begins, its hash, and what stands between two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compiled import inner, making
from .letters import MOST_WORDS, cut, fold, hash_points

# What stands between two words.
SPACE, HYPHEN, SLASH, PLUS, DOT, COMMA, QUOTE, APOSTROPHE, PERCENT, TIMES, AMPERSAND, MARK = (1 << k for k in range(12))


class Text(NamedTuple):
    """A title cut into words."""

    points: np.ndarray  # [uint32 (n,)] folded
    scripts: np.ndarray  # [uint8 (n,)]
    places: np.ndarray  # [int64 (n,)] where each stands in the title
    starts: np.ndarray  # [int64 (words,)] of each word in points
    ends: np.ndarray  # [int64 (words,)]
    hashes: np.ndarray  # [uint64 (words,)]
    gaps: np.ndarray  # [int64 (words + 1,)] what stands in front of each word, and behind the last


@inner
def _gap(points: np.ndarray, first: int, last: int) -> int:
    flags = 0
    for k in range(first, last):
        p = points[k]
        if p == 32 or p == 0xA0 or p == 9:
            flags |= SPACE
        elif p == 45 or 0x2010 <= p <= 0x2015 or p == 0x2212:
            flags |= HYPHEN
        elif p == 47:
            flags |= SLASH
        elif p == 43:
            flags |= PLUS
        elif p == 46:
            flags |= DOT
        elif p == 44:
            flags |= COMMA
        elif p == 34 or p == 0x201D or p == 0x2033:
            flags |= QUOTE
        elif p == 39 or p == 0x2019:
            flags |= QUOTE if flags & APOSTROPHE else APOSTROPHE
        elif p == 37:
            flags |= PERCENT
        elif p == 0xD7 or p == 42:
            flags |= TIMES
        elif p == 38:
            flags |= AMPERSAND
        else:
            flags |= MARK
    return flags


@making
def room_for(bounds: np.ndarray) -> Text:
    """Make room for the longest of some texts. [int64 (n + 1,)] where each begins and ends"""
    size = 1
    for k in range(len(bounds) - 1):
        size = max(size, bounds[k + 1] - bounds[k] + 1)
    return Text(
        np.empty(size, np.uint32), np.empty(size, np.uint8), np.empty(size, np.int64), np.empty(MOST_WORDS, np.int64),
        np.empty(MOST_WORDS, np.int64), np.empty(MOST_WORDS, np.uint64), np.empty(MOST_WORDS + 1, np.int64),
    )  # fmt: skip


@making
def cut_text(data: np.ndarray, first: int, last: int, classes: np.ndarray, folds: np.ndarray, room: Text) -> Text:
    """Cut UTF-8 bytes [first, last) into words with their hashes and what stands between them.

    The text lies in the room until another is cut there.
    """
    points, starts, ends = room.points, room.starts, room.ends
    n = fold(data, first, last, classes, folds, points, room.scripts, room.places)
    words = cut(room.scripts, n, starts, ends)
    behind = 0
    for k in range(words):
        room.hashes[k] = hash_points(points, starts[k], ends[k])
        room.gaps[k] = _gap(points, behind, starts[k])
        behind = ends[k]
    room.gaps[words] = _gap(points, behind, n)
    return Text(
        points[:n], room.scripts[:n], room.places[:n], starts[:words], ends[:words], room.hashes[:words],
        room.gaps[: words + 1],
    )  # fmt: skip
