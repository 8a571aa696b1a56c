"""Find duplicates in a data frame: what the deduplicate stage does, in memory and in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from ...schemas.deduplicate_config import DeduplicateConfig
from ...schemas.filter_config import PlaceholderConfig
from ..noise import hot_photo
from . import survivor
from .agreement import AGREEMENTS
from .candidates import shared, verify
from .completion import decide_completely
from .decision import Decisions, Nodes
from .edges import EDGES, compare, distinct
from .frame import listings_of
from .links import links
from .own_vetoes import OwnVetoes
from .signs import Signs, hashed, signs
from .words import frequencies, weights, words

BUCKET_ROWS = 200_000  # rows of buckets that are compared at a time


@dataclass(frozen=True, repr=False)
class Duplicates:
    """What was found: who was dropped for whom, who is only linked, and the families that a split must not cut."""

    dropped: pd.DataFrame  # dropped_id, kept_id, rule, text_similarity, image_distance
    links: pd.DataFrame  # left_id, right_id, kind, similarity, veto
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
    phash: str | None = None,
) -> Duplicates:
    """Find duplicate listings in a frame by exact, MinHash and photo comparison, variants kept apart.

        found = eclip.find_duplicates(df, title="name", image="photo", id="sku", seller="shop")
        df = df[~df.sku.isin(found.dropped.dropped_id)]

    By the preset `catalog` a listing is dropped for another of the same seller only; without `seller` everything that
    is alike is a link. `training` drops whatever agrees in text and photo. Columns named description, brand, category,
    gtin, mpn, catalog_id, price and updated_at are read where there are any: they tell variants apart and decide who
    stays. A photo that many unlike listings share is a sign of nothing, by the defaults of the filter stage.

    Args:
        df: One listing a row.
        title: Column of titles.
        image: Column of photos: a path, or the file's bytes, in each cell; null where there is none.
        id: Column of ids, unique; default: the frame's index.
        seller: Column of sellers.
        attributes: Columns such as colour and size, whose differing values make variants.
        preset: The decision table.
        config: All settings of the section `deduplicate`, instead of the preset.
        phash: Column of 64-bit perceptual hashes, 16 hex digits, where there are no photos.

    Raises:
        ConfigError: a column is not there.
        SourceError: ids are not unique.
    """
    settings = config or DeduplicateConfig(preset=preset)
    listings = listings_of(df, title, image, id, seller, attributes, phash)
    known = signs(listings, listings, hot_photo(listings, PlaceholderConfig()), settings, OwnVetoes.of(settings))
    rarity = weights(frequencies(words(known.rows["text"])), len(df))
    edges = _edges(known, rarity, settings)
    ids = listings["id"]
    places = pd.Index(ids.to_pylist())
    left, right = (places.get_indexer(edges[n].to_pylist()).astype(np.int64) for n in ("left_id", "right_id"))
    codes = listings["catalog_id"].dictionary_encode().indices.fill_null(-1)
    nodes = Nodes(
        ids,
        survivor.rank(survivor.scores(pa.Table.from_batches([listings]), settings)),
        hashed(ids),
        np.asarray(codes).astype(np.int64),
        np.zeros(len(ids), bool),
        np.asarray(listings["price"].fill_null(np.nan)),
    )
    table = pa.Table.from_batches([known.rows])
    found, left, right, edges = decide_completely(
        nodes,
        left,
        right,
        edges,
        settings,
        lambda one, other: compare(table, one, other, rarity, vetoes=settings.vetoes),
    )
    linked = links(ids, found, left, right, edges, settings)[0].to_pandas()
    names = pd.Index(df[id] if id else df.index)  # as they were given, or `isin` would find none of them
    for side in ("left_id", "right_id"):
        linked[side] = names[places.get_indexer(linked[side])]
    families = pd.Series(names[found.family], index=names, name="family")
    return Duplicates(_dropped(names, edges, found), linked, families, len(df))


def _edges(known: Signs, rarity: np.ndarray, config: DeduplicateConfig) -> pa.Table:
    """Verify all buckets, a few at a time."""
    keys, owners = shared(known.keys, known.owners)
    found = []
    first = 0
    while first < len(keys):
        last = min(first + BUCKET_ROWS, len(keys))
        last = int(np.searchsorted(keys, keys[last - 1], side="right"))  # a bucket is never cut
        rows = pa.Table.from_batches([known.rows.take(pa.array(owners[first:last]))])
        found.append(verify(rows.append_column("key", pa.array(keys[first:last])), rarity, config))
        first = last
    return pa.Table.from_batches([distinct(pa.Table.from_batches(found, EDGES))], EDGES)


def _dropped(names: pd.Index, edges: pa.Table, found: Decisions) -> pd.DataFrame:
    frame = edges.select(["text_similarity", "image_distance"]).to_pandas()
    frame["image_distance"] = frame["image_distance"].where(frame["image_distance"] >= 0)
    lost = np.flatnonzero(found.edge >= 0)
    dropped: pd.DataFrame = frame.iloc[found.edge[lost]].reset_index(drop=True)
    dropped.insert(0, "rule", [AGREEMENTS[k] for k in found.agreement[found.edge[lost]]])
    dropped.insert(0, "kept_id", names[found.kept[lost]])
    dropped.insert(0, "dropped_id", names[lost])
    return dropped
