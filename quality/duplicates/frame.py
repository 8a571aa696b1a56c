"""A data frame as the listings and photos that duplicates are found among."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.deduplicate_config import DeduplicateConfig
from ...schemas.errors import ConfigError, SourceError, nearest
from ...schemas.listing import ATTRIBUTES
from ...schemas.values import encodable, of_frame, photo_hash, price, text, time
from ..noise import HOT, different_main_photos, share
from .photo_signs import MOST, hash_numbers
from .sellers import seller_names
from .xxh64 import digests

# Columns that are read where the frame has them by these names.
READ: dict[str, tuple[pa.DataType, Callable[[pa.Array], pa.Array]]] = {
    **{name: (pa.string(), text) for name in ("description", "brand", "category", "gtin", "mpn", "catalog_id")},
    "price": (pa.float64(), price),
    "updated_at": (pa.timestamp("us", tz="UTC"), time),
}
ARGUMENTS = ("df", "title", "image", "id", "seller", "attributes", "preset", "config", "phash", "progress")
PHOTOS = pa.schema([("row", pa.int64()), ("position", pa.int32()), ("width", pa.int32()), ("height", pa.int32()),
                    ("phash", pa.string()), ("phash256", pa.string()), ("colour", pa.binary(192))])  # fmt: skip
HASHED_AT_ONCE = 256  # rows
SEVERAL = (list, tuple, set, frozenset, np.ndarray)  # a cell of these holds several values
MAIN = ("width", "height", "phash")  # what a listing says of its main photo
NONE = "there is no photo"
UNREAD = ["row", "photo", "error"]  # of each photo that could not be read


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
    attributes: str | Sequence[str], phash: str | None = None, columns: Mapping[str, str] = MappingProxyType({}),
    moved: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[pa.RecordBatch, pa.RecordBatch, pd.DataFrame]:  # fmt: skip
    """Make listings, with MAIN, their photos, up to MOST of each: `id` and PHOTOS, and UNREAD of those not readable.

    Raises:
        ConfigError: a column is not there, or there twice.
        SourceError: ids are not unique.
    """
    photos, described = _names(image), _names(attributes)
    for name in columns:
        if name not in READ:
            known = [*ARGUMENTS, *READ, *DeduplicateConfig.model_fields]
            raise ConfigError(f"find_duplicates: no argument '{name}'{nearest(name, known)}")
    for name in (title, *photos, *(n for n in (id, seller, phash) if n), *described, *columns.values()):
        if name not in df.columns:
            raise ConfigError(f"find_duplicates: no column '{name}'{nearest(name, map(str, df.columns))}")
    read_too = [name for name in READ if name in df.columns and name not in columns]
    for name in (title, *photos, *(n for n in (id, seller, phash) if n), *described, *columns.values(), *read_too):
        if not isinstance(df.columns.get_loc(name), int):
            raise ConfigError(f"find_duplicates: two columns are called '{name}'; rename one, or drop it")
    names = _ids(df, id)
    batch = {"id": names, "title": text(of_frame(df[title]))}
    batch["seller"] = text(of_frame(df[seller])) if seller else pa.nulls(len(df), pa.string())
    for name, (kind, read) in READ.items():
        column = columns.get(name, name)
        batch[name] = read(of_frame(df[column])) if column in df.columns else pa.nulls(len(df), kind)
    batch["attributes"] = _attributes(df[described]) if described else pa.nulls(len(df), ATTRIBUTES)
    nothing = pa.RecordBatch.from_pylist([], PHOTOS), pd.DataFrame(columns=UNREAD)
    seen, unread = _photos(df[photos], moved) if photos else nothing
    main = seen.filter(pc.equal(seen["position"], 0))
    place = pc.index_in(pa.array(np.arange(len(df))), main["row"])
    batch |= {name: main[name].take(place) for name in MAIN}
    if phash:
        batch["phash"] = pc.coalesce(batch["phash"], photo_hash(of_frame(df[phash])))
    return pa.RecordBatch.from_pydict(batch), seen.append_column("id", names.take(seen["row"])), unread


def _names(columns: str | Sequence[str] | None) -> list[str]:
    return [columns] if isinstance(columns, str) else list(dict.fromkeys(columns or ()))


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
    """Name what each row says; of a cell that is a list each value, of one without a value nothing."""
    values = [
        [{"name": str(n), "values": said} for n, cell in zip(df.columns, row, strict=True) if (said := _said(cell))]
        for row in df.itertuples(index=False, name=None)
    ]
    return pa.array(values, ATTRIBUTES)


def _said(cell: Any) -> list[str]:
    several = cell if isinstance(cell, SEVERAL) else (cell,)
    return [encodable(str(v)) for v in several if not (pd.api.types.is_scalar(v) and pd.isna(v)) and str(v).strip()]  # type: ignore[misc]


def _photos(df: pd.DataFrame, moved: Callable[[str, int, int], None]) -> tuple[pa.RecordBatch, pd.DataFrame]:
    """Hash the first MOST photos of each row that decode; those that do not are told with the reason."""
    from ..images.description import hash_photos  # late: titles alone need no codecs

    tables: list[pd.DataFrame] = []
    unread: list[tuple[int, str, str]] = []
    for first in range(0, len(df), HASHED_AT_ONCE):
        moved("read photos", first, len(df))
        rows = df.iloc[first : first + HASHED_AT_ONCE].itertuples(index=False, name=None)
        waiting = {number: _cells(cells) for number, cells in enumerate(rows, first)}
        shown = dict.fromkeys(waiting, 0)
        while asked := [(row, c) for row, left in waiting.items() for c in itertools.islice(left, MOST - shown[row])]:
            reasons: dict[int, str] = {}
            hashed = hash_photos(_photo(cell, place, reasons) for place, (_, cell) in enumerate(asked))
            hashed["row"] = [row for row, _ in asked]
            broken = hashed["error"].notna()
            for place, ((row, cell), error) in enumerate(zip(asked, hashed["error"].tolist(), strict=True)):
                if isinstance(error, str) and reasons.get(place) != NONE:
                    unread.append((row, _named(cell), reasons.get(place, error)))
            hashed = hashed[~broken]
            hashed["position"] = hashed.groupby("row").cumcount() + hashed["row"].map(shown)
            for row in hashed["row"].tolist():
                shown[row] += 1
            tables.append(hashed[PHOTOS.names])
    return _in_order(tables), pd.DataFrame(unread, columns=UNREAD).sort_values("row", kind="stable", ignore_index=True)


def _in_order(tables: Sequence[pd.DataFrame]) -> pa.RecordBatch:
    """Put the parts together, as one batch: Arrow makes a chunk of each where pandas keeps text in Arrow itself."""
    parts = [pa.Table.from_pandas(part, PHOTOS, preserve_index=False) for part in tables]
    table = pa.concat_tables([PHOTOS.empty_table(), *parts]).sort_by([("row", "ascending"), ("position", "ascending")])
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], schema=PHOTOS)


def _cells(cells: Sequence[Any]) -> Iterator[Any]:
    """Take the photos of a row one by one, from columns of photos and of lists of them."""
    return itertools.chain.from_iterable(cell if isinstance(cell, SEVERAL) else (cell,) for cell in cells)


def _photo(cell: Any, place: int, reasons: dict[int, str]) -> bytes | None:
    """Read a cell; where that gives nothing, say why in `reasons`: NONE where the cell names no photo."""
    from ..images.reader import own_photo  # late: titles alone need no web
    from ..images.web import NoPhotoError

    try:
        data = own_photo(cell)
    except NoPhotoError as error:
        reasons[place] = str(error)
        return None
    if data is None:
        reasons[place] = NONE
    return data


def _named(cell: Any) -> str:
    """Name a photo in a message: its path or URL, or how many bytes a cell holds."""
    return f"{len(cell):,} bytes" if isinstance(cell, bytes | bytearray | memoryview) else str(cell)


def shared(listings: pa.RecordBatch, photos: pa.RecordBatch) -> pa.Table:
    """Describe the photos that several listings share, wherever they stand among theirs, as rows of HOT."""
    frame = listings.select(["phash", "brand", "category"]).to_pandas()
    sellers = seller_names(listings["seller"])
    main, seller = hash_numbers(listings["phash"]), digests(sellers)
    ids = digests(listings["id"])  # those of lowest hash are compared: whatever order rows are in, the same
    makers = frame["brand"].fillna(sellers.to_pandas()).fillna(frame["category"]).fillna("")
    # A hash that was given has no photo among `photos`.
    hashes = np.concatenate([frame["phash"].to_numpy(object), photos["phash"].to_numpy(zero_copy_only=False)])
    shown = pd.DataFrame({"phash": hashes, "row": np.concatenate([np.arange(len(frame)), np.asarray(photos["row"])])})
    shown = shown.dropna().drop_duplicates()
    rows = [
        share(
            str(name),
            len(places),
            listings["title"].take(pa.array(places[np.argsort(ids[places], kind="stable")])),
            makers.iloc[places].replace("", None).nunique(),
            different_main_photos(main[places], seller[places]),
        )
        for name, places in ((name, shown["row"].to_numpy()[k]) for name, k in shown.groupby("phash").indices.items())
        if len(places) > 1
    ]
    return pa.Table.from_pylist(rows, HOT)
