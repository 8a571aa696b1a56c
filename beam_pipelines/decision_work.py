"""Deduplicate's global step: all edges at once, as numbers -> a small decision dataset in the listings' sharding.

One worker holds about 60 bytes a listing and 40 an edge; ten million listings fit into two gigabytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from ..quality.duplicates import survivor
from ..quality.duplicates.decision import AGREEMENTS, LINK_KINDS, Decisions, Nodes, decide
from ..schemas.config import DeduplicateConfig
from ..schemas.dataset import Dataset, part_name
from ..schemas.listing import LINKS
from ..schemas.storage import Storage
from .shards import ShardOutput, ShardWork

DECISIONS = "decisions"


@dataclass
class DecisionWork(ShardWork):
    """Decide on the whole catalog; writes `decisions/` (row for row the listings) and `links/`, and a few figures."""

    listings: Dataset
    edges: Dataset
    previous: Dataset | None  # the listings kept in the last accepted run
    folder: Storage
    config: DeduplicateConfig

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do all shards at once."""
        del shard
        columns = ["id", "catalog_id", *survivor.COLUMNS]
        tables = [self.listings.table(k, columns) for k in range(self.listings.shards)]
        sizes = [t.num_rows for t in tables]
        rows = pa.concat_tables(tables)
        edges = self.edges.read()
        hashes = np.array([xxhash.xxh64_intdigest(i.encode()) for i in rows["id"].to_pylist()], np.uint64)
        nodes = Nodes(
            rows["id"].combine_chunks(),
            survivor.rank(rows, self.config.survivor),
            hashes,
            _numbered(rows["catalog_id"]),
            self._known(rows["id"].combine_chunks()),
        )
        left, right = (_places(edges[name], hashes) for name in ("left_id", "right_id"))
        found = decide(nodes, left, right, edges, self.config)
        bounds = np.concatenate([[0], np.cumsum(sizes)])
        self._write(DECISIONS, _decision_rows(nodes, found, edges), bounds)
        links, owners = _link_rows(nodes, found, left, right, edges, self.config.max_links)
        self._write("links", links, np.searchsorted(owners, bounds))
        output.count("in", len(nodes.ids))
        (self.folder / "_figures.json").write_json(_figures(found))

    def _known(self, ids: pa.Array) -> np.ndarray:
        if self.previous is None:
            return np.zeros(len(ids), bool)
        return np.asarray(pc.is_in(ids, self.previous.read(["id"])["id"].combine_chunks()))

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


def _places(ids: pa.ChunkedArray, hashes: np.ndarray) -> np.ndarray:
    """Find listings by the hash of their id. [int64 (m,)]"""
    order = np.argsort(hashes, kind="stable")
    if len(hashes) > 1 and (hashes[order[1:]] == hashes[order[:-1]]).any():
        raise AssertionError("two ids have one 64-bit hash; change one of them")  # 3e-8 at a million ids
    wanted = np.array([xxhash.xxh64_intdigest(i.encode()) for i in ids.to_pylist()], np.uint64)
    return np.asarray(order[np.searchsorted(hashes, wanted, sorter=order)]) if len(wanted) else np.zeros(0, np.int64)


def _decision_rows(nodes: Nodes, found: Decisions, edges: pa.Table) -> pa.Table:
    lost = found.edge >= 0
    edge = pa.array(found.edge, mask=~lost)
    rules = pa.array(AGREEMENTS).take(pa.array(found.agreement[found.edge.clip(0)], mask=~lost)) if len(edges) else None
    n = len(nodes.ids)
    return pa.table(
        {
            "id": nodes.ids,
            "kept_id": nodes.ids.take(pa.array(found.kept, mask=~lost)),
            "group_id": nodes.ids.take(pa.array(found.family)),
            "rule": rules if rules is not None else pa.nulls(n, pa.string()),
            "text_similarity": edges["text_similarity"].take(edge).combine_chunks(),
            "image_distance": edges["image_distance"].take(edge).combine_chunks().cast(pa.int32()),
        }
    )


def _link_rows(
    nodes: Nodes, found: Decisions, left: np.ndarray, right: np.ndarray, edges: pa.Table, most: int
) -> tuple[pa.Table, np.ndarray]:
    """Links between listings that are kept, the strongest first; and the left listing of each, ascending."""
    kept = found.edge < 0
    alive = np.flatnonzero(kept[left] & kept[right] & (found.agreement >= 0))
    order = alive[np.lexsort((right[alive], -found.strength[alive], left[alive]))]
    starts = np.append(True, left[order[1:]] != left[order[:-1]]) if len(order) else np.zeros(0, bool)
    place = np.arange(len(order)) - np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    order = order[place < most]
    kinds = pa.array([LINK_KINDS[name] for name in AGREEMENTS])
    image = np.isin(found.agreement[order], [AGREEMENTS.index("image")])
    text = np.asarray(edges["text_similarity"])[order]
    bits = np.maximum(1, np.asarray(edges["image_bits"])[order])
    alike = np.where(image, 1 - np.asarray(edges["image_distance"])[order] / bits, text)
    rows = pa.table(
        {
            "left_id": nodes.ids.take(pa.array(left[order])),
            "right_id": nodes.ids.take(pa.array(right[order])),
            "kind": kinds.take(pa.array(found.agreement[order])),
            "similarity": alike.astype(np.float32),
            "veto": edges["veto"].take(pa.array(order)).combine_chunks(),
        },
        schema=LINKS.schema,
    )
    return rows, left[order]


def _figures(found: Decisions) -> dict[str, int]:
    sets = np.bincount(found.kept) if len(found.kept) else np.zeros(1, np.int64)
    families = np.bincount(found.family) if len(found.family) else np.zeros(1, np.int64)
    return {"largest_duplicate_set": int(sets.max()), "largest_family": int(families.max()),
            "refused_merges": found.refused}  # fmt: skip
