"""Duplicates among titles, from a file of titles to a file of those that stay: ours beside three other tools.

    python examples/benchmarks/deduplicate.py [--rows 100000] [--tools eclip,...] [--envs DIR] [--json FILE]

One catalog of titles is drawn, in which we know the duplicates (equal, another format, seller noise, another order of
words, a typing error) and the variants, which must stay (another colour, size, storage, volume, pack, or one other
word). Each tool reads the same file in a process of its own, from an environment of its own, made on first use, and
removes rows. It is right to remove all rows of a product but one, whichever; to remove the last one is wrong. Ours
cleans the titles first, that is part of what is measured, and drops what agrees in text, variants excepted.

CPU seconds are those of the whole tree of processes; `start` is what the tool takes for 200 titles, imports above all,
once Python has compiled what it imports.
The peak is that of the largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from eclip.examples.benchmarks.environments import FOLDER, environment
from eclip.examples.benchmarks.planted_titles import COPIES, Title, judge, plant, write

SCRIPTS = Path(__file__).parent / "tools"
SMALL = 200
AIM = 10  # times less CPU than datatrove


@dataclass(frozen=True)
class Tool:
    """A tool in one of its settings."""

    script: str
    requirements: Sequence[str] = ()  # none: our own environment
    arguments: Sequence[str] = ()

    def python(self, envs: Path) -> Path:
        """The Python that has it."""
        name = self.script.removeprefix("run_").removesuffix(".py")
        return environment(name, self.requirements, envs) if self.requirements else Path(sys.executable)


DATATROVE = ["datatrove[io,processing]==0.10.1", "spacy"]
TOOLS = {
    "eclip, two calls": Tool("run_eclip.py", (), ["calls"]),
    "eclip, eclip run": Tool("run_eclip.py", (), ["run"]),
    "datatrove, words x 5 (default)": Tool("run_datatrove.py", DATATROVE, ["5"]),
    "datatrove, words x 2": Tool("run_datatrove.py", DATATROVE, ["2"]),
    "Data-Juicer, characters x 4": Tool("run_data_juicer.py", ["py-data-juicer==1.6.1", "aiohttp"]),
    "Daft, words x 2": Tool("run_daft.py", ["daft==0.7.26"], ["2"]),
}


@dataclass(frozen=True)
class Result:
    """What a run took, and which rows it removed."""

    cpu: float  # seconds
    peak: float  # MB
    removed: dict[str, str]


def run(tool: Tool, python: Path, titles: Sequence[Title], attempts: int = 2) -> Result:
    """Let a tool work on titles; one that crashes, as native libraries now and then do, has a second try."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(titles, folder / "titles.jsonl")
        with (folder / "said").open("w") as said:
            command = [str(python), str(SCRIPTS / tool.script), "work", str(folder), *tool.arguments]
            process = subprocess.Popen(command, stdout=said, stderr=said, cwd=folder, env=_kept_bytecode())
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            print(f"{tool.script} ended with {process.returncode}", file=sys.stderr)
            if attempts > 1:
                return run(tool, python, titles, attempts - 1)
            sys.exit((folder / "said").read_text()[-4000:])
        subprocess.run([str(python), str(SCRIPTS / tool.script), "report", str(folder)], check=True)
        lines = (folder / "removed.tsv").read_text().splitlines()
        removed = dict(line.split("\t", 1) for line in lines)
    return Result(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, removed)


def _kept_bytecode() -> dict[str, str]:
    """The environment, with Python's bytecode kept apart: containers forbid it, and all would compile themselves."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "eclip-benchmark-bytecode"), **env}


def main() -> None:
    """Draw, let all work, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tools", default=",".join({name.partition(",")[0] for name in TOOLS}))
    parser.add_argument("--envs", type=Path, default=FOLDER, help="where the tools compared are installed")
    parser.add_argument("--runs", type=int, default=3, help="of each tool, in turn; medians are given")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    titles = plant(options.rows, options.seed)
    chosen = {name: tool for name, tool in TOOLS.items() if name.partition(",")[0] in options.tools.split(",")}
    pythons = {name: tool.python(options.envs) for name, tool in chosen.items()}
    for name, tool in chosen.items():
        run(tool, pythons[name], titles[:SMALL])  # compiles, caches
    turns = [
        {
            name: (run(tool, pythons[name], titles[:SMALL]), run(tool, pythons[name], titles))
            for name, tool in chosen.items()
        }
        for _ in range(options.runs)
    ]
    names = ("precision", "recall", "f1", *COPIES, "variant", "largest")
    print(f"{'tool':<32}{'CPU s':>8}{'start':>7}{'peak MB':>9}{'ours x':>8}" + "".join(f"{n[:9]:>10}" for n in names))
    rows, first = [], next(iter(chosen))
    for name in chosen:
        results = [turn[name][1] for turn in turns]
        row = {
            "tool": name,
            "cpu": median(result.cpu for result in results),
            "start": median(turn[name][0].cpu for turn in turns),
            "peak": median(result.peak for result in results),
            "ratio": median(turn[name][1].cpu / turn[first][1].cpu for turn in turns),
            **judge(titles, results[0].removed),
        }
        rows.append(row)
        print(
            f"{name:<32}{row['cpu']:>8.1f}{row['start']:>7.1f}{row['peak']:>9.0f}{row['ratio']:>8.1f}"
            + "".join(f"{row[n]:>10.3f}" if n != "largest" else f"{row[n] or '-':>10}" for n in names)
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
