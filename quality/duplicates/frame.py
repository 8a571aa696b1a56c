"""A data frame as the listings and photos that duplicates are found among."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...schemas.errors import ConfigError, SourceError, nearest
from ...schemas.listing import ATTRIBUTES
from ...schemas.values import of_frame, price, text, time
from ..images import hashes
from ..images.decode import UnreadablePhotoError, decode
from ..images.reader import own_photo
from ..images.web import NoPhotoError
from ..noise import HOT, SCORES, score, share

# Columns that are read where the frame has them by these names.
READ: dict[str, tuple[pa.DataType, Callable[[pa.Array], pa.Array]]] = {
    **{name: (pa.string(), text) for name in ("description", "brand", "category", "gtin", "mpn", "catalog_id")},
    "price": (pa.float64(), price),
    "updated_at": (pa.timestamp("us", tz="UTC"), time),
}
PHOTO = pa.schema([("width", pa.int32()), ("height", pa.int32()), ("phash", pa.string()), ("phash256", pa.string()),
                   ("colour", pa.binary(192))])  # fmt: skip


def listings_of(
    df: pd.DataFrame,
    title: str,
    image: str | None,
    id: str | None,
    seller: str | None,
    attributes: Sequence[str],
    phash: str | None = None,
) -> pa.RecordBatch:
    """Make listings, with their photos' signs (PHOTO) and the scores by which a photo is hot.

    Raises:
        ConfigError: a column is not there.
        SourceError: ids are not unique.
    """
    for name in (title, *(n for n in (image, id, seller, phash) if n), *attributes):
        if name not in df.columns:
            raise ConfigError(f"find_duplicates: no column '{name}'{nearest(name, map(str, df.columns))}")
    names = (df[id] if id else df.index.to_series()).astype(str)
    twice = names[names.duplicated()]
    if len(twice):
        raise SourceError(f"find_duplicates: id '{twice.iloc[0]}' stands twice; ids must be unique")
    columns = {"id": pa.array(names.tolist(), pa.string()), "title": text(of_frame(df[title]))}
    columns["seller"] = text(of_frame(df[seller])) if seller else pa.nulls(len(df), pa.string())
    for name, (kind, read) in READ.items():
        columns[name] = read(of_frame(df[name])) if name in df.columns else pa.nulls(len(df), kind)
    values: list[Any] = [
        [{"name": n, "values": [str(v)]} for n, v in zip(attributes, row, strict=True) if pd.notna(v)]
        for row in df[list(attributes)].itertuples(index=False)
    ]
    columns["attributes"] = pa.array(values or [None] * len(df), ATTRIBUTES)
    photos = _photos(df[image]) if image else pa.RecordBatch.from_pylist([{}] * len(df), PHOTO)
    if phash:
        photos = photos.set_column(2, PHOTO.field("phash"), text(of_frame(df[phash])))
    batch = pa.RecordBatch.from_pydict(columns | {name: photos[name] for name in PHOTO.names})
    scores = score(batch, _shared(batch))
    for name in SCORES.names[1:]:
        batch = batch.append_column(name, scores[name])
    return batch


def _photos(column: pd.Series) -> pa.RecordBatch:
    """Decode and hash; a photo that does not decode counts as none."""
    rows: list[dict[str, Any]] = []
    for cell in column:
        try:
            photo = decode(own_photo(cell) or b"")
        except (UnreadablePhotoError, NoPhotoError):
            rows.append({})
            continue
        rows.append(
            {
                "width": photo.width, "height": photo.height,
                "phash": hashes.to_hex(hashes.phash(photo.gray32[None]))[0],
                "phash256": hashes.to_hex(hashes.phash(photo.gray64[None]))[0], "colour": photo.rgb8.tobytes(),
            }
        )  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, PHOTO)


def _shared(listings: pa.RecordBatch) -> pa.Table:
    """Describe the photos that several listings share, as rows of HOT."""
    frame = listings.select(["phash", "brand", "seller", "category"]).to_pandas()
    makers = frame["brand"].fillna(frame["seller"]).fillna(frame["category"]).fillna("")
    rows = [
        share(
            str(name),
            len(places),
            listings["title"].take(pa.array(np.sort(places))),
            makers.iloc[places].replace("", None).nunique(),
        )
        for name, places in frame.groupby("phash").indices.items()
        if len(places) > 1
    ]
    return pa.Table.from_pylist(rows, HOT)
