"""Values of a column, counted one by one, and how many there are: exact, or not evaluated where there are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .masks import UnfitError, missing, plain

MOST = 100_000  # distinct values
CHARACTERS = 20_000_000  # of all of them together

Value = str | int | float | bool
_READ: dict[str, Callable[[str], Value]] = {
    "text": str,
    "whole": int,
    "number": float,
    "truth": lambda text: text == "True",
}


class Values:
    """Count each value of a column of texts, numbers or booleans."""

    def __init__(self) -> None:
        self.n = 0
        self.counts: Counter[Value] = Counter()
        self._kind: str | None = None

    def add(self, array: pa.Array) -> None:
        """Add values.

        Raises:
            UnfitError: the column holds something else, or too many values.
        """
        array = plain(array)
        gaps = missing(array)
        if gaps.all():
            return
        values = array.filter(pa.array(~gaps)) if gaps.any() else array
        self._agree(_kind(values.type))
        counted = pc.value_counts(values)
        for value, n in zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True):
            self.counts[value + 0.0 if self._kind == "number" else value] += n  # -0.0 is 0.0
        self.n += len(values)
        self._bound()

    def _agree(self, kind: str) -> None:
        if self._kind not in (None, kind):
            raise UnfitError("the column holds values of another type in one part than in another")
        self._kind = kind

    def _bound(self) -> None:
        much = self._kind == "text" and sum(map(len, self.counts)) > CHARACTERS  # type: ignore[arg-type]
        if len(self.counts) > MOST or much:
            raise UnfitError(
                f"the column has more than {MOST:,} distinct values or {CHARACTERS // 1_000_000} million characters "
                "of them, too many to be counted exactly"
            )

    def partial(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"n": self.n, "kind": self._kind, "counts": {str(v): n for v, n in sorted(self.counts.items())}}

    def merge(self, partial: Mapping[str, Any]) -> None:
        """Add another part's state.

        Raises:
            UnfitError: the two do not go together, or have too many values.
        """
        if not partial["n"]:
            return
        self._agree(partial["kind"])
        read = _READ[partial["kind"]]
        self.counts.update({read(v): n for v, n in partial["counts"].items()})
        self.n += partial["n"]
        self._bound()

    @property
    def distinct(self) -> int:
        """Distinct values."""
        return len(self.counts)

    def most_common(self) -> list[Value]:
        """The most frequent values, sorted; several where they are equally frequent."""
        top = max(self.counts.values(), default=0)
        return sorted(value for value, n in self.counts.items() if n == top)


class Distinct:
    """Count the distinct values of the column that the rows are sorted by: those that differ from their neighbour."""

    def __init__(self) -> None:
        self.n = self.distinct = 0
        self._last: pa.Array | None = None

    def add(self, array: pa.Array) -> None:
        """Add values.

        Raises:
            UnfitError: they are not sorted.
        """
        array = plain(array)
        values = array.filter(pa.array(~missing(array)))
        if not len(values):
            return
        joined = values if self._last is None else pa.concat_arrays([self._last, values])
        if not pc.all(pc.less_equal(joined[:-1], joined[1:]), min_count=0).as_py():
            raise UnfitError("rows are not sorted by this column, so equal values need not be neighbours")
        self.distinct += int(np.asarray(pc.not_equal(joined[:-1], joined[1:])).sum()) + (self._last is None)
        self.n += len(values)
        self._last = values.take([len(values) - 1])

    def partial(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"n": self.n, "distinct": self.distinct}

    def merge(self, partial: Mapping[str, Any]) -> None:
        """Add another shard's state: no value is in two shards."""
        self.n += partial["n"]
        self.distinct += partial["distinct"]


class Present:
    """Count the values that are not missing, of a column of any type."""

    def __init__(self) -> None:
        self.n = 0

    def add(self, array: pa.Array) -> None:
        """Add values."""
        self.n += int((~missing(plain(array))).sum())

    def partial(self) -> dict[str, Any]:
        """Give the state as JSON."""
        return {"n": self.n}

    def merge(self, partial: Mapping[str, Any]) -> None:
        """Add another part's state."""
        self.n += partial["n"]


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return "truth"
    if pa.types.is_integer(kind):
        return "whole"
    if pa.types.is_floating(kind):
        return "number"
    raise UnfitError(f"needs texts, numbers or booleans, the column holds {kind}")
