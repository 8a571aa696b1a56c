"""A data frame as the listings and photos that duplicates are found among."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...schemas.errors import ConfigError, SourceError, nearest
from ...schemas.listing import ATTRIBUTES
from ..images.decode import UnreadablePhotoError, decode
from ..images.hashes import phash, to_hex
from ..noise import HOT, SCORES, score, share

# Columns that are read where the frame has them by these names.
TEXT = ("description", "brand", "category", "gtin", "mpn", "catalog_id")
KINDS = {"price": pa.float64(), "updated_at": pa.timestamp("us", tz="UTC")}
PHOTO = pa.schema([("width", pa.int32()), ("height", pa.int32()), ("phash", pa.string()), ("phash256", pa.string()),
                   ("colour", pa.binary(192))])  # fmt: skip


def listings_of(
    df: pd.DataFrame, title: str, image: str | None, id: str | None, seller: str | None, attributes: Sequence[str]
) -> pa.RecordBatch:
    """Make listings, with their photos' signs (PHOTO) and the scores by which a photo is hot.

    Raises:
        ConfigError: a column is not there.
        SourceError: ids are not unique.
    """
    for name in (title, *(n for n in (image, id, seller) if n), *attributes):
        if name not in df.columns:
            raise ConfigError(f"find_duplicates: no column '{name}'{nearest(name, map(str, df.columns))}")
    names = (df[id] if id else df.index.to_series()).astype(str)
    twice = names[names.duplicated()]
    if len(twice):
        raise SourceError(f"find_duplicates: id '{twice.iloc[0]}' stands twice; ids must be unique")
    columns = {"id": pa.array(names.tolist(), pa.string()), "title": _text(df[title])}
    columns["seller"] = _text(df[seller]) if seller else pa.nulls(len(df), pa.string())
    for name in TEXT:
        columns[name] = _text(df[name]) if name in df.columns else pa.nulls(len(df), pa.string())
    columns["price"] = _typed(df, "price", _numbers)
    columns["updated_at"] = _typed(df, "updated_at", _instants)
    values: list[Any] = [
        [{"name": n, "values": [str(v)]} for n, v in zip(attributes, row, strict=True) if pd.notna(v)]
        for row in df[list(attributes)].itertuples(index=False)
    ]
    columns["attributes"] = pa.array(values or [None] * len(df), ATTRIBUTES)
    photos = _photos(df[image]) if image else pa.RecordBatch.from_pylist([{}] * len(df), PHOTO)
    batch = pa.RecordBatch.from_pydict(columns | {name: photos[name] for name in PHOTO.names})
    scores = score(batch, _shared(batch))
    for name in SCORES.names[1:]:
        batch = batch.append_column(name, scores[name])
    return batch


def _text(column: pd.Series) -> pa.Array:
    return pa.array([None if pd.isna(v) else str(v) for v in column], pa.string())


def _typed(df: pd.DataFrame, name: str, parse: Any) -> pa.Array:
    if name not in df.columns:
        return pa.nulls(len(df), KINDS[name])
    return pa.array(parse(df[name]), KINDS[name], from_pandas=True)


def _numbers(column: pd.Series) -> np.ndarray:
    """Read numbers; what is none is not known. [float64 (n,)]"""
    return np.asarray(pd.Series(pd.to_numeric(column, errors="coerce")).to_numpy(float, na_value=np.nan))


def _instants(column: pd.Series) -> np.ndarray:
    """Read times; without a zone they are UTC. [datetime64[us] (n,)]"""
    return np.asarray(pd.to_datetime(column, errors="coerce", utc=True).dt.tz_convert(None).to_numpy("datetime64[us]"))


def _photos(column: pd.Series) -> pa.RecordBatch:
    """Decode and hash; a photo that does not decode counts as none."""
    rows: list[dict[str, Any]] = []
    for cell in column:
        try:
            photo = decode(cell if isinstance(cell, bytes) else Path(cell).read_bytes() if cell else b"")
        except (UnreadablePhotoError, OSError, TypeError):  # TypeError: neither path nor bytes, such as NaN
            rows.append({})
            continue
        rows.append(
            {
                "width": photo.width, "height": photo.height, "phash": to_hex(phash(photo.gray32[None]))[0],
                "phash256": to_hex(phash(photo.gray64[None]))[0], "colour": photo.rgb8.tobytes(),
            }
        )  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, PHOTO)


def _shared(listings: pa.RecordBatch) -> pa.Table:
    """Describe the photos that several listings share, as rows of HOT."""
    frame = listings.select(["phash", "brand", "seller", "category"]).to_pandas()
    makers = frame["brand"].fillna(frame["seller"]).fillna(frame["category"]).fillna("")
    rows = [
        share(str(name), listings["title"].take(pa.array(np.sort(places))), makers.iloc[np.sort(places)].tolist())
        for name, places in frame.groupby("phash").indices.items()
        if len(places) > 1
    ]
    return pa.Table.from_pylist(rows, HOT)
