"""The count of one rule about rows, over the batches of one shard, and the rows that break it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import conditions
from .examples import Example, collect, lowest
from .failures import Failing
from .kinds import COMPOUND, UNIQUE, patterns
from .masks import Mask, UnfitError, missing, pair, plain, runs_in_re2, unexpected
from .rule import KEYS, Rule

# Arrow's own errors: a type that a kernel was not written for, a cast that does not go.
UNMEASURABLE = (UnfitError, pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)


class View:
    """A batch whose columns are brought to plain types once, with their missing values; gathers failing rows."""

    def __init__(
        self, batch: pa.RecordBatch, key: str | None, failing: list[Failing] | None = None,
        places: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        self.batch, self.key, self._cache = batch, key, dict[str, tuple[pa.Array, Mask]]()
        self.failing, self.places = failing, places  # of the rows, where they are some of a batch
        self.ids = batch.column(key) if key and key in batch.schema.names else None

    def raw(self, name: str) -> pa.Array:
        """Give a column as it is.

        Raises:
            UnfitError: there is no such column.
        """
        if self.batch.schema.names.count(name) != 1:
            raise UnfitError(f"there is no column '{name}', or more than one")
        return self.batch.column(name)

    def column(self, name: str) -> tuple[pa.Array, Mask]:
        """Give a column in plain type, and its missing values.

        Raises:
            UnfitError: there is no such column.
        """
        if name not in self._cache:
            array = plain(self.raw(name))
            self._cache[name] = array, missing(array)
        return self._cache[name]

    def some(self, rows: Mask, columns: Iterable[str]) -> View:
        """Give some of the rows, with the columns that are named and the key."""
        wanted = {*columns, self.key}
        places = [k for k, name in enumerate(self.batch.schema.names) if name in wanted]
        return View(self.batch.select(places).filter(pa.array(rows)), self.key, self.failing, np.flatnonzero(rows))


class Tally:
    """Count the rows that break one rule."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._rows = self._missing = self._unexpected = 0
        self._examples: list[Example] = []
        self._error: str | None = None
        self._run = _Run() if rule.type == UNIQUE else _Tuples(rule) if rule.type == COMPOUND else None
        self._in_pandas = rule.kind.over == "pandas" or not all(map(runs_in_re2, patterns(rule.kwargs)))
        self._pandas: Any = None
        self._reads = conditions.columns(rule.kwargs)
        self._condition: Any = None

    def add(self, view: View) -> None:
        """Count the rows of a batch; what cannot be measured is written down."""
        if self._error is None:
            try:
                self._add(view)
            except UNMEASURABLE as error:
                self._error = str(error)

    def end(self, view: View) -> None:
        """Count what waited for a further batch; `view` is of no rows."""
        if isinstance(self._run, _Tuples) and self._error is None:
            self._count_tuples(view, *self._run.end())

    def _add(self, view: View) -> None:
        if self._reads:
            view = self._meant(view)
        self._rows += view.batch.num_rows
        if isinstance(self._run, _Tuples):
            self._count_tuples(view, *self._run.add(view))
        elif self._in_pandas:
            self._add_pandas(view)
        elif len(self.rule.columns) == 2:
            left, right = (view.column(name)[0] for name in self.rule.columns)
            looked_at, bad = pair(self.rule.kwargs, left, right)
            self._missing += int((~looked_at).sum())
            self._count(view, bad, [left, right])
        else:
            self._add_column(view, *view.column(self.rule.columns[0]))

    def _meant(self, view: View) -> View:
        """Leave out the rows that the rule's condition does not mean."""
        columns = [view.raw(name) for name in self._reads]
        rows = np.zeros(view.batch.num_rows, bool)
        if len(rows):
            if self._condition is None:
                from .pandas_rows import RowCondition  # imports Great Expectations

                self._condition = RowCondition(self.rule)
            rows = self._condition.mask(columns)
        return view.some(rows, self.rule.columns)

    def _add_column(self, view: View, values: pa.Array, gaps: Mask) -> None:
        self._missing += int(gaps.sum())
        if self.rule.type == "expect_column_values_to_not_be_null":
            bad = gaps
        elif self.rule.type == "expect_column_values_to_be_null":
            bad = ~gaps
        else:
            present = values.filter(pa.array(~gaps)) if gaps.any() else values
            bad = np.zeros(len(values), bool)
            if isinstance(self._run, _Run):
                late, bad[~gaps] = self._run.add(present)
                if late is not None:
                    self._note(view, np.full(1, -1), late, [late])
            else:
                bad[~gaps] = unexpected(self.rule.type, self.rule.kwargs, present)
        self._count(view, bad, [values])

    def _add_pandas(self, view: View) -> None:
        columns = [view.raw(name) for name in self.rule.columns]
        if not view.batch.num_rows:
            return
        if self._pandas is None:
            from .pandas_rows import PandasRows  # imports Great Expectations

            whole = {k: v for k, v in self.rule.kwargs.items() if k not in conditions.ARGUMENTS}
            self._pandas = PandasRows(replace(self.rule, kwargs=whole))
        looked_at, bad = self._pandas.unexpected(columns)
        self._missing += int((~looked_at).sum())
        self._count(view, bad, columns)

    def _count_tuples(self, view: View, ignored: int, rows: np.ndarray, ids: pa.Array, columns: list[pa.Array]) -> None:
        self._missing += ignored
        if len(rows):
            self._note(view, rows, ids, columns)

    def _count(self, view: View, bad: Mask, columns: list[pa.Array]) -> None:
        if bad.any():
            rows = np.flatnonzero(bad)
            at = pa.array(rows)
            ids = None if view.ids is None else view.ids.take(at)
            self._note(view, rows, ids, [column.take(at) for column in columns])

    def _note(self, view: View, rows: np.ndarray, ids: pa.Array | None, columns: list[pa.Array]) -> None:
        self._unexpected += len(rows)
        self._examples = lowest([*self._examples, *collect(ids, *columns)])
        if view.failing is not None:
            if view.places is not None:  # of rows that waited, places are negative
                rows = np.where(rows < 0, rows, view.places[np.maximum(rows, 0)] if len(view.places) else rows)
            view.failing.append(Failing(self.rule.id, rows, ids, columns))

    def partial(self) -> dict[str, Any]:
        """Give the counts as JSON."""
        return {
            "rows": self._rows,
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

    def add(self, values: pa.Array) -> tuple[pa.Array | None, Mask]:
        """Give the value before this batch if only now it proves to be repeated, and the repeated ones in it.

        Raises:
            UnfitError: the values are not sorted.
        """
        if not len(values):
            return None, np.zeros(0, bool)
        joined = values if self._last is None else pa.concat_arrays([self._last, values])
        before, after = joined[:-1], joined[1:]
        if not pc.all(pc.less_equal(before, after), min_count=0).as_py():
            raise UnfitError("rows are not sorted by this column, so equal values need not be neighbours")
        same = np.asarray(pc.equal(before, after))
        repeated = np.zeros(len(joined), bool)
        repeated[1:] |= same
        repeated[:-1] |= same
        late = None
        if self._last is not None:
            if repeated[0] and not self._counted:
                late = self._last
            repeated = repeated[1:]
        self._last, self._counted = values.take([len(values) - 1]), bool(repeated[-1])
        return late, repeated


class _Tuples:
    """Find rows that are equal in several columns, one of them the key: only rows of one key can be.

    The rows of a batch's last key wait for the next batch.
    """

    def __init__(self, rule: Rule) -> None:
        self._columns, self._key = rule.columns, KEYS[rule.dataset]
        self._ignore = rule.kwargs.get("ignore_row_if", "all_values_are_missing")
        self._held: pa.RecordBatch | None = None

    def add(self, view: View) -> tuple[int, np.ndarray, pa.Array, list[pa.Array]]:
        """Give the number of rows that are not looked at, and places, ids and values of those that are repeated.

        Places are those in the batch; of rows that waited they are negative.

        Raises:
            UnfitError: a column is not there, or the rows are not sorted by the key.
        """
        names = list(dict.fromkeys([self._key, *self._columns]))
        batch = pa.RecordBatch.from_arrays([plain(view.raw(name)) for name in names], names=names)
        held = 0 if self._held is None else self._held.num_rows
        if self._held is not None:
            batch = pa.concat_batches([self._held, batch]) if batch.num_rows else self._held
        keys = batch.column(self._key)
        if keys.null_count:
            raise UnfitError(f"there are rows without '{self._key}'")
        if not pc.all(pc.less_equal(keys[:-1], keys[1:]), min_count=0).as_py():
            raise UnfitError(f"rows are not sorted by '{self._key}', so equal rows need not be neighbours")
        last = int(np.flatnonzero(np.asarray(pc.equal(keys, keys[-1])))[0]) if len(keys) else 0
        self._held = batch.slice(last)
        return self._repeated(batch.slice(0, last), held)

    def end(self) -> tuple[int, np.ndarray, pa.Array, list[pa.Array]]:
        """Give the same of the rows that waited."""
        held, self._held = self._held, None
        return (0, np.zeros(0, np.int64), pa.nulls(0), []) if held is None else self._repeated(held, held.num_rows)

    def _repeated(self, batch: pa.RecordBatch, held: int) -> tuple[int, np.ndarray, pa.Array, list[pa.Array]]:
        gaps = np.array([missing(batch.column(name)) for name in self._columns])
        ignored = {"all_values_are_missing": gaps.all(axis=0), "any_value_is_missing": gaps.any(axis=0)}.get(
            self._ignore, np.zeros(batch.num_rows, bool)
        )
        keys = batch.column(self._key)
        same = np.asarray(pc.equal(keys[:-1], keys[1:])) if len(keys) else np.zeros(0, bool)
        near = np.zeros(batch.num_rows, bool)
        near[1:] |= same
        near[:-1] |= same
        rows = np.flatnonzero(near & ~ignored)
        taken = batch.take(pa.array(rows)).select(self._columns).to_pylist()
        tuples = [tuple(_name(value) for value in row.values()) for row in taken]
        counts = Counter(tuples)
        found = np.array([row for row, each in zip(rows.tolist(), tuples, strict=True) if counts[each] > 1], np.int64)
        bad = pa.array(found)
        columns = [batch.column(name).take(bad) for name in self._columns]
        return int(ignored.sum()), found - held, keys.take(bad), columns


def _name(value: Any) -> str | None:
    """Spell a value so that what pandas takes for equal is equal: not a number and nothing, zero and minus zero."""
    if value is None or value != value:
        return None
    return repr(value + 0.0) if isinstance(value, float) else repr(value)
