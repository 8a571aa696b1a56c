"""A Flink cluster, by the REST interface of its JobManager."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from ..schemas.errors import StageError

TIMEOUT_S = 10.0
ENDED = ("FINISHED", "FAILED", "CANCELED")


class ClusterLostError(StageError):
    """Report a cluster that does not answer."""


@dataclass(frozen=True)
class JobView:
    """What the JobManager says of a job."""

    state: str
    running: int  # slots in which something is being done
    at_work: tuple[str, ...]  # names of what is being done, as Beam has named it
    records: int  # read and written by its vertices so far

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED


class FlinkCluster:
    """Ask a JobManager.

    Args:
        master: host:port of its REST interface.
    """

    def __init__(self, master: str) -> None:
        self.url = master if "://" in master else f"http://{master}"

    def version(self) -> str:
        """The cluster's version, as in 1.19.3.

        Raises:
            ClusterLostError: it does not answer; so do all the others here.
        """
        return str(self._get("/config")["flink-version"])

    def slots(self) -> tuple[int, int]:
        """Slots of all task managers, and those of them that are free."""
        found = self._get("/overview")
        return int(found["slots-total"]), int(found["slots-available"])

    def jobs(self, prefix: str) -> dict[str, str]:
        """Jobs that have not ended and whose names begin so: identifier -> name."""
        found = self._get("/jobs/overview")["jobs"]
        return {j["jid"]: j["name"] for j in found if j["name"].startswith(prefix) and j["state"] not in ENDED}

    def find(self, name: str) -> str | None:
        """The identifier of the job of this name, ended or not."""
        return next((job["jid"] for job in self._get("/jobs/overview")["jobs"] if job["name"] == name), None)

    def job(self, identifier: str) -> JobView:
        """Look at a job."""
        found = self._get(f"/jobs/{identifier}")
        running = {vertex["name"]: vertex["tasks"].get("RUNNING", 0) for vertex in found["vertices"]}
        metrics = [vertex["metrics"] for vertex in found["vertices"]]
        records = sum(int(m.get("read-records") or 0) + int(m.get("write-records") or 0) for m in metrics)
        at_work = tuple(name for name, slots in running.items() if slots)
        return JobView(str(found["state"]), max(running.values(), default=0), at_work, records)

    def exceptions(self, identifier: str) -> list[str]:
        """What went wrong in a job so far, the newest first; each with the place of the task where it is known."""
        found = self._get(f"/jobs/{identifier}/exceptions")
        entries = found.get("exceptionHistory", {}).get("entries", [])
        said = [f"{entry.get('location') or entry.get('endpoint') or ''} {entry['stacktrace']}" for entry in entries]
        return said or ([found["root-exception"]] if found.get("root-exception") else [])

    def cancel(self, identifier: str) -> None:
        """Ask for a job's end; one that has ended is left alone."""
        request = urllib.request.Request(f"{self.url}/jobs/{identifier}?mode=cancel", method="PATCH")
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT_S).close()
        except urllib.error.HTTPError:
            return
        except OSError as error:
            raise self._lost(error) from error

    def _get(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(self.url + path, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:
            raise self._lost(error) from error

    def _lost(self, error: BaseException) -> ClusterLostError:
        return ClusterLostError(
            f"no Flink JobManager answers at {self.url} ({error}); is the cluster up, and is that its REST address? "
            f"(runner.flink.master)"
        )
