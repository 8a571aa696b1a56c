"""Failing rows: every row that breaks a rule, as a batch of `id`, `rule`, `value`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.listing import GATE_FAILURES
from .examples import LONGEST, show


@dataclass(frozen=True)
class Failing:
    """Rows of one batch that break one rule: their places in it, ids, and values in the rule's columns."""

    rule: str
    rows: np.ndarray
    ids: pa.Array | None
    columns: list[pa.Array]


def failures(found: Sequence[Failing]) -> pa.RecordBatch:
    """Write failing rows of one batch in its order, those of one row in the order of the rules."""
    if not found:
        return GATE_FAILURES.empty()
    ids = [_ids(each) for each in found]
    rules = [pa.repeat(pa.scalar(each.rule, pa.string()), len(each.rows)) for each in found]
    values = [_values(each.columns) for each in found]
    order = pa.array(np.argsort(np.concatenate([each.rows for each in found]), kind="stable"))
    columns = [pa.concat_arrays(each).take(order) for each in (ids, rules, values)]
    return pa.RecordBatch.from_arrays(columns, schema=GATE_FAILURES.schema)


def _ids(found: Failing) -> pa.Array:
    if found.ids is None:
        return pa.nulls(len(found.rows), pa.string())
    ids = found.ids.dictionary_decode() if pa.types.is_dictionary(found.ids.type) else found.ids
    try:
        return ids.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if i is None else str(i) for i in ids.to_pylist()], pa.string())


def _values(columns: Sequence[pa.Array]) -> pa.Array:
    """Values as text: of several columns a JSON list, long ones cut."""
    if len(columns) == 1:
        return _text(columns[0])
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([json.dumps([show(value) for value in row], ensure_ascii=False) for row in rows], pa.string())


def _text(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _text(array.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        long = pc.greater(pc.utf8_length(array), LONGEST)
        if pc.any(long).as_py():
            cut = pc.binary_join_element_wise(
                pc.utf8_slice_codeunits(array, 0, LONGEST - 1), pa.scalar("…", kind), pa.scalar("", kind)
            )
            array = pc.if_else(long, cut, array)
        return array.cast(pa.string())
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind):
        return (array.cast(pa.float32()) if pa.types.is_float16(kind) else array).cast(pa.string())
    shown = [None if value is None else show(value) for value in array.to_pylist()]
    return pa.array([None if value is None else str(value) for value in shown], pa.string())
