"""Deduplicate's global step: all edges at once, as numbers -> a small decision dataset in the listings' sharding.

One worker does it: 410 bytes a listing, measured on a million listings with 1.8 edges each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..quality.duplicates import survivor
from ..quality.duplicates.agreement import AGREEMENTS, SELLERS, VETOES, who_sells
from ..quality.duplicates.completion import decide_completely
from ..quality.duplicates.decision import Decisions, Nodes
from ..quality.duplicates.links import links
from ..quality.duplicates.xxh64 import digests
from ..quality.report.decision_table import KEPT_APART
from ..schemas.dataset import Dataset, part_name
from ..schemas.deduplicate_config import DeduplicateConfig
from ..schemas.errors import SourceError
from ..schemas.storage import Storage
from .shards import ShardOutput, ShardWork
from .signs_work import SignsLookup

DECISIONS = "decisions"


@dataclass(frozen=True)
class Listings:
    """What the decision needs of a shard's listings."""

    ids: pa.Array
    hashes: np.ndarray  # [uint64 (n,)] of the ids
    catalog: pa.Array
    scores: np.ndarray  # [float64 (n, parts of the survivor rule)]
    price: np.ndarray  # [float64 (n,)] nan where it is not known


@dataclass
class DecisionWork(ShardWork):
    """Decide on the whole catalog; writes `decisions/` (row for row the listings) and `links/`, and a few figures."""

    listings: Dataset
    edges: Dataset
    previous: Dataset | None  # the listings kept in the last accepted run
    signs: SignsLookup | None  # None where nothing is compared: to `read` alone
    folder: Storage
    config: DeduplicateConfig
    spared: Mapping[str, Sequence[int]]  # what was put back, and the places in AGREEMENTS that must not drop it

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do all shards at once."""
        del shard
        nodes, left, right, edges, bounds = self.read()
        ids = nodes.ids

        def compare(one: np.ndarray, other: np.ndarray) -> pa.Table:
            assert self.signs is not None
            return self.signs.compare(*(ids.take(pa.array(n)).to_pylist() for n in (one, other)))

        found, left, right, edges = decide_completely(nodes, left, right, edges, self.config, compare)
        self._write(DECISIONS, _decision_rows(nodes, found, edges), bounds)
        rows, owners, _ = links(ids, found, left, right, edges, self.config)
        self._write("links", rows, np.searchsorted(owners, bounds))
        output.count("in", len(ids))
        (self.folder / "_figures.json").write_json(_figures(found, edges))

    def read(self) -> tuple[Nodes, np.ndarray, np.ndarray, pa.Table, np.ndarray]:
        """Read listings and edges; each shard is turned into numbers before the next.

        Returns:
            The listings, the numbers of each edge's left and right one, the edges, and where each shard begins.
        """
        shards = range(self.listings.shards)
        read = [self._read_listings(k) for k in shards]
        ids = pa.chunked_array([r.ids for r in read], pa.string()).combine_chunks()
        hashes = np.concatenate([r.hashes for r in read])
        catalog = pa.chunked_array([r.catalog for r in read], pa.string())
        nodes = Nodes(
            ids, survivor.rank(np.concatenate([r.scores for r in read])), hashes, _numbered(catalog), self._known(ids),
            np.concatenate([r.price for r in read]), self._spared(ids),
        )  # fmt: skip
        bounds = np.concatenate([[0], np.cumsum([len(r.ids) for r in read])])
        del read, catalog
        places = Places(hashes, ids)
        parts = [self._read_edges(k, places) for k in shards]
        edges = pa.concat_tables([table for *_, table in parts]).unify_dictionaries().combine_chunks()
        left, right = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        return nodes, left, right, edges, bounds

    def _read_listings(self, shard: int) -> Listings:
        table = self.listings.table(shard, ["id", "catalog_id", *survivor.COLUMNS])
        ids = table["id"].combine_chunks()
        price = np.asarray(table["price"].combine_chunks().fill_null(np.nan))
        return Listings(
            ids, digests(ids), table["catalog_id"].combine_chunks(), survivor.scores(table, self.config), price
        )

    def _read_edges(self, shard: int, places: Places) -> tuple[np.ndarray, np.ndarray, pa.Table]:
        table = self.edges.table(shard)
        left, right = (places.of(digests(table[name].combine_chunks())) for name in ("left_id", "right_id"))
        veto = table["veto"].combine_chunks().dictionary_encode()
        table = table.drop_columns(["left_id", "right_id", "veto"]).append_column("veto", veto)
        return left, right, table

    def _known(self, ids: pa.Array) -> np.ndarray:
        if self.previous is None:
            return np.zeros(len(ids), bool)
        return np.asarray(pc.is_in(ids, self.previous.read(["id"])["id"].combine_chunks()))

    def _spared(self, ids: pa.Array) -> np.ndarray | None:
        if not self.spared:
            return None
        listed = pa.array(list(self.spared), pa.string())
        bits = np.array([sum(1 << place for place in places) for places in self.spared.values()], np.uint8)
        place = pc.index_in(ids, listed)
        found = bits[np.asarray(pc.fill_null(place, 0))]
        return np.where(np.asarray(pc.is_valid(place)), found, 0).astype(np.uint8)

    def _write(self, name: str, rows: pa.Table, bounds: np.ndarray) -> None:
        for shard in range(len(bounds) - 1):
            target = self.folder / name / part_name(shard, len(bounds) - 1)
            part = rows.slice(int(bounds[shard]), int(bounds[shard + 1] - bounds[shard]))
            if name == "links":
                part = part.sort_by([("left_id", "ascending"), ("right_id", "ascending")])
            with target.replacing() as path:
                pq.write_table(part, path, filesystem=target.arrow)


def _numbered(names: pa.ChunkedArray) -> np.ndarray:
    """Number equal names alike; -1 where there is none. [int64 (n,)]"""
    codes = names.combine_chunks().dictionary_encode().indices
    return np.asarray(pc.fill_null(codes, -1)).astype(np.int64)


class Places:
    """Find listings by the 64-bit hash of their id.

    Raises:
        SourceError: two ids have one hash, which has a chance of 3e-8 in a million.
    """

    def __init__(self, hashes: np.ndarray, ids: pa.Array) -> None:
        self.order = np.argsort(hashes, kind="stable")
        self.sorted = hashes[self.order]
        same = np.flatnonzero(self.sorted[1:] == self.sorted[:-1])
        if len(same):
            one, other = (ids[int(self.order[k])].as_py() for k in (same[0], same[0] + 1))
            raise SourceError(f"the ids '{one}' and '{other}' have one 64-bit hash; change one of them in the source")

    def of(self, hashes: np.ndarray) -> np.ndarray:
        """Give the number of each listing. [uint64 (m,)] -> [int64 (m,)]"""
        return np.asarray(self.order[np.searchsorted(self.sorted, hashes)] if len(hashes) else np.zeros(0, np.int64))


def _decision_rows(nodes: Nodes, found: Decisions, edges: pa.Table) -> pa.Table:
    lost = found.edge >= 0
    edge = pa.array(found.edge, mask=~lost)
    rules = pa.array(AGREEMENTS).take(pa.array(found.agreement[found.edge.clip(0)], mask=~lost)) if len(edges) else None
    n, saved = len(nodes.ids), found.saved >= 0
    names = [f"deduplicate: {name}" for name in AGREEMENTS]
    marks = pa.array(names).take(pa.array(found.agreement[found.saved.clip(0)], mask=~saved)) if len(edges) else None
    return pa.table(
        {
            "id": nodes.ids,
            "kept_id": nodes.ids.take(pa.array(found.kept, mask=~lost)),
            "group_id": nodes.ids.take(pa.array(found.family)),
            "rule": rules if rules is not None else pa.nulls(n, pa.string()),
            "put_back": marks if marks is not None else pa.nulls(n, pa.string()),
            "text_similarity": edges["text_similarity"].take(edge).combine_chunks(),
            "image_distance": edges["image_distance"].take(edge).combine_chunks().cast(pa.int32()),
        }
    )


def _figures(found: Decisions, edges: pa.Table) -> dict[str, int]:
    sets = np.bincount(found.kept) if len(found.kept) else np.zeros(1, np.int64)
    families = np.bincount(found.family) if len(found.family) else np.zeros(1, np.int64)
    figures = {"largest_duplicate_set": int(sets.max()), "largest_family": int(families.max()),
               "rows_put_back": int((found.saved >= 0).sum()),
               "kept_of_large_sets": int((found.veto == VETOES.index("set too large")).sum()),
               "refused_by_size": found.refused.by_size, "refused_by_product": found.refused.by_label}  # fmt: skip
    # What edges alone do not tell; they tell the other vetoes.
    apart = np.isin(found.veto, [VETOES.index(name) for name in ("price", "set too large", "put back")])
    cells, counts = np.unique(found.agreement[apart] * len(SELLERS) + who_sells(edges)[apart], return_counts=True)
    for cell, number in zip(cells.tolist(), counts.tolist(), strict=True):
        figures[f"{KEPT_APART}{AGREEMENTS[cell // len(SELLERS)]}:{SELLERS[cell % len(SELLERS)]}"] = number
    return figures
