"""The run folder that users, schedulers and their own SQL rely on: `run.json`, and a folder a stage.

RUN/STAGE/<attempt>/<dataset>/part-…    data, written once
RUN/STAGE/_manifest.json                what is published; readers start here
RUN/STAGE/<dataset>                     locally a symbolic link into the published attempt, for people
RUN/history/<n>/                        manifests, gates and profiles of accepted runs, which later ones compare with
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ..schemas.attempt import Attempt, Summary, fingerprint
from ..schemas.dataset import Dataset, part_name
from ..schemas.errors import ConfigError
from ..schemas.listing import GATE_FAILURES
from ..schemas.manifest import NAME, Manifest, Published
from ..schemas.redaction import redacted
from ..schemas.storage import Storage

STAGES = ("ingest", "clean", "filter", "deduplicate", "pairs", "pretrain", "embed", "finetune", "predict", "report")
FACTS = "_facts.json"
BOOKKEEPING = ("shards", "begun")  # what stands in it beside that which shapes the output
FOLLOWS = "_follows.json"
CANDIDATE = "_candidate.json"  # the manifest that an attempt would have
SMALL_FILES = ("gate.json", "profile.json", "drift.json", "samples.parquet")
REMEMBERED = ("gate.json", "profile.json", "drift.json")


def now() -> str:
    """The time, as ISO 8601 in UTC; two attempts may be judged within one second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


class RunFolder:
    """Find, publish and tidy what the stages of one run write."""

    def __init__(self, place: Storage) -> None:
        self.place = place

    def stage(self, stage: str) -> Storage:
        """The folder of a stage."""
        if stage not in STAGES:
            raise ConfigError(f"'{stage}' is not a stage; the stages are {', '.join(STAGES)}")
        return self.place / stage

    def manifest(self, stage: str) -> Manifest | None:
        """What a stage has published, if anything."""
        return Manifest.read(self.stage(stage))

    def dataset(self, name: str) -> Dataset:
        """Open a published dataset by `stage/dataset`.

        Raises:
            ConfigError: the stage has not published it.
        """
        stage, _, dataset = name.partition("/")
        manifest = self.manifest(stage)
        if manifest is None or dataset not in manifest.datasets:
            has = f"it has {', '.join(manifest.datasets)}" if manifest else "nothing is published there"
            raise ConfigError(f"{self.place}: no published dataset '{name}' ({has})")
        return manifest.dataset(self.stage(stage), dataset)

    def attempt(
        self, stage: str, facts: Mapping[str, Any], shards: int, prefix: str = "", fresh: bool = False,
        follows: Manifest | None = None,
    ) -> Attempt:  # fmt: skip
        """Open the attempt that these facts name, new or begun; `fresh` opens one that nobody has begun."""
        name = prefix + fingerprint(facts)
        if fresh:
            taken = [int(n.partition("+")[2] or 0) for n in self.stage(stage).children() if n.split("+")[0] == name]
            name += f"+{max(taken) + 1}" if taken else ""  # earlier ones may have been tidied away
        attempt = Attempt(self.stage(stage) / name, shards)
        if not (attempt.folder / FACTS).exists():
            if follows is not None:
                (attempt.folder / FOLLOWS).write_json(asdict(follows))
            (attempt.folder / FACTS).write_json({**redacted(facts), "shards": shards, "begun": now()})
        return attempt

    def facts(self, stage: str, attempt: str) -> dict[str, Any]:
        """What an attempt was made from, as it stands on record: secrets are hidden."""
        place = self.stage(stage) / attempt / FACTS
        value: dict[str, Any] = place.read_json() if place.exists() else {}
        return {name: each for name, each in value.items() if name not in BOOKKEEPING}

    def followed(self, attempt: Attempt, published: Manifest | None) -> Manifest | None:
        """What was published when an attempt was begun; a resumed attempt keeps its first answer."""
        place = attempt.folder / FOLLOWS
        if place.exists():
            return Manifest.from_json(place.read_json())
        return published if published is not None and published.attempt == attempt.name else None

    def stopped(self, stage: str) -> Manifest | None:
        """The newest attempt that its gate stopped and nobody has accepted; the published one, if a suite changed."""
        place, current = self.stage(stage), self.manifest(stage)
        judged = [] if current is None else [current]
        for name in place.children():
            found = self.candidate(stage, name)
            if found is not None and (current is None or name != current.attempt):
                judged.append(found)
        stopped = [manifest for manifest in judged if not manifest.passed]
        return max(stopped, key=lambda manifest: str(manifest.verdict.get("at", "")), default=None)

    def candidate(self, stage: str, attempt: str) -> Manifest | None:
        """The manifest that an attempt would have, as it was last judged; None if it was not yet."""
        place = self.stage(stage) / attempt / CANDIDATE
        return Manifest.from_json(place.read_json()) if place.exists() else None

    def keep_candidate(self, manifest: Manifest) -> None:
        """Keep the manifest that an attempt would have beside its data."""
        (self.stage(manifest.stage) / manifest.attempt / CANDIDATE).write_json(asdict(manifest))

    def publish(self, manifest: Manifest) -> None:
        """Make an attempt what readers see: small files, the manifest, links for people."""
        stage = self.stage(manifest.stage)
        for dataset in manifest.datasets.values():
            if dataset.parts:
                _sweep(stage / dataset.folder)
        # Readers who want them together start at the manifest, which names the attempt; these copies are for people.
        for name in SMALL_FILES:
            source = stage / manifest.attempt / name
            if source.exists():
                (stage / name).write_bytes(source.read_bytes())
            else:
                (stage / name).remove()  # of an earlier attempt: a first run has no drift
        if GATE_FAILURES.name not in manifest.datasets:
            (stage / GATE_FAILURES.name).remove()  # of a suite whose rules named rows
        manifest.write(stage)
        for name, dataset in manifest.datasets.items():
            if dataset.files == [f"{manifest.attempt}/{name}"]:  # one file, such as a page: a copy can be sent on
                (stage / name).write_bytes((stage / manifest.attempt / name).read_bytes())
            else:
                (stage / name).link_to(dataset.folder if dataset.parts else f"{manifest.attempt}/{name}")
        self._tidy(manifest)

    def _tidy(self, manifest: Manifest) -> None:
        """Keep the published attempt and the one before it, with the steps that they were made from."""
        keep = {manifest.attempt, manifest.previous or "", *manifest.steps}
        before = self.candidate(manifest.stage, manifest.previous) if manifest.previous else None
        keep.update(before.steps if before else [])
        self._remove_attempts(manifest.stage, keep)

    def tidy_unpublished(self, stage: str, current: Attempt) -> None:
        """Of the attempts that were never published, keep the current one; its steps may be under way."""
        manifest = self.manifest(stage)
        keep = {current.name, *([manifest.attempt, manifest.previous or "", *manifest.steps] if manifest else [])}
        keep.update(n for n in self.stage(stage).children() if "-" in n)
        self._remove_attempts(stage, keep)

    def _remove_attempts(self, stage: str, keep: set[str]) -> None:
        folder = self.stage(stage)
        for name in folder.children():
            if name not in keep and (folder / name / FACTS).exists():
                (folder / name).remove()

    def record(self, stage: str, **state: Any) -> None:
        """Note a stage's state in run.json."""
        place = self.place / "run.json"
        run = place.read_json() if place.exists() else {"stages": {}}
        run["stages"][stage] = {**run["stages"].get(stage, {}), **redacted(state), "at": now()}
        place.write_json(run)

    def note(self, **values: Any) -> None:
        """Note something about the whole run in run.json."""
        place = self.place / "run.json"
        run = place.read_json() if place.exists() else {"stages": {}}
        place.write_json({**run, **redacted(values)})

    def states(self) -> dict[str, Any]:
        """What run.json says of each stage."""
        place = self.place / "run.json"
        stages: dict[str, Any] = place.read_json()["stages"] if place.exists() else {}
        return stages

    def history(self) -> list[int]:
        """Numbers of the runs that are remembered, in their order."""
        return sorted(int(name) for name in (self.place / "history").children() if name.isdigit())

    def remember(self) -> None:
        """Keep the small files of what is published and passed in history/<n>/, for later runs to compare with.

        Nothing is kept twice: a run that changed nothing is no run to compare with.
        """
        manifests = {stage: found for stage in STAGES if (found := self.manifest(stage)) is not None and found.passed}
        numbers = self.history()
        last = self.place / "history" / str(numbers[-1]) if numbers else None
        if last is not None and all(_same(Manifest.read(last / stage), each) for stage, each in manifests.items()):
            return
        place = self.place / "history" / str(numbers[-1] + 1 if numbers else 1)
        for stage in manifests:
            for name in REMEMBERED:
                source = self.stage(stage) / name
                if source.exists():
                    (place / stage / name).write_bytes(source.read_bytes())
            (place / stage / NAME).write_bytes((self.stage(stage) / NAME).read_bytes())


def _same(remembered: Manifest | None, published: Manifest) -> bool:
    """Whether a stage is as it is remembered; a page that is made anew changes nothing."""
    if published.stage == "report":
        return True
    return remembered is not None and asdict(replace(remembered, published_at="")) == asdict(
        replace(published, published_at="")
    )


def _sweep(dataset: Storage) -> None:
    """Remove what killed writers left: a dataset's folder holds parts only, or some readers stumble."""
    for name in dataset.children():
        if name.startswith(".tmp-"):
            (dataset / name).remove()


def published(attempt: Attempt, summary: Summary) -> dict[str, Published]:
    """Describe the datasets of a complete attempt."""
    return {
        name: Published.of(
            [f"{attempt.name}/{name}/{part_name(i, attempt.shards)}" for i in range(attempt.shards)],
            summary.rows(name),
            [part.checksum for part in parts],
        )
        for name, parts in summary.parts.items()
    }
