"""Find duplicates in a data frame: what the deduplicate stage does, in memory and in one call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from ...schemas.dataset import slices
from ...schemas.deduplicate_config import PRESETS, DeduplicateConfig
from ...schemas.errors import ConfigError, nearest
from ...schemas.filter_config import PlaceholderConfig
from ...schemas.section import validated
from ..noise import hot_hashes
from . import survivor
from .agreement import AGREEMENTS
from .answer import Duplicates
from .buckets import buckets
from .candidates import verify
from .completion import decide_completely
from .copies import hang, originals
from .decision import Decisions, Nodes
from .edges import compare
from .frame import frame_of, listings_of, shared
from .keys import Keys
from .links import links
from .own_vetoes import OwnVetoes
from .signs import SIGNS, signs
from .words import Words, frequencies, joined, weights
from .xxh64 import digests

SIGNED_AT_ONCE = 8192  # listings between two moves of the progress bar
Moved = Callable[[str, int, int], None]  # what is being done, how much is done, of how much


def find_duplicates(
    df: pd.DataFrame | pa.Table,
    title: str = "title",
    image: str | Sequence[str] | None = None,
    id: str | None = None,
    seller: str | None = None,
    attributes: str | Sequence[str] = (),
    preset: Literal["catalog", "training"] = "catalog",
    config: DeduplicateConfig | None = None,
    phash: str | None = None,
    progress: bool | None = None,
    **more: Any,
) -> Duplicates:
    """Find duplicate listings in a frame by exact, MinHash and photo comparison, variants kept apart.

        found = eclip.find_duplicates(df, title="name", image="photo", id="sku", seller="shop", brand="maker")
        found.show()
        df = df[found.kept]  # polars: df.filter(found.kept); pyarrow: table.filter(pa.array(found.kept))

    By the preset `catalog` a listing is dropped for another of the same seller only; without `seller` everything that
    is alike is a link. `training` drops whatever agrees in text and photo. Columns named description, brand, category,
    gtin, mpn, catalog_id, price and updated_at are read where there are any: they tell variants apart and decide who
    stays. A photo that many unlike listings share is a sign of nothing, by the defaults of the filter stage.

    Args:
        df: One listing a row: a pandas frame, or what Arrow can read, such as a table of pyarrow or a polars frame.
        title: Column of titles.
        image: Column of photos: a path, a public URL or the file's bytes in each cell, or a list of them; null where
            there is none. Of several photos, from lists or from several columns, the first eight that decode are
            compared, and the pair that agrees best counts.
        id: Column of ids, unique; default: the frame's index.
        seller: Column of sellers.
        attributes: Columns such as colour and size, whose differing values make variants; a cell may hold several.
        preset: The decision table.
        config: All settings of the section `deduplicate`, instead of the preset.
        phash: Column of 64-bit perceptual hashes, 16 hex digits, where there are no photos.
        progress: Show a progress bar; default: where somebody watches, in a terminal or a notebook.
        more: Names of the columns that are read, where they differ: brand="maker", gtin="ean"; and single settings of
            the section `deduplicate`: text_similarity=0.8.

    Raises:
        ConfigError: a column is not there, or there twice, or a setting does not fit.
        SourceError: ids are not unique.
    """
    if config is not None and preset != "catalog":
        raise ConfigError(f"find_duplicates: preset {preset} and a config were given; name the preset in the config")
    if preset not in PRESETS:
        raise ConfigError(f"find_duplicates: there is no preset '{preset}'{nearest(preset, PRESETS)}")
    chosen = {name: value for name, value in more.items() if name in DeduplicateConfig.model_fields}
    columns = {name: column for name, column in more.items() if name not in chosen}
    if config is not None and chosen:
        raise ConfigError(f"find_duplicates: {', '.join(chosen)} and a config were given; set it in the config")
    if config is None:
        config = validated(DeduplicateConfig, {"preset": preset, **chosen}, "find_duplicates")
    watched = sys.stderr.isatty() or "ipykernel" in sys.modules
    with _bar(watched if progress is None else progress) as moved:
        frame = frame_of(df)
        listings, photos, unread = listings_of(frame, title, image, id, seller, attributes, phash, columns, moved)
        names = pd.Index(frame[id] if id else frame.index)  # as they were given, or `isin` would find none of them
        unread.insert(0, "id", names[unread.pop("row").astype(np.int64)])
        return replace(_found(names, listings, photos, config, moved), unread_photos=unread)


@contextmanager
def _bar(shown: bool) -> Iterator[Moved]:
    if not shown:
        yield lambda *_: None
        return
    from rich.console import Console  # late: most calls are in jobs that nobody watches
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("duplicates", total=None)
        yield lambda doing, done, total: bar.update(
            task, description=f"duplicates: {doing}", completed=done, total=total
        )


def _found(
    names: pd.Index, listings: pa.RecordBatch, photos: pa.RecordBatch, config: DeduplicateConfig, moved: Moved
) -> Duplicates:
    rows, keys, said = _signs(listings, photos, config, moved)
    moved("compare", 0, 1)
    rarity = weights(frequencies(said), len(listings))
    left, right, edges = _edges(rows, keys, rarity, said, config)
    moved("decide", 0, 1)
    ids = listings["id"]
    codes = listings["catalog_id"].dictionary_encode().indices.fill_null(-1)
    nodes = Nodes(
        ids,
        survivor.rank(survivor.scores(pa.Table.from_batches([listings]), config)),
        digests(ids),
        np.asarray(codes).astype(np.int64),
        np.zeros(len(ids), bool),
        np.asarray(listings["price"].fill_null(np.nan)),
    )

    def compared(one: np.ndarray, other: np.ndarray) -> pa.Table:
        return compare(rows, one, other, rarity, vetoes=config.vetoes, said=said)

    found, left, right, edges = decide_completely(nodes, left, right, edges, config, compared)
    chosen, *sides = links(ids, found, left, right, edges, config)
    linked = chosen.to_pandas()
    for side, places in zip(("left_id", "right_id"), sides, strict=True):
        linked[side] = names[places]
    families = pd.Series(names[found.family], index=names, name="family")
    titles = pd.Series(listings["title"].to_pylist(), index=names, name="title", dtype=object)
    return Duplicates(_dropped(names, edges, found), linked, families, titles, found.edge < 0)


def _signs(
    listings: pa.RecordBatch, photos: pa.RecordBatch, config: DeduplicateConfig, moved: Moved
) -> tuple[pa.Table, list[Keys], Words]:
    """Work out signs, keys and words, some listings at a time."""
    rows, keys, said = [], [], []
    vetoes = OwnVetoes.of(config)
    hot, owner = hot_hashes(shared(listings, photos), PlaceholderConfig()), np.asarray(photos["row"])
    first = 0
    for batch in slices(listings, SIGNED_AT_ONCE):
        moved("read titles", first, listings.num_rows)
        begin, end = np.searchsorted(owner, [first, first + batch.num_rows]).tolist()
        found = signs(batch, photos.slice(begin, end - begin), hot, config, vetoes)
        rows.append(found.rows)
        keys.append(found.keys.behind(first))
        said.append(found.words)
        first += batch.num_rows
    return pa.Table.from_batches(rows, SIGNS).combine_chunks(), keys, joined(said)


def _edges(
    rows: pa.Table, keys: list[Keys], rarity: np.ndarray, said: Words, config: DeduplicateConfig
) -> tuple[np.ndarray, np.ndarray, pa.Table]:
    """Verify all buckets; the keys are not kept. Left and right rows, and rows of EDGES."""
    original = originals(np.asarray(rows["content"]))
    found = buckets(keys, config.leaders, rows=original == np.arange(len(original)))
    keys.clear()  # a kilobyte a listing, and what follows needs room
    parts = [hang(rows, original, config.vetoes, said), verify(rows, found, rarity, config, said=said)]
    left, right = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    return left, right, pa.concat_tables([edges for *_, edges in parts])


def _dropped(names: pd.Index, edges: pa.Table, found: Decisions) -> pd.DataFrame:
    frame = edges.select(["text_similarity", "image_distance"]).to_pandas()
    frame["image_distance"] = frame["image_distance"].where(frame["image_distance"] >= 0)
    lost = np.flatnonzero(found.edge >= 0)
    dropped: pd.DataFrame = frame.iloc[found.edge[lost]].reset_index(drop=True)
    dropped.insert(0, "rule", [AGREEMENTS[k] for k in found.agreement[found.edge[lost]]])
    dropped.insert(0, "kept_id", names[found.kept[lost]])
    dropped.insert(0, "dropped_id", names[lost])
    return dropped
