"""GTINs: one way to read them, for the keys that find duplicates and for the vetoes that tell variants apart."""

from __future__ import annotations

import functools
import re

import pyarrow as pa

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015.]+")


@functools.lru_cache(1 << 16)
def gtin(code: str | None) -> str | None:
    """Read a GTIN-8, -12, -13 or -14; None for whatever is none, such as "N/A", "0" or a number of the shop's own.

    Equal numbers are equal however long they are written: leading zeros carry nothing, and spreadsheets lose them.
    The last digit must be the check digit (GS1 General Specifications, section 7.9).

    >>> gtin("4006381-333931"), gtin("0 4006381 333931"), gtin("4006381333932"), gtin("N/A")
    ('4006381333931', '4006381333931', None, None)
    """
    digits = _SEPARATORS.sub("", code or "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 14):
        return None
    digits = digits.lstrip("0")
    if len(digits) < 7:  # a GTIN-8 may begin with one zero; a shorter number is no GTIN
        return None
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return digits if weighted % 10 == 0 else None


def gtins(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read a column of GTINs, each that is written the same once; null for what is none."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    column = column.dictionary_encode()
    read = pa.array([gtin(code) for code in column.dictionary.to_pylist()], pa.string())
    return read.take(column.indices)
