"""Look for thousands of phrases at once in every text: a trie of code points (Fredkin, "Trie memory", 1960).

A text is read once whatever the number of phrases. Case does not matter, and a run of white space, hyphens and low
lines counts as one space: "Free  Shipping" and "free-shipping" are one. Of phrases that begin together the longest
counts. A phrase is a word or several, with none of their letters or digits beside them, unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..compiled import inner
from .characters import code_points, kind_of, point_at

# What a phrase says of itself.
PHRASE, KEPT, HELD, CAPITALS, FREE_BEGIN, FREE_END = (1 << bit for bit in range(6))
ALNUM, BEGINS, FREE, SMALL, COLUMN = 0x8000, 0x4000, 0x2000, 0x1000, 0x0FFF  # of a character
_BLANK = 1  # column of what counts as space


class Trie(NamedTuple):
    """Nodes numbered by depth, so that the children of one follow each other; 0 is the root."""

    columns: np.ndarray  # [uint16 (n,)] of each code point, 0 where no phrase has it; with bits for its kind
    first: np.ndarray  # [int32 (nodes + 1,)] the first child of each node
    labels: np.ndarray  # [uint16 (nodes,)] the column that leads to a node
    says: np.ndarray  # [uint8 (nodes,)] what the phrase that ends here says; 0 where none does
    root: np.ndarray  # [int32 (columns,)] the child of the root by column; 0 where there is none
    pairs: np.ndarray  # [bool (columns, columns)] whether a phrase may begin with two characters

    @classmethod
    def of(cls, phrases: Mapping[str, int], lower: Callable[[str], str]) -> Trie:
        """Build it from phrases in lower case with single spaces, and what they say.

        Args:
            phrases: Phrase, and its bits.
            lower: The lower case of a character.
        """
        alphabet = sorted({character for phrase in phrases for character in phrase} - {" "})
        column = {" ": _BLANK, **{character: 2 + place for place, character in enumerate(alphabet)}}
        points, characters = code_points()
        columns = np.zeros(points[-1] + 1, np.uint16)
        columns[points] = ALNUM * np.fromiter(map(str.isalnum, characters), np.uint16, len(points))
        begins: dict[str, int] = {}
        for phrase, says in phrases.items():
            begins[phrase[0]] = begins.get(phrase[0], 0) | BEGINS | FREE * (says & FREE_BEGIN > 0)
        for character in {*alphabet, *(other.upper() for other in alphabet), *"İıK"}:
            small = lower(character) if len(character) == 1 else ""
            if small in column:
                columns[ord(character)] |= column[small] | begins.get(small, 0) | SMALL * character.islower()
        for point in range(0x3001):
            if chr(point).isspace() or chr(point) in "_-":
                columns[point] = _BLANK
        tree: dict[int, Any] = {}
        for phrase, says in phrases.items():
            node = tree
            for character in phrase:
                node = node.setdefault(column[character], {})
            node[-1] = says
        nodes, labels, says_all, first = [tree], [0], [0], []
        for node in nodes:
            first.append(len(nodes))
            for label, child in node.items():
                if label >= 0:
                    nodes.append(child)
                    labels.append(label)
                    says_all.append(child.get(-1, 0))
        root = np.zeros(len(column) + 1, np.int32)
        pairs = np.zeros((len(column) + 1, len(column) + 1), np.bool_)
        for place, (label, child) in enumerate(tree.items(), 1):
            root[label] = place
            pairs[label] = -1 in child
            pairs[label, [column for column in child if column > 0]] = True
        arrays = np.array([*first, len(nodes)], np.int32), np.array(labels, np.uint16), np.array(says_all, np.uint8)
        return cls(columns, *arrays, root, pairs)


@inner
def longest_at(trie: Trie, data: np.ndarray, at: int, end: int, apart: bool) -> tuple[int, int]:
    """Read the longest phrase that begins at a byte of a text.

    Args:
        trie: The phrases.
        data: Bytes.
        at: Where a character is that begins one.
        end: Of the text.
        apart: Whether a word begins there.

    Returns:
        Where the phrase ends, -1 where there is none; what it says.
    """
    point, at = point_at(data, at)
    node = trie.root[trie.columns[point] & COLUMN]
    found, said = -1, 0
    while True:
        code, after = 0, at
        if at < end:
            point, after = point_at(data, at)
            code = kind_of(trie.columns, point)
        say = int(trie.says[node])
        if say and (apart or say & FREE_BEGIN) and (say & FREE_END or not code & ALNUM):
            found, said = at, say
        column = code & COLUMN
        if column == 0:
            break
        if column == _BLANK:
            while after < end:
                point, behind = point_at(data, after)
                if kind_of(trie.columns, point) != _BLANK:
                    break
                after = behind
        child, last = trie.first[node], trie.first[node + 1]
        while child < last and trie.labels[child] != column:
            child += 1
        if child == last:
            break
        node, at = child, after
    return found, said


@inner
def capitals(trie: Trie, data: np.ndarray, begin: int, end: int) -> bool:
    """Say whether a phrase is written without small letters."""
    while begin < end:
        point, begin = point_at(data, begin)
        if trie.columns[point] & SMALL:
            return False
    return True
