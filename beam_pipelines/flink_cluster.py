"""A Flink cluster, by the REST interface of its JobManager."""

from __future__ import annotations

import http.client
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


class ShrunkError(StageError):
    """Report that a job ended for what happened to the cluster: another try may succeed."""


@dataclass(frozen=True)
class JobView:
    """What the JobManager says of a job."""

    state: str
    running: int  # slots in which something is being done
    at_work: tuple[str, ...]  # names of what is being done, as Beam has named it
    records: int  # read and written by its vertices so far


@dataclass(frozen=True)
class Failure:
    """One time that something went wrong in a job."""

    place: str  # the task manager, where it is known
    trace: str  # Java's, with Python's in it where Python failed


class FlinkCluster:
    """Ask a JobManager. Each question raises ClusterLostError where there is no answer.

    Args:
        master: host:port of its REST interface.
    """

    def __init__(self, master: str) -> None:
        self.url = master if "://" in master else f"http://{master}"

    def version(self) -> str:
        """The cluster's version, as in 1.19.3."""
        return str(self._get("/config", "flink-version")["flink-version"])

    def slots(self) -> tuple[int, int]:
        """Slots of all task managers, and those of them that are free."""
        found = self._get("/overview", "slots-total", "slots-available")
        return int(found["slots-total"]), int(found["slots-available"])

    def jobs(self, prefix: str) -> dict[str, str]:
        """Jobs that have not ended and whose names begin so: identifier -> name."""
        found = self._get("/jobs/overview", "jobs")["jobs"]
        return {j["jid"]: j["name"] for j in found if j["name"].startswith(prefix) and j["state"] not in ENDED}

    def find(self, name: str) -> str | None:
        """The identifier of the job of this name, ended or not."""
        return next((job["jid"] for job in self._get("/jobs/overview", "jobs")["jobs"] if job["name"] == name), None)

    def job(self, identifier: str) -> JobView:
        """Look at a job.

        Raises:
            ShrunkError: the JobManager does not know it: it was started anew.
        """
        found = self._get(f"/jobs/{identifier}", "state", "vertices")
        running = {vertex["name"]: vertex["tasks"].get("RUNNING", 0) for vertex in found["vertices"]}
        metrics = [vertex["metrics"] for vertex in found["vertices"]]
        records = sum(int(m.get("read-records") or 0) + int(m.get("write-records") or 0) for m in metrics)
        at_work = tuple(name for name, slots in running.items() if slots)
        return JobView(str(found["state"]), max(running.values(), default=0), at_work, records)

    def failures(self, identifier: str) -> list[Failure]:
        """What went wrong in a job so far, the newest first."""
        found = self._get(f"/jobs/{identifier}/exceptions")
        entries = found.get("exceptionHistory", {}).get("entries", [])
        said = [Failure(str(e.get("location") or e.get("endpoint") or ""), e["stacktrace"]) for e in entries]
        return said or ([Failure("", found["root-exception"])] if found.get("root-exception") else [])

    def cancel(self, identifier: str) -> None:
        """Ask for a job's end; one that has ended is left alone."""
        request = urllib.request.Request(f"{self.url}/jobs/{identifier}?mode=cancel", method="PATCH")
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT_S).close()
        except urllib.error.HTTPError:
            return
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(error) from error

    def _get(self, path: str, *needed: str) -> Any:
        try:
            with urllib.request.urlopen(self.url + path, timeout=TIMEOUT_S) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404 and path.startswith("/jobs/"):
                raise ShrunkError(f"the JobManager at {self.url} has forgotten the job: it was started anew") from error
            raise self._lost(error) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._lost(error) from error
        if not isinstance(found, dict) or not all(key in found for key in needed):
            raise self._lost("what answers is no JobManager")
        return found

    def _lost(self, error: object) -> ClusterLostError:
        return ClusterLostError(
            f"no Flink JobManager answers at {self.url} ({error}); is the cluster up, and is that its REST address? "
            f"(runner.flink.master)"
        )
