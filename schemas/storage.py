"""A place for files: a local path, `s3://…`, `gs://…`, all the same to every stage.

Everything goes through fsspec, and through `pyarrow.fs` wrapping it where Parquet is read or written. A file that
others wait for is written whole or not at all: under a temporary name, and then renamed, or copied on an object store;
bytes that are at hand by one upload, which is atomic by itself.
"""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import pyarrow.fs
import xxhash

from .errors import EclipError

# What file systems call that which changes with a file's content, the surest first.
MARKS = ("ETag", "etag", "md5Hash", "blob_id", "mtime", "updated", "LastModified", "last_modified", "created")


@dataclass(frozen=True)
class Storage:
    """Name one file or folder by URL; cheap to pickle, opens its file system when first used.

    >>> (Storage("s3://bucket/runs") / "demo" / "clean").url
    's3://bucket/runs/demo/clean'
    """

    url: str

    @classmethod
    def of(cls, place: str | Path | Storage, base: str | Path | None = None) -> Storage:
        """Resolve `place`; a relative local path starts from `base`."""
        if isinstance(place, Storage):
            return place
        text = str(place)
        if "://" in text:
            return cls(text.rstrip("/"))
        path = Path(text).expanduser()
        return cls(str((Path(base or ".") / path).absolute()))

    def __truediv__(self, name: str) -> Storage:
        return Storage(f"{self.url.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.url

    def __getstate__(self) -> dict[str, str]:
        # An open file system must not travel to a worker.
        return {"url": self.url}

    def __setstate__(self, state: dict[str, str]) -> None:
        object.__setattr__(self, "url", state["url"])

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        from fsspec.core import url_to_fs  # late: it brings an event loop, which frames in memory never need

        # Listings change under us (workers write, the driver looks): never trust a cached one.
        fs, path = url_to_fs(self.url, use_listings_cache=False)
        return fs, path

    @property
    def fs(self) -> Any:
        """The fsspec file system."""
        return self._opened[0]

    @property
    def path(self) -> str:
        """The path inside the file system."""
        return self._opened[1]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def is_local(self) -> bool:
        """Whether this is a path of this machine."""
        return "://" not in self.url or self.url.startswith("file://")

    @cached_property
    def arrow(self) -> pyarrow.fs.FileSystem:
        """The same file system for pyarrow (pyarrow's own where it is local: it maps files into memory)."""
        if self.is_local:
            return pyarrow.fs.LocalFileSystem()
        return pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(self.fs))

    def exists(self) -> bool:
        """Say whether a file or folder stands here."""
        return bool(self.fs.exists(self.path))

    def children(self) -> list[str]:
        """Names of what lies directly in this folder, sorted; none if there is no folder."""
        try:
            found = self.fs.ls(self.path, detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        own = self.path.rstrip("/")
        return sorted({p.rstrip("/").rsplit("/", 1)[-1] for p in found if p.rstrip("/") != own})

    def make(self) -> Storage:
        """Create the folder where the file system has folders."""
        self.fs.makedirs(self.path, exist_ok=True)
        return self

    def remove(self) -> None:
        """Remove the file or folder and all in it; nothing happens if it is not there."""
        if self.is_local and Path(self.path).is_symlink():
            Path(self.path).unlink()
        elif self.exists():
            self.fs.rm(self.path, recursive=True)

    def size(self) -> int:
        """Bytes of the file."""
        return int(self.fs.size(self.path))

    def free(self) -> float:
        """Bytes that still fit where this lies; an object store has no end."""
        return shutil.disk_usage(self.path).free if self.is_local else math.inf

    def open(self) -> IO[bytes]:
        """Open the file for reading bytes."""
        handle: IO[bytes] = self.fs.open(self.path, "rb")
        return handle

    def read_bytes(self) -> bytes:
        """Read the whole file."""
        return bytes(self.fs.cat_file(self.path))

    def write_bytes(self, data: bytes) -> None:
        """Write the whole file at once: readers see the old content or the new, never a part."""
        if not self.is_local:
            self.fs.pipe_file(self.path, data)
            return
        with self.replacing() as path:
            Path(path).write_bytes(data)

    def read_json(self) -> Any:
        """Read JSON."""
        return json.loads(self.read_bytes())

    def write_json(self, value: Any) -> None:
        """Write JSON at once."""
        self.write_bytes(json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")

    @contextlib.contextmanager
    def replacing(self) -> Iterator[str]:
        """Give a path to write to that becomes this file only when the block ends well."""
        temporary = Storage(f"{self.url.rpartition('/')[0]}/.tmp-{uuid.uuid4().hex}")
        if self.is_local:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary.path
            if self.is_local:
                Path(temporary.path).replace(self.path)
            else:
                # Not written to the target: whoever closes a file, also after an error, ends its upload.
                self.fs.cp_file(temporary.path, self.path)
        finally:
            with contextlib.suppress(OSError):  # what went wrong before is what counts; publishing sweeps the rest
                self.fs.rm_file(temporary.path)

    def link_to(self, target: str) -> None:
        """Point a local symbolic link named like this at `target` (relative); object stores have none."""
        if not self.is_local:
            return
        link = Path(self.path)
        if link.is_dir() and not link.is_symlink():
            raise EclipError(
                f"{link} is a folder, where eclip keeps a link to what is published (was the run copied without its "
                f"links?); move it away and run again"
            )
        temporary = link.with_name(f".tmp-{uuid.uuid4().hex}")
        temporary.symlink_to(target)
        temporary.replace(link)

    def files(self) -> dict[str, dict[str, Any]]:
        """What the file system says of all files below this folder, by their path within it; none without a folder."""
        found = self.fs.find(self.path, detail=True)
        return {name.removeprefix(self.path).lstrip("/"): info for name, info in sorted(found.items())}

    def stamp(self) -> str | None:
        """Sum up by what a changed folder is noticed: names, sizes, ETags or times of its files; None without any."""
        found = [(name, info["size"], _mark(info)) for name, info in self.files().items()]
        return xxhash.xxh3_128_hexdigest(repr(found).encode()) if found else None

    def download(self, local: Path) -> None:
        """Copy the files below this folder into a local folder, which is made if need be."""
        names = list(self.files())
        for folder in {local, *((local / name).parent for name in names)}:
            folder.mkdir(parents=True, exist_ok=True)
        # File by file: `get(recursive=True)` nests what it copies where the local folder is there already.
        self.fs.get([(self / name).path for name in names], [str(local / name) for name in names])

    def upload(self, local: Path) -> None:
        """Copy a local file to here; on an object store it appears when all of it is there."""
        self.fs.put_file(str(local), self.path)


def _mark(info: dict[str, Any]) -> str:
    return str(next((info[name] for name in MARKS if info.get(name)), ""))
