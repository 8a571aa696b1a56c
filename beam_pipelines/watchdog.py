"""Watch a job of Flink, so that nobody waits for one that will never end.

Flink restarts a job by itself, and says nothing where that cannot help: no pool answers, a task manager is gone for
good, a thread of one died for lack of memory while its process lives on.
"""

from __future__ import annotations

import re
import time

from ..schemas.errors import ConfigError, StageError
from .flink_cluster import ClusterLostError, FlinkCluster, JobView
from .probe import refusal

LOST_S = 45.0  # without an answer, or with fewer slots than the job needs
NO_POOL = re.compile(r"UNAVAILABLE|Connection refused|UnresolvedAddress|Unable to resolve host|UnknownHost")
CLUSTER = re.compile(
    r"TaskManager|TaskExecutor|NoResourceAvailable|slot|heartbeat|RemoteTransport"
    r"|Connection (unexpectedly )?(closed|reset)|Lost connection|SdkHarness|Socket closed|DEADLINE"
    r"|CANCELLED|Task did not exit",
    re.IGNORECASE,
)


class ShrunkError(StageError):
    """Report that a job ended for what happened to the cluster: another try may succeed."""


class Watchdog:
    """Look at a job again and again.

    Args:
        cluster: Where it runs.
        name: The job's name.
        slots: It needs so many.
        silence_s: Seconds without a change after which it is given up.
        pool: The worker pool's address, for messages.
        strict: Whether one failure is enough, whatever Flink's restart strategy says.
    """

    def __init__(
        self, cluster: FlinkCluster, name: str, slots: int, silence_s: float, pool: str, strict: bool = False
    ) -> None:
        self.cluster, self.name, self.slots, self.pool, self.strict = cluster, name, slots, pool, strict
        self.silence_s = silence_s
        self.state = ""  # for whoever watches
        self._job: str | None = None
        self._seen: object = None
        self._changed = self._answered = self._enough = time.monotonic()

    def look(self, done: int) -> None:
        """Look once.

        Args:
            done: How many pieces of the work are done.

        Raises:
            StageError: nothing has changed for too long, or the cluster does not answer.
            ShrunkError: it has fewer slots than the job needs.
            ConfigError: no pool answers, or a worker refuses.
        """
        now = time.monotonic()
        try:
            self._job = self._job or self.cluster.find(self.name)
            view = self.cluster.job(self._job) if self._job else None
            total, _ = self.cluster.slots()
            said = self.cluster.exceptions(self._job) if self._job else []
        except ClusterLostError as error:
            self.state = "the cluster does not answer"
            if now - self._answered > LOST_S:
                raise StageError(f"{error}; finished shards are kept, `eclip run` goes on from there") from error
            return
        self._answered = now
        self.state = self._shown(view)
        self._judge(said)
        if total >= self.slots:
            self._enough = now
        elif now - self._enough > LOST_S:
            raise ShrunkError(f"{self.slots} slots are needed, {total} are left: task managers were lost")
        seen = (view, done, len(said))
        if seen != self._seen:
            self._seen, self._changed = seen, now
        elif now - self._changed > self.silence_s:
            raise StageError(
                f"nothing has changed for {self.silence_s:.0f} s in the job {self.name} ({self.state}); it is given "
                f"up. Look at the logs of its task managers ({self.cluster.url}/#/task-manager), for a lack of memory "
                f"first; runner.flink.silence_s allows more time"
            )

    def failed(self) -> None:
        """Say why the job failed.

        Raises:
            ShrunkError, ConfigError, StageError: always one of them.
        """
        said: list[str] = []
        try:
            self._job = self._job or self.cluster.find(self.name)
            said = self.cluster.exceptions(self._job) if self._job else []
        except ClusterLostError as error:
            raise ShrunkError(str(error)) from error
        self._judge(said, final=True)
        last = said[0] if said else "Flink gives no reason; the job server's log may"
        if CLUSTER.search(last):
            raise ShrunkError(f"the job {self.name} failed: {_cause(last)}")
        raise StageError(f"the job {self.name} failed on the cluster: {_cause(last)}")

    def _judge(self, said: list[str], final: bool = False) -> None:
        """Raise what waiting cannot mend."""
        for trace in said:
            refused = refusal(trace)
            if refused:
                raise ConfigError(f"a worker of the cluster cannot take this run: {refused}")
            if "ModuleNotFoundError" in trace or "AttributeError: Can't get" in trace:
                raise ConfigError(
                    f"a worker pool at {self.pool} cannot load what the driver sends: {_cause(trace)}; install there "
                    f"what is installed here, then start the pool anew"
                )
        pools = [trace for trace in said if NO_POOL.search(trace) and "ExternalEnvironmentFactory" in trace]
        if len(pools) > 1 or (pools and (final or self.strict)):
            where = pools[0].partition(" ")[0]
            raise ConfigError(
                f"no worker pool answers at {self.pool}{f' from the task manager {where}' if where else ''}; start one "
                f"beside each task manager (`eclip pool`), or name another address (runner.flink.pool)"
            )
        if self.strict and said:
            raise StageError(f"the job {self.name} failed on the cluster: {_cause(said[0])}")

    def _shown(self, view: JobView | None) -> str:
        if view is None:
            return "submitted"
        return f"{view.state.lower()} on {view.running} of {self.slots} slots"


def _cause(trace: str) -> str:
    """The last thing that a stack trace says went wrong: Python's own, where there is one, else Java's."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"[A-Za-z_.]*(Error|Exception)\b.*: ", line) and " at " not in line]
    caused = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (python or caused or lines or [""])[-1][:500]
