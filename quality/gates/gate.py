"""The gate in a notebook: one call on a frame, the same rules and the same judge as in a run.

>>> import pandas as pd
>>> present = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "title"}}
>>> frame = pd.DataFrame({"id": ["a", "b"], "title": ["Red mug", None]})
>>> gate(frame, {"name": "mine", "expectations": [present | {"meta": {"rule": "title_present"}}]})
Gate mine: stopped; 0 of 1 rules hold, 1 critical
  critical title_present: 1 of 2 rows have no title (50.0%), none allowed
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.dataset import BATCH_ROWS
from ...schemas.errors import ConfigError, SourceError
from ...schemas.listing import GATE_FAILURES
from .arguments import sorted_by_itself
from .judge import Metrics, judge
from .kinds import COMPOUND, DISTINCT, UNIQUE
from .masks import plain
from .measure import Measure, columns
from .parameters import resolve
from .rule import KEYS, METRICS, Rule
from .suite import load_suite
from .verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd


def gate(
    data: pd.DataFrame | pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch],
    suite: str | Path | dict[str, Any],
    *,
    metrics: Metrics | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Verdict:
    """Judge data by a suite: a path, a dict, or the name of a shipped one such as "clean".

    The data stand for the suite's main dataset; rules about other datasets are left out and named in the
    verdict, those about `metrics` too unless they are given. Batches from an iterable are read once, one at a
    time; where ids must be unique they have to come sorted by id (frames and tables are sorted here). The
    first call imports Great Expectations, which takes seconds. `failing_rows` of the verdict names every row that
    breaks a rule. `parameters` are values for the suite's parameters; rules that compare with a baseline need them.

    Raises:
        ConfigError: the suite cannot be used, or none of its rules is about this data.
        SourceError: the frame has a column that no Arrow type fits.
    """
    whole = isinstance(data, pa.Table | pa.RecordBatch) or _is_pandas(data) or _is_frame(data)
    loaded = resolve(load_suite(suite, whole=whole), parameters or {}, None)
    main = loaded.main
    about = {METRICS} if metrics is not None else set()
    if main != METRICS:
        about.add(main)
    rules = tuple(rule for rule in loaded.rules if rule.dataset in about)
    if not rules:
        raise ConfigError(f"{loaded.where}: no rule is about {main}; {len(loaded.rules)} rules need metrics=…")
    left_out = tuple(rule.id for rule in loaded.rules if rule.dataset not in about)
    chosen = replace(loaded, rules=rules)
    if main == METRICS:
        return judge(chosen, {}, metrics or {}, left_out, parameters or {})
    key = KEYS[main]
    alone = [rule for rule in chosen.of(main) if sorted_by_itself(rule)]
    mine = [rule for rule in chosen.of(main) if rule not in alone]
    sort_by = key if any(rule.type in (UNIQUE, COMPOUND) or rule.type in DISTINCT for rule in mine) else None
    found, failing = _measured(data, mine, key, sort_by, BATCH_ROWS)
    for rule in alone:
        # In one batch: the id of a row stands in the batch of its row alone.
        other, more = _measured(data, [rule], key, rule.columns[0], None)
        found["rules"] |= other["rules"]
        failing += more
    table = pa.Table.from_batches([*failing, GATE_FAILURES.empty()])
    return replace(judge(chosen, {main: found}, metrics or {}, left_out, parameters or {}), failing_rows=table)


def _measured(
    data: Any, rules: list[Rule], key: str, sort_by: str | None, at_once: int | None
) -> tuple[dict[str, Any], list[pa.RecordBatch]]:
    """Measure rules on data in one order: the numbers, and the rows that break a rule."""
    schema, batches = _batches(data, columns(rules, key), sort_by, at_once)
    measure = Measure(rules, key, failing=True)
    failing = [measure.add(batch, schema) for batch in batches]
    failing.append(measure.end())  # before what was measured is taken
    return measure.partial(), [*filter(None, failing)]


def _batches(
    data: Any, wanted: list[str], sort_by: str | None, at_once: int | None
) -> tuple[pa.Schema | None, Iterable[pa.RecordBatch]]:
    """Give the data's schema, where it is known, and the wanted columns batch by batch, sorted where it can be done."""
    schema: pa.Schema | None = None
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    elif _is_pandas(data):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, about what pyarrow does
                present = _present(wanted, list(data.columns))
                others = [pa.field(str(name), pa.null()) for name in data.columns if name not in present]
                data = pa.Table.from_pandas(data[present], preserve_index=False)
                schema = pa.schema([*data.schema, *others])
        except (ValueError, TypeError) as error:  # Arrow's errors are of these kinds
            raise SourceError(f"the frame does not fit Arrow's types, mend the column first: {error}") from None
    elif _is_frame(data):
        data = pa.table(data)  # polars and others
    if not isinstance(data, pa.Table):
        return None, _checked(data)
    schema = data.schema if schema is None else schema
    data = _owned(data.select(_present(wanted, data.column_names)))
    if sort_by in data.column_names:
        with contextlib.suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):  # lists have no order: so says the rule
            data = data.take(pc.sort_indices(plain(data[sort_by].combine_chunks())))
    if at_once is None:
        data = data.combine_chunks()
    # First a batch without rows, so that the columns of an empty table are known.
    return schema, [pa.RecordBatch.from_pylist([], schema=data.schema), *data.to_batches(at_once)]


def _checked(data: Iterable[Any]) -> Iterator[pa.RecordBatch]:
    for batch in data:
        if not isinstance(batch, pa.RecordBatch):
            raise SourceError(f"expected a frame, an Arrow table or record batches, found {type(batch).__name__}")
        yield _owned(batch)


def _owned(data: Any) -> Any:
    """Copy views of texts, which polars gives: hardly a kernel of Arrow's takes them."""
    owned = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    if not any(kind in owned for kind in data.schema.types):
        return data
    return data.cast(pa.schema([field.with_type(owned.get(field.type, field.type)) for field in data.schema]))


def _present(wanted: list[str], names: list[str]) -> list[str]:
    # Without any column a table forgets how many rows it had.
    return [name for name in wanted if name in names] or names[:1]


def _is_frame(data: object) -> bool:
    """Whether this is polars' frame or another that hands all of its columns over."""
    return hasattr(data, "__arrow_c_stream__") and not isinstance(data, pa.Table | pa.RecordBatchReader)


def _is_pandas(data: object) -> bool:
    # By name: a table from elsewhere must not need pandas.
    return type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "columns")
