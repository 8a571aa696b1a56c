"""A cleaning rule, and the texts that it rewrites on their way through the rules."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .signs import signs

SETTLING = 8  # a text that takes longer was made for it


class Draft:
    """Texts that are being rewritten, with the signs that each of them shows.

    Rules rewrite few of the texts, so what they write is kept beside the column, and put into it once, at the end.
    """

    def __init__(self, texts: pa.Array) -> None:
        self._came, self._written = texts, texts.slice(0, 0)
        self.signs = signs(texts)
        self.places = np.arange(len(texts))  # where the texts lie: in the column as it came, or behind it
        self.changed = np.zeros(len(texts), np.bool_)

    def rewrite(self, sign: int, fix: Callable[[str], str]) -> None:
        """Put what a Python function makes of them in place of the texts that show a sign."""
        self.replace(sign, lambda texts: pa.array(list(map(fix, texts.to_pylist())), texts.type))

    def replace(self, sign: int, fix: Callable[[pa.Array], pa.Array]) -> None:
        """Put others in place of the texts that show a sign, until none does or nothing changes.

        What is taken out of a text may join what stood beside it; one in which that goes on for long was made for it.

        Args:
            sign: One, or several joined by "or".
            fix: From n texts to n texts, none of them null.
        """
        rows = np.flatnonzero(self.signs & sign)
        for _ in range(SETTLING + 1):
            if not len(rows):
                break
            before = self.at(self.places[rows])
            rows = self.put(rows, fix(before), before)
            rows = rows[self.signs[rows] & sign > 0]

    def put(self, rows: np.ndarray, texts: pa.Array, before: pa.Array | None = None) -> np.ndarray:
        """Put texts in the place of others, `before` where they are at hand; give the rows in which they differ."""
        before = self.at(self.places[rows]) if before is None else before
        different = np.asarray(pc.fill_null(pc.not_equal(before, texts), False))
        if not different.any():
            return rows[:0]
        rows, texts = rows[different], texts.filter(pa.array(different))
        self.places[rows] = len(self.places) + len(self._written) + np.arange(len(rows))
        self._written = pa.concat_arrays([self._written, texts])
        self.signs[rows] = signs(texts)
        self.changed[rows] = True
        return rows

    def at(self, places: np.ndarray) -> pa.Array:
        """Give the texts that lie at places."""
        behind = places >= len(self.places)
        if not behind.any():
            return self._came if len(places) == len(self.places) else self._came.take(pa.array(places))
        late = self._written.take(pa.array(places[behind] - len(self.places)))
        if behind.all():
            return late
        order = np.empty(len(places), np.int64)
        order[np.concatenate([np.flatnonzero(~behind), np.flatnonzero(behind)])] = np.arange(len(places))
        return pa.concat_arrays([self._came.take(pa.array(places[~behind])), late]).take(pa.array(order))

    def texts(self) -> pa.Array:
        """Give the texts as they are now."""
        behind = self.places >= len(self.places)
        if not behind.any():
            return self._came
        return pc.replace_with_mask(self._came, pa.array(behind), self.at(self.places[behind]))


class Rule:
    """A rule that rewrites drafts; a string array it rewrites too, and gives back another."""

    def __init__(self, write: Callable[[Draft], None]) -> None:
        self.write = write
        functools.update_wrapper(self, write)

    def __call__(self, texts: pa.Array) -> pa.Array:
        """Rewrite strings; nulls stay."""
        draft = Draft(texts)
        self.write(draft)
        return draft.texts()
