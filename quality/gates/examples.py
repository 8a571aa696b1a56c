"""Examples of rows that broke a rule: the few of lowest xxh64(id), the same ones in any order of merging."""

from __future__ import annotations

import datetime
import heapq
import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

LIMIT = 20  # as many as Great Expectations shows
LONGEST = 200  # characters of a text that is shown

Example = list[Any]  # [id, value], as JSON keeps it


def lowest(examples: Iterable[Example]) -> list[Example]:
    """Keep the `LIMIT` examples of lowest rank.

    >>> lowest([["b", 1], ["a", 1]]) == lowest([["a", 1], ["b", 1]])
    True
    """
    return heapq.nsmallest(LIMIT, examples, key=_rank)


def collect(ids: pa.Array | None, *columns: pa.Array) -> list[Example]:
    """Pick examples among rows that broke a rule, given their ids and what stood in the rule's columns."""
    if ids is not None and not ids.null_count and len(ids) > LIMIT:
        # Rank by the ids alone first: of a column that is null throughout every row is an example.
        hashes = np.array([_seed(str(i)) for i in ids.to_pylist()], np.uint64)
        few = pa.array(np.flatnonzero(hashes <= np.partition(hashes, LIMIT - 1)[LIMIT - 1]))
        ids, columns = ids.take(few), tuple(column.take(few) for column in columns)
    rows = len(columns[0])
    names = [None] * rows if ids is None else [None if i is None else str(i) for i in ids.to_pylist()]
    shown = [[show(value) for value in column.to_pylist()] for column in columns]
    values = shown[0] if len(shown) == 1 else [list(row) for row in zip(*shown, strict=True)]
    return lowest([name, value] for name, value in zip(names, values, strict=True))


def show(value: Any) -> Any:
    """Give a value as JSON can hold it, long texts cut."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _rank(example: Example) -> tuple[int, str, str]:
    name, value = example
    text = json.dumps(value, ensure_ascii=False)
    return _seed(text if name is None else name), str(name), text


def _seed(text: str) -> int:
    # Surrogates cannot come from Arrow, but a person's frame may hold them.
    return int(xxhash.xxh64_intdigest(text.encode("utf-8", "surrogatepass")))
