"""The gate in a notebook: one call on a frame, the same rules and the same judge as in a run.

>>> import pandas as pd
>>> present = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "title"}}
>>> frame = pd.DataFrame({"id": ["a", "b"], "title": ["Red mug", None]})
>>> gate(frame, {"name": "mine", "expectations": [present | {"meta": {"rule": "title_present"}}]})
Gate mine: stopped; 0 of 1 rules hold, 1 critical
  critical title_present: 1 of 2 rows have no title (50.0%), none allowed
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.dataset import BATCH_ROWS
from ...schemas.errors import ConfigError, SourceError
from .judge import Metrics, judge
from .measure import Measure, columns
from .rule import KEYS, METRICS, UNIQUE
from .suite import load_suite
from .verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd


def gate(
    data: pd.DataFrame | pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch],
    suite: str | Path | dict[str, Any],
    *,
    metrics: Metrics | None = None,
) -> Verdict:
    """Judge data by a suite: a path, a dict, or the name of a shipped one such as "clean".

    The data stand for the suite's main dataset; rules about other datasets are left out and named in the
    verdict, those about `metrics` too unless they are given. Batches from an iterable are read once, one at a
    time; where ids must be unique they have to come sorted by id (frames and tables are sorted here). The
    first call imports Great Expectations, which takes seconds.

    Raises:
        ConfigError: the suite cannot be used, or none of its rules is about this data.
        SourceError: the frame has a column that no Arrow type fits.
    """
    loaded = load_suite(suite)
    main = loaded.main
    about = {METRICS} if metrics is not None else set()
    if main != METRICS:
        about.add(main)
    rules = tuple(rule for rule in loaded.rules if rule.dataset in about)
    if not rules:
        raise ConfigError(f"{loaded.where}: no rule is about {main}; {len(loaded.rules)} rules need metrics=…")
    left_out = tuple(rule.id for rule in loaded.rules if rule.dataset not in about)
    chosen = replace(loaded, rules=rules)
    partials: dict[str, Mapping[str, Any]] = {}
    if main != METRICS:
        key, mine = KEYS[main], chosen.of(main)
        measure = Measure(mine, key)
        for batch in _batches(data, columns(mine, key), key if any(r.type == UNIQUE for r in mine) else None):
            measure.add(batch)
        partials[main] = measure.partial()
    return judge(chosen, partials, metrics or {}, left_out)


def _batches(data: Any, wanted: list[str], sort_by: str | None) -> Iterator[pa.RecordBatch]:
    """Give the wanted columns of data batch by batch, sorted where that is asked for and can be done."""
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    elif _is_pandas(data):
        try:
            present = _present(wanted, list(data.columns))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, about what pyarrow does
                data = pa.Table.from_pandas(data[present], preserve_index=False)
        except (ValueError, TypeError) as error:  # Arrow's errors are of these kinds
            raise SourceError(f"the frame does not fit Arrow's types, mend the column first: {error}") from None
    elif hasattr(data, "__arrow_c_stream__") and not isinstance(data, pa.Table | pa.RecordBatchReader):
        data = pa.table(data)  # polars and others
    if isinstance(data, pa.Table):
        data = data.select(_present(wanted, data.column_names))
        if sort_by in data.column_names:
            data = data.take(pc.sort_indices(data[sort_by].combine_chunks()))
        # First a batch without rows, so that the columns of an empty table are known.
        yield pa.RecordBatch.from_pylist([], schema=data.schema)
        yield from data.to_batches(max_chunksize=BATCH_ROWS)
        return
    for batch in data:
        if not isinstance(batch, pa.RecordBatch):
            raise SourceError(f"expected a frame, an Arrow table or record batches, found {type(batch).__name__}")
        yield batch


def _present(wanted: list[str], names: list[str]) -> list[str]:
    # Without any column a table forgets how many rows it had.
    return [name for name in wanted if name in names] or names[:1]


def _is_pandas(data: object) -> bool:
    # By name: a table from elsewhere must not need pandas.
    return type(data).__module__.split(".")[0] == "pandas" and hasattr(data, "columns")
