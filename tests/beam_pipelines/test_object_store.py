"""The whole job with its run folder on an object store."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from driver import FEW_STEPS, checksums, eclip
from eclip.schemas.manifest import Manifest
from eclip.schemas.storage import Storage


def test_the_whole_job_on_s3(finished: Path, own: Path, bucket: dict[str, str]) -> None:
    place = "s3://catalogs/sample"
    options = (*FEW_STEPS, "--set", "runner.workers=1", "--set", f"run={place}")
    done = eclip("run", own / "catalog.yaml", *options)
    assert done.code == 0, done.out + done.err
    run = Storage(place)
    found = {}
    for stage in ("ingest", "clean", "filter", "deduplicate", "pairs", "pretrain", "embed", "finetune", "predict"):
        manifest = Manifest.read(run / stage)
        assert manifest is not None
        found |= {f"{stage}/{name}": d.checksum for name, d in manifest.datasets.items()}
    assert found == checksums(finished / "run")
    again = eclip("run", own / "catalog.yaml", *options)
    assert again.out.count("nothing to do") == 10, again.out + again.err
    files = eclip("path", place, "predict/clusters").out.split()
    assert len(files) == 8
    table = pq.read_table(Storage(files[0]).path, filesystem=Storage(files[0]).arrow)
    assert table.schema.names == ["id", "cluster_id"]
    assert not (run / "_lock.json").exists()
