"""Watch a job of Flink, so that nobody waits for one that will never end.

Flink restarts a job by itself, and says nothing where that cannot help: no pool answers, a task manager is gone for
good, a thread of one died for lack of memory while its process lives on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from ..schemas.errors import ConfigError, EclipError, StageError
from .flink_cluster import ENDED, ClusterLostError, Failure, FlinkCluster, JobView, ShrunkError
from .probe import refusal

LOST_S = 45.0  # without an answer, with fewer slots than the job needs, or with a pool that does not answer
NO_POOL = re.compile(r"UNAVAILABLE|Connection refused|Unresolved|Unable to resolve host|UnknownHost")
# What Java says where the cluster is at fault. Matched against what was thrown, never against the places of a trace:
# each of these has a TaskManager in it.
CLUSTER = re.compile(
    r"TaskManager|TaskExecutor|NoResourceAvailable|slot|heartbeat|RemoteTransport|Lost connection|SdkHarness"
    r"|Connection (unexpectedly )?(closed|reset)|Socket closed|DEADLINE|CANCELLED|UNAVAILABLE|did not exit",
    re.IGNORECASE,
)
# What Flink is told by a worker that was killed: nothing but that nobody is there any more.
GONE = re.compile(r"CANCELLED: client cancelled|Multiplexer hanging up")
GOES_ON = "finished shards are kept, `eclip run` goes on from there"


class Watchdog:
    """Look at a job again and again.

    Args:
        cluster: Where it runs.
        name: The job's name.
        slots: It needs so many.
        silence_s: Seconds without progress after which it is given up.
        pool: The worker pool's address, for messages.
        strict: Whether one failure is enough, whatever Flink's restart strategy says.
    """

    def __init__(
        self, cluster: FlinkCluster, name: str, slots: int, silence_s: float, pool: str, strict: bool = False
    ) -> None:
        self.cluster, self.name, self.slots, self.pool, self.strict = cluster, name, slots, pool, strict
        self.silence_s = silence_s
        self.state = "submitted"  # for whoever watches
        self.job: str | None = None  # once the JobManager knows it
        self._most = (-1, -1)  # pieces done, records moved: a restart begins to count anew
        self._changed = self._answered = self._enough = time.monotonic()
        self._poolless: float | None = None

    def look(self, done: int) -> bool:
        """Look once; whether the job has ended well.

        Args:
            done: How many pieces of the work are done.

        Raises:
            StageError: it failed, makes no progress, no pool answers, or the cluster does not.
            ShrunkError: it failed for what happened to the cluster, or has fewer slots than it needs.
            ConfigError: a worker refuses.
        """
        now = time.monotonic()
        try:
            self.job = self.job or self.cluster.find(self.name)
            view = self.cluster.job(self.job) if self.job else None
            total, _ = self.cluster.slots()
            said = self.cluster.failures(self.job) if self.job else []
        except ClusterLostError as error:
            self.state = "the cluster does not answer"
            if now - self._answered > LOST_S:
                raise StageError(f"{error}; {GOES_ON}") from error
            return False
        self._answered = now
        if view is not None:
            self.state = f"{view.state.lower()} on {view.running} of {self.slots} slots"
            if view.state == "FINISHED":
                return True
        self._judge(said, now)
        if view is not None and view.state in ENDED:
            raise self._failed(said)
        if total >= self.slots:
            self._enough = now
        elif now - self._enough > LOST_S:
            raise ShrunkError(f"{self.slots} slots are needed, {total} are left: task managers were lost")
        self._progress(view, done, now)
        return False

    def _progress(self, view: JobView | None, done: int, now: float) -> None:
        records = view.records if view else -1
        if done > self._most[0] or records > self._most[1]:
            self._most = (max(done, self._most[0]), max(records, self._most[1]))
            self._changed = now
        elif now - self._changed > self.silence_s:
            more = (
                ""
                if self.strict
                else "; runner.flink.silence_s allows more time, and must be longer than a shard takes"
            )
            raise StageError(
                f"no progress for {self.silence_s:.0f} s in the job {self.name} ({self.state}); it is given up. Look "
                f"at its task managers' logs ({self.cluster.url}/#/task-manager), for a lack of memory first{more}"
            )

    def _judge(self, said: Sequence[Failure], now: float) -> None:
        """Raise what waiting cannot mend."""
        for failure in said:
            refused = refusal(failure.trace)
            if refused:
                raise ConfigError(f"a worker of the cluster cannot take this run: {refused}")
            if "ModuleNotFoundError" in failure.trace or "AttributeError: Can't get" in failure.trace:
                raise ConfigError(
                    f"a worker pool at {self.pool} cannot load what the driver sends: {cause(failure.trace)}; install "
                    f"there what is installed here, then start the pool anew"
                )
        if not (said and _poolless(said[0])):
            self._poolless = None
        elif self.strict:
            raise ConfigError(self._no_pool(said[0]))
        else:
            self._poolless = self._poolless or now
            if now - self._poolless > LOST_S:
                raise StageError(f"{self._no_pool(said[0])}; {GOES_ON}")
        if self.strict and said:
            raise StageError(f"the job {self.name} failed on the cluster: {cause(said[0].trace)}")

    def _failed(self, said: Sequence[Failure]) -> EclipError:
        """What to raise for a job that has ended otherwise than well."""
        if not said:
            return ShrunkError(f"the job {self.name} was cancelled, or failed without a reason")
        if _poolless(said[0]):
            return StageError(f"{self._no_pool(said[0])}; {GOES_ON}")
        last = cause(said[0].trace)
        of_python = "Traceback (most recent call last)" in said[0].trace
        if not of_python and GONE.search(_thrown(said[0].trace)):
            gone = (
                f"the job {self.name} failed: a worker ended in the midst of its work, which is most often for a lack "
                f"of memory; the logs of the pools at {self.pool} and of their hosts' kernels may say more"
            )
            # Flink has tried more than once: what kills a worker each time will do so again.
            return StageError(f"{gone}; {GOES_ON}") if len(said) > 1 else ShrunkError(gone)
        if not of_python and CLUSTER.search(_thrown(said[0].trace)):
            return ShrunkError(f"the job {self.name} failed: {last}")
        return StageError(f"the job {self.name} failed on the cluster: {last}")

    def _no_pool(self, failure: Failure) -> str:
        place = f" from the task manager {failure.place}" if failure.place else ""
        return (
            f"no worker pool answers at {self.pool}{place}; start one beside each task manager (`eclip pool`), or name "
            f"another address (runner.flink.pool)"
        )


def _poolless(failure: Failure) -> bool:
    return "ExternalEnvironmentFactory" in failure.trace and bool(NO_POOL.search(failure.trace))


def _thrown(trace: str) -> str:
    """The lines of a stack trace that say what was thrown, without those that say where."""
    lines = [line.strip() for line in trace.splitlines()]
    return "\n".join(line for line in lines if line and not re.match(r"at |\.\.\. \d+ more|File \"", line))


def cause(trace: str) -> str:
    """The first cause that a stack trace names: Python's error where there is one, else Java's.

    >>> cause("a.b.JobException: gone\\n\\tat a.b.c(D.java:1)\\nCaused by: java.io.IOException: disk full\\n\\tat x.y")
    'java.io.IOException: disk full'
    >>> cause("TimeoutException: TaskManager tm-1 is gone\\n\\tat java.base/java.lang.Thread.run(T.java:1)")
    'TimeoutException: TaskManager tm-1 is gone'
    """
    lines = _thrown(trace).splitlines()
    _, traced, python = trace.partition("Traceback (most recent call last)")
    errors = (
        re.findall(r"^\s*([A-Za-z_.]*(?:Error|Exception|Exit|Interrupt)\b.*)", python, re.MULTILINE) if traced else []
    )
    caused = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return str((errors[:1] or caused[-1:] or lines[:1] or [""])[0])[:500]
