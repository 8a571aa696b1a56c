"""Progress of a stage, read from its markers: the same on every runner, and quiet where nobody watches."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from ..schemas.attempt import Attempt

POLL_S = 0.5


@dataclass(frozen=True)
class UnderWay:
    """What is being done."""

    label: str
    attempt: Attempt  # its markers show how far it is
    training: tuple[int, int] | None = None  # steps done, of all
    state: str = ""  # what a cluster says


Doing = Callable[[], UnderWay]


@contextlib.contextmanager
def progress(stage: str, doing: Doing) -> Iterator[None]:
    """Show shards, rows a second and time left while the block runs.

    Args:
        stage: Its name.
        doing: Says what is being done.
    """
    if not sys.stderr.isatty():
        yield
        return
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description:<12}"), BarColumn(24),
        TextColumn("{task.fields[done]}"), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TextColumn("{task.fields[left]}"),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    ended = threading.Event()
    with bar:
        task = bar.add_task(stage, total=None, done="", rate="", left="")
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
            found = doing()
            label, attempt = found.label, found.attempt
            if found.training is not None:
                done, total = found.training
                bar.update(task, completed=done, total=total, done=f"{done}/{total} steps", left=_left(bar, task))
                continue
            written = attempt.done()
            if label != step:
                step, first, rows, started = label, written, {}, time.monotonic()
            for shard in written - first - rows.keys():
                rows[shard] = attempt.marker(shard).read_json()["counts"].get("in", 0)
            rate = sum(rows.values()) / (time.monotonic() - started)
            shown = f"{stage}: {label}" if label else stage
            shown += f" ({found.state})" if found.state else ""
            if attempt.shards == 1:  # done or not: nothing to count
                bar.update(task, description=shown, total=None, done="", rate="", left="")
                continue
            bar.update(task, description=shown, total=attempt.shards, completed=len(written),
                       done=f"{len(written)}/{attempt.shards} shards",
                       rate=f"{rate:,.0f} rows/s" if rate else "", left=_left(bar, task))  # fmt: skip


def _left(bar: Progress, task: TaskID) -> str:
    seconds = next(each.time_remaining for each in bar.tasks if each.id == task)
    return f"{timedelta(seconds=int(seconds))} left" if seconds is not None else ""
