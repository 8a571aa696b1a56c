"""Words of titles, weighed by how rare they are in the catalog: a model code says more than "new" and "original".

The cosine of two titles' words, each weighed by its inverse document frequency (Salton and Buckley, "Term-weighting
approaches in automatic text retrieval", 1988). Documents are counted by 2^20 hashed bins, so that the counts of shards
add up in 4 MB whatever the vocabulary. Scripts without spaces are cut into pairs of characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..compiled import compiled, inner
from ..text.characters import point_at, strings
from .sorting import order_of

BINS = 1 << 20
LONGEST = 6  # words of a text, the longest, whose pairs are its keys
_PRIME, _START = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)
_SPACE = np.uint32(32)
_FEW = 64  # words up to which putting each in its place beats sorting


@dataclass(frozen=True)
class Words:
    """The distinct words of n texts, sorted in each: those of text i are values[offsets[i]:offsets[i + 1]]."""

    values: np.ndarray  # [uint64 (total,)] hashes
    lengths: np.ndarray  # [uint8 (total,)] characters; digits count for two more, once
    offsets: np.ndarray  # [int64 (n + 1,)]

    def of(self, texts: np.ndarray) -> Words:
        """Take the words of some texts. [int64 (m,)]

        >>> said = words(pa.array(["blue mug", "cup", "red cup"])).of(np.array([2, 1]))
        >>> said.offsets.tolist(), bool(said.values[2] in said.values[:2])
        ([0, 2, 3], True)
        """
        counts = self.offsets[texts + 1] - self.offsets[texts]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[texts] - offsets[:-1], counts)
        return Words(self.values[places], self.lengths[places], offsets)


def words(texts: pa.Array) -> Words:
    """Cut normalised texts (no nulls) into hashed words.

    >>> np.diff(words(pa.array(["blue mug blue", "", "도자기 머그", "陶瓷杯子"])).offsets).tolist()
    [2, 0, 2, 3]
    """
    ends, data = strings(texts)
    values, lengths, offsets = _words(data, ends)
    return Words(values.copy(), lengths.copy(), offsets)  # as large as they are, not as they might have been


def joined(parts: Sequence[Words]) -> Words:
    """Put the words of texts that stand one behind the other together."""
    values, lengths = (np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "lengths"))
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    return Words(values, lengths, np.concatenate([[0], np.cumsum(counts)]))


def frequencies(words: Words) -> np.ndarray:
    """Count the texts that hold a word of each bin; those of shards add up. [uint32 (BINS,)]"""
    return np.bincount((words.values % np.uint64(BINS)).astype(np.int64), minlength=BINS).astype(np.uint32)


def weights(frequencies: np.ndarray, rows: int) -> np.ndarray:
    """Weigh the words of each bin: ln((1 + n) / (1 + texts with it)) + 1, as scikit-learn does.

    Args:
        frequencies: [uint32 (BINS,)] of the whole catalog.
        rows: Its texts, n.

    Returns:
        [float32 (BINS,)]
    """
    seen = np.minimum(
        frequencies.astype(np.float64), rows
    )  # words that share a bin can be in more texts than there are
    return (np.log((1 + rows) / (1 + seen)) + 1).astype(np.float32)


def cosine(words: Words, weights: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Compare the words of pairs of texts, weighed. 0 where a text has none.

    Args:
        words: Of n texts.
        weights: [float32 (BINS,)]
        left: [int64 (m,)] one text of each pair.
        right: [int64 (m,)] and the other.

    Returns:
        [float32 (m,)] 0 to 1.
    """
    square, norm = squares(words, weights)
    return np.asarray(_cosine(words.values, words.offsets, square, norm, left, right))


def squares(words: Words, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the squared weight of each word, [float64 (total,)], and the sum of each text's, [float64 (n,)]."""
    square = weights[words.values % np.uint64(BINS)].astype(np.float64) ** 2
    return square, np.add.reduceat(np.append(square, 0.0), words.offsets[:-1]) * (np.diff(words.offsets) > 0)


def word_keys(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Give keys under which texts that share two telling words meet: each pair of the longest six.

    Returns:
        Keys [uint64 (total,)] and the text of each, [int64 (total,)].
    """
    keys, rows = _keys(words.values, words.lengths, words.offsets)
    return keys, rows


@inner
def _unspaced(point: np.uint32) -> bool:
    """Say whether a character is of a script that puts no spaces between words."""
    return bool(
        0x3040 <= point < 0x3100 or 0x3400 <= point < 0xA000 or 0xF900 <= point < 0xFB00 or 0x20000 <= point < 0x40000
        or 0x0E00 <= point < 0x0F00 or 0x1000 <= point < 0x10A0 or 0x1780 <= point < 0x1800
    )  # fmt: skip


@inner
def _hashed(points: np.ndarray, first: int, last: int) -> np.uint64:
    """FNV-1a over code points, its bits mixed."""
    state = _START
    for k in range(first, last):
        state = (state ^ np.uint64(points[k])) * _PRIME
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return state ^ (state >> np.uint64(33))


@compiled
def _words(data: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, lengths = np.empty(max(1, len(data)), np.uint64), np.empty(max(1, len(data)), np.uint8)
    offsets = np.zeros(len(ends), np.int64)
    longest = 0
    for text in range(len(ends) - 1):
        longest = max(longest, ends[text + 1] - ends[text])
    points, found, sizes = np.empty(longest, np.uint32), np.empty(longest, np.uint64), np.empty(longest, np.uint8)
    total = 0
    for text in range(len(ends) - 1):
        characters = count = first = 0
        at = int(ends[text])
        while at < ends[text + 1]:
            points[characters], at = point_at(data, at)
            characters += 1
        while first < characters:
            last, whole, digit = first, True, 0
            while last < characters and points[last] != _SPACE:
                whole = whole and not _unspaced(points[last])
                if 48 <= points[last] < 58:
                    digit = 2
                last += 1
            if last > first and (whole or last - first < 3):
                found[count], sizes[count] = _hashed(points, first, last), min(255, last - first + digit)
                count += 1
            elif last > first:
                for k in range(first, last - 1):
                    found[count], sizes[count] = _hashed(points, k, k + 2), 2
                    count += 1
            first = last + 1
        begin = total
        order = order_of(found[: count if count > _FEW else 0])
        for place in range(count):
            k, at = order[place] if count > _FEW else place, total
            while at > begin and values[at - 1] > found[k]:
                at -= 1
            if at > begin and values[at - 1] == found[k]:
                continue
            for behind in range(total, at, -1):
                values[behind], lengths[behind] = values[behind - 1], lengths[behind - 1]
            values[at], lengths[at] = found[k], sizes[k]
            total += 1
        offsets[text + 1] = total
    return values[:total], lengths[:total], offsets


@inner
def cosine_of(
    values: np.ndarray, offsets: np.ndarray, square: np.ndarray, norm: np.ndarray, left: int, right: int
) -> float:
    """Compare the words of two texts: what `cosine` does, for compiled callers."""
    i, i_end = offsets[left], offsets[left + 1]
    j, j_end = offsets[right], offsets[right + 1]
    shared = 0.0
    while i < i_end and j < j_end:
        if values[i] == values[j]:
            shared += square[i]
            i += 1
            j += 1
        elif values[i] < values[j]:
            i += 1
        else:
            j += 1
    return float(min(1.0, shared / np.sqrt(norm[left] * norm[right]))) if shared > 0 else 0.0


@compiled
def _cosine(
    values: np.ndarray, offsets: np.ndarray, square: np.ndarray, norm: np.ndarray, left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    found = np.zeros(len(left), np.float32)
    for pair in range(len(left)):
        found[pair] = cosine_of(values, offsets, square, norm, left[pair], right[pair])
    return found


@compiled
def _keys(values: np.ndarray, lengths: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    texts = len(offsets) - 1
    most = texts * LONGEST * (LONGEST - 1) // 2
    keys, rows, longest = np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(LONGEST, np.int64)
    total = 0
    for text in range(texts):
        first, last = offsets[text], offsets[text + 1]
        # Longest first, equal ones by their hash: values are sorted, and the sort keeps their order.
        few = 0
        for k in range(first, last):
            at = few
            while at > 0 and lengths[longest[at - 1]] < lengths[k]:
                if at < LONGEST:
                    longest[at] = longest[at - 1]
                at -= 1
            if at < LONGEST:
                longest[at] = k
                few = min(few + 1, LONGEST)
        for a in range(few):
            for b in range(a):
                one, other = values[longest[a]], values[longest[b]]
                key = (min(one, other) * _PRIME) ^ max(one, other)
                key = (key ^ (key >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
                keys[total], rows[total] = key ^ (key >> np.uint64(33)), text
                total += 1
    return keys[:total], rows[:total]
