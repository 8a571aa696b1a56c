"""Numbers of a column that add up exactly: count, sum, least and greatest value.

The sum is kept without rounding, as few floats whose exact sum it is (Shewchuk, "Adaptive Precision
Floating-Point Arithmetic", 1997, calls it a nonoverlapping expansion). So shards may be merged in any order,
or cut in any way, and the mean is the same to the last bit: the true mean, rounded once.
"""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .masks import UnfitError, missing, numbers, plain

Value = int | float | str


class Numbers:
    """Collect a column of numbers, booleans (mean: the share of true) or times (no sum).

    `n` counts values that are not missing. Infinite ones are counted apart, below and above, since JSON has
    no infinity and a sum with one is nothing to add to.
    """

    def __init__(self) -> None:
        self.n = 0
        self.infinite = [0, 0]
        self.least: Value | None = None
        self.greatest: Value | None = None
        self._sum = Fraction(0)
        self._times = False

    def add(self, array: pa.Array) -> None:
        """Add values.

        Raises:
            UnfitError: the column holds neither numbers nor times.
        """
        array = plain(array)
        gaps = missing(array)
        if gaps.all():
            return
        values = array.filter(pa.array(~gaps)) if gaps.any() else array
        zoned = pa.types.is_timestamp(values.type)
        times = zoned or bool(pa.types.is_date(values.type))
        self._agree(times)
        if times:
            if zoned:  # of one zone and one precision, ISO texts sort as the times do
                values = values.cast(pa.timestamp("us", "UTC" if values.type.tz else None), safe=False)
            self._widen(*(side.as_py().isoformat() for side in pc.min_max(values).values()))
        else:
            floats = numbers(values)
            finite = floats[np.isfinite(floats)]
            below = int(np.isneginf(floats).sum())
            self.infinite = [self.infinite[0] + below, self.infinite[1] + len(floats) - len(finite) - below]
            if pa.types.is_integer(values.type):
                self._sum += _whole_sum(values)
                self._widen(*(side.as_py() for side in pc.min_max(values).values()))
            elif len(finite):
                self._sum += exact_sum(finite)
                self._widen(float(finite.min()) + 0.0, float(finite.max()) + 0.0)  # no -0.0, which shards would show
        self.n += len(values)

    def _agree(self, times: bool) -> None:
        if self.n and times != self._times:
            raise UnfitError("the column holds times in one part and numbers in another")
        self._times = times

    def _widen(self, least: Value, greatest: Value) -> None:
        self.least = least if self.least is None else min(self.least, least)
        self.greatest = greatest if self.greatest is None else max(self.greatest, greatest)

    def partial(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {
            "n": self.n, "sum": None if self._times else expansion(self._sum), "infinite": self.infinite,
            "min": self.least, "max": self.greatest, "times": self._times,
        }  # fmt: skip

    def merge(self, partial: Mapping[str, Any]) -> None:
        """Add another part's state."""
        if not partial["n"]:
            return
        self._agree(partial["times"])
        self.n += partial["n"]
        self.infinite = [a + b for a, b in zip(self.infinite, partial["infinite"], strict=True)]
        self._sum += sum(map(Fraction, partial["sum"] or ()), Fraction(0))
        if partial["min"] is not None:
            self._widen(partial["min"], partial["max"])

    def value(self, name: str) -> int | float | datetime.date | None:
        """Give the `mean`, `sum`, `min` or `max`; None where there is no value (the sum of nothing is 0).

        The mean and the sum of inf and -inf are None too.

        Raises:
            UnfitError: the mean or the sum of times.
        """
        if not self.n:
            return 0 if name == "sum" else None
        if self._times:
            if name in ("mean", "sum"):
                raise UnfitError("needs numbers, the column holds times")
            return _time(str(self.least if name == "min" else self.greatest))
        low, high = self.infinite
        if name == "sum":
            if low or high:
                return None if low and high else math.inf if high else -math.inf
            return _rounded(self._sum)
        if name == "mean":
            if low or high:
                return None if low and high else math.inf if high else -math.inf
            return float(self._sum / self.n)
        if name == "min":
            least = math.inf if self.least is None else self.least
            return -math.inf if low else least  # type: ignore[return-value]
        greatest = -math.inf if self.greatest is None else self.greatest
        return math.inf if high else greatest  # type: ignore[return-value]


class Moments(Numbers):
    """Numbers whose squares are summed too, for the standard deviation; without rounding, as all sums here.

    The sum of squares less the square of the sum, divided by n, is exact in fractions, however near they are.
    """

    def __init__(self) -> None:
        super().__init__()
        self._squares = Fraction(0)

    def add(self, array: pa.Array) -> None:
        """Add values.

        Raises:
            UnfitError: the column holds no numbers.
        """
        super().add(array)
        if self._times:
            raise UnfitError("needs numbers, the column holds times")
        array = plain(array)
        values = array.filter(pa.array(~missing(array)))
        if not len(values):
            return
        if pa.types.is_integer(values.type) and max(abs(v.as_py()) for v in pc.min_max(values).values()) > 2**53:
            self._squares += sum(v * v for v in values.to_pylist())  # floats would round them
        else:
            floats = numbers(values)
            self._squares += exact_squares(floats[np.isfinite(floats)])

    def partial(self) -> dict[str, Any]:
        """Give the state as JSON; squares may be less than any float, so they are a whole number and a power of 2."""
        squares = [f"{self._squares.numerator:x}", self._squares.denominator.bit_length() - 1]
        return {**super().partial(), "squares": squares}

    def merge(self, partial: Mapping[str, Any]) -> None:
        """Add another part's state."""
        super().merge(partial)
        numerator, power = partial["squares"]
        self._squares += Fraction(int(numerator, 16), 2**power)

    def stdev(self) -> float | None:
        """Give the sample's standard deviation, n - 1; None of fewer than two values, and where one is infinite."""
        if self.n < 2 or any(self.infinite):
            return None
        variance = (self._squares - self._sum**2 / self.n) / (self.n - 1)
        return math.sqrt(variance) if variance < sys.float_info.max else math.inf


_SPLIT = 2.0**27 + 1  # Veltkamp, which halves a float64 so that Dekker's product is exact
_FAR = 1e140  # beyond, and below its inverse, parts of a square leave what float64 can hold


def exact_squares(values: np.ndarray) -> Fraction:
    """Sum the squares of finite float64 values without rounding.

    A square is a float and what it was rounded by (Dekker, "A floating-point technique for extending the available
    precision", 1971).
    """
    far = (np.abs(values) > _FAR) | ((np.abs(values) < 1 / _FAR) & (values != 0))
    near = values[~far]
    scaled = near * _SPLIT
    high = scaled - (scaled - near)
    low = near - high
    square = near * near
    rest = ((high * high - square) + 2 * high * low) + low * low
    return exact_sum(square) + exact_sum(rest) + sum((Fraction(v) ** 2 for v in values[far].tolist()), Fraction(0))


def exact_sum(values: np.ndarray) -> Fraction:
    """Sum finite float64 values without rounding.

    Each is an integer of 53 bits times a power of two; integers of one power are added in two halves of 27
    bits, which float64 does exactly up to 2^26 values.
    """
    mantissas, exponents = np.frexp(values)
    whole = (mantissas * 2.0**53).astype(np.int64)
    powers, group = np.unique(exponents, return_inverse=True)
    high = np.bincount(group, (whole >> 27).astype(float))
    low = np.bincount(group, (whole & (2**27 - 1)).astype(float))
    total = Fraction(0)
    for power, upper, lower in zip(powers.tolist(), high.tolist(), low.tolist(), strict=True):
        total += (int(upper) * 2**27 + int(lower)) * Fraction(2) ** (power - 53)
    return total


def expansion(total: Fraction) -> list[float]:
    """Write an exact sum as floats, each the rest rounded; most sums need one to three.

    >>> expansion(Fraction(0.1) + Fraction(0.2))
    [0.30000000000000004, -2.7755575615628914e-17]
    """
    parts: list[float] = []
    while total:
        try:
            part = float(total)
        except OverflowError:
            part = sys.float_info.max if total > 0 else -sys.float_info.max
        parts.append(part)
        total -= Fraction(part)
    return parts


def _rounded(total: Fraction) -> int | float:
    if total.denominator == 1 and abs(total) < 2**63:
        return int(total)
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def _whole_sum(values: pa.Array) -> int:
    whole = np.asarray(values)
    if whole.dtype == np.uint64:
        return int((whole >> np.uint64(32)).sum()) * 2**32 + int((whole & np.uint64(2**32 - 1)).sum())
    whole = whole.astype(np.int64)
    return int((whole >> 32).sum()) * 2**32 + int((whole & (2**32 - 1)).sum())


def _time(text: str) -> datetime.date:
    return datetime.datetime.fromisoformat(text) if "T" in text else datetime.date.fromisoformat(text)
