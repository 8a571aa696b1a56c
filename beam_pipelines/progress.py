"""Progress of a stage, read from its markers: the same on every runner, and quiet where nobody watches."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ..schemas.attempt import Attempt

POLL_S = 0.5
Doing = Callable[[], tuple[str, Attempt, tuple[int, int] | None]]


@contextlib.contextmanager
def progress(stage: str, doing: Doing) -> Iterator[None]:
    """Show shards, rows a second and time left while the block runs.

    Args:
        stage: Its name.
        doing: Says what is being done, the attempt whose markers show how far it is, and for training the steps
            done, of all.
    """
    if not sys.stderr.isatty():
        yield
        return
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description:<12}"), BarColumn(24),
        TextColumn("{task.fields[done]}"), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TextColumn("gone,"), TimeRemainingColumn(), TextColumn("left"),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    ended = threading.Event()
    with bar:
        task = bar.add_task(stage, total=None, done="", rate="")
        watcher = threading.Thread(target=_watch, args=(bar, task, stage, doing, ended), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _watch(bar: Progress, task: TaskID, stage: str, doing: Doing, ended: threading.Event) -> None:
    step, first, rows, started = "", set[int](), dict[int, int](), 0.0
    while not ended.wait(POLL_S):
        with contextlib.suppress(Exception):  # progress must never break a run
            label, attempt, training = doing()
            if training is not None:
                bar.update(task, completed=training[0], total=training[1], done=f"{training[0]}/{training[1]} steps")
                continue
            done = attempt.done()
            if label != step:
                step, first, rows, started = label, done, {}, time.monotonic()
            for shard in done - first - rows.keys():
                rows[shard] = attempt.marker(shard).read_json()["counts"].get("in", 0)
            rate = sum(rows.values()) / (time.monotonic() - started)
            shown = f"{stage}: {label}" if label else stage
            bar.update(task, description=shown, total=attempt.shards, completed=len(done),
                       done=f"{len(done)}/{attempt.shards} shards",
                       rate=f"{rate:,.0f} rows/s" if rate else "")  # fmt: skip
