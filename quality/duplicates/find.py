"""Find duplicates in a data frame: what the deduplicate stage does, in memory and in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from ...schemas.config import DeduplicateConfig
from ...schemas.errors import ConfigError, SourceError, nearest
from ...schemas.listing import ATTRIBUTES
from ..images.decode import UnreadablePhotoError, decode
from ..images.hashes import phash, to_hex
from . import survivor
from .candidates import EDGES, distinct, verify
from .decision import AGREEMENTS, LINK_KINDS, Nodes, decide
from .signs import hashed, signs

BUCKET_ROWS = 200_000  # rows of buckets that are compared at a time
TEXT = ("title", "seller", "brand", "gtin", "mpn", "catalog_id")


@dataclass(frozen=True, repr=False)
class Duplicates:
    """What was found: who was dropped for whom, who is only linked, and the families that a split must not cut."""

    dropped: pd.DataFrame  # dropped_id, kept_id, rule, text_similarity, image_distance
    links: pd.DataFrame  # left_id, right_id, kind, text_similarity, image_distance, veto
    families: pd.Series  # family of each id
    rows: int

    def __repr__(self) -> str:
        vetoed = int(self.links["veto"].notna().sum())
        return (
            f"{self.rows:,} listings: {len(self.dropped):,} duplicates, {len(self.links):,} links "
            f"({vetoed:,} of them variants), {self.families.nunique():,} families"
        )


def find_duplicates(
    df: pd.DataFrame,
    title: str = "title",
    image: str | None = None,
    id: str | None = None,
    seller: str | None = None,
    attributes: Sequence[str] = (),
    preset: Literal["catalog", "training"] = "catalog",
    config: DeduplicateConfig | None = None,
) -> Duplicates:
    """Find duplicate listings in a frame by exact, MinHash and photo comparison, variants kept apart.

        found = eclip.find_duplicates(df, title="name", image="photo", id="sku", seller="shop")
        df = df[~df.sku.isin(found.dropped.dropped_id)]

    By the preset `catalog` a listing is dropped for another of the same seller only; without `seller` everything that
    is alike is a link. `training` drops whatever agrees in text and photo. Brand, gtin, mpn and catalog_id are read
    from columns of these names where there are any.

    Args:
        df: One listing a row.
        title: Column of titles.
        image: Column of photos: a path, or the file's bytes, in each cell; null where there is none.
        id: Column of ids, unique; default: the frame's index.
        seller: Column of sellers.
        attributes: Columns such as colour and size, whose differing values make variants.
        preset: The decision table.
        config: All settings, instead of the preset.

    Raises:
        ConfigError: a column is not there.
        SourceError: ids are not unique.
    """
    settings = config or DeduplicateConfig(preset=preset)
    for name in (title, *(n for n in (image, id, seller) if n), *attributes):
        if name not in df.columns:
            raise ConfigError(f"find_duplicates: no column '{name}'{nearest(name, map(str, df.columns))}")
    listings = _listings(df, title, id, seller, attributes)
    photos, hashes = _photos(df[image]) if image else (_no_photos(len(df)), [None] * len(df))
    listings = listings.append_column("phash", pa.array(hashes, pa.string()))
    edges = _edges(listings, photos, settings)
    ids = listings["id"]
    order = {name: row for row, name in enumerate(ids.to_pylist())}
    left, right = (np.array([order[i] for i in edges[n].to_pylist()], np.int64) for n in ("left_id", "right_id"))
    codes = listings["catalog_id"].dictionary_encode().indices.fill_null(-1)
    nodes = Nodes(
        ids,
        survivor.rank(_ranked(listings), settings.survivor),
        hashed(ids),
        np.asarray(codes).astype(np.int64),
        np.zeros(len(ids), bool),
    )
    found = decide(nodes, left, right, edges, settings)
    return _result(df, ids, left, right, edges, found)


def _listings(
    df: pd.DataFrame,
    title: str,
    id: str | None,
    seller: str | None,
    attributes: Sequence[str],
) -> pa.RecordBatch:
    names = (df[id] if id else df.index.to_series()).astype(str)
    twice = names[names.duplicated()]
    if len(twice):
        raise SourceError(f"find_duplicates: id '{twice.iloc[0]}' stands twice; ids must be unique")
    texts = (
        {name: name for name in TEXT if name in df.columns} | {"title": title} | ({"seller": seller} if seller else {})
    )
    columns = {"id": pa.array(names.tolist(), pa.string())}
    for name in TEXT:
        columns[name] = _text(df[texts[name]]) if name in texts else pa.nulls(len(df), pa.string())
    values: list[Any] = [
        [{"name": n, "values": [str(v)]} for n, v in zip(attributes, row, strict=True) if pd.notna(v)]
        for row in df[list(attributes)].itertuples(index=False)
    ]
    columns["attributes"] = pa.array(values or [None] * len(df), ATTRIBUTES)
    return pa.RecordBatch.from_pydict(columns)


def _text(column: pd.Series) -> pa.Array:
    return pa.array([None if pd.isna(v) else str(v) for v in column], pa.string())


def _ranked(listings: pa.RecordBatch) -> pa.Table:
    """Listings with every column that the survivor rule looks at."""
    kinds = {
        "updated_at": pa.timestamp("us", tz="UTC"),
        "price": pa.float64(),
        "width": pa.int32(),
        "height": pa.int32(),
    }
    table = pa.Table.from_batches([listings])
    for name in survivor.COLUMNS:
        if name not in table.schema.names:
            table = table.append_column(name, pa.nulls(len(table), kinds.get(name, pa.string())))
    return table


def _photos(column: pd.Series) -> tuple[pa.RecordBatch, list[str | None]]:
    """Decode and hash; a photo that does not decode counts as none."""
    hashes: list[str | None] = []
    rows: list[dict[str, Any]] = []
    for cell in column:
        try:
            data = (
                cell if isinstance(cell, bytes) else Path(cell).read_bytes() if isinstance(cell, str) and cell else b""
            )
            photo = decode(data)
        except (UnreadablePhotoError, OSError):
            hashes.append(None)
            rows.append({"phash256": None, "colour": None})
            continue
        hashes.append(to_hex(phash(photo.gray32[None]))[0])
        rows.append({"phash256": to_hex(phash(photo.gray64[None]))[0], "colour": photo.rgb8.tobytes()})
    return pa.RecordBatch.from_pylist(rows, pa.schema([("phash256", pa.string()), ("colour", pa.binary())])), hashes


def _no_photos(rows: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"phash256": pa.nulls(rows, pa.string()), "colour": pa.nulls(rows, pa.binary())})


def _edges(listings: pa.RecordBatch, photos: pa.RecordBatch, config: DeduplicateConfig) -> pa.Table:
    """Verify all buckets, a few at a time."""
    known = signs(listings, photos, np.zeros(listings.num_rows, bool), config)
    order = np.argsort(known.keys, kind="stable")
    keys, owners = known.keys[order], known.owners[order]
    same = keys[1:] == keys[:-1]
    shared = np.append(same, False) | np.append(False, same) if len(keys) else np.zeros(0, bool)
    keys, owners = keys[shared], owners[shared]
    found = []
    first = 0
    while first < len(keys):
        last = min(first + BUCKET_ROWS, len(keys))
        last = int(np.searchsorted(keys, keys[last - 1], side="right"))  # a bucket is never cut
        rows = pa.Table.from_batches([known.rows.take(pa.array(owners[first:last]))])
        found.append(verify(rows.append_column("key", pa.array(keys[first:last])), config))
        first = last
    return pa.Table.from_batches([distinct(pa.Table.from_batches(found, EDGES))], EDGES)


def _result(
    df: pd.DataFrame, ids: pa.Array, left: np.ndarray, right: np.ndarray, edges: pa.Table, found: Any
) -> Duplicates:
    frame = edges.select(["text_similarity", "image_distance", "veto"]).to_pandas()
    frame["image_distance"] = frame["image_distance"].where(frame["image_distance"] >= 0)
    names = np.array(ids.to_pylist(), object)
    lost = np.flatnonzero(found.edge >= 0)
    dropped = frame.iloc[found.edge[lost]].drop(columns="veto").reset_index(drop=True)
    dropped.insert(0, "rule", [AGREEMENTS[k] for k in found.agreement[found.edge[lost]]])
    dropped.insert(0, "kept_id", names[found.kept[lost]])
    dropped.insert(0, "dropped_id", names[lost])
    alive = np.flatnonzero((found.edge[left] < 0) & (found.edge[right] < 0) & (found.agreement >= 0))
    links = frame.iloc[alive].reset_index(drop=True)
    links.insert(0, "kind", [LINK_KINDS[AGREEMENTS[k]] for k in found.agreement[alive]])
    links.insert(0, "right_id", names[right[alive]])
    links.insert(0, "left_id", names[left[alive]])
    return Duplicates(dropped, links, pd.Series(names[found.family], index=names, name="family"), len(df))
