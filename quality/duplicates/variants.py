"""What tells a variant from a duplicate: sizes, colours, numbers, pack counts, model codes, attributes.

Features of a listing are 64-bit numbers: the kind in the highest byte, a hash of the value below. Two listings
conflict in a kind when both say something and neither says all that the other says: {red} against {blue}, {64 GB,
4 GB} against {128 GB, 4 GB}; {red} against {red, white} is no conflict.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import xxhash

from .gtin import gtin
from .variant_words import AUDIENCE, COLOURS, PACK_BEFORE, SIZES, UNITS

# The kind's number is its place; a pair's veto names the first kind that conflicts.
KINDS = ("gtin", "mpn", "brand", "colour", "size", "pack", "volume", "weight", "length", "storage", "power", "voltage",
         "charge", "audience", "model", "number", "attribute")  # fmt: skip
_KIND = {name: number for number, name in enumerate(KINDS)}
_VALUE_BITS = 48  # attributes use the 8 bits between for their name
ATTRIBUTE_KINDS = 1 << 8
_SHIFT = np.uint64(_VALUE_BITS)

# What exports write where a brand or a part number is not known, without its punctuation.
UNKNOWN = {"", "0", "na", "nan", "none", "null", "nil", "unknown", "other", "doesnotapply", "notapplicable", "nobrand",
           "unbranded", "nonbranded", "generic"}  # fmt: skip

_NUMBER = r"\d+(?:[.,]\d+)?"
_SPACED = sorted(UNITS, key=len, reverse=True)
_MEASURE = re.compile(rf"({_NUMBER})\s?-?({'|'.join(re.escape(u) for u in _SPACED)})(?![^\W\d_])")
_PACK = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(re.escape(u) for u in PACK_BEFORE)})\s?(\d{{1,4}})(?!\w)")
_CODE = re.compile(r"(?<![^\W_])(?=[a-z0-9\-]*[a-z])(?=[a-z0-9\-]*\d)[a-z0-9]+(?:-[a-z0-9]+)*(?![^\W_])")
_BARE = re.compile(rf"(?<![\w.,]){_NUMBER}(?![\w]|[.,]\d)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d?[^\W\d_]+")
_CJK_WORDS = {
    kind: [(w, m) for w, m in table.items() if not w[0].isascii() and len(w) > 1 and ord(w[0]) > 0x2E80]
    for kind, table in (("colour", COLOURS), ("size", SIZES), ("audience", AUDIENCE))
}


def features(titles: Sequence[str], rows: Sequence[dict[str, Any]] | None = None) -> pa.Array:
    """Find what each listing says of its variant.

    Args:
        titles: Clean titles.
        rows: The listings' `brand`, `gtin`, `mpn` and `attributes`, where known.

    Returns:
        list<uint64> of n rows, sorted and distinct in each.
    """
    found = []
    for number, title in enumerate(titles):
        said = set(_of_title(title.casefold()))
        if rows is not None:
            said.update(_of_row(rows[number]))
        found.append(sorted(said))
    return pa.array(found, pa.list_(pa.uint64()))


def _feature(kind: str, value: str, name: int = 0) -> int:
    digest = xxhash.xxh64_intdigest(value.encode()) & ((1 << _VALUE_BITS) - 1)
    return (_KIND[kind] << 56) | (name << _VALUE_BITS) | digest


@functools.lru_cache(1 << 16)
def _of_title(title: str) -> tuple[int, ...]:
    said: list[tuple[str, str]] = []

    def measured(found: re.Match[str]) -> str:
        kind, factor = UNITS[found[2]]
        said.append((kind, f"{float(found[1].replace(',', '.')) * factor:.6g}"))
        return " "

    def packed(found: re.Match[str]) -> str:
        said.append(("pack", f"{float(found[1]):.6g}"))
        return " "

    rest = _MEASURE.sub(measured, _PACK.sub(packed, title))
    said += [("model", code.replace("-", "")) for code in _CODE.findall(rest) if code not in SIZES]
    said += [("number", f"{float(n.replace(',', '.')):.6g}") for n in _BARE.findall(_CODE.sub(" ", rest))]
    words = _WORD.findall(rest)
    for kind, table in (("colour", COLOURS), ("size", SIZES), ("audience", AUDIENCE)):
        said += [(kind, table[word]) for word in _grams(words) if word in table]
        said += [(kind, meaning) for word, meaning in _CJK_WORDS[kind] if word in rest]
    return tuple(_feature(kind, value) for kind, value in said)


def _grams(words: Sequence[str]) -> Iterable[str]:
    yield from words
    yield from (f"{a} {b}" for a, b in itertools.pairwise(words))


def _of_row(row: dict[str, Any]) -> Iterable[int]:
    code = gtin(row.get("gtin"))
    if code:
        yield _feature("gtin", code)
    for kind in ("mpn", "brand"):
        plain = re.sub(r"[\W_]+", "", (row.get(kind) or "").casefold())
        if plain not in UNKNOWN:
            yield _feature(kind, plain)
    for attribute in row.get("attributes") or []:
        name = xxhash.xxh64_intdigest(attribute["name"].casefold().encode()) % ATTRIBUTE_KINDS
        for value in attribute["values"] or []:
            # A value known by another word is the same value: "Rot" and "red".
            plain = value.strip().casefold()
            plain = COLOURS.get(plain, SIZES.get(plain, plain))
            yield _feature("attribute", plain, name)


@numba.njit(cache=True)
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
    while i < i_end and j < j_end:
        kind_i, kind_j = values[i] >> _SHIFT, values[j] >> _SHIFT
        if kind_i < kind_j:
            i += 1
            continue
        if kind_j < kind_i:
            j += 1
            continue
        only_left = only_right = False
        while i < i_end and j < j_end and (values[i] >> _SHIFT == kind_i and values[j] >> _SHIFT == kind_i):
            if values[i] == values[j]:
                i += 1
                j += 1
            elif values[i] < values[j]:
                only_left = True
                i += 1
            else:
                only_right = True
                j += 1
        while i < i_end and values[i] >> _SHIFT == kind_i:
            only_left = True
            i += 1
        while j < j_end and values[j] >> _SHIFT == kind_i:
            only_right = True
            j += 1
        if only_left and only_right:
            return np.int64(kind_i >> np.uint64(8))
    return np.int64(-1)
