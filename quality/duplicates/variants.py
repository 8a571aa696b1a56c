"""What tells a variant from a duplicate: sizes, colours, numbers, pack counts, model codes, attributes.

Features of a listing are 64-bit numbers, each a statement of one kind (see `lexicon`). Two listings conflict in a kind
when both say something and neither says all that the other says: {red} against {blue}, {64 GB, 4 GB} against
{128 GB, 4 GB}; {red} against {red, white} is no conflict. And they conflict when one makes a firm statement that the
other does not make: an iPhone 12 is no iPhone 12 Pro, a mug no used mug, a can no pack of six.

A listing's `item_group_id` is no feature: it says which listings are variants of one product, not in what they differ,
and sellers give one to listings that differ in nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import xxhash

from ..compiled import compiled, inner
from .cutting import cut_text, room_for
from .grammar import KIND_SHIFT, NUMBER, PACK, no_statements
from .gtin import gtin
from .letters import alphabet
from .lexicon import KINDS, Lexicon, feature, lexicon
from .sorting import rise
from .statements import read

__all__ = ["KINDS", "Veto", "conflict", "features", "veto"]

# What exports write where a brand or a part number is not known, without its punctuation.
UNKNOWN = {"", "0", "na", "nan", "none", "null", "nil", "unknown", "other", "doesnotapply", "notapplicable", "nobrand",
           "unbranded", "nonbranded", "generic"}  # fmt: skip

_SHIFT = np.uint64(40)
_PLAIN = np.uint64((1 << 40) - 2)  # the value, without group and firmness


class Veto(NamedTuple):
    """Why two listings are variants of each other: the kind, and what each says of it; "" where it says nothing."""

    kind: str
    left: str
    right: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.left or '–'} | {self.right or '–'}"


def features(titles: Sequence[str] | pa.Array, rows: Sequence[dict[str, Any]] | None = None) -> pa.Array:
    """Find what each listing says of its variant.

    Args:
        titles: Clean titles.
        rows: The listings' `brand`, `gtin`, `mpn` and `attributes`, where known.

    Returns:
        list<uint64> of n rows, sorted and distinct in each.
    """
    array = pa.array(titles, pa.large_string()) if not isinstance(titles, pa.Array) else titles.cast(pa.large_string())
    values, offsets = _features(*_utf8(array), *alphabet(), lexicon())
    values = values.copy()  # as large as it is, not as it might have been
    if rows is not None:
        more = [_of_row(row) for row in rows]
        if any(more):
            values, offsets = _merged(values, offsets, more)
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(values))


def veto(
    left: str, right: str, left_row: dict[str, Any] | None = None, right_row: dict[str, Any] | None = None
) -> Veto | None:
    """Say in words why two listings are variants of each other, None where nothing says so.

    >>> print(veto("Red mug 500 ml", "Blue mug 0.5 l"))
    colour: Red | Blue
    """
    rows = [left_row or {}, right_row or {}]
    found = features([left, right], rows)
    kind = conflict(np.asarray(found.values), np.asarray(found.offsets).astype(np.int64), 0, 1)
    if kind < 0:
        return None
    said = [_spelled(title, row, int(kind)) for title, row in zip((left, right), rows, strict=True)]
    shared = {f >> 1 for f, _ in said[0]} & {f >> 1 for f, _ in said[1]}
    words = [", ".join(dict.fromkeys(word for f, word in side if f >> 1 not in shared)) for side in said]
    return Veto(KINDS[kind], words[0], words[1])


@inner
def conflict(values: np.ndarray, offsets: np.ndarray, left: int, right: int) -> np.int64:
    """Give the first kind in which two listings conflict, -1 if none does.

    Args:
        values: [uint64] features of all listings, sorted in each.
        offsets: [int64 (n + 1,)] where each listing's features begin.
        left: One listing's number.
        right: The other's.
    """
    i, i_end = offsets[left], offsets[left + 1]
    j, j_end = offsets[right], offsets[right + 1]
    one = np.uint64(1)
    end = np.uint64(0xFFFFFFFFFFFFFFFF)
    while i < i_end or j < j_end:
        group = min(values[i] >> _SHIFT if i < i_end else end, values[j] >> _SHIFT if j < j_end else end)
        only_left = only_right = firm = False
        while True:
            a = values[i] if i < i_end and values[i] >> _SHIFT == group else end
            b = values[j] if j < j_end and values[j] >> _SHIFT == group else end
            if a == end and b == end:
                break
            if a >> one == b >> one:
                i += 1
                j += 1
            elif a < b:
                only_left = True
                firm |= a & one == one and not _counts(values, j, j_end, a)
                i += 1
            else:
                only_right = True
                firm |= b & one == one and not _counts(values, i, i_end, b)
                j += 1
        if firm or (only_left and only_right):
            return np.int64(group >> np.uint64(16))
    return np.int64(-1)


@inner
def _counts(values: np.ndarray, first: int, last: int, said: np.uint64) -> bool:
    """Say whether features first to last have a bare number for a pack of as many: "6 glasses", "glasses, set of 6"."""
    if said >> KIND_SHIFT != PACK:
        return False
    number = NUMBER | (said & _PLAIN)
    for k in range(first, last):  # noqa: SIM110
        if values[k] == number:
            return True
    return False


def _utf8(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    _, bounds, data = texts.buffers()
    ends = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8), ends


@inner
def _distinct(said: np.ndarray, count: int) -> int:
    """Sort the first features in place; of two that differ in firmness alone keep the firm one. Give their number."""
    rise(said, count)
    kept = 0
    for k in range(count):
        if k + 1 < count and said[k] >> np.uint64(1) == said[k + 1] >> np.uint64(1):
            continue
        said[kept] = said[k]
        kept += 1
    return kept


@compiled
def _features(
    data: np.ndarray, bounds: np.ndarray, classes: np.ndarray, folds: np.ndarray, words: Lexicon
) -> tuple[np.ndarray, np.ndarray]:
    values, offsets, total = np.empty(16 * len(bounds), np.uint64), np.zeros(len(bounds), np.int64), 0
    found, room = no_statements(), room_for(bounds)
    for i in range(len(bounds) - 1):
        read(cut_text(data, bounds[i], bounds[i + 1], classes, folds, room), words, found)
        kept = _distinct(found.features, found.total[0])
        if total + kept > len(values):
            larger = np.empty(2 * len(values), np.uint64)
            for k in range(total):
                larger[k] = values[k]
            values = larger
        for k in range(kept):
            values[total + k] = found.features[k]
        total += kept
        offsets[i + 1] = total
    return values[:total], offsets


@compiled
def _spans(
    data: np.ndarray, classes: np.ndarray, folds: np.ndarray, words: Lexicon
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The statements of one text, in its order, and the characters that make each."""
    found = no_statements()
    text = cut_text(data, 0, len(data), classes, folds, room_for(np.array([0, len(data)])))
    read(text, words, found)
    n = found.total[0]
    starts, ends = np.empty(n, np.int64), np.empty(n, np.int64)
    for k in range(n):
        starts[k] = text.places[text.starts[found.starts[k]]]
        ends[k] = text.places[text.ends[found.ends[k] - 1] - 1] + 1
    return found.features[:n], starts, ends


def _statements(text: str) -> list[tuple[int, str]]:
    found, starts, ends = _spans(np.frombuffer(text.encode(), np.uint8), *alphabet(), lexicon())
    return [(f, text[a:b]) for f, a, b in zip(found.tolist(), starts.tolist(), ends.tolist(), strict=True)]


def _spelled(title: str, row: dict[str, Any], kind: int) -> list[tuple[int, str]]:
    """What a listing says of a kind, in its own words."""
    said = [(f, word) for f, word in _statements(title) if f >> 56 == kind]
    named = {"gtin": row.get("gtin"), "mpn": row.get("mpn"), "brand": row.get("brand")}
    said += [(f, str(named.get(KINDS[kind]) or "")) for f in _of_row({**row, "attributes": None}) if f >> 56 == kind]
    for attribute in row.get("attributes") or []:
        for value in attribute["values"] or []:
            said += [
                (f, f"{attribute['name']} {value}") for f in _of_attribute(attribute["name"], value) if f >> 56 == kind
            ]
    return said


def _of_row(row: dict[str, Any]) -> list[int]:
    said = []
    code = gtin(row.get("gtin"))
    if code:
        said.append(feature("gtin", code))
    for kind in ("mpn", "brand"):
        value = row.get(kind)
        if value:
            said += _named(kind, value)
    for attribute in row.get("attributes") or ():
        for value in attribute["values"] or ():
            said += _of_attribute(attribute["name"], value)
    return said


@functools.lru_cache(1 << 16)
def _named(kind: str, value: str) -> tuple[int, ...]:
    plain = re.sub(r"[\W_]+", "", value.casefold())
    return (feature(kind, plain),) if plain not in UNKNOWN else ()


@functools.lru_cache(1 << 16)
def _of_attribute(name: str, value: str) -> tuple[int, ...]:
    """What an attribute says: a value known by another word is the same value, "Rot" and "red"."""
    said = sorted({f >> 1 for f, _ in _statements(value)})
    plain = xxhash.xxh64_hexdigest(np.array(said, np.uint64).tobytes()) if said else value.strip().casefold()
    return (feature("attribute", plain, name.strip().casefold()),)


def _merged(values: np.ndarray, offsets: np.ndarray, more: Iterable[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Add further features to each row."""
    counts = np.array([len(row) for row in more], np.int64)
    added = np.array([f for row in more for f in row], np.uint64)
    owners = np.concatenate(
        [np.repeat(np.arange(len(counts)), np.diff(offsets)), np.repeat(np.arange(len(counts)), counts)]
    )
    both = np.concatenate([values, added])
    order = np.lexsort((both, owners))
    both, owners = both[order], owners[order]
    last = np.append((both[1:] >> np.uint64(1) != both[:-1] >> np.uint64(1)) | (owners[1:] != owners[:-1]), True)
    both, owners = both[last], owners[last]
    return both, np.searchsorted(owners, np.arange(len(counts) + 1)).astype(np.int64)
