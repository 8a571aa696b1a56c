"""Explain one listing: read what every stage has published of it, and tell it as a story."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..quality.noise import groups
from ..quality.report.cleaning import in_force, trace
from ..quality.report.data import Listing
from ..quality.report.decision_table import in_force as table_in_force
from ..quality.report.distance import filter_in_force, measures
from ..quality.report.meanings import meaning
from ..quality.report.story import Chapter, Pair, Story, pairs, quoted, veto_said, why_it_stays, would_stay
from ..quality.report.words import listed, named, plural, visible
from ..schemas.dataset import shard_of
from ..schemas.errors import ConfigError
from .exhibits import listing_of
from .filter import worst
from .gathering import REPORTED, Gathering
from .listing_rows import ListingRows, Row, either, nearest_ids
from .run_folder import RunFolder

PAIRS = 10  # verified pairs that are told


def explain(run: RunFolder, row_id: str) -> Story:
    """Tell what became of a listing.

    Raises:
        ConfigError: nothing is published, or no record has this id; the nearest ids are named.
    """
    return Telling(Gathering(run), row_id).story()


class Telling(ListingRows):
    """What the datasets of a run say of one listing."""

    def __init__(self, found: Gathering, row_id: str) -> None:
        super().__init__(found, row_id)
        self.chapters: list[Chapter] = []
        self.otherwise: list[str] = []
        self.ending = ("", "")  # outcome and the headline's words
        if "ingest" not in found.manifests:
            raise ConfigError(f"{found.run.place}: nothing has been published there; run the catalog first")

    def story(self) -> Story:
        """Go through the stages, as far as the listing came."""
        before, taken = self.row("ingest/listings"), self.rejected("ingest")
        if before is None and not taken:
            raise ConfigError(self._unknown())
        self._ingest(before, taken)
        photos: list[Row] = []
        if before is not None:
            photos = self._photos()
            self._clean(before)
            if self._filter() and self._deduplicate():
                self._pairs()
            self._embed()
            self._predict()
        self._gates()
        outcome, words = self.ending
        return Story(id=self.id, outcome=outcome, headline=words, chapters=self.chapters, otherwise=self.otherwise,
                     photos=photos)  # fmt: skip

    def _tell(self, stage: str, outcome: str, said: list[str], **facts: Any) -> None:
        kept = {name: value for name, value in facts.items() if value is not None}
        self.chapters.append(Chapter(stage=stage, outcome=outcome, said=[s for s in said if s], facts=kept))

    def _end(self, outcome: str, words: str) -> None:
        self.ending = (outcome, words)

    def _ingest(self, row: Row | None, taken: list[Row]) -> None:
        said = []
        if row is not None:
            said.append(
                f"read from {visible(str(row['source_file']))}, row {row['source_row']}: {quoted(row['title'])}"
            )
            said.append(f"seller {quoted(row['seller'])}" if row["seller"] else "")
            self._end("read", "was read")
        record = "another record of this id" if row else "the record"
        said += [f"{record} was rejected by {each['rule']}: {visible(each['detail'] or '')}" for each in taken]
        if row is None:
            self._end("rejected", f"was rejected by ingest, rule {taken[0]['rule']}: it is no listing")
            self.otherwise.append("its record were mended in the source: what has no id of its own cannot be put back")
        self._tell("ingest", "read" if row else "rejected", said, row=row, rejected=taken or None)

    def _photos(self) -> list[Row]:
        names = ["id", "position", "reference", "width", "height", "error", "phash", "image_sha"]
        rows = self.rows("ingest/images", columns=names)
        dataset = self.found.dataset("ingest/images") if rows else None
        part = None
        if dataset is not None:
            part = str(dataset.part(int(shard_of(pa.array([self.id]), dataset.shards)[0])))
        return [{**{k: v for k, v in row.items() if k != "id"}, "kept_in": part} for row in rows]

    def _clean(self, before: Row) -> None:
        after = self.row("clean/listings")
        if after is None:
            return
        said, steps = [], []
        settings = self.found.stages["clean"].settings
        if before["title"] != after["title"]:
            said.append(f"title: {quoted(before['title'])} became {quoted(after['title'])}")
            asked = pa.RecordBatch.from_pydict({"id": [self.id], "lang": pa.array([after["lang"]], pa.string())})
            changes = list(trace(pa.array([before["title"]], pa.string()), in_force(settings), asked))
            steps = [{"rule": c.rule, "before": c.before, "after": c.after} for c in changes]
            seen = [(c.rule, quoted(c.before), quoted(c.after)) for c in changes]
            said += [f"  {rule}: {old} → {new}" for rule, old, new in seen if old != new]
            if changes and changes[-1].after != after["title"]:
                said.append("  the rules alone would have left no word, so the words were kept")
        for name in ("description", "brand", "seller", "category", "lang"):
            if before.get(name) != after.get(name):
                said.append(f"{name}: {quoted(before.get(name), 120)} became {quoted(after.get(name), 120)}")
        self._tell("clean", "changed" if said else "unchanged", said or ["nothing was changed"], steps=steps or None)
        self._end("read", "was read and cleaned")

    def _filter(self) -> bool:
        if not self.found.stages["filter"].published:
            return False
        kept, taken = self.row("filter/listings"), self.rejected("filter")
        settings = self.found.stages["filter"].settings
        config = filter_in_force(settings)
        scores = self.found.step("filter", "scores")
        row = {**(self.row("clean/listings") or {}), **(kept or {})}
        if scores is not None:
            row |= next(iter(scores.rows([self.id]).to_pylist()), {})
        limit = 1.0
        if config.mismatch.share and scores is not None:
            name = groups(pa.RecordBatch.from_pylist([{"category": row.get("category")}], _CATEGORY), config.mismatch)[
                0
            ]
            limit = worst(self.found.dataset("clean/listings"), scores, config).get(name.as_py(), 1.0)
        found = measures(row, config, limit)
        said = [f"{m.rule}: {m.said}" for m in found]
        back = (kept or {}).get("put_back")
        if taken:
            rules = taken[0]["rules"]
            said = (
                [f"{rule}: {meaning('filter', rule, settings)}" for rule in rules]
                + [visible(taken[0]["detail"])]
                + said
            )
            for rule in rules:
                ways = [m.otherwise for m in found if m.rule == rule and m.rejects] or _WAYS.get(rule, [])
                self.otherwise += [f"{way} ({rule})" for way in ways]
            self.otherwise.append("its id stood in the put-back list")
            self._end("rejected", f"was rejected by filter, rule {listed(rules)}")
        elif kept is not None:
            said.insert(0, f"kept though it was to be rejected: a person has put it back from {back}" if back else "")
            self._end("kept", "came through the filter")
        self._tell("filter", "rejected" if taken else "kept", said, measures=[m.model_dump() for m in found],
                   rejected=taken or None, put_back=back)  # fmt: skip
        return kept is not None

    def _deduplicate(self) -> bool:
        if not self.found.stages["deduplicate"].published:
            return False
        config = table_in_force(self.found.stages["deduplicate"].settings)
        lost = next(iter(self.rows("deduplicate/duplicates", "dropped_id")), None)
        row = self.row("deduplicate/listings")
        if lost is None and row is None:
            self._tell(
                "deduplicate", "not read", ["deduplicate has not read it: it was run before filter let it through"]
            )
            return False
        known = self._pairs_of(config)
        if lost is not None:
            return self._dropped(lost, known, config)
        assert row is not None
        duplicates = self.found.dataset("deduplicate/duplicates")
        mine = self.scan(
            duplicates, pc.field("kept_id") == self.id, ["dropped_id", "rule", "text_similarity", "image_distance"]
        )
        rows = mine.to_pylist()
        said = []
        if row.get("put_back"):
            said.append(f"kept though it was to be taken out: a person has put it back from {row['put_back']}")
        said.append(
            f"it stands for {plural(len(rows), 'listing')} dropped for it" if rows else "nothing was dropped for it"
        )
        said += [f"  {visible(r['dropped_id'])} ({r['rule']})" for r in rows[:PAIRS]]
        said.append(
            f"family {visible(row['group_id'])}" if row["group_id"] != self.id else "the smallest id of its family"
        )
        links = self.scan(self.found.dataset("deduplicate/links"), either("left_id", "right_id", self.id)).to_pylist()
        said.append(f"linked with {plural(len(links), 'listing')}" if links else "linked with none")
        said += self._told(known)
        self._tell("deduplicate", "kept", said, stands_for=rows, links=links, family=row["group_id"],
                   pairs=[p.model_dump() for p in known], put_back=row.get("put_back"))  # fmt: skip
        self._end("kept", "came out as a trusted listing")
        return True

    def _dropped(self, lost: Row, known: list[Pair], config: Any) -> bool:
        twin = lost["kept_id"]
        listings = self.found.dataset("filter/listings").rows([self.id, twin]).to_pylist()
        both = {row["id"]: row for row in listings}
        title = Listing(id=twin, title=(both.get(twin) or {}).get("title") or "").title or listing_of(twin, "{}").title
        said = [f"dropped for {visible(twin)}, {quoted(title)}, by the rule {lost['rule']}: {named(lost['rule'])}"]
        pair = next((p for p in known if p.other_id == twin), None)
        said.append(f"  {pair.said}" if pair else "")
        if twin in both and self.id in both:
            reason = why_it_stays(both[twin], both[self.id], config)
            said.append(f"  the other one stays: {reason}" if reason else "")
        duplicates = self.found.dataset("deduplicate/duplicates")
        fellows = self.scan(duplicates, pc.field("kept_id") == twin, ["dropped_id"])["dropped_id"].to_pylist()
        said.append(
            f"its duplicate set has {plural(len(fellows) + 1, 'listing')}: {visible(listed([twin, *fellows][:PAIRS]))}"
        )
        said += self._told([p for p in known if p.other_id != twin])
        self.otherwise += would_stay(pair, config) if pair else ["its id stood in the put-back list"]
        self._tell("deduplicate", "dropped", said, kept_id=twin, rule=lost["rule"], duplicate_set=[twin, *fellows],
                   pairs=[p.model_dump() for p in known])  # fmt: skip
        self._end("dropped", f"was dropped as a duplicate of {visible(twin)}, rule {lost['rule']}")
        return False

    def _pairs_of(self, config: Any) -> list[Pair]:
        edges = self.found.step("deduplicate", "edges")
        return [] if edges is None else pairs(self.scan(edges, either("left_id", "right_id", self.id)), self.id, config)

    def _told(self, known: Sequence[Pair]) -> list[str]:
        return [
            f"  {'with' if p.agrees else 'compared with'} {visible(p.other_id)}: {p.said}"
            f"{'; ' + veto_said(p) if p.veto else ''}"
            for p in known[:PAIRS]
        ] + ([f"  and {len(known) - PAIRS} more pairs"] if len(known) > PAIRS else [])

    def _pairs(self) -> None:
        if not self.found.stages["pairs"].published:
            return
        for name in ("train", "val"):
            if self.scan(self.found.dataset(f"pairs/{name}"), pc.field("id") == self.id, ["id"]).num_rows:
                self._tell("pairs", name, [f"among the pairs for {'training' if name == 'train' else 'validation'}"])
                return
        self._tell("pairs", "skipped", ["makes no pair: it has no photo that decodes, or no title"])

    def _embed(self) -> None:
        if not self.found.stages["embed"].published:
            return
        rows, taken = self.rows("embed/embeddings", columns=["id", "has_image", "has_text"]), self.rejected("embed")
        if rows:
            parts = listed(
                [word for word, has in (("photo", rows[0]["has_image"]), ("title", rows[0]["has_text"])) if has]
            )
            self._tell("embed", "embedded", [f"embedded by its {parts}"])
        for each in taken:
            self._tell(
                "embed", "rejected", [f"rejected by {each['rule']}: {visible(each['detail'] or '')}"], rejected=taken
            )

    def _predict(self) -> None:
        answers = self.rows("predict/predictions")
        if not answers:
            return
        said = [
            f"{visible(a['attribute'] or a['task'])}: {quoted(a['label'])}, {a['score']:.0%} sure"
            f"{'' if a['accepted'] else ', not accepted'}"
            for a in answers
        ]
        cluster = next(iter(self.rows("predict/clusters")), None)
        matches = self.scan(self.found.dataset("predict/matches"), either("left_id", "right_id", self.id)).to_pylist()
        accepted = [m for m in matches if m["accepted"]]
        said.append(f"cluster {visible(cluster['cluster_id'])}" if cluster else "")
        said.append(f"{len(accepted)} of {plural(len(matches), 'near neighbour')} accepted as the same product")
        self._tell("predict", "answered", said, answers=answers, cluster=cluster, matches=accepted)

    def _gates(self) -> None:
        """Rules of gates that this listing breaks."""
        for stage in REPORTED:
            manifest = self.found.manifests.get(stage)
            if manifest is None or "gate_failures" not in manifest.datasets:
                continue
            rows = self.scan(self.found.dataset(f"{stage}/gate_failures"), pc.field("id") == self.id).to_pylist()
            if rows:
                said = [f"breaks {visible(r['rule'])}: found {quoted(r.get('value'), 120)}" for r in rows]
                self._tell(f"gate of {stage}", "breaks rules", said, failures=rows)

    def _unknown(self) -> str:
        return f"no record has the id {self.id!r}{nearest_ids(self.id, self.found.dataset('ingest/listings'))}"


_CATEGORY = pa.schema([("category", pa.string())])
_WAYS = {"unreadable_photo": ["one of its photos could be fetched and decoded"]}
