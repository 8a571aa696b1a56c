"""The survivor rule: which of several duplicates stays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig
from .gtin import gtins
from .sellers import seller_names

# A larger number is better; unknown is worst.
COLUMNS = ["title", "description", "brand", "seller", "category", "attributes", "price", "gtin", "mpn", "updated_at",
           "width", "height"]  # fmt: skip
FILLED = ["title", "description", "brand", "category", "price", "gtin", "mpn"]


def scores(listings: pa.Table, config: DeduplicateConfig) -> np.ndarray:
    """Score listings by each part of the survivor rule.

    Args:
        listings: With COLUMNS.
        config: survivor, of trusted (sold by one of trusted_sellers, the first of them best), photo (most pixels),
            attributes (most that is filled in), newest, oldest, cheapest.

    Returns:
        [float64 (n, len(survivor))] more is better.
    """
    parts = {"trusted": lambda listings: _trusted(listings, config.trusted_sellers), **_SCORES}
    columns = [parts[name](listings) for name in config.survivor]
    return np.stack(columns, axis=1) if columns else np.zeros((listings.num_rows, 0))


def rank(scores: np.ndarray) -> np.ndarray:
    """Rank listings by their scores, the first column first; equal listings have equal ranks.

    Args:
        scores: [float64 (n, k)]

    Returns:
        [int64 (n,)] the lowest survives.
    """
    n, parts = scores.shape
    if not n or not parts:
        return np.zeros(n, np.int64)
    order = np.lexsort(-scores.T[::-1])
    different = np.any(scores[order[1:]] != scores[order[:-1]], axis=1)
    ranks = np.empty(n, np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(different)])
    return ranks


def _numbers(column: pa.Array | pa.ChunkedArray, unknown: float) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.cast(column, pa.float64()), unknown), np.float64)


def _trusted(listings: pa.Table, sellers: list[str]) -> np.ndarray:
    if not sellers:
        return np.zeros(listings.num_rows)
    best = seller_names(pa.array(sellers, pa.string()))
    return -_numbers(pc.index_in(seller_names(listings["seller"]), best, skip_nulls=True), float(len(sellers)))


def _photo(listings: pa.Table) -> np.ndarray:
    pixels = pc.multiply(pc.cast(listings["width"], pa.float64()), pc.cast(listings["height"], pa.float64()))
    return _numbers(pixels, 0.0)


def _attributes(listings: pa.Table) -> np.ndarray:
    known = {name: listings[name] for name in FILLED} | {"gtin": gtins(listings["gtin"])}
    filled = sum(np.asarray(pc.is_valid(column)).astype(np.float64) for column in known.values())
    return np.asarray(filled + _numbers(pc.list_value_length(listings["attributes"]), 0.0))


def _newest(listings: pa.Table) -> np.ndarray:
    return _numbers(pc.cast(listings["updated_at"], pa.int64()), -np.inf)


def _oldest(listings: pa.Table) -> np.ndarray:
    return -_numbers(pc.cast(listings["updated_at"], pa.int64()), np.inf)


def _cheapest(listings: pa.Table) -> np.ndarray:
    return -_numbers(listings["price"], np.inf)


_SCORES = {"photo": _photo, "attributes": _attributes, "newest": _newest, "oldest": _oldest, "cheapest": _cheapest}
