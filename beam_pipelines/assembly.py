"""Assemble what a report shows: small files of all stages, counts of columns, a bounded number of rows and pictures."""

from __future__ import annotations

import json
from typing import Any

from ..quality.report.data import (
    Duplicates,
    Listing,
    Measured,
    Misfit,
    Predictions,
    PutBackShown,
    Rejected,
    ReportData,
)
from ..quality.report.page import REJECTING
from ..schemas.config import Config
from ..schemas.put_back import Entry, PutBack
from ..schemas.redaction import redacted
from . import exhibits
from .cleaning_shown import cleaned
from .comparing import compared
from .duplicates_shown import duplicates
from .gathering import Gathering
from .reviewing import reviews
from .run_folder import RunFolder, now
from .sweeping import sweeps

OPENED = {  # datasets that people open first, and the stages that write them, the last one first
    "listings": ("deduplicate", "filter", "clean", "ingest"),
    "rejected": ("filter", "ingest"),
    "duplicates": ("deduplicate",),
    "predictions": ("predict",),
    "clusters": ("predict",),
}
PICTURES = 600  # 3 to 7 kB each: a page is sent by mail, whatever the size of the catalog
REJECTED = 400  # examples, of all rules together
LOGGED = 2000  # steps of a training curve
PUT_BACK = 50  # listings put back that are shown


def gather(run: RunFolder, config: Config) -> ReportData:
    """Read a run folder, whatever has been published there.

    Args:
        run: The run folder.
        config: Title, how many examples of each rule, and which run to compare with.

    Raises:
        ConfigError: there is no run where `report.compare` points.
    """
    return Assembly(Gathering(run)).report(config)


class Assembly:
    """What is shown of a run."""

    def __init__(self, found: Gathering) -> None:
        self.found = found

    def report(self, config: Config) -> ReportData:
        """Gather everything."""
        found, known = self.found, self.found.known
        other = config.place(config.report.compare) if config.report.compare else None
        then = compared(found, other)
        drift = self._drift() if other is None else {}
        if then is not None:
            drift = {**then.profiles, **drift}
        rejected = self._rejected(config.report.samples)
        pairs, misfits, swept, back = self._duplicates(), self._misfits(), sweeps(found), self._put_back()
        clean = found.stages["clean"]
        rules, retitled, traced = (
            cleaned(found.dataset("clean/listings"), clean.settings, clean.counts) if clean.published else ([], [], 0)
        )
        curves = self._curves()
        pictures, errors = self._photos(_shown(pairs, misfits, rejected, swept, back))
        return ReportData(
            title=config.report.title or "",
            name=known.get("name", config.name),
            folder=redacted(str(found.run.place)),
            data=self._data(),
            made_at=now(),
            config=redacted(known.get("config", {})),
            versions=known.get("versions", {}),
            stages=list(found.stages.values()),
            retitled=retitled,
            cleaned=rules,
            titles_traced=traced,
            sweeps=swept,
            put_back=back[:PUT_BACK],
            put_back_more=max(0, len(back) - PUT_BACK),
            reviews=[each.model_dump() for each in reviews(found.run)],
            drift=drift,
            compared=then,
            rejected=rejected,
            misfits=misfits,
            measured=self._measured(),
            duplicates=pairs,
            losses=curves.pop("loss", []),
            curves=curves,
            heads=self._heads(),
            predictions=self._predictions(),
            photos=pictures,
            photo_errors=errors,
        )

    def _drift(self) -> dict[str, dict[str, Any]]:
        """What the gates found against their baseline."""
        places = {n: self.found.run.stage(n) / m.attempt / "drift.json" for n, m in self.found.manifests.items()}
        return {name: place.read_json() for name, place in places.items() if place.exists()}

    def _rejected(self, most: int) -> list[Rejected]:
        found = []
        for name in REJECTING:
            if name in self.found.manifests:
                attempt = self.found.run.stage(name) / self.found.manifests[name].attempt
                found += exhibits.rejected(name, attempt, most)
        return found[:REJECTED]

    def _put_back(self) -> list[PutBackShown]:
        """The lists that the published attempts were made by, and what they changed."""
        entries: dict[str, Entry] = {}
        marks: dict[str, str] = {}
        there: dict[str, Listing] = {}
        for stage in ("filter", "deduplicate"):
            if stage not in self.found.manifests:
                continue
            listed = PutBack.written(self.found.run.stage(stage) / self.found.manifests[stage].attempt)
            entries |= {entry.id: entry for entry in listed.entries}
            rows = self.found.dataset(f"{stage}/listings").rows(listed.ids, ["id", "title", "seller", "put_back"])
            marks |= {row["id"]: row["put_back"] or "" for row in rows.to_pylist()}
            there |= exhibits.known(self.found.dataset("clean/listings"), listed.ids)
        return [
            PutBackShown(listing=there.get(name, Listing(id=name)), reason=entry.reason[: exhibits.TEXT],
                         date=entry.date, overruled=marks.get(name, ""), there=name in there)
            for name, entry in sorted(entries.items(), key=lambda item: (not marks.get(item[0]), item[0]))
        ]  # fmt: skip

    def _misfits(self) -> list[Misfit]:
        manifest = self.found.manifests.get("filter")
        if manifest is None or "clean" not in self.found.manifests or not manifest.metrics.get("pairs_scored"):
            return []
        scores = self.found.step("filter", "scores")
        if scores is None:
            return []
        return exhibits.misfits(
            scores, *(self.found.dataset(name) for name in ("clean/listings", "filter/listings", "filter/rejected"))
        )

    def _measured(self) -> list[Measured]:
        manifest = self.found.manifests.get("filter")
        place = self.found.run.stage("filter") / (manifest.attempt if manifest else "") / "profile.json"
        return exhibits.measured(place.read_json()) if manifest is not None and place.exists() else []

    def _duplicates(self) -> Duplicates:
        manifest = self.found.manifests.get("deduplicate")
        if manifest is None:
            return Duplicates()
        stage = self.found.run.stage("deduplicate")
        edges = self.found.step("deduplicate", "edges")
        listings, dropped, links = (self.found.dataset(f"deduplicate/{n}") for n in ("listings", "duplicates", "links"))
        settings = self.found.stages["deduplicate"].settings
        before = self.found.dataset("filter/listings") if "filter" in self.found.manifests else None
        return duplicates(listings, dropped, links, edges, stage / manifest.attempt, settings, manifest.metrics, before)

    def _predictions(self) -> Predictions:
        if "predict" not in self.found.manifests:
            return Predictions()
        names = ("predictions", "matches", "clusters")
        return exhibits.predictions(*(self.found.dataset(f"predict/{name}") for name in names))

    def _photos(self, ids: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        return (
            exhibits.photos(self.found.dataset("ingest/images"), ids) if "ingest" in self.found.manifests else ({}, {})
        )

    def _curves(self) -> dict[str, list[tuple[int, float | None]]]:
        """What was logged while training, by name; of a long training evenly spaced steps."""
        manifest = self.found.manifests.get("pretrain")
        place = self.found.run.stage("pretrain") / (manifest.attempt if manifest else "") / "metrics.jsonl"
        if manifest is None or not place.exists():
            return {}
        lines = [json.loads(line) for line in place.read_bytes().decode().splitlines() if line.strip()]
        lines = lines[:: max(1, len(lines) // LOGGED)]
        return {
            name: [(int(line["step"]), float(line[name])) for line in lines if line.get(name) is not None]
            for name in ("loss", "learning_rate", "logit_scale")
        }

    def _heads(self) -> dict[str, Any]:
        manifest = self.found.manifests.get("finetune")
        if manifest is None:
            return {}
        figures: dict[str, Any] = (self.found.run.stage("finetune") / manifest.attempt / "metrics.json").read_json()
        return figures

    def _data(self) -> dict[str, str]:
        """Where datasets lie; locally by the link that stays the same."""
        found = {}
        for name, stages in OPENED.items():
            stage = next((s for s in stages if name in self.found.stages[s].rows), None)
            if stage is not None:
                folder = self.found.run.stage(stage)
                place = folder if self.found.run.place.is_local else folder / self.found.manifests[stage].attempt
                found[name] = str(place / name)
        return found


def _shown(
    pairs: Duplicates, misfits: list[Misfit], rejected: list[Rejected], swept: list[Any], back: list[Any]
) -> list[str]:
    """Name the listings whose photos are wanted, the most telling first."""
    listings = [each.listing for each in misfits]
    for group in pairs.sets:
        listings += [group.kept, *(member.listing for member in group.dropped)]
    for pair in pairs.variants:
        listings += [pair.left, pair.right]
    for sweep in swept:
        for near in sweep.margin:
            listings += [near.listing, *([near.other] if near.other else [])]
    listings += [each.listing for each in back[:PUT_BACK]]
    # What ingest rejects has the id of another listing, or none: the photo of that id is not its own.
    listings += [each.listing for each in rejected if each.stage != "ingest"]
    return list(dict.fromkeys(listing.id for listing in listings))[:PICTURES]
