"""What finding duplicates costs as the catalog grows: CPU, memory of all processes, edges.

    python examples/benchmarks/growth.py [--rows 10000 100000 1000000] [--folder DIR] [--json FILE]

Draws catalogs of titles from a few templates in four languages, with words by Zipf's law, duplicates and variants
planted among them, and runs each up to `deduplicate` with default workers. CPU is that of all processes of the stage,
memory the sum of the PSS (private pages, and each shared one divided by its users) over the process tree, sampled
twice a second. The exponent is the slope of log CPU over log rows: 1 is linear, 2 all pairs.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LIMIT_GB = 4.0
LIMIT_EXPONENT = 1.1
CHUNK = 100_000  # rows drawn at a time
SYLLABLES = {
    "en": ("ba do ki lo ma ne po ra si tu ven kor lin mar tes gal", "{0} {1} {2} for {3} with {4}, {5}"),
    "de": ("sch ber gen hau ler mit ter zen wal ung rös bau", "{0} {1} {2} aus {3} für {4} {5}"),
    "id": ("ka ma sa ta ra pu di ni lo wa ber kan", "{0} {1} {2} {3} murah {4} {5}"),
    "ko": ("가 나 다 라 마 바 사 아 자 하 고 도", "{0} {1} {2} {3} 무료배송 {4} {5}"),
}
SIZES = ("S", "M", "L", "XL", "500 ml", "1 l", "64 GB", "128 GB", "2 m", "10 pcs")


def vocabulary(draw: np.random.Generator, language: str, words: int) -> np.ndarray:
    """Words of two to four syllables."""
    syllables = SYLLABLES[language][0].split()
    return np.array(["".join(draw.choice(syllables, draw.integers(2, 5))) for _ in range(words)], object)


def titles(draw: np.random.Generator, rows: int, words: dict[str, np.ndarray]) -> list[str]:
    """Draw titles; one in five is an earlier one with a word more, in capitals, or of another size."""
    found: list[str] = []
    languages = draw.choice(list(SYLLABLES), rows)
    ranks = (draw.zipf(1.1, (rows, 5)) - 1) % len(words["en"])
    kinds, sizes = draw.random(rows), draw.choice(SIZES, rows)
    for language, rank, kind, size in zip(languages, ranks, kinds, sizes, strict=True):
        base = found[int(kind * 1e6) % len(found)] if found and kind < 0.2 else ""
        if not base:
            found.append(SYLLABLES[language][1].format(*words[language][rank], size))
        elif kind < 0.1:
            found.append(base.upper() if kind < 0.05 else f"{base} {words[language][rank[0]]}")
        else:
            found.append(f"{base.rpartition(' ')[0]} {size}")
    return found


def write_catalog(folder: Path, rows: int) -> None:
    """Write Parquet files and a configuration."""
    draw = np.random.default_rng(rows)
    words = {language: vocabulary(draw, language, 5000) for language in SYLLABLES}
    (folder / "listings").mkdir(parents=True)
    for first in range(0, rows, CHUNK):
        n = min(CHUNK, rows - first)
        table = pa.table(
            {
                "id": [f"L{k:09d}" for k in range(first, first + n)],
                "title": titles(draw, n, words),
                "seller": [f"shop {k}" for k in draw.zipf(1.5, n).clip(max=5000)],
            }
        )
        pq.write_table(table, folder / "listings" / f"part-{first // CHUNK:05d}.parquet")
    (folder / "catalog.yaml").write_text("name: growth\nrun: run\nsource: {path: listings/*.parquet}\n")


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
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, peak = time.monotonic(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, sum(pss(p) for p in tree(process.pid)))
            time.sleep(0.5)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return peak / 1e9, cpu, time.monotonic() - started


def measure(folder: Path, rows: int) -> dict[str, float]:
    """Run one catalog: first up to filter, then deduplicate by itself."""
    eclip = [str(Path(sys.executable).with_name("eclip")), "run", str(folder / "catalog.yaml"), "--to"]
    if not (folder / "catalog.yaml").exists():
        write_catalog(folder, rows)
    before, cpu_before, _ = watched([*eclip, "filter"])
    peak, cpu, wall = watched([*eclip, "deduplicate"])
    manifest = json.loads((folder / "run" / "deduplicate" / "_manifest.json").read_text())
    edges = sum(pq.read_metadata(p).num_rows for p in (folder / "run" / "deduplicate").glob("edges-*/edges/*.parquet"))
    return {
        "rows": rows, "cpu": cpu, "cpu_before": cpu_before, "wall": wall, "peak_gb": max(before, peak), "edges": edges,
        "duplicates": manifest["metrics"]["rows_duplicates"],
    }  # fmt: skip


def exponent(found: list[dict[str, float]], start: float) -> float:
    """Fit log CPU over log rows, the start of the program aside."""
    rows, cpu = ([line[name] for line in found] for name in ("rows", "cpu"))
    return float(np.polyfit(np.log(rows), np.log(np.maximum(0.1, np.array(cpu) - start)), 1)[0])


def main() -> None:
    """Draw, run, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="where to draw and run; kept. Default: a temporary folder")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    print(f"{'rows':>12}{'CPU s':>9}{'CPU s before':>14}{'wall s':>9}{'peak GB':>9}{'edges':>12}{'duplicates':>12}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        _, start, _ = watched([sys.executable, "-c", "import eclip.beam_pipelines.cli, eclip.beam_pipelines.stages"])
        for rows in sorted(options.rows):
            line = measure(folder / str(rows), rows)
            found.append(line)
            print(f"{rows:>12,}{line['cpu']:>9.0f}{line['cpu_before']:>14.0f}{line['wall']:>9.0f}{line['peak_gb']:>9.2f}"
                  f"{line['edges']:>12,}{line['duplicates']:>12,}", flush=True)  # fmt: skip
    if len(found) > 1:
        print(f"CPU of deduplicate grows with rows to the power of {exponent(found, start):.2f}")
    if options.json:
        work = f"{found[-1]['rows']:,} titles to deduplicate"
        lines = [{"work": f"{work}, peak PSS", "peer": "limit", "unit": "GB", "ours": found[-1]["peak_gb"],
                  "theirs": LIMIT_GB, "ratio": LIMIT_GB / found[-1]["peak_gb"]}]  # fmt: skip
        if len(found) > 1:
            power = exponent(found, start)
            lines.append({"work": f"{work}, growth of CPU", "peer": "limit", "unit": "exponent", "ours": power,
                          "theirs": LIMIT_EXPONENT, "ratio": LIMIT_EXPONENT / power})  # fmt: skip
        options.json.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
