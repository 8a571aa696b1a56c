"""Sorting inside compiled loops: numba's own sorts take longer to compile than most kernels that would call them."""

from __future__ import annotations

import numpy as np

from ..compiled import inner, making

FEW = 32  # that are sorted by insertion


@making
def order_of(keys: np.ndarray) -> np.ndarray:
    """Give the places of keys in rising order, equal ones as they stand: merge sort. [(n,)] -> [int64 (n,)]"""
    n = len(keys)
    order, spare = np.empty(n, np.int64), np.empty(n, np.int64)
    for k in range(n):
        order[k] = k
    width = 1
    while width < n:
        for first in range(0, n, 2 * width):
            middle, last = first + width, first + 2 * width
            if middle > n:
                middle = n
            if last > n:
                last = n
            i, j = first, middle
            for at in range(first, last):
                if i < middle and (j >= last or keys[order[i]] <= keys[order[j]]):
                    spare[at] = order[i]
                    i += 1
                else:
                    spare[at] = order[j]
                    j += 1
        order, spare = spare, order
        width *= 2
    return order


@inner
def rise(values: np.ndarray, count: int) -> None:
    """Sort the first few values in place: insertion sort, for some dozens."""
    for k in range(1, count):
        value, at = values[k], k
        while at > 0 and values[at - 1] > value:
            values[at] = values[at - 1]
            at -= 1
        values[at] = value


@making
def taken(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Give what stands at some places: values[places], which numba is long in compiling. [(n,)], [(m,)] -> [(m,)]"""
    found = np.empty(len(places), values.dtype)
    for k in range(len(places)):
        found[k] = values[places[k]]
    return found


@making
def put_in(order: np.ndarray, values: np.ndarray) -> None:
    """Bring values into an order, in place. [int64 (n,)], [(n,)]"""
    moved = taken(values, order)
    for k in range(len(moved)):
        values[k] = moved[k]
