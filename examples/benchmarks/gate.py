"""What a gate costs: twelve rules measured shard by shard and merged, beside plain Great Expectations on one frame.

    python examples/benchmarks/gate.py [--rows 1000000] [--shards 8] [--runs 3] [--json FILE]

Both read the same Parquet files, both results are Great Expectations' own, and are compared: counts, percents, success.
CPU seconds of this process, reading included, the two in turn, medians; ours also gives every row that breaks a rule,
theirs the first twenty. Peak memory (RSS) of processes of their own, at the rows asked for and at a quarter of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

logging.disable(logging.WARNING)
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from eclip.quality.gates import measure  # noqa: E402
from eclip.quality.gates.judge import judge  # noqa: E402
from eclip.quality.gates.suite import Suite, load_suite  # noqa: E402
from eclip.schemas.dataset import Dataset, part_name, shard_of  # noqa: E402
from eclip.schemas.storage import Storage  # noqa: E402

CATEGORIES = ["Mugs", "Shoes", "Tables", "Lamps", "Pans", "Bags"]
RULES: list[tuple[str, dict[str, Any]]] = [
    ("column_values_to_not_be_null", {"column": "title", "mostly": 0.99}),
    ("column_values_to_be_unique", {"column": "id"}),
    ("column_values_to_match_regex", {"column": "title", "regex": "^[A-Z]", "mostly": 0.9}),
    ("column_values_to_not_match_regex", {"column": "title", "regex": "<[a-z]+>", "mostly": 0.999}),
    ("column_value_lengths_to_be_between", {"column": "title", "min_value": 8, "max_value": 40}),
    ("column_values_to_be_between", {"column": "price", "min_value": 0, "strict_min": True, "mostly": 0.99}),
    ("column_values_to_be_in_set", {"column": "category", "value_set": CATEGORIES[:5]}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "price", "column_B": "cost", "or_equal": True}),
    ("compound_columns_to_be_unique", {"column_list": ["id", "currency"]}),
    ("column_mean_to_be_between", {"column": "price", "min_value": 10, "max_value": 100}),
    ("column_max_to_be_between", {"column": "stock", "max_value": 1000}),
    ("table_row_count_to_be_between", {"min_value": 1}),
]
COUNTS = ("element_count", "unexpected_count", "unexpected_percent", "missing_count")


def suite() -> Suite:
    """The twelve rules."""
    rules = [{"type": f"expect_{kind}", "kwargs": kwargs, "meta": {"rule": kind}} for kind, kwargs in RULES]
    return load_suite({"name": "benchmark", "expectations": rules})


def write(folder: Path, rows: int, shards: int) -> None:
    """Draw listings, a few of them broken, and write them as a run does: by shard of the id, sorted by id."""
    rng = np.random.default_rng(0)
    ids = pa.array([f"sku-{n:08}" for n in range(rows)])
    words = np.array(["Red", "blue", "Oak", "Steel", "mug", "table", "shoe", "large", "<b>new</b>"])
    chosen = words[rng.choice(len(words), (rows, 4), p=[0.124875] * 8 + [0.001])]
    price = np.where(rng.random(rows) < 0.01, -1.0, rng.lognormal(3, 1, rows))
    table = pa.table(
        {
            "id": ids,
            "title": pa.array(np.char.add(np.char.add(chosen[:, 0], " "), np.char.add(chosen[:, 1], " mug")),
                              mask=rng.random(rows) < 0.003),
            "category": pa.array(np.array(CATEGORIES)[rng.choice(6, rows, p=[0.2] * 4 + [0.19, 0.01])]),
            "currency": pa.array(np.array(["EUR", "GBP"])[rng.integers(0, 2, rows)]),
            "price": price,
            "cost": price * rng.uniform(0.5, 1.001, rows),
            "stock": rng.integers(0, 500, rows),
        }
    )  # fmt: skip
    where = shard_of(ids, shards)
    for shard in range(shards):
        part = table.filter(pa.array(where == shard))
        pq.write_table(part.take(pc.sort_indices(part["id"])), folder / part_name(shard, shards))


def ours(folder: Path, shards: int) -> dict[str, Any]:
    """Measure shard by shard, merge, judge."""
    loaded, data = suite(), Dataset(Storage.of(folder), shards)
    rules = loaded.of("listings")
    partials: list[dict[str, Any]] = []
    failing: list[pa.RecordBatch | None] = []
    for shard in range(shards):
        measured = measure.Measure(rules, "id", failing=True)
        failing += map(measured.add, data.batches(shard, measure.columns(rules, "id")))
        failing.append(measured.end())
        partials.append(measured.partial())
    results = judge(loaded, {"listings": measure.merge(partials)}, {}).result["results"]
    named = sum(r["result"].get("unexpected_count", 0) for r in results)
    given = sum(batch.num_rows for batch in failing if batch is not None)
    if named != given:
        sys.exit(f"{given} rows were named, {named} were counted")
    return {r["expectation_config"]["meta"]["rule"]: (r["success"], r["result"]) for r in results}


def theirs(folder: Path, shards: int) -> dict[str, Any]:
    """Read all of it, and have Great Expectations validate the frame."""
    del shards
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    frame = pq.read_table(folder, use_threads=False).to_pandas()
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    rules = [rule.configuration for rule in suite().rules]
    found = batch.validate(gx.ExpectationSuite(name="b", expectations=rules), result_format="SUMMARY").results
    configured = [(r.expectation_config, r) for r in found if r.expectation_config is not None]
    return {config.meta["rule"]: (bool(r.success), r.result) for config, r in configured}


WAYS: dict[str, Callable[[Path, int], dict[str, Any]]] = {"ours": ours, "theirs": theirs}


def differences(mine: dict[str, Any], plain: dict[str, Any]) -> list[str]:
    """Rules on which the two do not agree."""
    wrong = [name for name in plain if mine[name][0] != plain[name][0]]
    for name, (_, result) in plain.items():
        wrong += [f"{name}: {key}" for key in COUNTS if mine[name][1].get(key) != result.get(key)]
        seen, plainly = mine[name][1].get("observed_value"), result.get("observed_value")
        if plainly is not None and not math.isclose(float(seen), float(plainly), rel_tol=1e-9):
            wrong.append(f"{name}: observed_value")
    return wrong


def peak_of_this_process() -> float:
    """Peak resident memory in megabytes; `getrusage` would count that of the process that started this one."""
    status = Path("/proc/self/status")
    if not status.exists():  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def peak(way: str, folder: Path, shards: int) -> float:
    """Megabytes of a process that does nothing else."""
    command = [sys.executable, __file__, "--peak", way, "--folder", str(folder), "--shards", str(shards)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> None:
    """Draw, compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peak", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        WAYS[options.peak](options.folder, options.shards)
        print(peak_of_this_process())
        return
    with tempfile.TemporaryDirectory() as temporary:
        whole, quarter = Path(temporary) / "whole", Path(temporary) / "quarter"
        parts = {whole: (options.rows, options.shards), quarter: (options.rows // 4, max(1, options.shards // 4))}
        for folder, (rows, shards) in parts.items():
            folder.mkdir()
            write(folder, rows, shards)
        wrong = differences(ours(whole, options.shards), theirs(whole, options.shards))
        times: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(options.runs):
            for name, way in WAYS.items():
                started = time.process_time()
                way(whole, options.shards)
                times[name].append(time.process_time() - started)
        peaks = {
            name: [peak(name, quarter, max(1, options.shards // 4)), peak(name, whole, options.shards)] for name in WAYS
        }
    ratio = statistics.median(a / b for a, b in zip(times["ours"], times["theirs"], strict=True))
    print(f"{options.rows:,} rows, {len(RULES)} rules, {options.shards} shards; differences: {wrong or 'none'}")
    for name in WAYS:
        (small, large), seconds = peaks[name], statistics.median(times[name])
        print(f"{name:<8}{seconds:>8.2f} CPU s   peak {large:>7.0f} MB, of a quarter {small:>7.0f} MB")
    print(f"ratio {ratio:.2f}")
    if options.json:
        found = {"rows": options.rows, "rules": len(RULES), "shards": options.shards, "differences": wrong,
                 "cpu_s": {n: statistics.median(t) for n, t in times.items()}, "ratio": ratio,
                 "peak_mb": {n: {"quarter": p[0], "whole": p[1]} for n, p in peaks.items()}}  # fmt: skip
        options.json.write_text(json.dumps(found, indent=1))
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
