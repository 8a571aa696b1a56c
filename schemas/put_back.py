"""Put-back list: listings that a person has taken back from what a stage rejected, each with a reason and a date.

A CSV or JSONL file with the columns `id`, `reason`, `date` and, where wanted, `stage` and `rule`: without them no rule
of any stage takes the listing out. It stands outside the run folder, so that it lasts from one run to the next.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import date, datetime
from typing import Any

import xxhash

from .errors import ConfigError, nearest
from .storage import Storage

NEEDED, ALLOWED = ("id", "reason", "date"), ("stage", "rule")
STAGES = ("filter", "deduplicate")
NOTE = "_put_back.json"


@dataclass(frozen=True, order=True)
class Entry:
    """A listing that was taken back."""

    id: str
    reason: str
    date: str  # ISO 8601, as 2026-11-25
    stage: str = ""  # empty: all
    rule: str = ""  # empty: all


@dataclass(frozen=True)
class PutBack:
    """The list; cheap to pickle."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def read(cls, place: Storage | None) -> PutBack:
        """Read the file; without one the list is empty.

        Raises:
            ConfigError: it is not there or cannot be read, or an entry has no id, no reason, no such date or stage.
        """
        if place is None:
            return cls()
        if not place.exists():
            raise ConfigError(f"put_back: there is no file {place}; expected a CSV or JSONL file with {_columns()}")
        try:
            text = place.read_bytes().decode("utf-8-sig")
            lines = list(_jsonl(text) if place.name.endswith((".jsonl", ".ndjson")) else _csv(text))
        except (UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
            raise ConfigError(f"put_back: {place} cannot be read: {error}; expected UTF-8, CSV or JSONL") from None
        entries = [_entry(values, f"put_back: {place} line {number}") for number, values in lines]
        return cls(tuple(sorted(set(entries))))

    def of(self, stage: str) -> PutBack:
        """Keep what a stage has to honour."""
        return PutBack(tuple(entry for entry in self.entries if entry.stage in ("", stage)))

    @property
    def ids(self) -> list[str]:
        """The listings, each once, in order."""
        return list(dict.fromkeys(entry.id for entry in self.entries))

    def absent(self, there: Callable[[list[str]], Iterable[str]]) -> list[str]:
        """Name the listings that a stage does not have; `there` gives those of some ids that it has."""
        known = set(there(self.ids)) if self.entries else set()
        return [name for name in self.ids if name not in known]

    @property
    def content(self) -> str | None:
        """A hash of what the list says; None where it says nothing."""
        said = [astuple(entry) for entry in self.entries]
        return xxhash.xxh3_64_hexdigest(json.dumps(said).encode()) if said else None

    def write(self, folder: Storage) -> None:
        """Put the list beside what was made by it."""
        if self.entries:
            (folder / NOTE).write_json([asdict(entry) for entry in self.entries])

    @classmethod
    def written(cls, folder: Storage) -> PutBack:
        """Read the list that an attempt was made by."""
        place = folder / NOTE
        return cls(tuple(Entry(**values) for values in place.read_json())) if place.exists() else cls()

    def check(self, known: Sequence[str]) -> None:
        """Refuse an entry that would put nothing back.

        Raises:
            ConfigError: its rule is none of `known`, those of all stages.
        """
        for entry in self.entries:
            if entry.rule and not entry.stage and entry.rule not in known:
                raise ConfigError(
                    f"put_back: '{entry.id}' is put back from the rule '{entry.rule}', which no stage has"
                    f"{nearest(entry.rule, known)}"
                )

    def rules(self, known: Sequence[str], stage: str) -> dict[str, list[int]]:
        """Give for each listing the places of the rules that must not take it out.

        Raises:
            ConfigError: an entry for this stage names a rule that it does not have.
        """
        found: dict[str, list[int]] = {}
        for entry in self.entries:
            if entry.rule and entry.rule not in known:
                if entry.stage == stage:
                    raise ConfigError(
                        f"put_back: '{entry.id}' is put back from the rule '{entry.rule}' of {stage}, "
                        f"which has no such rule{nearest(entry.rule, known)}"
                    )
                continue  # another stage's
            places = [known.index(entry.rule)] if entry.rule else range(len(known))
            found[entry.id] = sorted({*found.get(entry.id, ()), *places})
        return found


def _columns() -> str:
    return f"the columns {', '.join(NEEDED)} and, where wanted, {', '.join(ALLOWED)}"


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = [name.strip() for name in reader.fieldnames or []]
    if missing := [name for name in NEEDED if name not in names]:
        raise ConfigError(f"put_back: the file has no column {', '.join(missing)}; expected {_columns()}")
    reader.fieldnames = names
    for values in reader:
        yield reader.line_num, values


def _jsonl(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            values = json.loads(line)
            yield number, values if isinstance(values, dict) else {}


def _entry(values: dict[str, Any], where: str) -> Entry:
    unknown = [name for name in values if name not in (*NEEDED, *ALLOWED)]
    if unknown:
        known = nearest(str(unknown[0]), [*NEEDED, *ALLOWED])
        raise ConfigError(f"{where}: '{unknown[0] or 'more values than columns'}' is not a column of the list{known}")
    said = {name: _text(value) for name, value in values.items()}
    for name in NEEDED:
        if not said.get(name):
            raise ConfigError(f"{where} has no {name}; each listing that is put back needs {', '.join(NEEDED)}")
    try:
        day = date.fromisoformat(said["date"]) if len(said["date"]) == 10 else datetime.fromisoformat(said["date"])
    except ValueError:
        raise ConfigError(f"{where}: '{said['date']}' is no date; expected one such as 2026-11-25") from None
    stage = said.get("stage", "")
    if stage and stage not in STAGES:
        raise ConfigError(
            f"{where}: nothing can be put back into {stage}, only into {' and '.join(STAGES)}: what others take out "
            "has no id of its own, or nothing to work with; mend it in the source"
        )
    return Entry(said["id"], said["reason"], day.isoformat()[:10], stage, said.get("rule", ""))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
