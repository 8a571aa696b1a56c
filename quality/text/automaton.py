"""Look for thousands of phrases at once in every text (Aho and Corasick, "Efficient string matching", 1975).

A text is read once whatever the number of phrases. Case does not matter, and a run of white space, hyphens and low
lines counts as one space: "Free  Shipping" and "free-shipping" are one. So are the ASCII brackets that open, and stars,
with the space behind them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .characters import strings

BLANK = r"[\s_-]"  # what counts as space, as a pattern
_SAME = {ord(bracket): ord("[") for bracket in "({<*"}
_END = -1
_SPACES = np.zeros(256, np.bool_)
_SPACES[[ord(c) for c in " \t\n\v\f\r\x1c\x1d\x1e\x1f_-"]] = True


@dataclass(frozen=True)
class Automaton:
    """The states in which a reader of bytes can be."""

    columns: np.ndarray  # [uint8 (256,)] the column of each byte; 0 where no phrase has it
    moves: np.ndarray  # [uint (states, columns)] the state after each byte; state 0 is the beginning
    ends: np.ndarray  # [bool (states,)] whether a phrase has just been read

    @classmethod
    def of(cls, phrases: Iterable[str]) -> Automaton:
        """Build it from phrases in lower case, with single spaces."""
        keys = [[_SAME.get(byte, byte) for byte in phrase.encode()] for phrase in phrases]
        used = sorted({byte for key in keys for byte in key})
        columns = np.zeros(256, np.uint8)
        columns[used] = np.arange(1, len(used) + 1)
        for byte, same in _SAME.items():
            columns[byte] = columns[same]
        tree: dict[int, Any] = {}
        for key in keys:
            node = tree
            for column in columns[key].tolist():
                node = node.setdefault(column, {})
            node[_END] = {}
        # Numbered by depth: the first few states, in which a reader nearly always is, lie together in the cache.
        nodes, fallback = [tree], [0]  # the state of the longest end of what was read that begins a phrase
        moves: list[np.ndarray] = []
        ends: list[bool] = []
        for state, node in enumerate(nodes):
            back = fallback[state]
            row = moves[back].copy() if state else np.zeros(len(used) + 1, np.int32)
            ends.append(_END in node or (state > 0 and ends[back]))
            for column, child in node.items():
                if column != _END:
                    fallback.append(int(row[column]))
                    row[column] = len(nodes)
                    nodes.append(child)
            moves.append(row)
        return cls(columns, np.stack(moves).astype(np.min_scalar_type(len(moves))), np.array(ends))

    def rows_with(self, texts: pa.Array) -> pa.Array:
        """Say which texts hold a phrase, also within a word; a null holds none.

        >>> Automaton.of(["free shipping", "cod"]).rows_with(pa.array(["FREE - Shipping", "code", "c o d"])).to_pylist()
        [True, True, False]
        """
        return pa.array(_read(*strings(pc.utf8_lower(texts)), self.columns, self.moves, self.ends, _SPACES))


@numba.njit(cache=True)
def _read(
    bounds: np.ndarray, data: np.ndarray, columns: np.ndarray, moves: np.ndarray, ends: np.ndarray, spaces: np.ndarray
) -> np.ndarray:
    found = np.zeros(len(bounds) - 1, np.bool_)
    for row in range(len(found)):
        state = 0
        spaced = False
        for at in range(bounds[row], bounds[row + 1]):
            byte = data[at]
            if spaces[byte]:
                if spaced:
                    continue
                byte = np.uint8(0x20)
                spaced = True
            else:
                spaced = byte == 0x5B or byte == 0x28 or byte == 0x7B or byte == 0x3C or byte == 0x2A
            state = moves[state, columns[byte]]
            if ends[state]:
                found[row] = True
                break
    return found
