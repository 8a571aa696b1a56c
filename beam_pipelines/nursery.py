"""Have workers ready at once: a process that has imported everything, and forks.

What a worker imports takes seconds, and every pipeline on a cluster asks for new workers. Forked from here they start
within milliseconds, and share the pages of what was imported. No thread of ours and no connection may have been opened
before: so this is a process of its own, told what to do by lines of JSON.

python -m eclip.beam_pipelines.nursery
"""

from __future__ import annotations

import gc
import importlib.util
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import NoReturn

GRACE_S = 5.0


def main() -> None:
    """Fork a worker for each line {"start": name, "env": {…}}, end it for {"stop": name}, all at the end of input.

    Task managers number their workers each for itself, and anew with each job: of several that have one name none is
    stopped by it. They end by themselves, when the connection that they serve is closed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal; the pool says when it is over
    _prepare()
    children: dict[int, str] = {}
    print("ready", flush=True)  # noqa: T201  (to the pool)
    for line in sys.stdin:
        asked = json.loads(line)
        children = {pid: name for pid, name in children.items() if not _ended(pid)}
        if "start" in asked:
            try:
                pid = os.fork()
            except OSError as error:
                print(f"no worker could be started: {error}", file=sys.stderr, flush=True)  # noqa: T201
                continue
            if pid == 0:
                _work(asked["env"])
            children[pid] = asked["start"]
            continue
        named = [pid for pid, name in children.items() if name == asked["stop"]]
        if len(named) == 1:
            _end(named)
            del children[named[0]]
    _end(list(children))


def _prepare() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    logging.basicConfig(level=logging.ERROR)  # Beam warns of optional libraries that we do not use
    from apache_beam.runners.worker import sdk_worker_main  # noqa: F401

    from . import probe, stages  # noqa: F401

    if importlib.util.find_spec("torch") is not None and importlib.util.find_spec("open_clip") is not None:
        from ..models import encoder  # noqa: F401
        from . import embed_inference  # noqa: F401
    probe.stamp()  # of what was imported here: the files may be replaced while this process lives
    gc.collect()
    gc.freeze()


def _work(env: Mapping[str, str]) -> NoReturn:
    """Be a worker; never come back."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        os.environ.update(env)
        from . import worker

        worker.main()
        code = 0
    except BaseException as error:  # noqa: BLE001  (the process ends here, whatever it was)
        print(f"worker {env.get('WORKER_ID')} ended: {error!r}"[:1000], file=sys.stderr)  # noqa: T201
    sys.stderr.flush()
    os._exit(code)


def _ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] != 0


def _end(pids: list[int]) -> None:
    left = [pid for pid in pids if not _ended(pid)]
    for pid in left:
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + GRACE_S
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = [pid for pid in left if not _ended(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
