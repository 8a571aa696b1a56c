"""Measure a suite's rules on one dataset, batch by batch, shard by shard, as numbers that add up.

A worker keeps `Measure.partial()` of its shard as JSON; `merge` adds the shards up in any order. Nothing here
raises on data: what cannot be evaluated (a column that is not there, text where numbers are needed) is
written down under `error` and judged later, where it counts as critical. Great Expectations is imported for types
that only its own code can tell.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from . import conditions
from .arguments import counted_by_neighbours, is_parameter
from .examples import lowest
from .failures import Failing, failures
from .masks import UnfitError
from .numbers import Moments, Numbers
from .quantiles import Quantiles
from .rule import Rule
from .tally import UNMEASURABLE, Tally, View
from .values import Distinct, Present, Values

VERSION = 1  # raised when equal rows are measured otherwise, by any file here: what older code kept is not judged then
Aggregate = Numbers | Quantiles | Values | Distinct | Present
AGGREGATES: dict[str, type[Aggregate]] = {
    "numbers": Numbers, "moments": Moments, "quantiles": Quantiles, "values": Values, "distinct": Distinct,
    "present": Present,
}  # fmt: skip


def columns(rules: Iterable[Rule], key: str | None = None) -> list[str]:
    """Columns to read so that these rules can be measured, `key` first; not all of them need be there."""
    return list(dict.fromkeys([*([key] if key else []), *(name for rule in rules for name in _read(rule))]))


def _read(rule: Rule) -> list[str]:
    return [*rule.columns, *conditions.columns(rule.kwargs)]


def aggregate_of(rule: Rule) -> str:
    """Name the aggregate that a rule about one number of a column needs.

    >>> aggregate_of(Rule("m", "expect_column_mean_to_be_between", {"column": "price", "min_value": 0}))
    'numbers:price'
    """
    kind = "distinct" if counted_by_neighbours(rule) else rule.kind.over
    return f"{kind}:{rule.kwargs['column']}"


class Measure:
    """Count what breaks each rule on the batches of one shard.

    `key` is the column of ids. A rule on unique ids needs the shard's rows in the key's order: equal ids are
    then neighbours, and since a shard is chosen by id, no other shard holds them. Add an empty batch of the
    dataset's schema for a part without rows, so that its columns are known. With `failing` the rows that break a rule
    are given too.
    """

    def __init__(self, rules: Sequence[Rule], key: str | None = None, failing: bool = False) -> None:
        self.key, self._failing = key, failing
        rules = [rule for rule in rules if not any(map(is_parameter, rule.kwargs.values()))]
        self._rows = 0
        self._columns: list[str] | None = None
        self._types: pa.Schema | None = None
        self._nulls: set[str] = set()
        self._typed = sorted({rule.kwargs["column"] for rule in rules if rule.kind.over == "types"})
        self._tallies = [Tally(rule) for rule in rules if rule.kind.names_rows]
        wanted = dict.fromkeys(aggregate_of(rule) for rule in rules if rule.kind.over in AGGREGATES)
        self._aggregates = {name: _Column(name) for name in wanted}

    def add(self, batch: pa.RecordBatch, schema: pa.Schema | None = None) -> pa.RecordBatch | None:
        """Measure the rows of a batch; columns that no rule names are not looked at, and need not be there.

        Args:
            batch: Rows.
            schema: Of the dataset, where the batch holds some of its columns only.

        Returns:
            The rows that break a rule, once for each, where they are asked for.
        """
        schema = schema or batch.schema
        self._columns = schema.names if self._columns is None else _shared(self._columns, schema.names)
        self._rows += batch.num_rows
        self._see_types(batch, schema)
        found: list[Failing] = []
        view = View(batch, self.key, found if self._failing else None)
        for tally in self._tallies:
            tally.add(view)
        for column in self._aggregates.values():
            column.add(view)
        return failures(found) if self._failing else None

    def _see_types(self, batch: pa.RecordBatch, schema: pa.Schema) -> None:
        if self._typed:
            self._types = pa.schema([schema.field(name) for name in self._typed if schema.names.count(name) == 1])
            self._nulls |= {name for name in self._types.names if batch.column(name).null_count}

    def end(self) -> pa.RecordBatch | None:
        """Measure what waited for a further batch; call it once, before `partial`."""
        found: list[Failing] = []
        view = View(pa.RecordBatch.from_pylist([], pa.schema([])), None, found if self._failing else None)
        for tally in self._tallies:
            tally.end(view)
        return failures(found) if self._failing else None

    def partial(self) -> dict[str, Any]:
        """Give what was measured, as JSON."""
        types = None if self._types is None else base64.b64encode(self._types.remove_metadata().serialize()).decode()
        return {
            "rows": self._rows,
            "columns": self._columns,
            "types": None if types is None else {"schema": types, "nulls": sorted(self._nulls)},
            "rules": {tally.rule.id: tally.partial() for tally in self._tallies},
            "aggregates": {name: column.partial() for name, column in self._aggregates.items()},
        }


def merge(partials: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add partial numbers up; the order does not matter, and merged numbers can be merged again.

    A rule that was not evaluated in one shard is not evaluated at all.
    """
    total: dict[str, Any] = {"rows": 0, "columns": None, "types": None, "rules": {}, "aggregates": {}}
    known = [partial for partial in partials if partial]
    for partial in known:
        total["rows"] += partial["rows"]
        if partial["columns"] is not None:
            old = total["columns"]
            total["columns"] = partial["columns"] if old is None else _shared(old, partial["columns"])
    total["types"] = _merge_types([partial["types"] for partial in known if partial["types"] is not None])
    for name in dict.fromkeys(name for partial in known for name in partial["rules"]):
        total["rules"][name] = _merge_rule([partial["rules"].get(name) for partial in known])
    for name in dict.fromkeys(name for partial in known for name in partial["aggregates"]):
        total["aggregates"][name] = _merge_aggregate(name, [partial["aggregates"].get(name) for partial in known])
    return total


_NOT_EVERYWHERE = "was not measured in every shard"


def _shared(one: list[str], other: list[str]) -> list[str]:
    """Columns that both have; in their order where it is one order."""
    return one if one == other else sorted({*one} & {*other})


def _merge_types(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Types that all parts have; columns whose types differ are left out."""
    if not parts:
        return None
    schemas = [types_of(part) for part in parts]
    same = [field for field in schemas[0] if all(field in list(schema) for schema in schemas)]
    return {
        "schema": base64.b64encode(pa.schema(same).serialize()).decode(),
        "nulls": sorted({name for part in parts for name in part["nulls"]}),
    }


def types_of(part: Mapping[str, Any]) -> pa.Schema:
    """Read the schema of the columns whose types are judged."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(part["schema"])))


def _merge_rule(parts: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    here = [part for part in parts if part]
    return {
        "rows": sum(part["rows"] for part in here),
        "missing": sum(part["missing"] for part in here),
        "unexpected": sum(part["unexpected"] for part in here),
        "examples": lowest(example for part in here for example in part["examples"]),
        "error": _error(parts),
    }


def aggregate(name: str, partial: Mapping[str, Any]) -> Aggregate:
    """Read a partial number back, such as that of `numbers:price`."""
    state = AGGREGATES[name.partition(":")[0]]()
    state.merge(partial)
    return state


def _merge_aggregate(name: str, parts: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    state, error = AGGREGATES[name.partition(":")[0]](), _error(parts)
    try:
        for part in parts:
            if part and not part["error"]:
                state.merge(part)
    except UnfitError as unfit:
        error = error or str(unfit)
    kept = state if error is None else type(state)()
    return {**kept.partial(), "error": error}


def _error(parts: Sequence[Mapping[str, Any] | None]) -> str | None:
    """The first error in the alphabet, so that the order of shards does not matter."""
    found = [_NOT_EVERYWHERE if part is None else part["error"] for part in parts]
    return min((error for error in found if error), default=None)


class _Column:
    """An aggregate of one column, or why there is none."""

    def __init__(self, name: str) -> None:
        kind, _, self._column = name.partition(":")
        self._state = AGGREGATES[kind]()
        self._error: str | None = None

    def add(self, view: View) -> None:
        if self._error is None:
            try:
                self._state.add(view.column(self._column)[0])
            except UNMEASURABLE as error:
                self._error = str(error)

    def partial(self) -> dict[str, Any]:
        state = self._state if self._error is None else type(self._state)()  # what is not judged is not kept
        return {**state.partial(), "error": self._error}
