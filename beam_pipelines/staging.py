"""A local folder to train in, whose content is also kept where the run folder lies."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType

from ..schemas.storage import Storage

State = tuple[int, int]  # bytes, time of change in ns


class Staging:
    """Train in `folder`, and `push` what a killed training would go on from.

        with Staging(place) as staging:
            train(staging.folder, on_checkpoint=staging.push)

    Locally the folder is the place itself. From an object store what an earlier try left there comes first; what
    changed is pushed when asked, and when the block ends well.
    """

    def __init__(self, place: Storage) -> None:
        self.place = place

    def __enter__(self) -> Staging:
        if self.place.is_local:
            self.folder = Path(self.place.make().path)
            return self
        self._temporary = tempfile.TemporaryDirectory(prefix="eclip-")
        self.folder = Path(self._temporary.name)
        self.place.download(self.folder)
        self._pushed = self._files()
        return self

    def push(self) -> None:
        """Bring the place up to date: upload what is new or changed, remove what this training has removed."""
        if self.place.is_local:
            return
        found = self._files()
        # In the order in which they were written: where this is cut short, a log is never behind its checkpoint.
        for name, state in sorted(found.items(), key=lambda item: item[1][1]):
            if self._pushed.get(name) != state:
                (self.place / name).upload(self.folder / name)
                self._pushed[name] = state
        for name in self._pushed.keys() - found.keys():
            (self.place / name).remove()
            del self._pushed[name]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.place.is_local:
            return
        try:
            if error is None:
                self.push()
        finally:
            self._temporary.cleanup()

    def _files(self) -> dict[str, State]:
        files = (file for file in self.folder.rglob("*") if file.is_file() and not file.name.startswith(".tmp-"))
        states = {file.relative_to(self.folder).as_posix(): file.stat() for file in files}
        return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in states.items()}
