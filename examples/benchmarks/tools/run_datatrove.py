"""Drop duplicates with datatrove's four stages, as its own example has them: `work FOLDER N_GRAMS`, `report FOLDER`."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path


def work(folder: Path, n_grams: int) -> None:
    """Signatures, buckets, clusters, filter; word shingles, 14 buckets of 8 hashes."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter
    from datatrove.utils.hashing import HashConfig

    config = MinhashConfig(n_grams=n_grams, num_buckets=14, hashes_per_bucket=8, hash_config=HashConfig(precision=64))
    reader = JsonlReader(str(folder), glob_pattern="titles.jsonl")
    part = {name: str(folder / name) for name in ("signatures", "buckets", "clusters", "removed", "kept")}
    stages = [
        [reader, MinhashDedupSignature(part["signatures"], config=config)],
        [MinhashDedupBuckets(part["signatures"], part["buckets"], config=config)],
        [MinhashDedupCluster(part["buckets"], part["clusters"], config=config, save_cluster_id=True)],
        [
            reader,
            MinhashDedupFilter(part["clusters"], exclusion_writer=JsonlWriter(part["removed"]), load_cluster_ids=True),
            JsonlWriter(part["kept"]),
        ],
    ]
    for number, stage in enumerate(stages):
        tasks = config.num_buckets if number == 1 else 1
        LocalPipelineExecutor(stage, tasks=tasks, workers=1, logging_dir=str(folder / f"log{number}")).run()


def report(folder: Path) -> None:
    """Write removed.tsv: id, cluster."""
    found = []
    for path in sorted((folder / "removed").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    rows = [f"{row['id']}\t{row['metadata']['minhash_cluster_id']}\n" for row in found]
    (folder / "removed.tsv").write_text("".join(rows))


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        report(Path(sys.argv[2]))
