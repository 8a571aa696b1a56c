"""The catalog on disk: CSV files, photos, a table of what was planted, a configuration."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .families import Fact, Family, Setting
from .listings import COLUMNS
from .planting import families
from .products import Market
from .retouching import develop
from .sellers import Sellers

PART_ROWS = 50_000
TRUTH = pa.schema([("id", pa.string()), ("kind", pa.string()), ("of", pa.string()), ("detail", pa.string())])


def write_sample(folder: str | Path, rows: int = 2000, seed: int = 0, photos: bool = True, hard: bool = False) -> None:
    """Write a sample catalog: listings as sellers' platforms export them, photos, and the truth about both.

    The folder then holds `listings/part-00000.csv …` (`rows` records in all), `photos/`, a ready
    `catalog.yaml`, and `truth.parquet`: (`id`, `kind`, `of`, `detail`), one row for each planted fact. Equal
    arguments give equal bytes. Memory does not grow with the rows, but for 8 bytes each.

    Args:
        folder: where to write; made if it does not exist.
        rows: records to write, at least 1.
        seed: another seed gives another catalog.
        photos: draw photos; 2,000 rows take about 20 seconds. Without them the `photos` column is empty.
        hard: variants share a photo and differ in one word of the title, of more kinds; copies come in more disguises.

    Raises:
        ValueError: `rows` is below 1.
        FileExistsError: the folder already holds listings.
    """
    folder = Path(folder)
    if rows < 1:
        raise ValueError(f"rows is {rows}; expected at least 1")
    if (folder / "listings").exists():
        raise FileExistsError(f"{folder / 'listings'} exists already; name another folder, or delete this one first")
    (folder / "listings").mkdir(parents=True)
    setting = Setting(rows, seed, photos, hard, Sellers(rows, seed), Market(rows, seed))
    parts = Parts(folder / "listings", seed)
    facts: list[Fact] = []
    with pq.ParquetWriter(folder / "truth.parquet", TRUTH) as truth:
        for family in families(setting):
            parts.add([tuple(listing.row[column] for column in COLUMNS) for listing in family.listings])
            write_photos(folder / "photos", family)
            facts += family.facts
            if len(facts) >= PART_ROWS:
                truth.write_table(_table(facts))
                facts.clear()
        truth.write_table(_table(facts))
    parts.close()
    (folder / "catalog.yaml").write_text(configuration(rows, photos), "utf-8")


class Parts:
    """CSV files of at most PART_ROWS records, shuffled within a file, so that no family stands together."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.rows: list[tuple[str, ...]] = []
        self.written = 0

    def add(self, rows: list[tuple[str, ...]]) -> None:
        """Add records; a file is written once it is full."""
        self.rows += rows
        if len(self.rows) >= PART_ROWS:
            self._write(self.rows[:PART_ROWS])
            self.rows = self.rows[PART_ROWS:]

    def close(self) -> None:
        """Write what is left."""
        if self.rows:
            self._write(self.rows)
            self.rows = []

    def _write(self, rows: list[tuple[str, ...]]) -> None:
        random.Random(f"{self.seed}/part/{self.written}").shuffle(rows)
        path = self.folder / f"part-{self.written:05d}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)  # quotes and ends lines as RFC 4180 has it
            writer.writerow(COLUMNS)
            writer.writerows(rows)
        self.written += 1


def write_photos(folder: Path, family: Family) -> None:
    """Draw the photos of a family's listings; a file that is to be missing is left out."""
    for listing in family.listings:
        for name, shot in zip(listing.files, listing.shots, strict=True):
            content = develop(shot)
            if content is not None:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def configuration(rows: int, photos: bool) -> str:
    """Write the configuration that `eclip run` takes."""
    shards = "8" if rows <= 20_000 else "auto"
    sections = CONFIGURATION.format(shards=shards).split("\n\n")
    if not photos:
        sections = [section for section in sections if not section.startswith(("image:", "pretrain:"))]
        sections = [section.replace("    image: photos\n", "") for section in sections]
    return "\n\n".join(sections)


def _table(facts: list[Fact]) -> pa.Table:
    columns = {name: [getattr(fact, name) for fact in facts] for name in TRUTH.names}
    return pa.table(columns, schema=TRUTH)


CONFIGURATION = """\
# The sample catalog. Run it with:  eclip run catalog.yaml
# Relative paths start from the folder of this file.
name: sample
run: run                      # results go to this folder; run again, and only what changed is done again
shards: {shards:<22}# files that each dataset is split into; work is done shard by shard

source:
  path: listings/*.csv        # the raw export
  columns:                    # ours: theirs. Columns that are not named here are kept as they are
    id: sku                   # must be there; of several rows with one id, the first stays
    title: name
    description: details
    brand: maker
    category: department      # levels joined by " > "; the category head learns from it
    seller: shop              # a seller's own copies are dropped, other sellers' offers only linked
    gtin: ean
    catalog_id: product       # listings of one product: training pairs, and the truth for matching
    image: photos
    updated_at: updated
    attributes:               # a head for each; where they differ, listings are variants, not duplicates
      colour: colour
      size: size
      material: material
      pattern: pattern

image:
  root: photos                # the photos' paths start from this folder
  separator: "|"              # one cell holds several paths, the main photo first

heads:
  adult: is_adult             # the column of true and false that the adult head learns from
"""
