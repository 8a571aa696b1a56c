"""A worker process of the local runner: Beam's own, but quiet, of one thread of arithmetic, and gone with its driver.

python -m eclip.beam_pipelines.worker
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

ALONE_POLL_S = 1.0


def main() -> None:
    """Serve until the driver ends; a driver killed without a word must leave no process behind."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    driver = os.getppid()
    threading.Thread(target=_leave_with, args=(driver,), daemon=True).start()
    # Ctrl-C goes to all processes of a terminal; the driver says what there is to say.
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))
    logging.basicConfig(level=logging.ERROR)
    from apache_beam.runners.worker import sdk_worker_main

    # Beam sets the root logger to INFO once it has read its options; what fails, the driver says.
    logging.disable(logging.ERROR)
    try:
        sdk_worker_main.main([])
    except Exception:
        time.sleep(2 * ALONE_POLL_S)  # if it is the driver that is gone, this process ends here without a word
        raise


def _leave_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(ALONE_POLL_S)
    os._exit(1)


if __name__ == "__main__":
    main()
