"""Values as exports write them -> values of a listing's types; what does not fit becomes null."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .listing import LISTINGS

# Prices, once all but digits and separators is gone: by the sign between groups of thousands (of three digits, in India
# of two or three), and by the decimal sign.
GROUPED = {".": r"-?[1-9]\d{0,2}(?:\.\d{3})+", ",": r"-?[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}"}
DECIMAL = {
    ".": r"-?(?:\d+|[1-9]\d{0,2}(?:,\d{2,3})*,\d{3})?(?:\.\d+)?",
    ",": r"-?(?:\d+|[1-9]\d{0,2}(?:\.\d{3})+)?(?:,\d+)?",
}


def of_frame(column: pd.Series) -> pa.Array:
    """Give a data frame's column to the functions below; one of several types at once becomes text."""
    try:
        found = pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        found = pa.array([None if _missing(value) else encodable(str(value)) for value in column], pa.string())
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def encodable(text: str | None) -> str | None:
    """Put a question mark for half of a surrogate pair, which JSON escapes can spell and UTF-8 cannot hold.

    >>> encodable("mug " + chr(0xD83D))
    'mug ?'
    """
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "replace").decode() if any("\ud800" <= c <= "\udfff" for c in text) else text


def text(column: pa.Array) -> pa.Array:
    """Write values as text: whole numbers without a decimal point, nested values as JSON."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return text(column.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_floating(kind):
        # pandas makes floats of whole numbers as soon as one is missing.
        numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False).tolist()
        return pa.array([None if v != v else str(int(v)) if v.is_integer() else repr(v) for v in numbers], pa.string())
    if pa.types.is_nested(kind):
        values = [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in column.to_pylist()]
        return pa.array(values, pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if v is None else v.decode("utf-8", "replace") for v in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def price(column: pa.Array, decimal: str | None = None) -> pa.Array:
    """Read prices, from numbers or from text with currencies and separators. [double (n,)]

    Of two kinds of separator the last is the decimal sign: 1.299,00 and 1,299.00. A single kind separates thousands
    where only whole groups of three digits follow (1.299 and 1,299 are 1299), else it is the decimal sign: 12,5 and
    0.125. That guess is wrong for prices with three decimals; `decimal` says which sign it is. Text with several
    numbers in it is no price.

    >>> price(pa.array(["1.299 €", "1.299,00", "12,5", "Rs. 500", "2 for 3.50"])).to_pylist()
    [1299.0, 1299.0, 12.5, 500.0, None]
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        numbers = column.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_nan(numbers), None, numbers)
    if pa.types.is_nested(column.type):
        return pa.nulls(len(column), pa.float64())
    words = pc.utf8_normalize(text(column), form="NFKC")  # １２，８００円
    words = pc.replace_substring_regex(words, r"(\pL)[.,]", r"\1")  # the dot of "Rs. 500" is no separator
    one = pc.invert(pc.match_substring_regex(words, r"\d\PN*\pL\PN*\d"))
    digits = pc.replace_substring_regex(words, r"[^0-9.,\-]", "")
    digits = pc.replace_substring_regex(digits, r"[.,\-]+$", "")  # 12,-
    found = pa.nulls(len(column), pa.string())
    # The later patterns win: groups of thousands over a decimal sign.
    for sign, pattern in DECIMAL.items():
        if decimal in (None, sign):
            found = _where(digits, pattern, _plain(digits, sign), found)
    for sign, pattern in GROUPED.items():
        if decimal is None:
            found = _where(digits, pattern, _plain(digits, "," if sign == "." else "."), found)
    return pc.if_else(pc.and_(one, pc.match_substring_regex(found, r"\d")), found, None).cast(pa.float64())


def _where(digits: pa.Array, pattern: str, these: pa.Array, those: pa.Array) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(digits, f"^(?:{pattern})$"), these, those)


def _plain(digits: pa.Array, sign: str) -> pa.Array:
    """Take groups of thousands away, and write the decimal sign as a point."""
    ungrouped = pc.replace_substring(digits, "," if sign == "." else ".", "")
    return pc.replace_substring_regex(pc.replace_substring(ungrouped, sign, "."), r"^(-?)\.", r"\10.")


def time(column: pa.Array) -> pa.Array:
    """Read times by ISO 8601, as day.month.year, or as Unix seconds or milliseconds; without a zone they are UTC.

    01/02/2024 is February to some and January to others, and no time.

    >>> [str(t)[:16] for t in time(pa.array(["2024-02-01T08:30Z", "1.2.2024 8:30", "1706776200"])).to_pylist()]
    ['2024-02-01 08:30', '2024-02-01 08:30', '2024-02-01 08:30']

    Returns:
        [timestamp[us, UTC] (n,)]
    """
    kind = LISTINGS.schema.field("updated_at").type
    if pa.types.is_timestamp(column.type):
        return column.cast(kind) if column.type.tz else pc.assume_timezone(column, "UTC").cast(kind)
    if pa.types.is_date(column.type):
        return column.cast(pa.timestamp("us")).cast(kind)
    words = pc.utf8_trim_whitespace(text(column))
    words = pc.replace_substring_regex(words, r"^(\d)\.(\d{1,2}\.\d{4})\b", r"0\1.\2")
    words = pc.replace_substring_regex(words, r"^(\d\d)\.(\d)\.(\d{4})\b", r"\1.0\2.\3")
    words = pc.replace_substring_regex(words, r"^(\d\d)\.(\d\d)\.(\d{4})(?:,? (\d:\d\d.*))$", r"\3-\2-\1 0\4")
    words = pc.replace_substring_regex(words, r"^(\d\d)\.(\d\d)\.(\d{4}),? ?", r"\3-\2-\1 ")
    times = pd.to_datetime(
        pd.Series(pc.utf8_trim_whitespace(words).to_pylist(), dtype="str"),
        utc=True, errors="coerce", format="ISO8601",
    )  # fmt: skip
    plain = pa.array(times.dt.tz_localize(None).to_numpy(), pa.timestamp("us"), from_pandas=True)
    return pc.coalesce(_since_1970(words), pc.assume_timezone(plain, "UTC").cast(kind))


def _since_1970(words: pa.Array) -> pa.Array:
    """Read numbers of 9 or 10 digits as seconds (from 1973 on), of 12 or 13 as milliseconds; the rest is null."""
    seconds = pc.match_substring_regex(words, r"^\d{9,10}(?:\.\d+)?$")
    milliseconds = pc.match_substring_regex(words, r"^\d{12,13}$")
    numbers = pc.if_else(pc.or_(seconds, milliseconds), words, None).cast(pa.float64())
    micro = pc.round(pc.multiply(numbers, pc.if_else(seconds, 1e6, 1e3))).cast(pa.int64())
    return pc.assume_timezone(micro.cast(pa.timestamp("us")), "UTC")


def photo_hash(column: pa.Array) -> pa.Array:
    """Read 64-bit perceptual hashes: 16 hex digits, in lower case. [string (n,)]

    >>> photo_hash(pa.array(["FF00ff00ff00ff00", "ff00", "no hash"])).to_pylist()
    ['ff00ff00ff00ff00', None, None]
    """
    words = pc.utf8_lower(pc.utf8_trim_whitespace(text(column)))
    return pc.if_else(pc.match_substring_regex(words, "^[0-9a-f]{16}$"), words, None)
