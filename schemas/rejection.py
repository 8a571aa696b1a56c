"""Rejected rows: the record of what was taken out, where, by which rule, and what it held."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .listing import REJECTED


def original(batch: pa.RecordBatch) -> list[str]:
    """Write each row's values as JSON, without nulls and without bytes (photos stay in `images/`)."""
    names = [f.name for f in batch.schema if not _holds_bytes(f.type)]
    rows = batch.select(names).to_pylist()
    return [
        json.dumps({k: _json(v) for k, v in row.items() if v is not None}, ensure_ascii=False, default=str)
        for row in rows
    ]


def _json(value: Any) -> Any:
    """Write NaN and infinity as text: JSON has no such numbers, and other readers stop at them."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _holds_bytes(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_holds_bytes(kind.field(i).type) for i in range(kind.num_fields))
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def rejected(
    batch: pa.RecordBatch, stage: str, rules: Sequence[str], fired: np.ndarray, details: Sequence[Sequence[str]]
) -> pa.RecordBatch:
    """Make the rejected rows of a batch.

    Args:
        batch: Listings, with `id`.
        stage: Who rejects.
        rules: Their names, in the order of the configuration; the first that fired gives `rule`.
        fired: [bool (rows, rules)]
        details: For each rule a sentence for each row (empty where it did not fire).

    Returns:
        Rows of REJECTED for those rows on which any rule fired, in the order of the batch.
    """
    hit = np.flatnonzero(fired.any(axis=1))
    taken = batch.take(pa.array(hit))
    first = fired[hit].argmax(axis=1) if len(hit) else np.zeros(0, np.int64)
    columns: dict[str, list[Any] | pa.Array] = {
        "id": taken.column("id"),
        "stage": [stage] * len(hit),
        "rule": [rules[k] for k in first.tolist()],
        "rules": [[rule for rule, on in zip(rules, fired[row], strict=True) if on] for row in hit],
        "detail": [details[k][row] for k, row in zip(first.tolist(), hit.tolist(), strict=True)],
        "row": original(taken),
    }
    arrays = []
    for field in REJECTED.schema:
        column = columns[field.name]
        arrays.append(pa.array(column, field.type) if isinstance(column, list) else column)
    return pa.RecordBatch.from_arrays(arrays, schema=REJECTED.schema)
