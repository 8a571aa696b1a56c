"""A stage's manifest: the one small file that publishes an attempt. Readers start here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from .checksum import combine
from .dataset import Dataset
from .storage import Storage

NAME = "_manifest.json"


@dataclass(frozen=True)
class Published:
    """One dataset of a published attempt; `files` are relative to the stage's folder."""

    files: list[str]
    rows: int
    checksum: str
    parts: list[str] = field(default_factory=list)  # checksum of each part, in shard order

    @classmethod
    def of(cls, files: list[str], rows: int, parts: list[str]) -> Self:
        """Describe a dataset by its parts."""
        return cls(files, rows, combine(parts), parts)

    @property
    def folder(self) -> str:
        """The folder of its files, relative to the stage's."""
        return self.files[0].rpartition("/")[0]


@dataclass(frozen=True)
class Manifest:
    """What a stage has published."""

    stage: str
    attempt: str
    fingerprint: str
    shards: int
    datasets: dict[str, Published]
    counts: dict[str, int]
    metrics: dict[str, float | int | str | None]
    verdict: dict[str, Any]  # passed, failures, suite, at; `accepted` where a person overruled that suite
    previous: str | None = None  # the attempt that this one follows
    steps: list[str] = field(default_factory=list)  # folders of earlier steps that later runs start from
    recipe: str = ""  # the fingerprint without the inputs: rows made by an equal recipe may be copied
    published_at: str = ""

    @classmethod
    def read(cls, stage: Storage) -> Self | None:
        """Read what stands in a stage's folder; None if nothing is published."""
        place = stage / NAME
        if not place.exists():
            return None
        return cls.from_json(place.read_json())

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read back what `asdict` gave."""
        datasets = {name: Published(**d) for name, d in value["datasets"].items()}
        return cls(**{**value, "datasets": datasets})

    @property
    def passed(self) -> bool:
        """Whether its gate has passed it, or a person has overruled the gate: later stages may build on it."""
        return bool(self.verdict["passed"] or self.verdict.get("accepted"))

    def write(self, stage: Storage) -> None:
        """Publish: replace the file at once."""
        (stage / NAME).write_json(asdict(self))

    def dataset(self, stage: Storage, name: str) -> Dataset:
        """Open a published dataset of parts."""
        return Dataset(stage / self.datasets[name].folder, self.shards)
