"""An attempt at a stage: a folder named by the stage's fingerprint, and a marker for each finished shard.

Data is written once and never moved. A shard is done when its marker stands, written last; so a killed run, a retried
bundle and a restarted cluster job all resume in the same way, and progress, counts and gate read markers only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import xxhash

from .checksum import combine
from .dataset import Dataset, Part
from .storage import Storage

SAMPLES = 12  # rows of lowest xxh64(id) that are kept for each rule as examples


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Name what an output depends on: 16 hex digits over sorted JSON.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    """
    return xxhash.xxh3_64(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Marker:
    """What is known of a finished shard without opening its files."""

    shard: int
    parts: dict[str, Part]
    counts: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # rule -> lowest xxh64(id), and the id
    seconds: float = 0.0  # on record only

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Marker:
        """Read back what `asdict` gave."""
        parts = {name: Part(**part) for name, part in value["parts"].items()}
        samples = {rule: [(int(h), str(i)) for h, i in rows] for rule, rows in value["samples"].items()}
        return cls(value["shard"], parts, value["counts"], samples, value["seconds"])


@dataclass(frozen=True)
class Attempt:
    """The folder of one attempt; cheap to pickle."""

    folder: Storage
    shards: int

    @property
    def name(self) -> str:
        """The attempt's name within its stage."""
        return self.folder.name

    def dataset(self, name: str) -> Dataset:
        """Name one of the datasets that the attempt writes."""
        return Dataset(self.folder / name, self.shards)

    def marker(self, shard: int) -> Storage:
        """Name the marker of a shard."""
        return self.folder / "_shards" / f"{shard:05d}.json"

    def failure(self, shard: int) -> Storage:
        """Name the note that a failed shard leaves."""
        return self.folder / "_shards" / f"{shard:05d}.failed.json"

    def finish(self, marker: Marker) -> None:
        """Write the marker of a shard, which makes it done."""
        self.failure(marker.shard).remove()
        self.marker(marker.shard).write_json(asdict(marker))

    def done(self) -> set[int]:
        """Shards that have their marker."""
        names = (self.folder / "_shards").children()
        return {int(n[:5]) for n in names if n.endswith(".json") and not n.endswith(".failed.json")}

    def missing(self) -> list[int]:
        """Shards that are still to be done."""
        return sorted(set(range(self.shards)) - self.done())

    def failures(self) -> dict[int, dict[str, Any]]:
        """What the shards that failed last time left: message and trace."""
        names = [n for n in (self.folder / "_shards").children() if n.endswith(".failed.json")]
        return {int(n[:5]): (self.folder / "_shards" / n).read_json() for n in names}

    def markers(self) -> list[Marker]:
        """Read the markers of all finished shards, in shard order."""
        return [Marker.from_json(self.marker(shard).read_json()) for shard in sorted(self.done())]


@dataclass(frozen=True)
class Summary:
    """The markers of a complete attempt, added up."""

    parts: dict[str, list[Part]]
    counts: dict[str, int]
    samples: dict[str, list[str]]

    def rows(self, dataset: str) -> int:
        """Rows of a dataset; none if the stage does not write it."""
        return sum(part.rows for part in self.parts.get(dataset, []))

    def checksum(self, dataset: str) -> str:
        """The content checksum of a dataset."""
        return combine(part.checksum for part in self.parts[dataset])


def summarise(markers: list[Marker]) -> Summary:
    """Add up markers; of each rule's samples the SAMPLES rows of lowest xxh64(id) stay."""
    parts: dict[str, list[Part]] = {}
    counts: Counter[str] = Counter()
    lowest: dict[str, list[tuple[int, str]]] = {}
    for marker in markers:
        for name, part in marker.parts.items():
            parts.setdefault(name, []).append(part)
        counts.update(marker.counts)
        for rule, rows in marker.samples.items():
            lowest.setdefault(rule, []).extend(rows)
    kept = {rule: [i for _, i in sorted(rows)[:SAMPLES]] for rule, rows in lowest.items()}
    return Summary(parts, dict(counts), kept)
