"""Measure a suite's rules on one dataset, batch by batch, shard by shard, as numbers that add up.

A worker keeps `Measure.partial()` of its shard as JSON; `merge` adds the shards up in any order. Nothing here
raises on data: what cannot be evaluated (a column that is not there, text where numbers are needed) is
written down under `error` and judged later, where it counts as critical. Great Expectations is not imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .examples import Example, collect, lowest
from .masks import Mask, UnfitError, missing, pair, plain, unexpected
from .numbers import Numbers
from .rule import TYPES, UNIQUE, Rule


def columns(rules: Iterable[Rule], key: str | None = None) -> list[str]:
    """Columns to read so that these rules can be measured, `key` first; not all of them need be there."""
    return list(dict.fromkeys([*([key] if key else []), *(name for rule in rules for name in rule.columns)]))


class Measure:
    """Count what breaks each rule on the batches of one shard.

    `key` is the column of ids. A rule on unique ids needs the shard's rows in the key's order: equal ids are
    then neighbours, and since a shard is chosen by id, no other shard holds them. Add an empty batch of the
    dataset's schema for a part without rows, so that its columns are known.
    """

    def __init__(self, rules: Sequence[Rule], key: str | None = None) -> None:
        self.key = key
        self._rows = 0
        self._columns: set[str] | None = None
        self._tallies = [_Tally(rule) for rule in rules if TYPES[rule.type].over == "rows"]
        self._numbers = {
            rule.kwargs["column"]: _Column(Numbers()) for rule in rules if TYPES[rule.type].over == "numbers"
        }

    def add(self, batch: pa.RecordBatch) -> None:
        """Measure the rows of a batch; columns that no rule names are not looked at."""
        names = set(batch.schema.names)
        self._columns = names if self._columns is None else self._columns & names
        self._rows += batch.num_rows
        view = _View(batch, self.key)
        for tally in self._tallies:
            tally.add(view)
        for name, column in self._numbers.items():
            column.add(view, name)

    def partial(self) -> dict[str, Any]:
        """Give what was measured, as JSON."""
        return {
            "rows": self._rows,
            "columns": None if self._columns is None else sorted(self._columns),
            "rules": {tally.rule.id: tally.partial() for tally in self._tallies},
            "numbers": {name: column.partial() for name, column in self._numbers.items()},
        }


def merge(partials: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add partial numbers up; the order does not matter, and merged numbers can be merged again.

    A rule that was not evaluated in one shard is not evaluated at all.
    """
    total: dict[str, Any] = {"rows": 0, "columns": None, "rules": {}, "numbers": {}}
    known = [partial for partial in partials if partial]
    for partial in known:
        total["rows"] += partial["rows"]
        if partial["columns"] is not None:
            old = partial["columns"] if total["columns"] is None else total["columns"]
            total["columns"] = sorted(set(old) & set(partial["columns"]))
    for name in dict.fromkeys(name for partial in known for name in partial["rules"]):
        total["rules"][name] = _merge_rule([partial["rules"].get(name) for partial in known])
    for name in dict.fromkeys(name for partial in known for name in partial["numbers"]):
        total["numbers"][name] = _merge_numbers([partial["numbers"].get(name) for partial in known])
    return total


# Arrow's own errors: a type that a kernel was not written for, a cast that does not go.
_UNMEASURABLE = (UnfitError, pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)
_NOT_EVERYWHERE = "was not measured in every shard"


def _merge_rule(parts: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    here = [part for part in parts if part]
    return {
        "missing": sum(part["missing"] for part in here),
        "unexpected": sum(part["unexpected"] for part in here),
        "examples": lowest(example for part in here for example in part["examples"]),
        "error": _error(parts),
    }


def _merge_numbers(parts: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    numbers, error = Numbers(), _error(parts)
    try:
        for part in parts:
            if part:
                numbers.merge(part)
    except UnfitError as unfit:
        error = error or str(unfit)
    return {**numbers.partial(), "error": error}


def _error(parts: Sequence[Mapping[str, Any] | None]) -> str | None:
    """The first error in the alphabet, so that the order of shards does not matter."""
    found = [_NOT_EVERYWHERE if part is None else part["error"] for part in parts]
    return min((error for error in found if error), default=None)


class _View:
    """A batch whose columns are brought to plain types once, with their missing values."""

    def __init__(self, batch: pa.RecordBatch, key: str | None) -> None:
        self.batch, self._cache = batch, dict[str, tuple[pa.Array, Mask]]()
        self.ids = batch.column(key) if key and key in batch.schema.names else None

    def column(self, name: str) -> tuple[pa.Array, Mask]:
        """Give a column and its missing values.

        Raises:
            UnfitError: there is no such column.
        """
        if name not in self._cache:
            if self.batch.schema.names.count(name) != 1:
                raise UnfitError(f"there is no column '{name}', or more than one")
            array = plain(self.batch.column(name))
            self._cache[name] = array, missing(array)
        return self._cache[name]


class _Column:
    """The numbers of one column, or why there are none."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers, self._error = numbers, None  # type: tuple[Numbers, str | None]

    def add(self, view: _View, name: str) -> None:
        if self._error is None:
            try:
                self._numbers.add(view.column(name)[0])
            except _UNMEASURABLE as error:
                self._error = str(error)

    def partial(self) -> dict[str, Any]:
        return {**self._numbers.partial(), "error": self._error}


class _Tally:
    """The counts of one rule about rows."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._missing = self._unexpected = 0
        self._examples: list[Example] = []
        self._error: str | None = None
        self._run = _Run() if rule.type == UNIQUE else None

    def add(self, view: _View) -> None:
        if self._error is None:
            try:
                self._add(view)
            except _UNMEASURABLE as error:
                self._error = str(error)

    def _add(self, view: _View) -> None:
        arrays = [view.column(name) for name in self.rule.columns]
        values, gaps = arrays[0]
        if len(arrays) == 2:
            looked_at, bad = pair(self.rule.kwargs, values, arrays[1][0])
            self._missing += int((~looked_at).sum())
            self._count(view, bad, values, arrays[1][0])
            return
        self._missing += int(gaps.sum())
        if self.rule.type == "expect_column_values_to_not_be_null":
            bad = gaps
        elif self.rule.type == "expect_column_values_to_be_null":
            bad = ~gaps
        else:
            present = values.filter(pa.array(~gaps)) if gaps.any() else values
            bad = np.zeros(len(values), bool)
            if self._run is not None:
                late, bad[~gaps] = self._run.add(present)
                self._unexpected += len(late)
                self._examples = lowest([*self._examples, *late])
            else:
                bad[~gaps] = unexpected(self.rule.type, self.rule.kwargs, present)
        self._count(view, bad, values)

    def _count(self, view: _View, bad: Mask, values: pa.Array, second: pa.Array | None = None) -> None:
        if not bad.any():
            return
        rows = pa.array(np.flatnonzero(bad))
        self._unexpected += len(rows)
        taken = [None if array is None else array.take(rows) for array in (view.ids, values, second)]
        self._examples = lowest([*self._examples, *collect(*taken)])

    def partial(self) -> dict[str, Any]:
        return {
            "missing": self._missing,
            "unexpected": self._unexpected,
            "examples": self._examples,
            "error": self._error,
        }


class _Run:
    """Find equal neighbours in sorted values, across batches; every member of a run counts, as in pandas."""

    def __init__(self) -> None:
        self._last: pa.Array | None = None  # the last value so far, as an array of one
        self._counted = False  # whether it is known to have an equal neighbour

    def add(self, values: pa.Array) -> tuple[list[Example], Mask]:
        """Give the value before this batch if only now it proves to be repeated, and the repeated ones in it.

        Raises:
            UnfitError: the values are not sorted.
        """
        if not len(values):
            return [], np.zeros(0, bool)
        joined = values if self._last is None else pa.concat_arrays([self._last, values])
        before, after = joined[:-1], joined[1:]
        if not pc.all(pc.less_equal(before, after), min_count=0).as_py():
            raise UnfitError("rows are not sorted by this column, so equal values need not be neighbours")
        same = np.asarray(pc.equal(before, after))
        repeated = np.zeros(len(joined), bool)
        repeated[1:] |= same
        repeated[:-1] |= same
        late: list[Example] = []
        if self._last is not None:
            if repeated[0] and not self._counted:
                late = collect(self._last, self._last)
            repeated = repeated[1:]
        self._last, self._counted = values.take([len(values) - 1]), bool(repeated[-1])
        return late, repeated
