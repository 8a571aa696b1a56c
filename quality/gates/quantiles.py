"""Quantiles of a column, from counts that add up: exact for few distinct values, else within a stated error.

The sketch is DDSketch (Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
Guarantees", VLDB 2019) without its collapsing: values are counted in bins whose ends have one ratio. So every order
statistic is within ERROR of its own value, whatever the data, and shards may be merged in any order.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from .masks import missing, numbers, plain

ERROR = 0.001  # of an order statistic, relative to its value
EXACT = 1000  # distinct values that are kept as they are
_RATIO = (1 + ERROR) / (1 - ERROR)


class Quantiles:
    """Count numbers for their quantiles.

    >>> column = Quantiles()
    >>> column.add(pa.array([1.0, 2.0, None, 10.0]))
    >>> column.quantile(0.5)
    2.0
    """

    def __init__(self) -> None:
        self._n = 0
        self._infinite = [0, 0]
        self._exact: Counter[float] | None = Counter()
        self._bins: Counter[int] = Counter()  # of positive values by bin; of negative ones by -bin - _APART
        self._zeros = 0

    def add(self, array: pa.Array) -> None:
        """Add values.

        Raises:
            UnfitError: the column holds no numbers.
        """
        array = plain(array)
        gaps = missing(array)
        if gaps.all():
            return
        values = numbers(array.filter(pa.array(~gaps)) if gaps.any() else array)
        below, above = int(np.isneginf(values).sum()), int(np.isposinf(values).sum())
        self._n += len(values)
        self._infinite = [self._infinite[0] + below, self._infinite[1] + above]
        finite = values[np.isfinite(values)] if below or above else values
        found, counts = np.unique(finite + 0.0, return_counts=True)  # -0.0 is 0.0
        if self._exact is None:
            self._bin(found, counts)
            return
        for value, count in zip(found.tolist(), counts.tolist(), strict=True):
            self._exact[value] += count
        self._widen()

    def _widen(self) -> None:
        """Go over to bins where there are too many values to keep; a union only grows, so the order does not matter."""
        if self._exact is not None and len(self._exact) > EXACT:
            pairs, self._exact = self._exact, None
            self._bin(np.array(list(pairs)), np.array(list(pairs.values())))

    def _bin(self, values: np.ndarray, counts: np.ndarray) -> None:
        for sign in (1, -1):
            chosen = values * sign > 0
            bins = np.ceil(np.log(np.abs(values[chosen])) / math.log(_RATIO)).astype(np.int64)
            for place, count in zip(bins.tolist(), counts[chosen].tolist(), strict=True):
                self._bins[place if sign > 0 else -place - _APART] += count
        self._zeros += int(counts[values == 0].sum())

    def partial(self) -> dict[str, Any]:
        """Give the state as JSON."""
        exact = None if self._exact is None else {repr(v): n for v, n in sorted(self._exact.items())}
        bins = {str(place): n for place, n in sorted(self._bins.items())}
        return {"n": self._n, "infinite": self._infinite, "exact": exact, "bins": bins, "zeros": self._zeros}

    def merge(self, partial: Mapping[str, Any]) -> None:
        """Add another part's state."""
        self._n += partial["n"]
        self._infinite = [a + b for a, b in zip(self._infinite, partial["infinite"], strict=True)]
        self._bins.update({int(place): n for place, n in partial["bins"].items()})
        self._zeros += partial["zeros"]
        theirs = None if partial["exact"] is None else {float(v): n for v, n in partial["exact"].items()}
        if theirs is None and self._exact is not None:
            theirs, self._exact = dict(self._exact), None
        if self._exact is not None and theirs is not None:
            self._exact.update(theirs)
            self._widen()
        elif theirs:
            self._bin(np.array(list(theirs)), np.array(list(theirs.values())))

    def quantile(self, q: float, interpolation: str = "nearest") -> float:
        """Give a quantile as pandas does; NaN where there is no value."""
        if not self._n:
            return math.nan
        place = q * (self._n - 1)
        low, high = (self._ranked(rank) for rank in (math.floor(place), math.ceil(place)))
        share = place - math.floor(place)
        match interpolation:
            case "nearest":  # halves to the even rank
                return low if share < 0.5 or (share == 0.5 and math.floor(place) % 2 == 0) else high
            case "lower":
                return low
            case "higher":
                return high
            case "midpoint":
                share = 0.5 if share else 0.0
        return low + (high - low) * share  # NaN beside an infinite value, as there

    def median(self) -> float:
        """Give the middle value, or the mean of the two middle ones; NaN where there is no value."""
        middle = [self._ranked(rank) for rank in ((self._n - 1) // 2, self._n // 2)] if self._n else [math.nan] * 2
        return middle[0] / 2 + middle[1] / 2

    def _ranked(self, rank: int) -> float:
        """The value of a rank, counted from 0."""
        if rank < self._infinite[0]:
            return -math.inf
        left = rank - self._infinite[0]
        for value, count in self._sorted():
            if left < count:
                return value
            left -= count
        return math.inf

    def _sorted(self) -> list[tuple[float, int]]:
        if self._exact is not None:
            return sorted(self._exact.items())
        values = [(_value(-(p + _APART), -1) if p < _FIRST else _value(p, 1), n) for p, n in self._bins.items()]
        return sorted([*values, (0.0, self._zeros)])


# Bins of doubles go from about -373,000 to 355,000; those of negative values lie below all of them.
_APART = 2_000_000
_FIRST = -_APART // 2
_LARGEST = math.log(sys.float_info.max)


def _value(place: int, sign: int) -> float:
    """The value that is within ERROR of all values of a bin."""
    return sign * math.exp(min(place * math.log(_RATIO) - math.log((_RATIO + 1) / 2), _LARGEST))
