"""Training pairs in memory, and the order in which training meets them.

The order follows from the seed and the step alone, so a resumed training needs no state of a sampler.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from ..schemas.dataset import Dataset
from ..schemas.errors import EclipError
from .transforms import PhotoError, Preprocess, hold

COLUMNS = ["id", "group_id", "product_id", "title", "category", "jpeg"]
MEMORY_SHARE = 0.8  # of the machine's memory that photos may take
DECODE_ROWS = 64  # photos of one read; a batch of them is what is in memory undecoded


@dataclass(frozen=True)
class Pairs:
    """Hold photos and titles with the labels that say which belong together; n rows."""

    photos: np.ndarray  # uint8, (n, held, held, 3)
    titles: list[str]
    products: np.ndarray  # int64, (n,): equal for listings of one product
    families: np.ndarray  # int64, (n,): equal for listings of one family, which may hold several products
    categories: list[str | None]

    def __len__(self) -> int:
        return len(self.titles)

    @classmethod
    def read(cls, dataset: Dataset, preprocess: Preprocess) -> Pairs:
        """Read a dataset of the pairs contract; a row takes 3 held^2 bytes (15.6 kB for a 64-pixel model).

        Raises:
            EclipError: a row lacks its photo or title or its photo does not decode (the message names the
                id), or the photos do not fit into memory.
        """
        rows = 0
        for shard in range(dataset.shards):
            part = dataset.part(shard)
            rows += pq.read_metadata(part.path, filesystem=part.arrow).num_rows
        batches = (
            batch for shard in range(dataset.shards) for batch in dataset.batches(shard, COLUMNS, rows=DECODE_ROWS)
        )
        return cls.of(batches, preprocess, rows)

    @classmethod
    def of(cls, batches: Iterable[pa.RecordBatch], preprocess: Preprocess, rows: int) -> Pairs:
        """Take `rows` rows in the columns of the pairs contract from batches."""
        size = rows * 3 * preprocess.held**2
        if size > MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
            raise EclipError(
                f"{rows:,} photos of {preprocess.held} pixels take {size / 1e9:,.0f} GB, more than this "
                "machine holds; train on fewer pairs, or a model with smaller photos"
            )
        photos = np.empty((rows, preprocess.held, preprocess.held, 3), np.uint8)
        titles: list[str] = []
        products: list[str] = []
        families: list[str] = []
        categories: list[str | None] = []
        for batch in batches:
            column = {name: batch.column(name).to_pylist() for name in COLUMNS}
            for i, (listing, title, jpeg) in enumerate(zip(column["id"], column["title"], column["jpeg"], strict=True)):
                if jpeg is None or title is None:
                    missing = "photo" if jpeg is None else "title"
                    raise EclipError(f"pair '{listing}' has no {missing}; pairs need both, run the pairs stage again")
                try:
                    photos[len(titles)] = hold(jpeg, preprocess)
                except PhotoError as error:
                    raise EclipError(f"pair '{listing}': {error}") from None
                titles.append(title)
                # Prefixes keep a listing's own id from meeting a product of the same name.
                product, family = column["product_id"][i], column["group_id"][i]
                products.append(f"p{product}" if product is not None else f"l{listing}")
                families.append(f"g{family}" if family is not None else f"l{listing}")
                categories.append(column["category"][i])
        return cls(photos[: len(titles)], titles, _numbers(products), _numbers(families), categories)

    def thumbs(self, rows: int, side: int) -> np.ndarray:
        """Give the first `rows` photos at another size. [uint8 of shape (rows, side, side, 3)]"""
        small = [Image.fromarray(p).resize((side, side), Image.Resampling.BILINEAR) for p in self.photos[:rows]]
        return np.stack([np.asarray(p) for p in small]) if small else np.zeros((0, side, side, 3), np.uint8)

    def batches(self, seed: int, size: int, first: int = 0) -> Iterator[np.ndarray]:
        """Give the rows of one training step after another, without end. [int64 of shape (min(size, n),)]

        Each epoch is an order of its own; the rows left over at its end wait for the next.

        Args:
            seed: of the orders.
            size: rows of a step.
            first: the step to begin with: what comes then does not depend on where one began.
        """
        size = min(size, len(self))
        epoch, number = divmod(first, len(self) // size)
        while True:
            order = self.order(seed, epoch)
            for start in range(number * size, len(self) // size * size, size):
                yield order[start : start + size]
            epoch, number = epoch + 1, 0

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Order the rows of an epoch: at random, but a family's members far apart. [int64 of shape (n,)]

        Members of one family are masked against each other, so meeting in a batch they would teach less. A
        family of m members takes m places at even distances from a random start.
        """
        draw = np.random.default_rng([seed, epoch])
        shuffled = draw.permutation(len(self))
        family = self.families[shuffled]
        start = draw.random(int(self.families.max()) + 1 if len(self) else 0)
        by_family = np.argsort(family, kind="stable")
        _, first, count = np.unique(family[by_family], return_index=True, return_counts=True)
        nth = np.empty(len(self), np.int64)
        nth[by_family] = np.arange(len(self)) - np.repeat(first, count)
        members = np.bincount(family, minlength=len(start))[family]
        place = (start[family] + nth / members) % 1
        return np.asarray(shuffled[np.argsort(place, kind="stable")])


def drop_words(titles: Sequence[str], share: float, draw: np.random.Generator) -> list[str]:
    """Leave out each word of each title with probability `share`; a title that lost all keeps all.

    Sellers leave words out too, and a title that always names the type lets the photo off learning it.
    """
    shorter = []
    for title in titles:
        words = title.split()
        kept = [word for word, chance in zip(words, draw.random(len(words)), strict=True) if chance >= share]
        shorter.append(" ".join(kept or words))
    return shorter


def _numbers(names: list[str]) -> np.ndarray:
    """Number names from 0 in sorted order."""
    return np.unique(np.asarray(names, dtype=object), return_inverse=True)[1].astype(np.int64).reshape(-1)
