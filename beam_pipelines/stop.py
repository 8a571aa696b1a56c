"""Ctrl-C and SIGTERM: whether somebody asked to stop."""

from __future__ import annotations

import signal


class Stop:
    """Remember that somebody asked to stop: Beam turns the interrupt into an error of its own, typer into a code."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self)

    def __call__(self, number: int, frame: object) -> None:
        """Take a signal."""
        self.asked = True
        raise KeyboardInterrupt
