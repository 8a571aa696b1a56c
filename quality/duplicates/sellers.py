"""Sellers: one way to compare their names, whatever spaces and capitals an export writes them with."""

from __future__ import annotations

import pyarrow as pa


def seller_names(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Write the names by which sellers are the same: trimmed and case-folded; null for an empty one.

    >>> seller_names(pa.array(["NORTH ", "north", " ", None])).to_pylist()
    ['north', 'north', None, None]
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    column = column.dictionary_encode()  # few sellers, many listings
    names = [name.strip().casefold() or None if name is not None else None for name in column.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(column.indices)
