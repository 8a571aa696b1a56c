"""Listings with their vectors and labels, one split of them, and which are taken where there are too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from ..schemas.config import HeadsConfig
from ..schemas.errors import EclipError
from .heads.features import Vectors

TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class Labelled:
    """Hold listings of one split with their vectors and whatever labels they have."""

    ids: list[str]
    groups: list[str]
    titles: list[str]
    vectors: Vectors
    categories: list[str | None]
    attributes: list[dict[str, str]]
    adult: list[bool | None]
    products: list[str | None]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, table: pa.Table, config: HeadsConfig) -> Labelled:
        """Take one split's rows; a label column that the configuration names must be there."""
        columns = table.column_names
        for key, name in (
            ("category", config.category),
            ("adult", config.adult),
            ("product", config.product),
        ):
            if name is not None and name not in columns:
                raise EclipError(f"heads.{key}: the listings have no column '{name}'; they have {', '.join(columns)}")
        nothing: list[Any] = [None] * table.num_rows

        def values(name: str | None) -> list[Any]:
            return table.column(name).to_pylist() if name else nothing

        titles, ids = values("title"), values("id")
        return cls(
            ids,
            [group or own for group, own in zip(values("group_id"), ids, strict=True)],
            [title or "" for title in titles],
            Vectors.of(table),
            [c or None for c in values(config.category)],
            [_first_values(row) for row in values("attributes" if "attributes" in columns else None)],
            [_truth(value, config.adult) for value in values(config.adult)],
            [p or None for p in values(config.product)],
        )

    def seen(self) -> np.ndarray:
        """Number the rows that have a vector at all. [int64 of shape (m,)]"""
        return np.flatnonzero(self.vectors.has_image | self.vectors.has_text)

    def take(self, rows: np.ndarray) -> Labelled:
        """Choose rows by number."""
        lists = (
            self.ids,
            self.groups,
            self.titles,
            self.categories,
            self.attributes,
            self.adult,
            self.products,
        )
        ids, groups, titles, *labels = ([values[i] for i in rows] for values in lists)
        return Labelled(ids, groups, titles, self.vectors.take(rows), *labels)


def lowest(names: Sequence[str], limit: int, rows: np.ndarray) -> np.ndarray:
    """Choose at most `limit` of `rows`, those of lowest xxh64(name), in their order.

    Equal names stay together: of families, none is torn apart.

    Args:
        names: one for each row there is: ids, or families where rows of one must not be torn apart.
        limit: rows to take, at most.
        rows: numbers to choose from, int of shape (n,).
    """
    rows = np.asarray(rows, np.int64)
    if len(rows) <= limit:
        return rows
    digest = np.array([xxhash.xxh64_intdigest(names[i].encode()) for i in rows], np.uint64)
    bound = np.sort(digest)[limit]
    return np.asarray(rows[digest < bound])


def _first_values(row: list[dict[str, Any]] | None) -> dict[str, str]:
    """Read attributes; of several values the first counts."""
    return {entry["name"]: entry["values"][0] for entry in row or [] if entry["values"] and entry["values"][0]}


def _truth(value: Any, column: str | None) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    found = TRUTHS.get(str(value).strip().lower())
    if found is None and str(value).strip():
        raise EclipError(
            f"heads.adult: column '{column}' holds {value!r}; expected true, false, 1, 0, yes, no or nothing"
        )
    return found
