"""A Flink cluster of real processes on this machine: `up`, `down`, `status`.

    python -m eclip.examples.flink.cluster up [--task-managers 2] [--with mine.whl] [--home DIR]

A JobManager, task managers of one slot each, and a worker pool beside each of these, in an environment of its own.
As on several machines all task managers ask for workers under one address; a hosts file of each leads it to its own
pool.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from . import install, java

HOME = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "eclip" / "flink"
KEPT = "cluster.json"  # what it was started with, for `down` and `status`
POOL = "eclip-pool"
START_S = 240.0
STOP_S = 10.0


class Cluster:
    """The processes of a cluster, by name: jobmanager, taskmanager-1, pool-1, …

    Args:
        home: Where all is installed, configured and logged.
        task_managers: How many.
        port: Of the JobManager's REST interface.
        pool_port: Of the pools, each on an address of its own.
    """

    def __init__(self, home: Path = HOME, task_managers: int = 2, port: int = 8081, pool_port: int = 50_000) -> None:
        self.home, self.task_managers, self.port, self.pool_port = home.absolute(), task_managers, port, pool_port

    @property
    def settings(self) -> dict[str, str]:
        """What a configuration has to say to use it: keys of `runner.flink`."""
        jar = self.home / "job-server" / "target" / "flink-job-server-1.jar"
        return {"master": f"localhost:{self.port}", "version": install.FLINK, "jar": str(jar), "jar_on_cluster": "true",
                "pool": f"{POOL}:{self.pool_port}"}  # fmt: skip

    @property
    def names(self) -> list[str]:
        """All processes, in the order of their start."""
        numbers = range(1, self.task_managers + 1)
        return ["jobmanager", *(f"{what}-{k}" for what in ("pool", "taskmanager") for k in numbers)]

    def alone(self) -> None:
        """Note with what this one is started, for `down` and `status`.

        Raises:
            InstallError: the home's processes are those of a cluster with other ports.
        """
        mine = {"task_managers": self.task_managers, "port": self.port, "pool_port": self.pool_port}
        if any(self.pid(name) for name in self.names) and remembered(self.home) != mine:
            raise install.InstallError(
                f"{self.home} has a running cluster, at port {remembered(self.home).get('port')}: stop it, or name "
                f"another --home"
            )
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / KEPT).write_text(json.dumps(mine))

    def install(self, own: Sequence[Path] = ()) -> None:
        """Install what is not there, and the wheel as the checkout is now; a pool that runs another one is stopped.

        Raises:
            InstallError: something cannot be had, or another cluster is running in this home.
        """
        install.of_checkout()
        self.alone()
        install.flink(self.home)
        install.job_server(self.home)
        built = install.wheel(self.home)
        for number in range(1, self.task_managers + 1):
            if install.environment(self.home / f"pool-{number}", built, own):
                self.stop(f"pool-{number}")

    def up(self) -> None:
        """Start what is not running, and wait until all are there."""
        self._configure()
        for name in self.names:
            if self.pid(name) is None:
                self.start(name)
        self.wait()

    def wait(self, slots: int | None = None) -> None:
        """Wait until so many slots (default: all) are there.

        Raises:
            InstallError: a process has ended, or it takes too long.
        """
        end = time.monotonic() + START_S
        while self.slots() < (self.task_managers if slots is None else slots) or not self._pools_answer():
            dead = [name for name in self.names if self.pid(name) is None]
            if slots is None and dead:
                raise install.InstallError(f"{dead[0]} ended; its log: {self.log(dead[0])}")
            if time.monotonic() > end:
                raise install.InstallError(f"the cluster is not up after {START_S:.0f} s; logs: {self.home / 'logs'}")
            time.sleep(0.3)

    def down(self) -> None:
        """Stop all, and what they have started."""
        for name in reversed(self.names):
            self.stop(name)
        shutil.rmtree(self.home / "tmp", ignore_errors=True)

    def start(self, name: str) -> None:
        """Start one process."""
        kind, _, number = name.partition("-")
        command = {"jobmanager": self._job_manager, "taskmanager": self._task_manager, "pool": self._pool}[kind](number)
        self.log(name).parent.mkdir(parents=True, exist_ok=True)
        if kind == "taskmanager":  # what one that was killed left there would be read through, file by file
            shutil.rmtree(self.home / "tmp" / f"tm_{name}", ignore_errors=True)
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._note(name).parent.mkdir(exist_ok=True)
        self._note(name).write_text(str(process.pid))

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop one process, by a signal of which it may not even hear."""
        pid = self.pid(name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, how)
            end = time.monotonic() + STOP_S
            while self.pid(name) is not None and time.monotonic() < end:
                time.sleep(0.1)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self._note(name).unlink(missing_ok=True)

    def pid(self, name: str) -> int | None:
        """The process's number while it lives."""
        try:
            pid = int(self._note(name).read_text())
        except (OSError, ValueError):
            return None
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # where it is a child of ours, or a dead one would count
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        return pid

    def slots(self) -> int:
        """Slots that have registered; 0 where no JobManager answers."""
        try:
            with urllib.request.urlopen(f"http://localhost:{self.port}/overview", timeout=5) as answer:
                return int(json.load(answer)["slots-total"])
        except (OSError, ValueError, KeyError):
            return 0

    def log(self, name: str) -> Path:
        """Where a process writes to."""
        return self.home / "logs" / f"{name}.log"

    def _note(self, name: str) -> Path:
        return self.home / "pids" / name

    def _pools_answer(self) -> bool:
        for number in range(1, self.task_managers + 1):
            try:
                socket.create_connection((_address(number), self.pool_port), 1).close()
            except OSError:
                if self.pid(f"pool-{number}") is not None:
                    return False
        return True

    def _configure(self) -> None:
        folder = self.home / "conf"
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "jobmanager.rpc.address": "localhost", "jobmanager.rpc.port": self.port + 1000,
            "jobmanager.bind-host": "127.0.0.1", "taskmanager.bind-host": "127.0.0.1", "taskmanager.host": "localhost",
            "taskmanager.numberOfTaskSlots": 1, "parallelism.default": self.task_managers,
            "rest.address": "localhost", "rest.bind-address": "127.0.0.1", "rest.port": self.port,
            "io.tmp.dirs": self.home / "tmp",
            # The default is none: a job would fail with the first task manager that is lost.
            "restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": 5,
            "restart-strategy.fixed-delay.delay": "2 s",
            # Every process has the job server's jar, and loads its classes once (see jar_on_cluster).
            "classloader.resolve-order": "parent-first",
            "web.refresh-interval": 250,  # the default has the JobManager answer with what was true 3 s ago
            "heartbeat.interval": 2000, "heartbeat.timeout": 8000, "slot.request.timeout": 60_000,
        }  # fmt: skip
        (self.home / "tmp").mkdir(exist_ok=True)
        (folder / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        (folder / "log4j.properties").write_text(Path(__file__).with_name("log4j.properties").read_text())
        for number in range(1, self.task_managers + 1):
            hosts = {"localhost": "127.0.0.1", socket.gethostname(): "127.0.0.1", POOL: _address(number)}
            (folder / f"hosts-{number}").write_text("".join(f"{place} {name}\n" for name, place in hosts.items()))

    def _java(self, *options: str) -> list[str]:
        opened = [f"--{how}={package}=ALL-UNNAMED" for how, found in java.PACKAGES.items() for package in found]
        logging = f"-Dlog4j.configurationFile=file:{self.home / 'conf' / 'log4j.properties'}"
        jars = f"{self.home / f'flink-{install.FLINK}' / 'lib'}/*:{self.settings['jar']}"
        return ["java", *options, *opened, logging, "-cp", jars]

    def _job_manager(self, number: str) -> list[str]:
        del number
        entry = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        return [*self._java("-Xmx512m"), entry, "--configDir", str(self.home / "conf"), "--executionMode", "cluster"]

    def _task_manager(self, number: str) -> list[str]:
        memory = [f"-Dtaskmanager.memory.{key}={value}" for key, value in java.MEMORY.items()]
        hosts = f"-Djdk.net.hosts.file={self.home / 'conf' / f'hosts-{number}'}"
        # Without memory it must end: one that lives on lets its job hang for ever.
        return [
            *self._java("-Xmx1200m", "-XX:MaxDirectMemorySize=400m", "-XX:+ExitOnOutOfMemoryError", hosts),
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "--configDir", str(self.home / "conf"),
            f"-Dtaskmanager.resource-id=taskmanager-{number}", "-Dtaskmanager.cpu.cores=1.0", *memory,
        ]  # fmt: skip

    def _pool(self, number: str) -> list[str]:
        command = str(self.home / f"pool-{number}" / "bin" / "eclip")
        return [command, "pool", "--host", _address(int(number)), "--port", str(self.pool_port)]


def _address(number: int) -> str:
    return f"127.0.0.{number + 1}"


def remembered(home: Path) -> dict[str, int]:
    """What the cluster of a home was last started with."""
    try:
        found: dict[str, int] = json.loads((home / KEPT).read_text())
    except (OSError, ValueError):
        return {}
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("up", "down", "status"))
    parser.add_argument("--home", type=Path, default=HOME, help=f"where to install, configure and log: {HOME}")
    parser.add_argument(
        "--task-managers", type=int, help="default: 2; of `down` and `status`, here and below: as it was started"
    )
    parser.add_argument("--port", type=int, help="of the JobManager's REST interface: 8081")
    parser.add_argument("--pool-port", type=int, help="of the worker pools: 50000")
    parser.add_argument("--with", dest="own", type=Path, nargs="*", default=[], help="wheels with rules of one's own")
    options = parser.parse_args()
    given = {name: getattr(options, name) for name in ("task_managers", "port", "pool_port") if getattr(options, name)}
    cluster = Cluster(options.home, **{**({} if options.what == "up" else remembered(options.home)), **given})
    if options.what == "up":
        try:
            cluster.install(options.own)
        except install.InstallError as error:
            sys.exit(f"error: {error}")  # nothing of ours is running that would have to be stopped
    try:
        if options.what == "up":
            install.tell("processes are started")
            cluster.up()
        elif options.what == "down":
            cluster.down()
    except (install.InstallError, KeyboardInterrupt) as error:
        cluster.down()
        sys.exit(f"error: {error or 'stopped'}")
    running = {name: cluster.pid(name) for name in cluster.names}
    for name, pid in running.items():
        print(f"{name:<16}{pid or 'not running':<14}{cluster.log(name)}")
    print(f"{cluster.slots()} slots at http://localhost:{cluster.port}")
    if options.what == "up":
        print("runner:\n  name: flink\n  flink:")
        print(
            "".join(
                f"    {key}: {value if value == 'true' else json.dumps(value)}\n"
                for key, value in cluster.settings.items()
            ),
            end="",
        )
        home = "" if options.home == HOME else f" --home {options.home}"
        print(f"this is for the catalog's configuration; `python -m eclip.examples.flink.cluster down{home}` stops it")
    if options.what == "status" and None in running.values():
        sys.exit(3)


if __name__ == "__main__":
    main()
