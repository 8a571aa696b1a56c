"""Hold a real cluster against this machine: the same job, the same rows, also with a task manager killed.

    python -m eclip.examples.flink.check [--rows 600] [--home DIR] [--folder DIR]

Starts the cluster, runs the sample catalog here and there, compares content checksums shard by shard; runs it there
once more, kills a task manager (-9) in the middle of a stage, starts it again, and compares again; stops the cluster.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import install
from .cluster import HOME, Cluster

FEW = ("pretrain.steps=40", "heads.min_support=3")  # the models are not what is looked at
RUN_S = 1500.0


def command(catalog: Path, run: Path, *more: str, last: str | None = None) -> list[str]:
    """`eclip run` of a catalog into a folder, up to a stage."""
    eclip = str(Path(sys.executable).with_name("eclip"))
    settings = [part for each in (*FEW, f"run={run}", *more) for part in ("--set", each)]
    return [eclip, "run", str(catalog), *(["--to", last] if last else []), *settings]


def on(cluster: Cluster) -> list[str]:
    """What sends a run to a cluster."""
    return ["runner.name=flink", *(f"runner.flink.{key}={json.dumps(v)}" for key, v in cluster.settings.items())]


def checksums(run: Path) -> dict[str, str]:
    """Content checksums of all that a run has published: of each shard of datasets, and of each model."""
    found: dict[str, str] = {}
    for file in sorted(run.glob("*/_manifest.json")):
        manifest: dict[str, Any] = json.loads(file.read_text())
        stage = manifest["stage"]
        if stage == "report":
            continue
        found |= {f"{stage}/{name}": each["checksum"] for name, each in manifest["datasets"].items()}
        for marker in sorted((file.parent / manifest["attempt"] / "_shards").glob("?????.json")):
            parts = json.loads(marker.read_text())["parts"]
            found |= {f"{stage}/{name}/{marker.stem}": part["checksum"] for name, part in parts.items()}
    return found


def same(ours: Path, theirs: Path, what: str) -> int:
    """Compare two runs, as far as the second has gone; how many checksums were equal.

    Raises:
        InstallError: some differ, or there are none.
    """
    left, right = checksums(ours), checksums(theirs)
    stages = {name.partition("/")[0] for name in right}
    left = {name: checksum for name, checksum in left.items() if name.partition("/")[0] in stages}
    unlike = sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
    if unlike or not left:
        raise install.InstallError(f"{what}: {len(unlike)} of {len(left)} checksums differ: {', '.join(unlike[:5])}")
    return len(left)


def under(steps: Callable[[], bool], process: subprocess.Popen[Any], what: str) -> None:
    """Wait until a run has come so far.

    Raises:
        InstallError: it ended before.
    """
    while not steps():
        if process.poll() is not None:
            raise install.InstallError(f"the run ended before {what}")
        time.sleep(0.02)


def begun(run: Path, attempts: str, stage: str) -> Callable[[], bool]:
    """Say whether a stage is under way: an attempt has a marker.

    Args:
        run: The run folder.
        attempts: Names of its attempts, as a pattern.
        stage: Its name.
    """
    return lambda: any(True for _ in run.glob(f"{stage}/{attempts}/_shards/?????.json"))


def timed(called: Sequence[str]) -> float:
    """Run a command to its end; its wall seconds."""
    started = time.monotonic()
    done = subprocess.run(called, capture_output=True, text=True, timeout=RUN_S, check=False)
    if done.returncode:
        raise install.InstallError(
            f"{' '.join(called[:3])} ended with {done.returncode}\n{done.stdout[-1500:]}{done.stderr}"
        )
    return time.monotonic() - started


def main() -> None:
    """Do it all; exit code 1 if something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--home", type=Path, default=HOME)
    parser.add_argument("--folder", type=Path, help="for the catalog and its runs; kept. Default: a temporary folder")
    parser.add_argument("--to", metavar="STAGE", help="where the run that loses a task manager ends; default: the end")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--pool-port", type=int, default=50_000)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="eclip-flink-check-"))
    cluster = Cluster(options.home, 2, options.port, options.pool_port)
    try:
        cluster.install()
    except install.InstallError as error:
        sys.exit(f"error: {error}")  # and stop nothing: what is running is somebody else's
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # or the cluster would live on
    try:
        _check(cluster, folder, options.rows, options.to)
    except (install.InstallError, subprocess.TimeoutExpired) as error:
        sys.exit(f"error: {error}")
    finally:
        cluster.down()
    left = [name for name in cluster.names if cluster.pid(name) is not None]
    if left:
        sys.exit(f"error: {', '.join(left)} did not stop")
    print("the cluster is stopped, no process of it is left")
    if options.folder is None:
        shutil.rmtree(folder)


def _check(cluster: Cluster, folder: Path, rows: int, last: str | None) -> None:
    started = time.monotonic()
    cluster.up()
    print(
        f"cluster: {cluster.slots()} task managers of one slot, a pool beside each [{time.monotonic() - started:.0f} s]"
    )
    catalog = folder / "catalog.yaml"
    if not catalog.exists():
        eclip = str(Path(sys.executable).with_name("eclip"))
        timed([eclip, "sample", str(folder), "--rows", str(rows)])
    here, there, killed = (folder / name for name in ("run-here", "run-there", "run-killed"))
    print(f"{rows} listings, the whole job here [{timed(command(catalog, here)):.0f} s]")
    print(f"the whole job there [{timed(command(catalog, there, *on(cluster))):.0f} s]")
    print(f"  {same(here, there, 'here and there')} checksums of datasets, shards and models: all equal")
    with subprocess.Popen(command(catalog, killed, *on(cluster), last=last), stdout=subprocess.DEVNULL) as process:
        try:
            under(begun(killed, "?" * 16, "ingest"), process, "a photo was looked at")
            cluster.stop("taskmanager-1", signal.SIGKILL)
            done = len(list(killed.glob("ingest/????????????????/_shards/?????.json")))
            cluster.start("taskmanager-1")
            if process.wait(RUN_S):
                raise install.InstallError(f"the run with a task manager killed ended with {process.returncode}")
        except BaseException:
            process.kill()
            raise
    print(f"once more{f' to {last}' if last else ''}, taskmanager-1 killed after {done} shards of ingest")
    print(f"  {same(here, killed, 'here and there, killed')} checksums: all equal")


if __name__ == "__main__":
    main()
