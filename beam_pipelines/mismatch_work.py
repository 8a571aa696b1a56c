"""The mismatch of photo and title at any size: fitted on a sample, scored shard by shard.

    lowest xxh64(id) of every shard -> which listings are fitted on -> their photos and titles, described
    -> one model, a file -> every pair's score

A photo is decoded once: the sample's descriptions are kept until all is scored.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse

from ..quality.duplicates.xxh64 import digests
from ..quality.mismatch import MAX_PAIRS, MIN_PAIRS, Model, NoModelError, fit
from ..quality.views import Pairs, photo_keys, title_keys
from ..schemas.attempt import Attempt
from ..schemas.dataset import Dataset
from ..schemas.storage import Storage
from .main_photos import MainPhotos
from .model_cache import fetched
from .shards import ShardOutput, ShardWork
from .stage import StageRun

if TYPE_CHECKING:
    from ..models.encoder import Encoder

ROWS_AT_A_TIME = 512
MODEL, NOTE = "_mismatch.npz", "_mismatch.json"


@dataclass
class Describer:
    """Describe photos and titles: by what they look like, or by a model's embeddings."""

    model: Storage | None = None
    batch: int = 64
    _encoder: Encoder | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_encoder": None}

    def __call__(self, jpegs: list[bytes], titles: list[str]) -> Pairs:
        """Describe n photos and their titles."""
        if self.model is None:
            return Pairs.of(jpegs, titles)
        if self._encoder is None:
            from ..models.encoder import Encoder

            self._encoder = Encoder.load(fetched(self.model), self.batch)
        photos, texts = self._encoder.images(jpegs), self._encoder.texts(titles)
        return Pairs(photos, texts, photo_keys(jpegs), title_keys(titles))


def judged(listings: pa.RecordBatch | pa.Table) -> np.ndarray:
    """Say which listings have a photo that decodes and a title. [bool (n,)]"""
    titled = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(listings["title"]), ""), False)
    return np.asarray(pc.and_(titled, pc.is_valid(listings["width"])))


@dataclass
class SampleWork(ShardWork):
    """Write the lowest hashes of a shard's pairs."""

    listings: Dataset
    folder: Storage

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Read three columns."""
        table = self.listings.table(shard, ["id", "title", "width"])
        hashes = np.sort(digests(table["id"].combine_chunks())[judged(table)])
        _write(self.folder / "_hashes" / f"{shard:05d}.npz", hashes=hashes[:MAX_PAIRS])


@dataclass
class DescribeWork(ShardWork):
    """Describe the pairs of a shard that the model is fitted on."""

    listings: Dataset
    images: Dataset
    highest: int  # hash of an id that is among them
    describe: Describer
    folder: Storage

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Stream a shard, and write what was found in one file."""
        photos, found, ids = MainPhotos(self.images, shard), [], []
        for batch in self.listings.batches(shard, ["id", "title", "width"], rows=ROWS_AT_A_TIME):
            drawn = judged(batch) & (digests(batch["id"]) <= np.uint64(self.highest))
            chosen = batch.filter(pa.array(drawn))
            jpegs = photos.take(chosen["id"].to_pylist())
            rows = [k for k, jpeg in enumerate(jpegs) if jpeg is not None]
            ids.append(digests(chosen["id"])[rows])
            titles = chosen["title"].to_pylist()
            if rows:
                found.append(self.describe([j for j in jpegs if j is not None], [titles[k] for k in rows]))
        output.count("described", sum(map(len, ids)))
        target = self.folder / "_pairs" / f"{shard:05d}.npz"
        _write(target, ids=np.concatenate(ids), **(_arrays(joined(found)) if found else {}))


@dataclass
class FitWork(ShardWork):
    """Fit the model on the sample of all shards; writes it, or a note of why there is none."""

    pairs: Storage
    shards: int
    embedded: bool
    folder: Storage

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do all shards at once."""
        del shard
        read = [pairs for k in range(self.shards) if len((pairs := described(self.pairs, k)[1]) or ())]
        try:
            if not read:
                raise NoModelError(f"no listing has photo and title; {MIN_PAIRS} are needed")
            model = fit(joined([pairs for pairs in read if pairs is not None]), self.embedded)
        except NoModelError as error:
            (self.folder / NOTE).write_json({"unscored": str(error)})
            return
        (self.folder / MODEL).write_bytes(model.to_bytes())
        (self.folder / NOTE).write_json({"unscored": None})


@dataclass
class MismatchScorer:
    """Score listings by the fitted model; what was described for the fit is not described again."""

    images: Dataset
    pairs: Storage
    place: Storage  # of the model's file
    describe: Describer
    _model: Model | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}

    def shard(self, shard: int) -> ShardScores:
        """Begin a shard."""
        if self._model is None:
            self._model = Model.from_bytes(self.place.read_bytes())
        return ShardScores(self._model, self.describe, MainPhotos(self.images, shard), *described(self.pairs, shard))


class ShardScores:
    """The scores of one shard's listings, batch by batch in the order of their ids."""

    def __init__(
        self, model: Model, describe: Describer, photos: MainPhotos, ids: np.ndarray, pairs: Pairs | None
    ) -> None:
        self.model, self.describe, self.photos = model, describe, photos
        order = np.argsort(ids)
        self.ids = ids[order]
        self.known = model.score(pairs).take(pa.array(order)) if pairs is not None else pa.array([], pa.float32())

    def of(self, listings: pa.RecordBatch) -> pa.Array:
        """Score each listing; null without photo or title. [float32 (n,)]"""
        hashes = digests(listings["id"])
        place = np.searchsorted(self.ids, hashes).clip(0, max(0, len(self.ids) - 1))
        seen = self.ids[place] == hashes if len(self.ids) else np.zeros(len(hashes), bool)
        found = self.known.take(pa.array(place, mask=~seen))
        fresh = np.flatnonzero(judged(listings) & ~seen)
        titles = listings["title"].to_pylist()
        jpegs = self.photos.take(listings["id"].take(pa.array(fresh)).to_pylist())
        rows = [int(k) for k, jpeg in zip(fresh, jpegs, strict=True) if jpeg is not None]
        if not rows:
            return found
        scores = self.model.score(self.describe([j for j in jpegs if j is not None], [titles[k] for k in rows]))
        mask = np.zeros(listings.num_rows, bool)
        mask[rows] = True
        return pc.replace_with_mask(found, pa.array(mask), scores)


def learn(
    work: StageRun, listings: Dataset, images: Dataset, scores: Attempt, describe: Describer, seconds: float
) -> MismatchScorer | None:
    """Fit the model, as a file of the scores' attempt; None where these listings cannot teach one."""
    kind = {"model": work.facts.get("content", {}).get("model")}
    drawn = work.step("sample", {}, listings.shards, keep=False)
    work.map("Draw pairs", SampleWork(listings, drawn.folder), drawn, seconds=seconds / 1000)
    taken = work.step("describe", kind, listings.shards, keep=False)
    highest = _highest([drawn.folder / "_hashes" / f"{k:05d}.npz" for k in range(listings.shards)])
    if highest is None:
        (scores.folder / NOTE).write_json({"unscored": f"no listing has photo and title; {MIN_PAIRS} are needed"})
        return None
    work.map("Describe pairs", DescribeWork(listings, images, highest, describe, taken.folder), taken, seconds=seconds)
    learnt = work.step("fit", kind, 1, keep=False)
    work.map("Fit mismatch", FitWork(taken.folder, listings.shards, describe.model is not None, scores.folder), learnt)
    scorer = MismatchScorer(images, taken.folder, scores.folder / MODEL, describe)
    return scorer if (scores.folder / MODEL).exists() else None


def _highest(files: list[Storage]) -> int | None:
    """Give the MAX_PAIRS-th lowest hash of all shards."""
    lowest = np.zeros(0, np.uint64)
    for file in files:
        lowest = np.sort(np.concatenate([lowest, _read(file)["hashes"]]))[:MAX_PAIRS]
    return int(lowest[-1]) if len(lowest) else None


def described(folder: Storage, shard: int) -> tuple[np.ndarray, Pairs | None]:
    """Read the sample of a shard: hashes of its ids, and what was found."""
    parts: dict[str, Any] = _read(folder / "_pairs" / f"{shard:05d}.npz")
    ids = parts.pop("ids")
    if not len(ids):
        return ids, None
    if "counts" in parts:
        inner = (parts.pop("counts"), parts.pop("indices"), parts.pop("indptr"))
        parts["titles"] = scipy.sparse.csr_array(inner, shape=tuple(parts.pop("shape").tolist()))
    return ids, Pairs(**parts)


def joined(parts: list[Pairs]) -> Pairs:
    """Put pairs behind each other."""
    stack = np.concatenate if isinstance(parts[0].titles, np.ndarray) else scipy.sparse.vstack
    rows = [np.concatenate([getattr(p, name) for p in parts]) for name in ("photos", "photo_keys", "title_keys")]
    return Pairs(rows[0], stack([p.titles for p in parts]), rows[1], rows[2])


def _arrays(pairs: Pairs) -> dict[str, np.ndarray]:
    found = {"photos": pairs.photos, "photo_keys": pairs.photo_keys, "title_keys": pairs.title_keys}
    if isinstance(pairs.titles, np.ndarray):
        return {**found, "titles": pairs.titles}
    t = scipy.sparse.csr_array(pairs.titles)
    return {**found, "counts": t.data, "indices": t.indices, "indptr": t.indptr, "shape": np.array(t.shape)}


def _write(target: Storage, **arrays: Any) -> None:
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    target.write_bytes(sink.getvalue())


def _read(source: Storage) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(source.read_bytes()), allow_pickle=False) as parts:
        return {name: parts[name] for name in parts.files}
