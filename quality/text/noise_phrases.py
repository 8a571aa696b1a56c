"""Phrases that sellers add to titles: plain lists, one a line, in `phrases/<language>.txt`.

To teach a phrase, add a line; case does not matter, a space matches any white space, `#` starts a comment.
"""

from __future__ import annotations

import functools
import re
from importlib import resources

import xxhash

_DECORATION = r"[!~*#|:\-–—]*"


def _files() -> list[tuple[str, str]]:
    folder = resources.files(__package__) / "phrases"
    return sorted((f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".txt"))


@functools.cache
def phrases() -> tuple[str, ...]:
    """All phrases of all languages, longest first: "100% original" goes before "original"."""
    lines = {line.split("#")[0].strip().casefold() for _, content in _files() for line in content.splitlines()}
    return tuple(sorted((line for line in lines if line), key=lambda p: (-len(p), p)))


@functools.cache
def pattern() -> str:
    """One RE2 pattern for all phrases, alone or in brackets, with the marks around them.

    Where a phrase begins or ends with a Latin letter it must stand apart there ("sale" is not in "salekhard"); other
    scripts write without spaces. RE2 knows word boundaries of ASCII only, and none of its own making.
    """
    words = []
    for phrase in phrases():
        quoted = re.escape(phrase).replace(r"\ ", r"[\s\p{Z}]+")
        before, after = (r"\b" if c.isascii() and c.isalnum() else "" for c in (phrase[0], phrase[-1]))
        words.append(f"{before}{quoted}{after}")
    either = f"(?:{'|'.join(words)})"
    bracketed = rf"[\[\(【「{{][\s\p{{Z}}]*{either}[\s\p{{Z}}!]*[\]\)】」}}]"
    return rf"(?i){_DECORATION}(?:{bracketed}|{either}){_DECORATION}"


@functools.cache
def content_hash() -> str:
    """Hash of all lists: titles are cleaned again when one changes."""
    return xxhash.xxh3_64_hexdigest("\0".join(f"{n}\0{c}" for n, c in _files()).encode())
