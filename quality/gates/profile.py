"""A profile: what each column looks like, as statistics that can be merged (create, add, merge, extract).

Shards are profiled where they are written; their partial profiles are JSON and add up in any order. Bins are
fixed, so that histograms of two runs can be compared bin by bin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .masks import missing, numbers, plain
from .numbers import Numbers

LENGTH_EDGES = [0, 1, 2, 3, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200, 300, 500, 1000, 2000, 5000]
# Ten bins a decade from 1e-6 to 1e12, mirrored for negative numbers; zero and its surroundings are one bin.
_UP = [float(f"{10 ** (step / 10):.6g}e{decade}") for decade in range(-6, 12) for step in range(10)] + [1e12]
NUMBER_EDGES = [-edge for edge in reversed(_UP)] + _UP
DISTINCT = 1000  # a text column with more values is not counted value by value
FEW = 50  # values of any column that are all shown
# Columns whose values are classes: counted further, shown whole, and compared with those of a baseline one by one.
CLASSES = frozenset({"category", "seller", "brand", "lang", "currency", "split", "label", "task", "kind", "rule"})
DISTINCT_CLASSES = 20_000
LONGEST = 200  # characters of a value that is counted
TOP = 20

Partial = dict[str, Any]


class Profile:
    """Collect statistics over the batches of one shard.

    >>> profile = Profile()
    >>> profile.add(pa.record_batch({"price": [1.0, 3.0, None]}))
    >>> extract(profile.partial())["columns"]["price"]["mean"]
    2.0
    """

    def __init__(self) -> None:
        self._partial: Partial = {"rows": 0, "columns": {}}

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch."""
        so_far = self._partial["columns"]
        columns = {}
        for i, name in enumerate(batch.schema.names):
            # Counting is the dearest part; where it was given up it is given up for good.
            count = so_far.get(name, {}).get("values", {}) is not None
            columns[name] = _column(batch.column(i), _most(name) if count else 0)
        self._partial = merge([self._partial, {"rows": batch.num_rows, "columns": columns}])

    def partial(self) -> Partial:
        """Give what was collected, as JSON."""
        return self._partial


def merge(partials: Iterable[Mapping[str, Any]]) -> Partial:
    """Add partial profiles up, in any order; a merged profile can be merged again.

    Counts, sums, extremes and histograms are exact. The variance follows Chan, Golub and LeVeque, "Updating
    Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979), which rounds: the order may
    change its last digits.
    """
    total: Partial = {"rows": 0, "columns": {}}
    for partial in partials:
        total["rows"] += partial["rows"]
        for name, column in partial["columns"].items():
            old = total["columns"].get(name)
            total["columns"][name] = column if old is None else _merge_columns(old, column, _most(name))
    return total


def extract(partial: Mapping[str, Any]) -> dict[str, Any]:
    """Give a profile for people and reports: shares, means, deviations, histograms as [from, to, count].

    Lengths of text are in characters, of lists in elements. `top` is null where a column has too many values
    to count; `top_left_out` then says so. `counts` has all values of a class (category, seller …) and of a column of
    few. `min`, `max`, `mean` and `stdev` (the sample's, n - 1) are over
    finite numbers; `infinite` counts the others.
    """
    return {
        "rows": partial["rows"],
        "columns": {name: _extract(name, column) for name, column in sorted(partial["columns"].items())},
    }


def _most(name: str) -> int:
    return DISTINCT_CLASSES if name in CLASSES else DISTINCT


def _column(array: pa.Array, most: int) -> Partial:
    """Profile one column of one batch; its values are counted where there are at most so many."""
    kind = array.type
    array = plain(array)
    gaps = missing(array)
    found: Partial = {"types": [str(kind)], "rows": len(array), "nulls": int(gaps.sum())}
    values = array.filter(pa.array(~gaps)) if gaps.any() else array
    shape = values.type
    if not len(values):
        return found
    if pa.types.is_large_string(shape):
        found["lengths"] = _lengths(pc.utf8_length(values))
        found["values"] = _values(values, most) if most else None
    elif pa.types.is_boolean(shape):
        found["booleans"] = {"true": values.true_count, "false": values.false_count}
    elif pa.types.is_integer(shape) or pa.types.is_floating(shape) or pa.types.is_decimal(shape):
        found["numbers"] = _numbers(values)
    elif pa.types.is_timestamp(shape) or pa.types.is_date(shape):
        times = Numbers()
        times.add(values)
        found["times"] = {"min": times.least, "max": times.greatest}
    elif pa.types.is_list(shape) or pa.types.is_large_list(shape):
        found["lengths"] = _lengths(pc.list_value_length(values))
    elif pa.types.is_binary(shape) or pa.types.is_large_binary(shape):
        found["bytes"] = int(pc.sum(pc.binary_length(values)).as_py())
    elif pa.types.is_fixed_size_list(shape) and pa.types.is_primitive(shape.value_type):
        found["bytes"] = len(values) * shape.list_size * shape.value_type.bit_width // 8
    return found


def _lengths(lengths: pa.Array) -> Partial:
    counts = np.asarray(lengths)
    return {
        "n": len(counts), "sum": int(counts.sum()), "min": int(counts.min()), "max": int(counts.max()),
        "histogram": _histogram(counts, LENGTH_EDGES),
    }  # fmt: skip


def _numbers(values: pa.Array) -> Partial:
    column = Numbers()
    column.add(values)
    floats = numbers(values)
    finite = floats[np.isfinite(floats)]
    with np.errstate(over="ignore"):
        m2 = float(((finite - finite.mean()) ** 2).sum()) if len(finite) else 0.0
    return {
        **column.partial(),
        "m2": m2 if np.isfinite(m2) else None,
        "histogram": _histogram(finite, NUMBER_EDGES),
    }


def _histogram(values: np.ndarray, edges: list[Any]) -> dict[str, int]:
    """Count values by bin; bin i starts at edge i - 1 and ends before edge i. Empty bins are left out."""
    bins, counts = np.unique(np.searchsorted(edges, values, side="right"), return_counts=True)
    return {str(i): int(n) for i, n in zip(bins, counts, strict=True)}


def _values(values: pa.Array, most: int) -> dict[str, int] | None:
    """Count each text; None where there are too many, or one is too long."""
    counted = pc.value_counts(values)
    if len(counted) > most or pc.max(pc.utf8_length(values)).as_py() > LONGEST:
        return None
    return {each["values"]: each["counts"] for each in counted.to_pylist()}


def _merge_columns(a: Mapping[str, Any], b: Mapping[str, Any], most: int) -> Partial:
    total: Partial = {
        "types": sorted({*a["types"], *b["types"]}),
        "rows": a["rows"] + b["rows"],
        "nulls": a["nulls"] + b["nulls"],
    }
    for part, add in _ADD.items():
        if part in a or part in b:
            total[part] = add(a[part], b[part]) if part in a and part in b else a.get(part, b.get(part))
    if total.get("values") is not None and len(total["values"]) > most:
        total["values"] = None  # given up once, given up for good: a union only grows, so the order does not show
    return total


def _add_counts(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {key: a.get(key, 0) + b.get(key, 0) for key in sorted({*a, *b})}


def _add_values(a: dict[str, int] | None, b: dict[str, int] | None) -> dict[str, int] | None:
    if a is None or b is None:
        return None
    total = dict(a)
    for value, n in b.items():
        total[value] = total.get(value, 0) + n
    return total


def _add_times(a: Mapping[str, str], b: Mapping[str, str]) -> dict[str, str]:
    return {"min": min(a["min"], b["min"]), "max": max(a["max"], b["max"])}


def _add_lengths(a: Mapping[str, Any], b: Mapping[str, Any]) -> Partial:
    return {
        "n": a["n"] + b["n"], "sum": a["sum"] + b["sum"],
        "min": min(a["min"], b["min"]), "max": max(a["max"], b["max"]),
        "histogram": _add_counts(a["histogram"], b["histogram"]),
    }  # fmt: skip


def _add_numbers(a: Mapping[str, Any], b: Mapping[str, Any]) -> Partial:
    total = Numbers()
    total.merge(a)
    total.merge(b)
    m2 = None
    if a["m2"] is not None and b["m2"] is not None:
        (n_a, mean_a), (n_b, mean_b) = _mean(a), _mean(b)
        far = mean_b - mean_a
        m2 = a["m2"] + b["m2"] + (far * far * n_a * n_b / (n_a + n_b) if n_a and n_b else 0.0)
        m2 = m2 if math.isfinite(m2) else None
    return {**total.partial(), "m2": m2, "histogram": _add_counts(a["histogram"], b["histogram"])}


def _mean(numbers: Mapping[str, Any]) -> tuple[int, float]:
    """Count and mean of the finite values."""
    n = numbers["n"] - sum(numbers["infinite"])
    return n, float(sum(map(Fraction, numbers["sum"]), Fraction(0)) / n) if n else 0.0  # the sum may leave float64


_ADD: dict[str, Callable[[Any, Any], Any]] = {
    "lengths": _add_lengths,
    "values": _add_values,
    "numbers": _add_numbers,
    "booleans": _add_counts,
    "times": _add_times,
    "bytes": lambda a, b: a + b,
}


def _extract(name: str, column: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "type": " | ".join(column["types"]),
        "rows": column["rows"],
        "nulls": column["nulls"],
        "null_share": column["nulls"] / column["rows"] if column["rows"] else None,
    }
    if lengths := column.get("lengths"):
        out["length"] = {
            "min": lengths["min"], "mean": lengths["sum"] / lengths["n"], "max": lengths["max"],
            "histogram": _bins(lengths["histogram"], LENGTH_EDGES),
        }  # fmt: skip
    if "values" in column:
        counts = column["values"]
        top = None if counts is None else sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:TOP]
        out["top"] = None if top is None else [list(each) for each in top]
        out["distinct"] = None if counts is None else len(counts)
        if counts is None:
            out["top_left_out"] = f"more than {_most(name):,} values, or one of more than {LONGEST} characters"
        elif len(counts) <= FEW or name in CLASSES:
            out["counts"] = dict(sorted(counts.items()))
    if numbers := column.get("numbers"):
        n, mean = _mean(numbers)
        m2 = numbers["m2"]
        out |= {
            "min": numbers["min"], "mean": mean if n else None, "max": numbers["max"],
            "stdev": math.sqrt(m2 / (n - 1)) if n > 1 and m2 is not None else None,
            "infinite": sum(numbers["infinite"]),
            "histogram": _bins(numbers["histogram"], NUMBER_EDGES),
        }  # fmt: skip
    if booleans := column.get("booleans"):
        out |= {"true": booleans.get("true", 0), "false": booleans.get("false", 0)}
    out.update(column.get("times", {}))
    return {**out, "bytes": column["bytes"]} if "bytes" in column else out


def _bins(histogram: Mapping[str, int], edges: list[Any]) -> list[list[Any]]:
    """Write bins as [from, to, count]; the first has no start, the last no end."""
    ends = [None, *edges, None]
    return [[ends[i], ends[i + 1], histogram[str(i)]] for i in sorted(map(int, histogram))]
