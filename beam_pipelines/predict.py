"""predict: embeddings + heads -> predictions, matches, clusters.

All heads answer in one pass over a shard. Matching proposes each listing's nearest neighbours by exact search in the
embeddings of all shards; clustering joins the accepted ones, the most similar first, under a size guard.

Conservation: every embedded id has one row for each trained task (category, each attribute, adult) and one in clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..quality.components import merge_in_order
from ..schemas.attempt import Summary
from ..schemas.config import Config, PredictConfig
from ..schemas.dataset import Dataset, part_name
from ..schemas.manifest import Manifest
from ..schemas.prediction import CLUSTERS, MATCHES, PREDICTIONS
from ..schemas.storage import Storage
from .shards import ShardOutput, ShardWork
from .stage import Stage, StageRun
from .workshop import fetched

if TYPE_CHECKING:
    from ..models.predict import Heads


@dataclass
class HeadFolder:
    """Where the heads lie; loaded once for each worker."""

    place: Storage
    key: str
    loaded: Heads | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"place": self.place, "key": self.key, "loaded": None}

    def heads(self) -> Heads:
        """Load them."""
        from ..models.predict import Heads

        if self.loaded is None:
            self.loaded = Heads.load(fetched(self.place, self.key))
        return self.loaded


@dataclass
class MatchWork(ShardWork):
    """Propose neighbours for a shard's listings, from all shards."""

    vectors: Dataset
    heads: HeadFolder
    neighbours: int
    contracts = {"matches": MATCHES}

    def setup(self) -> None:
        """Load all vectors: two bytes a number, whatever else the workers hold."""
        tables = [self.vectors.table(shard, ["id", "fused"]) for shard in range(self.vectors.shards)]
        self.ids = [i for table in tables for i in table["id"].to_pylist()]
        self.bounds = np.concatenate([[0], np.cumsum([table.num_rows for table in tables])])
        rows = [np.asarray(t["fused"].combine_chunks().flatten()) for t in tables]
        self.gallery = np.concatenate(rows).reshape(len(self.ids), -1)

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Search for each listing of the shard; a pair is written where its lower id lives, if it finds the other."""
        from ..models.index import top_k

        first, last = int(self.bounds[shard]), int(self.bounds[shard + 1])
        output.count("in", last - first)
        head = self.heads.heads().matching
        found, scores = top_k(self.gallery[first:last], self.gallery, self.neighbours + 1)
        rows = []
        for row in range(last - first):
            for other, score in zip(found[row].tolist(), scores[row].tolist(), strict=True):
                if other != first + row and score > 0:
                    rows.append((self.ids[first + row], self.ids[other], score))
        rows.sort()
        accepted = (
            head.predict(np.array([s for *_, s in rows], np.float32)) if head and rows else np.zeros(len(rows), bool)
        )
        columns = {
            "left_id": [left for left, _, _ in rows],
            "right_id": [right for _, right, _ in rows],
            "score": np.array([s for *_, s in rows], np.float32),
            "accepted": np.asarray(accepted, bool),
        }
        for batch in pa.table(columns, schema=MATCHES.schema).to_batches(max_chunksize=4096):
            output.write("matches", batch)


@dataclass
class ClusterWork(ShardWork):
    """Join near neighbours over all shards at once; 24 bytes a candidate."""

    vectors: Dataset
    matches: Dataset
    heads: HeadFolder
    max_size: int
    folder: Storage

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do all shards; writes `clusters/`."""
        import pyarrow.parquet as pq

        shards = self.vectors.shards
        tables = [self.vectors.table(k, ["id"]) for k in range(shards)]
        ids = pa.concat_tables(tables)["id"].combine_chunks()
        head = self.heads.heads().clustering
        order = np.asarray(pa.compute.sort_indices(ids))
        rank = np.empty(len(ids), np.int64)
        rank[order] = np.arange(len(ids))
        roots, refused = rank, 0
        if head is not None:
            found = self.matches.read(["left_id", "right_id", "score"])
            by_id = ids.take(pa.array(order))
            left, right = (
                np.asarray(pa.compute.index_in(found[n], by_id)).astype(np.int64) for n in ("left_id", "right_id")
            )
            score = np.asarray(found["score"]).astype(np.float64)
            near = score >= head.threshold
            merged, refused = merge_in_order(left[near], right[near], score[near], len(ids), self.max_size)
            roots = merged[rank]
        names = ids.take(pa.array(order[roots]))
        bounds = np.concatenate([[0], np.cumsum([t.num_rows for t in tables])])
        rows = pa.table({"id": ids, "cluster_id": names})
        for k in range(shards):
            target = self.folder / "clusters" / part_name(k, shards)
            with target.replacing() as path:
                pq.write_table(
                    rows.slice(int(bounds[k]), int(bounds[k + 1] - bounds[k])), path, filesystem=target.arrow
                )
        output.count("in", len(ids))
        sizes = np.bincount(roots) if len(roots) else np.zeros(1, np.int64)
        (self.folder / "_figures.json").write_json({"largest_cluster": int(sizes.max()), "refused_merges": refused})


@dataclass
class AnswerWork(ShardWork):
    """Let the heads answer for a shard; matches and clusters pass through."""

    vectors: Dataset
    matches: Dataset
    clusters: Dataset
    heads: HeadFolder
    config: PredictConfig
    contracts = {"predictions": PREDICTIONS, "matches": MATCHES, "clusters": CLUSTERS}

    def setup(self) -> None:
        """Load the heads."""
        self.heads.heads()

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Stream a shard."""
        heads = self.heads.heads()
        answers = (
            bool(heads.category) + bool(heads.adult) + (len(heads.attributes.softmaxes) if heads.attributes else 0)
        )
        for batch in self.vectors.batches(shard):
            output.count("in", batch.num_rows)
            found = heads.predict(batch, self.config.abstain)
            output.count("expected", answers * batch.num_rows)
            output.count("accepted", int(pa.compute.sum(found["accepted"]).as_py() or 0))
            output.write("predictions", found)
        for name in ("matches", "clusters"):
            for batch in getattr(self, name).batches(shard):
                output.write(name, batch)


class Predict(Stage):
    """Answer for the whole catalog."""

    name = "predict"
    version = 1
    inputs = ("embed/embeddings", "finetune/heads")
    makers = ("finetune/heads",)
    main = "predictions"
    lost = ()

    def settings(self, config: Config) -> dict[str, Any]:
        """Neighbours, abstention, the size of a cluster."""
        return config.predict.model_dump()

    def build(self, work: StageRun) -> None:
        """Matches, clusters, answers."""
        config, shards = work.config.predict, work.attempt.shards
        vectors, trained = work.dataset("embed/embeddings"), work.inputs["finetune"]
        rows = work.inputs["embed"].datasets["embeddings"].rows
        heads = HeadFolder(work.run.stage("finetune") / trained.attempt, trained.datasets["heads"].checksum)
        matched = work.step("match", {"neighbours": config.neighbours}, shards, keep=False)
        seconds = rows * rows * 128 / 1e10  # multiplications; a core does about 10 billion a second
        work.map("Match", MatchWork(vectors, heads, config.neighbours), matched, seconds=seconds)
        clustered = work.step("cluster", config.model_dump(), 1, keep=False)
        matches = matched.dataset("matches")
        work.map("Cluster", ClusterWork(vectors, matches, heads, config.max_cluster, clustered.folder), clustered)
        work.notes.update((clustered.folder / "_figures.json").read_json())
        clusters = Dataset(clustered.folder / "clusters", shards)
        work.map("Answer", AnswerWork(vectors, matches, clusters, heads, config), seconds=rows / 20_000)

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """That nothing is missing, and the largest cluster."""
        rows = summary.counts.get("in", 0)
        return {
            "rows_in": rows,
            "rows_predictions": summary.rows("predictions"),
            "rows_matches": summary.rows("matches"),
            "missing_predictions": summary.counts.get("expected", 0) - summary.rows("predictions"),
            "missing_clusters": rows - summary.rows("clusters"),
            **work.notes,
            "share_largest_cluster": work.notes["largest_cluster"] / rows if rows else 0.0,
            "share_accepted": summary.counts.get("accepted", 0) / max(1, summary.rows("predictions")),
        }

    def sentence(self, manifest: Manifest) -> str:
        """Answers, matches, clusters."""
        m = manifest.metrics
        return (
            f"{m['rows_predictions']:,} answers for {m['rows_in']:,} listings, "
            f"{m['rows_matches']:,} candidate matches, largest cluster {m['largest_cluster']}"
        )
