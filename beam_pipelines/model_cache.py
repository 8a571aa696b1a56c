"""Models on local disk, wherever they lie."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import xxhash

from ..schemas.errors import ConfigError
from ..schemas.storage import Storage


def fetched(place: Storage) -> Path:
    """Give a model's folder on local disk.

    From an object store it is copied once for each state that the store reports (names, sizes, ETags or times), to a
    folder of this user alone below the system's temporary one; copies of earlier states are left to the system.

    Raises:
        ConfigError: there is no such folder, or the temporary one is open to others.
    """
    if place.is_local:
        if not Path(place.path).is_dir():
            raise ConfigError(f"{place}: there is no model folder; expected one that open_clip can load")
        return Path(place.path)
    while True:
        state = place.stamp()
        if state is None:
            raise ConfigError(f"{place}: there are no files; expected a model folder that open_clip can load")
        copy = _own_folder() / xxhash.xxh3_128_hexdigest(f"{place.url} {state}".encode())
        if not copy.exists():
            with tempfile.TemporaryDirectory(dir=copy.parent) as temporary:
                folder = Path(temporary) / "copy"
                place.download(folder / place.name)
                if place.stamp() != state:
                    continue  # it was replaced while it was copied
                try:
                    folder.rename(copy)
                except OSError:
                    if not copy.exists():  # else another worker was faster
                        raise
        return copy / place.name


def _own_folder() -> Path:
    """Make a folder that only this user can enter: whoever else could write there could plant a model."""
    folder = Path(tempfile.gettempdir()) / f"eclip-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ConfigError(
            f"{folder}: models are kept there, but it is not a folder that this user alone can enter (owner "
            f"{found.st_uid}, mode {stat.filemode(found.st_mode)}); remove it, or set TMPDIR to another place"
        )
    return folder
