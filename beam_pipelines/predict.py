"""predict: embeddings + heads -> predictions, matches, clusters.

All heads answer in one pass over a shard. Matching proposes each listing's nearest neighbours by exact search in the
embeddings of all shards, each pair once; clustering joins near ones, the most similar first, under a size guard.

Conservation: every embedded id has one row for each trained task (category, each attribute, adult) and one in clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.attempt import Summary
from ..schemas.config import Config, PredictConfig
from ..schemas.dataset import Dataset, part_name
from ..schemas.listing import Contract
from ..schemas.manifest import Manifest
from ..schemas.prediction import CLUSTERS, MATCHES, PREDICTIONS
from ..schemas.storage import Storage
from .model_cache import fetched
from .shards import ShardOutput, ShardWork
from .stage import Stage, StageRun
from .step import Step

if TYPE_CHECKING:
    from ..models.predict import Heads


PROPOSALS = Contract(
    "proposals",
    pa.schema([("row", pa.int64()), ("neighbour", pa.int64()), ("score", pa.float32())]),  # rows of all shards in turn
    ("row", "neighbour"),
)


@dataclass
class HeadFolder:
    """Where the heads lie; loaded once for each worker."""

    place: Storage
    loaded: Heads | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"place": self.place, "loaded": None}

    def heads(self) -> Heads:
        """Load them."""
        from ..models.predict import Heads

        if self.loaded is None:
            self.loaded = Heads.load(fetched(self.place))
        return self.loaded


@dataclass
class NeighbourWork(ShardWork):
    """Propose neighbours for a shard's listings, from all shards, as numbers of rows."""

    vectors: Dataset
    neighbours: int
    contracts = {"proposals": PROPOSALS}

    def setup(self) -> None:
        """Load all vectors: two bytes a number, whatever else the workers hold."""
        tables = [self.vectors.table(shard, ["fused"]) for shard in range(self.vectors.shards)]
        self.bounds = np.concatenate([[0], np.cumsum([table.num_rows for table in tables])])
        rows = [np.asarray(t["fused"].combine_chunks().flatten()) for t in tables]
        self.gallery = np.concatenate(rows).reshape(int(self.bounds[-1]), -1)

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Search for each listing of the shard."""
        from ..models.index import top_k

        first, last = int(self.bounds[shard]), int(self.bounds[shard + 1])
        output.count("in", last - first)
        found, scores = top_k(self.gallery[first:last], self.gallery, self.neighbours, own=first)
        columns = {
            "row": np.repeat(np.arange(first, last), found.shape[1]),
            "neighbour": found.reshape(-1),
            "score": scores.reshape(-1),
        }
        table = pa.table(columns, schema=PROPOSALS.schema).sort_by([("row", "ascending"), ("neighbour", "ascending")])
        for batch in table.to_batches(max_chunksize=4096):
            output.write("proposals", batch)


@dataclass
class JoinWork(ShardWork):
    """Keep each proposed pair once, accept or not, and join the accepted into clusters, over all shards at once."""

    vectors: Dataset
    proposals: Dataset
    heads: HeadFolder
    folder: Storage

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do all shards; writes `matches/` and `clusters/`, and a few figures."""
        from ..models.heads.matching import once

        del shard
        tables = [self.vectors.table(k, ["id"])["id"] for k in range(self.vectors.shards)]
        ids = pa.chunked_array([chunk for table in tables for chunk in table.chunks], pa.string()).combine_chunks()
        bounds = np.concatenate([[0], np.cumsum([len(table) for table in tables])])
        # By id, so that a pair's left listing and a cluster's name do not depend on the number of shards.
        order = np.asarray(pa.compute.sort_indices(ids)).astype(np.int64)
        rank = np.empty(len(ids), np.int64)
        rank[order] = np.arange(len(ids))
        found = self.proposals.read()
        rows, neighbours = (rank[np.asarray(found[name])] for name in ("row", "neighbour"))
        pairs = once(rows, neighbours, np.asarray(found["score"]))
        heads = self.heads.heads()
        accepted = heads.matching.predict(pairs.score) if heads.matching else np.zeros(len(pairs.score), bool)
        roots, refused = heads.clustering.predict(pairs, len(ids)) if heads.clustering else (np.arange(len(ids)), 0)
        left, right = order[pairs.left], order[pairs.right]
        matches = pa.table(
            {"left_id": ids.take(pa.array(left)), "right_id": ids.take(pa.array(right)), "score": pairs.score,
             "accepted": accepted}, schema=MATCHES.schema,
        )  # fmt: skip
        mine = np.searchsorted(bounds, left, side="right") - 1
        clusters = pa.table({"id": ids, "cluster_id": ids.take(pa.array(order[roots[rank]]))})
        for k in range(self.vectors.shards):
            self._write("matches", k, matches.filter(pa.array(mine == k)))
            self._write("clusters", k, clusters.slice(int(bounds[k]), int(bounds[k + 1] - bounds[k])))
        output.count("in", len(ids))
        sizes = np.bincount(roots) if len(roots) else np.zeros(1, np.int64)
        (self.folder / "_figures.json").write_json({"largest_cluster": int(sizes.max()), "refused_by_size": refused})

    def _write(self, name: str, shard: int, rows: pa.Table) -> None:
        target = self.folder / name / part_name(shard, self.vectors.shards)
        with target.replacing() as path:
            pq.write_table(rows, path, filesystem=target.arrow)


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
    version = 2
    inputs = ("embed/embeddings", "finetune/heads")
    makers = ("finetune/heads",)
    profiled = "predictions"  # the suite is about clusters, which are there also without heads
    lost = ()
    pipelines = (Step("Match"), Step("Join", "one"), Step("Answer"))

    def settings(self, config: Config) -> dict[str, Any]:
        """Neighbours and abstention; the size of a cluster came with the head."""
        return config.predict.model_dump()

    def build(self, work: StageRun) -> None:
        """Matches, clusters, answers."""
        config, shards = work.config.predict, work.attempt.shards
        vectors, trained = work.dataset("embed/embeddings"), work.inputs["finetune"]
        rows = work.inputs["embed"].datasets["embeddings"].rows
        heads = HeadFolder(work.run.stage("finetune") / trained.attempt)
        proposed = work.step("match", {"neighbours": config.neighbours}, shards, keep=False)
        seconds = rows * rows * 128 / 1e10  # multiplications; a core does about 10 billion a second
        work.map("Match", NeighbourWork(vectors, config.neighbours), proposed, seconds=seconds)
        joined = work.step("join", config.model_dump(), 1, keep=False)
        work.map("Join", JoinWork(vectors, proposed.dataset("proposals"), heads, joined.folder), joined)
        work.notes.update((joined.folder / "_figures.json").read_json())
        matches, clusters = (Dataset(joined.folder / name, shards) for name in ("matches", "clusters"))
        work.map("Answer", AnswerWork(vectors, matches, clusters, heads, config), seconds=rows / 20_000)

    def metrics(self, work: StageRun, summary: Summary) -> dict[str, float | int | str | None]:
        """That nothing is missing, and the largest cluster."""
        rows, read = work.rows("embed/embeddings"), summary.counts.get("in", 0)
        expected = summary.counts.get("expected", 0) // read * rows if read else 0  # each row has as many answers
        return {
            "rows_in": rows,
            "rows_predictions": summary.rows("predictions"),
            "rows_matches": summary.rows("matches"),
            "missing_predictions": expected - summary.rows("predictions"),
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
