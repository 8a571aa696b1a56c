"""Read one photo by path, URL or object-store address, from the places that photos may come from and no other.

References stand in exports and are written by strangers. Relative ones start from the root, local ones must lie below
it (symbolic links followed) and be regular files, URLs must be public; a list of further places permits more.
"""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ...schemas.config import ImageConfig
from ...schemas.storage import Storage
from . import web
from .web import NoPhotoError

WEB = ("http", "https")


@dataclass(frozen=True)
class PhotoReader:
    """Read photos below `root`, from public URLs, and from the places that `allow` names: folders and URL prefixes."""

    root: Storage
    config: ImageConfig
    allow: Sequence[str] | None = ()  # None: all files and objects that a reference names, where it is one's own

    def read(self, reference: str) -> bytes:
        """Read one photo's bytes, at most `max_mb` of them.

        Raises:
            NoPhotoError: there is nothing, it is too large, or the reference leads where photos may not come from.
        """
        try:
            whole = _protocol(reference) or reference.startswith("/")
            place = (reference if whole else f"{self.root}/{reference}").removeprefix("file://")
            protocol = _protocol(place)
            if protocol in WEB:
                return self._web(place)
            return self._object(place) if protocol else self._file(Path(place))
        except (NoPhotoError, MemoryError):
            raise
        except (FileNotFoundError, NotADirectoryError):
            raise NoPhotoError("the file is not there") from None
        except Exception as error:  # noqa: BLE001  (every object store's library has errors of its own)
            raise NoPhotoError(f"cannot be read: {type(error).__name__}: {error}") from None

    @property
    def _limit(self) -> int:
        return int(self.config.max_mb * 1e6)

    @cached_property
    def _places(self) -> tuple[str, ...]:
        return tuple(_plain(place) for place in (self.root.url, *(self.allow or ())))

    def _permitted(self, place: str) -> bool:
        if self.allow is None:
            return _protocol(place) not in WEB
        climbs = ".." in unquote(place).split("/")
        return not climbs and any(place == p or place.startswith(p.rstrip("/") + "/") for p in self._places)

    def _file(self, path: Path) -> bytes:
        real = path.resolve()
        if not self._permitted(str(real)):
            raise NoPhotoError(f"it lies outside of image.root {self.root}; if it should be read, add its folder to "
                               f"image.allow")  # fmt: skip
        found = real.stat()
        if not stat.S_ISREG(found.st_mode):
            raise NoPhotoError("it is no regular file")
        with real.open("rb") as file:
            data = file.read(self._limit + 1)
        if len(data) > self._limit:
            size = max(found.st_size, len(data)) / 1e6
            raise NoPhotoError(f"the file has {size:.1f} MB, more than image.max_mb {self.config.max_mb:g}")
        return data

    def _object(self, place: str) -> bytes:
        # In fsspec's chains, `s3://bucket/a::file:///b`, the last place is the one that is read.
        if "::" in place or not self._permitted(place):
            raise NoPhotoError(f"{_protocol(place)}:// is read below image.root only; if it should be, add the "
                               f"beginning of its address to image.allow")  # fmt: skip
        storage = Storage(place)
        data = bytes(storage.fs.cat_file(storage.path, start=0, end=self._limit + 1))
        if len(data) > self._limit:
            raise NoPhotoError(f"the file has more than image.max_mb {self.config.max_mb:g} MB")
        return data

    def _web(self, url: str) -> bytes:
        for attempt in range(self.config.tries):
            if attempt:
                time.sleep(0.5 * 2**attempt)
            try:
                return web.get(url, self._limit, self.config.timeout_s, self._permitted)
            except NoPhotoError as error:
                if not error.again or attempt == self.config.tries - 1:
                    raise
        raise AssertionError("image.tries is at least 1")


# A frame is the caller's own, and so are the files that its cells name; URLs are copied from sellers all the same.
_OWN = PhotoReader(Storage("."), ImageConfig(tries=1), allow=None)


def own_photo(cell: Any) -> bytes | None:
    """Read a data frame's cell: a photo's bytes, a path or a public URL; None for null, NaN and what is empty.

    Raises:
        NoPhotoError: there is nothing, it is too large, or a URL that leads into an inner network.
    """
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell) or None
    if cell is None or str(cell) in ("", "<NA>", "nan", "NaT"):
        return None
    return _OWN.read(Storage.of(str(cell)).url)


def _protocol(place: str) -> str:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.:-]*)://", place)
    return found[1].lower() if found else ""


def _plain(place: str) -> str:
    """Write a permitted place as references to it are written when they are compared with it."""
    protocol = _protocol(place)
    if protocol in WEB and len(place) > len(f"{protocol}://"):
        return web.encoded(place)
    return place if protocol and protocol != "file" else str(Path(place.removeprefix("file://")).resolve())
