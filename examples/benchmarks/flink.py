"""What a Flink cluster costs and brings: one task manager, two, and this machine without one.

    python examples/benchmarks/flink.py [--rows 1000000] [--folder DIR] [--json FILE]

Titles as in growth.py, clean + filter + deduplicate by the test cluster of examples/flink, each job's records and bytes
asked of its JobManager. CPU is that of the driver and of all processes of the cluster, memory the PSS of each pool with
its workers, at its highest. Wall times mean something on an idle machine only; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eclip.examples.benchmarks.growth import pss, tree, write_catalog
from eclip.examples.flink.check import command, on, same
from eclip.examples.flink.cluster import HOME, Cluster

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(process: int) -> float:
    """CPU seconds of a process and of those that it started and that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


@dataclass
class Meter:
    """CPU and memory of processes and all below them, sampled."""

    roots: dict[str, int]
    peaks: dict[str, int] = field(default_factory=dict)
    used: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> Meter:
        self.before = {p: cpu(p) for root in self.roots.values() for p in tree(root)}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.thread.join()

    def _sample(self) -> None:
        while not self.ended.wait(0.5):
            for name, root in self.roots.items():
                found = tree(root)
                self.peaks[name] = max(self.peaks.get(name, 0), sum(pss(p) for p in found))
                self.used[root] = max(self.used.get(root, 0.0), sum(cpu(p) - self.before.get(p, 0.0) for p in found))

    @property
    def seconds(self) -> float:
        """CPU of all."""
        return sum(self.used.values())


def run(folder: Path, name: str, cluster: Cluster | None) -> dict[str, Any]:
    """Run a catalog from clean to deduplicate; its ingest is done before and not counted."""
    settings = on(cluster) if cluster else []
    called = command(folder / "catalog.yaml", folder / name, *settings)
    subprocess.run([*called, "--to", "ingest"], check=True, stdout=subprocess.DEVNULL)
    roots = {process: pid for process in cluster.names if (pid := cluster.pid(process))} if cluster else {}
    started = time.monotonic()
    driver = subprocess.Popen([*called, "--to", "deduplicate"], stdout=subprocess.DEVNULL)
    with Meter({**roots, "driver": driver.pid}) as meter:
        driver.wait()
    if driver.returncode:
        sys.exit(f"{name} ended with {driver.returncode}")
    found: dict[str, Any] = {"wall": time.monotonic() - started, "cpu": meter.seconds, "peaks": meter.peaks}
    if cluster:
        found |= traffic(cluster)
    return found


def traffic(cluster: Cluster) -> dict[str, Any]:
    """Jobs and their seconds, and the most records and bytes that one of them moved between tasks."""

    def ask(path: str) -> Any:
        with urllib.request.urlopen(f"http://localhost:{cluster.port}{path}") as answer:
            return json.load(answer)

    listed = ask("/jobs/overview")["jobs"]
    jobs = [ask(f"/jobs/{job['jid']}") for job in listed]
    moved = [vertex["metrics"] for job in jobs for vertex in job["vertices"]]
    return {
        "jobs": len(jobs),
        "records": max(m["write-records"] for m in moved),
        "bytes": max(m["write-bytes"] for m in moved),
        "seconds": {job["name"].split("-", 2)[2].rpartition("-")[0]: job["duration"] / 1000 for job in listed[::-1]},
        "record_bytes": max((m["write-bytes"] // m["write-records"] for m in moved if m["write-records"]), default=0),
    }


def main() -> None:
    """Draw, run three times, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where to draw and run; kept. Default: a temporary folder")
    parser.add_argument("--home", type=Path, default=HOME)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not (folder / "catalog.yaml").exists():
            write_catalog(folder, options.rows)
        found = {"local": run(folder, "local", None)}
        for managers in (1, 2):
            cluster = Cluster(options.home, managers)
            cluster.install()
            cluster.up()
            try:
                name = f"flink-{managers}"
                found[name] = run(folder, name, cluster)
            finally:
                cluster.down()
            same(folder / "local", folder / name, name)
    print(f"{options.rows:,} titles, clean + filter + deduplicate; the rows are equal\n")
    print(f"{'':<10}{'wall s':>9}{'CPU s':>9}{'pool MB':>9}{'driver MB':>11}{'jobs':>6}{'bytes a record':>16}")
    for name, line in found.items():
        pools = [peak for process, peak in line["peaks"].items() if process.startswith("pool")]
        print(
            f"{name:<10}{line['wall']:>9.0f}{line['cpu']:>9.0f}{max(pools, default=0) / 1e6:>9.0f}"
            f"{line['peaks']['driver'] / 1e6:>11.0f}{line.get('jobs', 0):>6}{line.get('record_bytes', 0):>16}"
        )
    print("\nseconds of each job, with two task managers: " + ", ".join(
        f"{job} {seconds:.0f}" for job, seconds in found["flink-2"]["seconds"].items()))  # fmt: skip
    lines = [
        ("one task manager against two, wall", "flink-1", "flink-2", "wall"),
        ("Flink (two) against local, wall", "flink-2", "local", "wall"),
        ("Flink (two) against local, CPU", "flink-2", "local", "cpu"),
    ]
    for what, left, right, unit in lines:
        print(f"{what}: {found[left][unit] / found[right][unit]:.2f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
