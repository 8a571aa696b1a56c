"""What a row-wise stage costs through Beam, beside its pure function in a plain loop over the same shards.

    python examples/benchmarks/overhead.py [--rows 100000] [--runs 5] [--json FILE]

Both read the same Parquet shards, clean every title (with and without language identification, which takes more time
than all rules together) and write Parquet. Ours also
checks the order of rows, sums up their content, measures the gate's rules, profiles the columns and writes markers.
CPU seconds of this process, the two in turn, medians.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

logging.basicConfig(level=logging.ERROR)  # before Beam, which would install a handler of its own

import pyarrow.parquet as pq  # noqa: E402
from eclip.beam_pipelines import gate_keeper  # noqa: E402
from eclip.beam_pipelines.clean import Clean, CleanWork  # noqa: E402
from eclip.beam_pipelines.local import LocalRunner  # noqa: E402
from eclip.beam_pipelines.run_folder import RunFolder  # noqa: E402
from eclip.beam_pipelines.shards import MapShards  # noqa: E402
from eclip.quality.text.clean import Cleaning, clean_listings  # noqa: E402
from eclip.schemas.attempt import Attempt  # noqa: E402
from eclip.schemas.config import Config  # noqa: E402
from eclip.schemas.config_file import load  # noqa: E402
from eclip.schemas.dataset import Dataset, part_name  # noqa: E402
from eclip.schemas.runner_config import RunnerConfig  # noqa: E402
from eclip.schemas.storage import Storage  # noqa: E402

AIM = 1.25


def cleaning(config: Config, identify: bool) -> Cleaning:
    """What both do."""
    return Cleaning.of(config.clean.model_copy(update={"language": identify}))


def through_beam(listings: Dataset, config: Config, identify: bool, folder: Path) -> None:
    """Do it as `eclip run` does."""
    attempt = Attempt(Storage(str(folder)), listings.shards)
    plan = gate_keeper.Gate.of(Clean(), config, RunFolder(config.run_folder), attempt.name).plan
    work = CleanWork(listings, cleaning(config, identify))
    LocalRunner(RunnerConfig(workers=1)).run("Clean", MapShards(work, attempt, plan))


def plain_loop(listings: Dataset, config: Config, identify: bool, folder: Path) -> None:
    """Do it as a script would."""
    rules = cleaning(config, identify)
    folder.mkdir(parents=True)
    for shard in range(listings.shards):
        schema = pq.read_schema(listings.part(shard).path)
        with pq.ParquetWriter(folder / part_name(shard, listings.shards), schema, compression="zstd") as writer:
            for batch in listings.batches(shard):
                writer.write_batch(clean_listings(batch, rules)[0].cast(schema))


def cpu_seconds(work: Callable[[], None]) -> float:
    """CPU time of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Draw, ingest, time both, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    print(f"{'work':<34}{'through Beam, CPU s':>22}{'plain loop, CPU s':>20}{'ratio':>8}{'aim':>8}")
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        eclip = str(Path(sys.executable).with_name("eclip"))
        subprocess.run(
            [eclip, "sample", str(base / "catalog"), "--rows", str(options.rows), "--no-photos"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        settings = ["--set", "shards=4", "--to", "ingest"]
        subprocess.run(
            [eclip, "run", str(base / "catalog/catalog.yaml"), *settings], check=True, stdout=subprocess.DEVNULL
        )
        config = load(base / "catalog/catalog.yaml")
        listings = RunFolder(config.run_folder).dataset("ingest/listings")
        for identify in (True, False):
            ours, theirs = [], []
            for run in range(options.runs + 1):  # the first one warms up
                beam = cpu_seconds(lambda: through_beam(listings, config, identify, base / "ours"))  # noqa: B023
                loop = cpu_seconds(lambda: plain_loop(listings, config, identify, base / "theirs"))  # noqa: B023
                shutil.rmtree(base / "ours")
                shutil.rmtree(base / "theirs")
                if run:
                    ours.append(beam)
                    theirs.append(loop)
            ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
            work = f"clean {options.rows:,} titles{', language' if identify else ''}"
            mine, plain = statistics.median(ours), statistics.median(theirs)
            print(f"{work:<34}{mine:>22.2f}{plain:>20.2f}{ratio:>8.2f}{AIM:>8.2f}")
            rows.append(
                {"work": work, "peer": "plain loop", "unit": "CPU s", "ours": mine, "theirs": plain, "ratio": 1 / ratio}
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
