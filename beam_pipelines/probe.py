"""Ask the workers of a cluster, before anything is done on it, whether they are what this process is.

Worker pools fetch no code: what they run is what was installed there, perhaps long ago. And a run folder that each
machine has for itself would lose all rows without an error.
"""

from __future__ import annotations

import functools
import platform
import socket
import sys
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import apache_beam as beam
import xxhash

from ..quality.own_function import content_hash
from ..schemas.config import Config
from ..schemas.errors import ConfigError
from ..schemas.section import Section
from ..schemas.storage import Storage

ROOMS = ("schemas", "quality", "models", "beam_pipelines")
MARK = "worker refused: "  # begins what is said, so that it is found in a stack trace of Java
ALWAYS = ("eclip", "apache-beam", "pyarrow", "numpy")
EACH = 8  # questions for each slot: so many that each gets one


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


@functools.cache
def stamp() -> str:
    """Hash the files of this package as they are installed here."""
    root, digest = Path(__file__).parents[1], xxhash.xxh3_64()
    for room in ROOMS:
        for file in sorted((root / room).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def uses(config: Config) -> dict[str, str]:
    """Functions of one's own that the configuration names, by their place in it."""
    found: dict[str, str] = {}

    def look(value: Any, place: str) -> None:
        if isinstance(value, Section):
            for name in type(value).model_fields:
                look(getattr(value, name), f"{place}.{name}" if place else name)
        elif isinstance(value, list | tuple):
            for number, each in enumerate(value):
                look(each, f"{place}[{number}]")
        elif place.endswith(".use") and isinstance(value, str):
            found[place] = value

    look(config, "")
    return found


@dataclass(frozen=True)
class Likeness:
    """What workers and driver must share."""

    python: str
    versions: Mapping[str, str]
    eclip: str  # hash of the package's files
    own: Mapping[str, str]  # hashes of packages of one's own, by `use`

    @classmethod
    def here(cls, own: Mapping[str, str], libraries: Collection[str] = ()) -> Likeness:
        """Look at this process.

        Args:
            own: Places of the configuration, and functions that stand there.
            libraries: Those whose versions shape what stages write, beside the ones that all need.
        """
        hashes = {}
        for place, use in own.items():
            try:
                hashes[use] = content_hash(place, use)
            except ConfigError:
                hashes[use] = "none"
        found = {name: _version(name) for name in dict.fromkeys((*ALWAYS, *libraries))}
        return cls(".".join(platform.python_version_tuple()[:2]), found, stamp(), hashes)

    def unlike(self, wanted: Likeness) -> list[str]:
        """Say what is otherwise than wanted."""
        said = []
        if self.python != wanted.python:
            said.append(f"Python {self.python}, the driver has {wanted.python}")
        for name, theirs in wanted.versions.items():
            if self.versions.get(name) != theirs:
                said.append(f"{name} {self.versions.get(name)}, the driver has {theirs}")
        if not said and self.eclip != wanted.eclip:
            said.append(
                f"another build of eclip {self.versions['eclip']} ({self.eclip}, the driver has {wanted.eclip})"
            )
        for use, theirs in wanted.own.items():
            if self.own.get(use) == "none":
                said.append(f"no package for '{use}'")
            elif self.own.get(use) != theirs:
                said.append(f"another version of the package of '{use}'")
        return said


class Ask(beam.DoFn):
    """Raise in a worker that differs, or that does not see what the driver has written."""

    def __init__(self, wanted: Likeness, own: Mapping[str, str], note: Storage) -> None:
        self.wanted, self.own, self.note = wanted, own, note

    def process(self, number: int) -> list[int]:
        """Give the number back where all is well."""
        place = f"{socket.gethostname()} ({sys.executable})"
        said = Likeness.here(self.own, self.wanted.versions).unlike(self.wanted)
        if said:
            raise RuntimeError(f"{MARK}{place} has {'; '.join(said)}; install there what is installed here")
        if not self.note.exists():
            raise RuntimeError(
                f"{MARK}{place} does not see {self.note}, which the driver has written: the run folder must lie where "
                f"all machines see it under one path"
            )
        answer = Storage(f"{self.note.url}-{uuid.uuid4().hex}")
        answer.write_json({"place": place})
        return [number]


class Probe(beam.PTransform[Any, Any]):
    """Ask all workers; each leaves an answer beside the note."""

    def __init__(self, config: Config, note: Storage, slots: int, stages: Collection[str] = ()) -> None:
        super().__init__()
        from .stages import STAGES

        own = uses(config)
        libraries = [name for stage in STAGES if stage.name in stages and stage.pipelines for name in stage.libraries]
        self.ask, self.slots = Ask(Likeness.here(own, libraries), own, note), slots

    def expand(self, root: Any) -> Any:
        """Wire it: numbers, spread over all slots."""
        return root | "Questions" >> beam.Create(range(EACH * self.slots)) | "Ask" >> beam.ParDo(self.ask)


def refusal(trace: str) -> str | None:
    """Find in a stack trace what a worker said; None if it did not refuse.

    >>> refusal("java.util.Ex: Error\\nRuntimeError: worker refused: h has Python 3.9 [while running 'Ask']\\n at …")
    'h has Python 3.9'
    """
    _, found, rest = trace.partition(MARK)
    return rest.splitlines()[0].partition(" [while running")[0].strip() if found else None
