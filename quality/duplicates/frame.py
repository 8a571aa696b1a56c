"""A data frame as the listings and photos that duplicates are found among."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import ConfigError, SourceError, nearest
from ...schemas.listing import ATTRIBUTES
from ...schemas.values import of_frame, photo_hash, price, text, time
from ..noise import HOT, share
from .photo_signs import MOST

if TYPE_CHECKING:
    from ..images.decode import Photo

# Columns that are read where the frame has them by these names.
READ: dict[str, tuple[pa.DataType, Callable[[pa.Array], pa.Array]]] = {
    **{name: (pa.string(), text) for name in ("description", "brand", "category", "gtin", "mpn", "catalog_id")},
    "price": (pa.float64(), price),
    "updated_at": (pa.timestamp("us", tz="UTC"), time),
}
ARGUMENTS = ("df", "title", "image", "id", "seller", "attributes", "preset", "config", "phash", "progress")
PHOTOS = pa.schema([("row", pa.int64()), ("position", pa.int32()), ("width", pa.int32()), ("height", pa.int32()),
                    ("phash", pa.string()), ("phash256", pa.string()), ("colour", pa.binary(192))])  # fmt: skip
MAIN = ("width", "height", "phash")  # what a listing says of its main photo


def frame_of(df: Any) -> pd.DataFrame:
    """Take a pandas frame, or what hands its columns over as Arrow does: pyarrow, polars, DuckDB.

    Raises:
        ConfigError: it is neither.
    """
    if isinstance(df, pd.DataFrame):
        return df
    if hasattr(df, "__arrow_c_stream__"):
        frame: pd.DataFrame = pa.table(df).to_pandas()
        return frame
    raise ConfigError(f"find_duplicates: {type(df).__name__} is no table; give a pandas, polars or pyarrow one")


def listings_of(
    df: pd.DataFrame, title: str, image: str | Sequence[str] | None, id: str | None, seller: str | None,
    attributes: Sequence[str], phash: str | None = None, columns: Mapping[str, str] = MappingProxyType({}),
    moved: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[pa.RecordBatch, pa.RecordBatch]:  # fmt: skip
    """Make listings, with MAIN, and their photos, up to MOST of each: `id` and PHOTOS.

    Raises:
        ConfigError: a column is not there.
        SourceError: ids are not unique.
    """
    photos = [image] if isinstance(image, str) else list(image or [])
    for name in columns:
        if name not in READ:
            raise ConfigError(f"find_duplicates: no argument '{name}'{nearest(name, [*ARGUMENTS, *READ])}")
    for name in (title, *photos, *(n for n in (id, seller, phash) if n), *attributes, *columns.values()):
        if name not in df.columns:
            raise ConfigError(f"find_duplicates: no column '{name}'{nearest(name, map(str, df.columns))}")
    names = _ids(df, id)
    batch = {"id": names, "title": text(of_frame(df[title]))}
    batch["seller"] = text(of_frame(df[seller])) if seller else pa.nulls(len(df), pa.string())
    for name, (kind, read) in READ.items():
        column = columns.get(name, name)
        batch[name] = read(of_frame(df[column])) if column in df.columns else pa.nulls(len(df), kind)
    batch["attributes"] = _attributes(df[list(attributes)]) if len(attributes) else pa.nulls(len(df), ATTRIBUTES)
    seen = _photos(df[photos], moved) if photos else pa.RecordBatch.from_pylist([], PHOTOS)
    main = seen.filter(pc.equal(seen["position"], 0))
    place = pc.index_in(pa.array(np.arange(len(df))), main["row"])
    batch |= {name: main[name].take(place) for name in MAIN}
    if phash:
        batch["phash"] = pc.coalesce(batch["phash"], photo_hash(of_frame(df[phash])))
    return pa.RecordBatch.from_pydict(batch), seen.append_column("id", names.take(seen["row"]))


def _ids(df: pd.DataFrame, id: str | None) -> pa.Array:
    if id and df[id].isna().any():
        raise SourceError(
            f"find_duplicates: {int(df[id].isna().sum())} rows have no '{id}'; fill it in, or leave id= out"
        )
    names = (df[id] if id else df.index.to_series()).astype(str)
    twice = names[names.duplicated()]
    if len(twice):
        what = f"id '{twice.iloc[0]}'" if id else f"'{twice.iloc[0]}' in the frame's index"
        advice = "" if id else ": name a column, id=…, or number the rows, df.reset_index(drop=True)"
        raise SourceError(f"find_duplicates: {what} stands twice; ids must be unique{advice}")
    found = pa.Array.from_pandas(names)
    return (found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found).cast(pa.string())


def _attributes(df: pd.DataFrame) -> pa.Array:
    values = [
        [{"name": str(n), "values": [str(v)]} for n, v in zip(df.columns, row, strict=True) if pd.notna(v)]
        for row in df.itertuples(index=False)
    ]
    return pa.array(values, ATTRIBUTES)


def _photos(df: pd.DataFrame, moved: Callable[[str, int, int], None]) -> pa.RecordBatch:
    """Decode and hash the first MOST photos of each row that decode; one that does not counts as none."""
    from ..images.hashes import phash, to_hex

    rows: list[dict[str, Any]] = []
    for number, cells in enumerate(df.itertuples(index=False)):
        if number % 64 == 0:
            moved("read photos", number, len(df))
        several = (c if isinstance(c, list | tuple | np.ndarray) else (c,) for c in cells)
        decoded = filter(None, map(_decoded, itertools.chain(*several)))
        for position, photo in enumerate(itertools.islice(decoded, MOST)):
            rows.append({
                "row": number, "position": position, "width": photo.width, "height": photo.height,
                "phash": to_hex(phash(photo.gray32[None]))[0], "phash256": to_hex(phash(photo.gray64[None]))[0],
                "colour": photo.rgb8.tobytes(),
            })  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, PHOTOS)


def _decoded(cell: Any) -> Photo | None:
    # Late: titles alone need neither codecs nor the web.
    from ..images.decode import UnreadablePhotoError, decode
    from ..images.reader import own_photo
    from ..images.web import NoPhotoError

    try:
        return decode(own_photo(cell) or b"")
    except (UnreadablePhotoError, NoPhotoError):
        return None


def shared(listings: pa.RecordBatch, photos: pa.RecordBatch) -> pa.Table:
    """Describe the photos that several listings share, wherever they stand among theirs, as rows of HOT."""
    frame = listings.select(["phash", "brand", "seller", "category"]).to_pandas()
    makers = frame["brand"].fillna(frame["seller"]).fillna(frame["category"]).fillna("")
    # A hash that was given has no photo among `photos`.
    hashes = np.concatenate([frame["phash"].to_numpy(object), photos["phash"].to_numpy(zero_copy_only=False)])
    shown = pd.DataFrame({"phash": hashes, "row": np.concatenate([np.arange(len(frame)), np.asarray(photos["row"])])})
    shown = shown.dropna().drop_duplicates()
    rows = [
        share(
            str(name),
            len(places),
            listings["title"].take(pa.array(np.sort(places))),
            makers.iloc[places].replace("", None).nunique(),
        )
        for name, places in ((name, shown["row"].to_numpy()[k]) for name, k in shown.groupby("phash").indices.items())
        if len(places) > 1
    ]
    return pa.Table.from_pylist(rows, HOT)
