"""Peak memory of a run over a million titles, all processes together.

    python examples/benchmarks/memory.py [--rows 1000000] [--folder DIR] [--json FILE]

Draws the sample catalog without photos and runs it up to `deduplicate`, with default workers. Memory is the sum of
the PSS (private pages, and each shared one divided by its users) over the process tree, sampled every second.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_GB = 4.0


def tree(root: int) -> set[int]:
    """Process numbers of a process and all below it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it ended while we looked
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, grown = {root}, True
    while grown:
        more = {p for p, parent in parents.items() if parent in found} | found
        grown, found = more != found, more
    return found


def pss(process: int) -> int:
    """Bytes of a process, shared pages divided by their users; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def watched(command: list[str]) -> tuple[float, float, float]:
    """Run a command; give its peak in GB, the CPU and the wall seconds."""
    started, peak = time.monotonic(), 0
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            peak = max(peak, sum(pss(p) for p in tree(process.pid)))
            time.sleep(1)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return peak / 1e9, used.ru_utime + used.ru_stime, time.monotonic() - started


def main() -> None:
    """Draw, run, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where to draw and run; kept. Default: a temporary folder")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        eclip = str(Path(sys.executable).with_name("eclip"))
        if not (folder / "catalog.yaml").exists():
            subprocess.run([eclip, "sample", str(folder), "--rows", str(options.rows), "--no-photos"], check=True)
        peak, cpu, wall = watched([eclip, "run", str(folder / "catalog.yaml"), "--to", "deduplicate"])
    print(f"{'rows':>12}{'peak GB':>10}{'limit GB':>10}{'CPU s':>10}{'wall s':>10}")
    print(f"{options.rows:>12,}{peak:>10.2f}{LIMIT_GB:>10.2f}{cpu:>10.0f}{wall:>10.0f}")
    if options.json:
        work = f"{options.rows} titles to deduplicate, peak PSS"
        row = {"work": work, "peer": "limit", "unit": "GB", "ours": peak, "theirs": LIMIT_GB, "ratio": LIMIT_GB / peak}
        options.json.write_text(json.dumps([row], indent=1))


if __name__ == "__main__":
    main()
