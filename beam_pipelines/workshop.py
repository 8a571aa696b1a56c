"""A local folder to train in, and models fetched from wherever they lie."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import xxhash

from ..schemas.errors import ConfigError
from ..schemas.storage import Storage


@contextlib.contextmanager
def workshop(place: Storage) -> Iterator[Path]:
    """Give a local folder whose content is at `place` when the block ends, also when it ends badly.

    Locally it is the place itself. From an object store what an earlier try left there (checkpoints) comes first.
    """
    if place.is_local:
        yield Path(place.make().path)
        return
    with tempfile.TemporaryDirectory(prefix="eclip-") as temporary:
        folder = Path(temporary) / "work"
        folder.mkdir()
        if place.exists():
            place.copy_to(folder)
        try:
            yield folder
        finally:
            place.upload(folder)


def fetched(place: Storage, key: str) -> Path:
    """Give a model folder on local disk; from an object store it is copied once for each content hash."""
    if place.is_local:
        if not Path(place.path).is_dir():
            raise ConfigError(f"{place}: there is no model folder; expected one that open_clip can load")
        return Path(place.path)
    cache = Path(tempfile.gettempdir()) / f"eclip-model-{xxhash.xxh3_64_hexdigest((place.url + key).encode())}"
    if not cache.exists():
        with tempfile.TemporaryDirectory(prefix="eclip-", dir=cache.parent) as temporary:
            folder = Path(temporary) / "model"
            place.copy_to(folder)
            # Another worker may have been faster.
            with contextlib.suppress(OSError):
                folder.rename(cache)
    return cache
