"""A real browser without a network, and the outline of a page: what the tests of pages share."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
# Whatever is asked of the network fails, and the console says so.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--enable-logging=stderr",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=3000")  # fmt: skip


def browse(place: Path, *options: str) -> subprocess.CompletedProcess[str]:
    profile = f"--user-data-dir={place.parent / 'profile'}"
    command = [str(BROWSER), *FLAGS, profile, *options, place.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What stands in the browser's console: errors of scripts, blocked and failed loads."""
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


VOID = {"meta", "img", "br", "hr", "input", "link", "polyline"}


class Outline(HTMLParser):
    """Tags, attributes and texts; complains where tags do not nest."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(page)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)
