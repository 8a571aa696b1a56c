"""A JobManager's REST interface that says what a test wants it to say."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class JobManager:
    """Answer Flink's REST requests from plain attributes."""

    def __init__(self) -> None:
        self.version, self.slots, self.free = "1.19.3", 2, 2
        self.jobs: dict[str, dict[str, Any]] = {}  # by name: state, records, exceptions
        self.cancelled: list[str] = []

    def __enter__(self) -> Self:
        manager = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = manager.answer(self.path)
                self.send_response(200 if found is not None else 404)
                self.end_headers()
                self.wfile.write(json.dumps(found or {}).encode())

            def do_PATCH(self) -> None:
                name = self.path.split("/")[2].partition("?")[0]
                manager.cancelled.append(name)
                manager.jobs[name]["state"] = "CANCELED"
                self.send_response(202)
                self.end_headers()

            def log_message(self, *said: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("localhost", 0), Handler)
        self.address = f"localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path: str) -> Any:
        """What stands at a path."""
        if path == "/config":
            return {"flink-version": self.version}
        if path == "/overview":
            return {"slots-total": self.slots, "slots-available": self.free}
        if path == "/jobs/overview":
            return {"jobs": [{"jid": name, "name": name, "state": job["state"]} for name, job in self.jobs.items()]}
        _, _, name, *more = path.split("/")
        job = self.jobs.get(name)
        if job is None:
            return None
        if more == ["exceptions"]:
            entries = [{"location": "tm-1:6122", "stacktrace": trace} for trace in job.get("exceptions", [])]
            return {"exceptionHistory": {"entries": entries}}
        metrics = {"read-records": job.get("records", 0), "write-records": 0}
        vertices = [{"name": "source", "tasks": {"FINISHED": 1}, "metrics": {}},
                    {"name": "Write shard", "tasks": {"RUNNING": 2}, "metrics": metrics}]  # fmt: skip
        return {"state": job["state"], "vertices": vertices}
