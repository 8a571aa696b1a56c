"""Map a source's columns to those of a listing: pure functions on Arrow, types made ours, nothing judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from .config import MAPPABLE, UNDERSTOOD, SourceConfig
from .currency import currency
from .errors import ConfigError, nearest
from .listing import ATTRIBUTES, CATEGORY_SEPARATOR, LISTINGS
from .values import photo_hash, price, text, time

PHOTO = pa.struct([("reference", pa.string()), ("bytes", pa.large_binary())])
PHOTOS = pa.list_(PHOTO)
READERS: Mapping[str, Callable[[pa.Array], pa.Array]] = {"updated_at": time, "phash": photo_hash}
Theirs = str | Sequence[str] | Mapping[str, str]


@dataclass(frozen=True)
class ColumnMapping:
    """Which source column is what; `unmapped` are carried along as they are, under names that do not collide."""

    mapped: Mapping[str, Theirs]
    unmapped: Mapping[str, str]
    separator: str | None = None  # between photo references in one column
    decimal: str | None = None  # sign in prices given as text


def plan(source: SourceConfig, columns: pa.Schema, separator: str | None) -> ColumnMapping:
    """Decide the mapping: as configured, and a source column of a listing's own name is taken as that.

    A name mapped to an empty list takes nothing, also where the source has a column of that name.

    Raises:
        ConfigError: a configured column is not in the source, or no column is mapped to `id`.
    """
    mapped: dict[str, Theirs] = dict(source.columns)
    used = {theirs for value in mapped.values() for theirs in _names(value)}
    for theirs in sorted(used):
        if theirs not in columns.names:
            ours = next(o for o, value in mapped.items() if theirs in _names(value))
            raise ConfigError(
                f"source.columns.{ours}: the source has no column '{theirs}'{nearest(theirs, columns.names)}"
            )
    for name in columns.names:
        if name in MAPPABLE and name not in mapped and name not in used:
            mapped[name] = name
            used.add(name)
    if "id" not in mapped:
        raise ConfigError(
            f"source.columns.id: no column says what identifies a listing; map one of {', '.join(columns.names)}"
        )
    reserved = {*LISTINGS.schema.names, "photos", "group_id", "put_back"}
    unmapped = {
        name if name not in reserved else f"source_{name}": name
        for name in columns.names
        if name not in used and source.unmapped_columns == "keep"
    }
    return ColumnMapping(mapped, unmapped, separator, source.decimal)


def _names(theirs: Theirs) -> list[str]:
    if isinstance(theirs, str):
        return [theirs]
    return list(theirs.values()) if isinstance(theirs, Mapping) else list(theirs)


def to_listings(records: pa.RecordBatch, rows: pa.Array, file: str, mapping: ColumnMapping) -> pa.RecordBatch:
    """Turn source records into listings, before any photo is looked at.

    The result has the columns of a listing that a source can give, `photos` (list of reference and bytes),
    `row_hash`, `source_file`, `source_row` and the unmapped columns. Values that do not fit their type become null.
    """
    ours: dict[str, pa.Array] = {}
    for name in MAPPABLE:
        theirs = mapping.mapped.get(name)
        kind = LISTINGS.schema.field(name).type
        if name == "image":
            ours["photos"] = _photos(records, theirs or [], mapping.separator, file, rows)
        elif not theirs:
            ours[name] = pa.nulls(records.num_rows, kind)
        elif name == "attributes":
            ours[name] = _attributes(records, theirs)
        elif name == "price":
            ours[name] = price(records.column(str(theirs)), mapping.decimal)
        elif name in READERS:
            ours[name] = READERS[name](records.column(str(theirs)))
        else:
            texts = [text(records.column(column)) for column in _names(theirs)]
            separator = CATEGORY_SEPARATOR if name == "category" else " "
            joined = _joined(texts, separator)
            if name == "category":  # Home>Living is Home > Living
                joined = pc.utf8_trim_whitespace(pc.replace_substring_regex(joined, r"\s*>\s*", separator))
            ours[name] = pc.if_else(pc.equal(pc.utf8_trim_whitespace(joined), ""), None, joined)
    if mapping.mapped.get("id"):
        ours["id"] = pc.utf8_trim_whitespace(ours["id"])
    if mapping.mapped.get("price") and mapping.mapped.get("currency") != []:
        said = currency(records.column(str(mapping.mapped["price"])))
        ours["currency"] = pc.coalesce(ours["currency"], pc.if_else(pc.is_valid(ours["price"]), said, None))
    ours["row_hash"] = row_hash(ours)
    ours["source_file"] = pa.array([file] * records.num_rows, pa.string())
    ours["source_row"] = rows
    for name, theirs in mapping.unmapped.items():
        column = records.column(theirs)
        ours[name] = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return pa.RecordBatch.from_arrays(list(ours.values()), names=list(ours))


def unread(records: pa.RecordBatch, listings: pa.RecordBatch, mapping: ColumnMapping) -> dict[str, int]:
    """Count the values that did not fit their type and became null, by column."""
    found = {}
    for name in UNDERSTOOD:
        theirs = mapping.mapped.get(name)
        if theirs and isinstance(theirs, str):  # attributes of columns of their own are text, and always fit
            given = pc.fill_null(pc.utf8_trim_whitespace(text(records.column(theirs))), "")
            found[name] = pc.sum(pc.and_(pc.not_equal(given, ""), pc.is_null(listings[name]))).as_py() or 0
    return found


def row_hash(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Hash the mapped source values of each row: equal rows have equal hashes, whatever file they stand in."""
    parts = []
    for name, column in columns.items():
        if name == "photos":
            parts.append(pa.array([_photo_key(photos) for photos in column.to_pylist()], pa.string()))
        else:
            # A null keeps its name out of the text, so that a source without the column hashes alike.
            parts.append(pc.binary_join_element_wise(name, text(column), "\x1f"))
    joined = _joined(parts, "\x1e").to_pylist()
    return pa.array([xxhash.xxh3_128_hexdigest((v or "").encode()) for v in joined], pa.string())


def _joined(texts: Sequence[pa.Array], separator: str) -> pa.Array:
    # Not binary_join_element_wise(null_handling="skip"): pyarrow 25 loses the rows in which all are null.
    joined = texts[0]
    for other in texts[1:]:
        both = pc.binary_join_element_wise(joined, other, separator)
        joined = pc.if_else(pc.is_null(joined), other, pc.if_else(pc.is_null(other), joined, both))
    return joined


def _photo_key(photos: list[dict[str, Any]] | None) -> str:
    return "\x1f".join(
        xxhash.xxh3_128_hexdigest(p["bytes"]) if p["bytes"] is not None else str(p["reference"]) for p in photos or []
    )


def _attributes(records: pa.RecordBatch, theirs: Theirs) -> pa.Array:
    if isinstance(theirs, str):
        column = records.column(theirs)
        if column.type == ATTRIBUTES:
            return column
        return pa.array([_attribute_list(value) for value in column.to_pylist()], ATTRIBUTES)
    if isinstance(theirs, Mapping):
        theirs = dict(sorted(theirs.items()))  # keys of a configuration have no order
    names = list(theirs)
    texts = [pc.utf8_trim_whitespace(text(records.column(c))) for c in _names(theirs)]
    present = np.stack(
        [np.asarray(pc.and_kleene(pc.is_valid(t), pc.fill_null(pc.not_equal(t, ""), False))) for t in texts], 1
    )
    row, which = np.nonzero(present)
    # Flatten row by row: value k of row i is text `which` at i.
    chunks = pa.concat_arrays([t.cast(pa.string()) for t in texts])
    values = chunks.take(pa.array(which * records.num_rows + row))
    offsets = np.concatenate([[0], present.sum(1).cumsum()]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(np.arange(len(values) + 1, dtype=np.int32)), values)
    struct = pa.StructArray.from_arrays(
        [pa.array(names).take(pa.array(which)), lists], fields=list(ATTRIBUTES.value_type)
    )
    return pa.ListArray.from_arrays(pa.array(offsets), struct).cast(ATTRIBUTES)


def _attribute_list(value: Any) -> list[dict[str, Any]] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, list) and all(isinstance(v, tuple) and len(v) == 2 for v in value):
        value = dict(value)  # Arrow maps come as pairs
    if isinstance(value, list) and all(isinstance(v, dict) and "name" in v for v in value):
        value = {str(v["name"]): v.get("values", v.get("value")) for v in value}
    if not isinstance(value, dict):
        return None
    found = []
    for name, values in value.items():
        listed = values if isinstance(values, list) else [values]
        kept = [str(v).strip() for v in listed if v is not None and str(v).strip()]
        if kept:
            found.append({"name": str(name), "values": kept})
    return found


def _photos(records: pa.RecordBatch, theirs: Theirs, separator: str | None, file: str, rows: pa.Array) -> pa.Array:
    found: list[list[dict[str, Any]]] = [[] for _ in range(records.num_rows)]
    numbers = rows.to_pylist()
    for column in _names(theirs):
        for row, value in enumerate(records.column(column).to_pylist()):
            for photo in _photo_values(value, separator):
                if isinstance(photo, bytes):
                    reference = f"{file}#{numbers[row]}.{column}"
                    found[row].append({"reference": reference, "bytes": photo})
                else:
                    found[row].append({"reference": photo, "bytes": None})
    return pa.array(found, PHOTOS)


def _photo_values(value: Any, separator: str | None) -> list[str | bytes]:
    if value is None or value == "":
        return []
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, dict):  # Hugging Face's image feature
        held = value.get("bytes") or value.get("path") or value.get("url")
        return [held] if held else []
    if isinstance(value, list):
        return [photo for item in value for photo in _photo_values(item, separator)]
    words = str(value).strip()
    if words.startswith("[") and words.endswith("]"):
        try:
            return _photo_values(json.loads(words), separator)
        except json.JSONDecodeError:
            pass
    parts = words.split(separator) if separator else [words]
    return [part.strip() for part in parts if part.strip()]
