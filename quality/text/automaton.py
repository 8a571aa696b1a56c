"""Look for thousands of phrases at once in every text (Aho and Corasick, "Efficient string matching", 1975).

A text is read once whatever the number of phrases. Case does not matter, and a run of white space, hyphens and low
lines counts as one space: "Free  Shipping" and "free-shipping" are one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .characters import strings

BLANK = r"[\s_-]"  # what counts as space, as a pattern
_SPACES = np.zeros(256, np.bool_)
_SPACES[[ord(c) for c in " \t\n\v\f\r\x1c\x1d\x1e\x1f_-"]] = True


@dataclass(frozen=True)
class Automaton:
    """The states in which a reader of bytes can be."""

    columns: np.ndarray  # [uint8 (256,)] the column of each byte; 0 where no phrase has it
    moves: np.ndarray  # [int32 (states, columns)] the state after each byte; state 0 is the beginning
    ends: np.ndarray  # [bool (states,)] whether a phrase has just been read

    @classmethod
    def of(cls, phrases: Iterable[str]) -> Automaton:
        """Build it from phrases in lower case, with single spaces."""
        keys = [phrase.encode() for phrase in phrases]
        used = sorted({byte for key in keys for byte in key})
        columns = np.zeros(256, np.uint8)
        columns[used] = np.arange(1, len(used) + 1)
        children: list[dict[int, int]] = [{}]
        last: set[int] = set()
        for key in keys:
            state = 0
            for column in columns[list(key)].tolist():
                if column not in children[state]:
                    children[state][column] = len(children)
                    children.append({})
                state = children[state][column]
            last.add(state)
        moves = np.zeros((len(children), len(used) + 1), np.int32)
        ends = np.zeros(len(children), np.bool_)
        ends[list(last)] = True
        fallback = [0] * len(children)  # the longest end of what was read that begins a phrase
        queue = deque([0])
        while queue:
            state = queue.popleft()
            back = fallback[state]
            if state:
                moves[state] = moves[back]
                ends[state] |= ends[back]
            for column, child in children[state].items():
                fallback[child] = int(moves[back, column]) if state else 0
                moves[state, column] = child
                queue.append(child)
        return cls(columns, moves, ends)

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
                spaced = False
            state = moves[state, columns[byte]]
            if ends[state]:
                found[row] = True
                break
    return found
