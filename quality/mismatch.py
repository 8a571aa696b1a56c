"""How badly a photo fits its title, learnt from the catalog itself without a label or a model.

    scores = mismatch.score(jpegs, titles)  # 0: the pair fits; 0.5: like two drawn at random

Regularised CCA brings photos and titles into one space; it is fitted five times, and no listing is judged by a model
that has seen its title. In that space a pair's fit is its cosine, above the mean cosine to the nearest of others (CSLS:
Conneau et al., "Word translation without parallel data", ICLR 2018): a photo that is near every title, and a title that
is near every photo, prove nothing. The score is the share of random pairs of the catalog that fit better, so it means
the same in every catalog: swapped titles are spread over 0 to 1, true ones are close to 0.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from . import cca
from .views import Basis, Pairs

MIN_PAIRS = 200  # fewer teach nothing
MAX_PAIRS = 10_000  # that the model is fitted on; more cost memory (60 KB each) and tell little
FOLDS = 5
COPIES = 10  # a title that stands so often is in every fold: held out whole, no fold would know it
COMPONENTS = 128  # dimensions of the common space
RIDGE = 1.0
REFERENCES, NEIGHBOURS = 2000, 10  # pairs that CSLS looks for neighbours among, and how many it takes
RANDOM_ROWS, QUANTILES = 1000, 4001  # photos and titles that random pairs are made of, and points of their distribution
MIN_RANDOM = 20


class NoModelError(ValueError):
    """Say why these pairs cannot be judged, in a few words."""


@dataclass(frozen=True)
class Scale:
    """What a fit in the common space is worth: pairs to look for neighbours among, and how random pairs fit."""

    photos: np.ndarray  # [float32 (r, d)] unit rows
    titles: np.ndarray  # [float32 (r, d)] unit rows
    random: np.ndarray  # [float64 (QUANTILES,)] rising: the fit of random pairs; empty where there are too few

    @classmethod
    def of(cls, photos: np.ndarray, titles: np.ndarray, keys: np.ndarray, held: np.ndarray) -> Scale:
        """Measure it.

        Args:
            photos, titles: Unit rows of n pairs, (n, d), in an order that does not depend on what they hold.
            keys: Of their titles, (n,).
            held: The pairs to make random ones of, bool (n,); neighbours are looked for among the others.
        """
        known = np.flatnonzero(~held)[:REFERENCES]
        scale = cls(photos[known], titles[known], np.zeros(0))
        own = np.flatnonzero(held)[:RANDOM_ROWS]
        a, b = photos[own], titles[own]
        fits = 2 * (a @ b.T) - scale.photo_hubness(a)[:, None] - scale.title_hubness(b)
        fits = fits[keys[own][:, None] != keys[own]]
        if len(own) < MIN_RANDOM or not len(fits) or not len(known):
            return scale
        return cls(scale.photos, scale.titles, np.quantile(fits, np.linspace(0, 1, QUANTILES)))

    def photo_hubness(self, photos: np.ndarray) -> np.ndarray:
        """Mean cosine of each photo to the titles nearest to it. [float32 (n,)]"""
        return _nearest(photos @ self.titles.T)

    def title_hubness(self, titles: np.ndarray) -> np.ndarray:
        """Mean cosine of each title to the photos nearest to it. [float32 (n,)]"""
        return _nearest(titles @ self.photos.T)

    def score(self, photos: np.ndarray, titles: np.ndarray) -> np.ndarray:
        """Share of random pairs that fit better than each of these. [float64 (n,), NaN where it is not known]"""
        if not len(self.random):
            return np.full(len(photos), np.nan)
        fits = 2 * (photos * titles).sum(1) - self.photo_hubness(photos) - self.title_hubness(titles)
        return np.asarray(1 - np.interp(fits, self.random, np.linspace(0, 1, len(self.random))))


def _nearest(cosines: np.ndarray) -> np.ndarray:
    most = min(NEIGHBOURS, cosines.shape[1])
    return np.asarray(np.partition(cosines, -most, axis=1)[:, -most:].mean(1)) if most else np.zeros(len(cosines))


@dataclass(frozen=True)
class Model:
    """Five times a common space and its scale; each judges the pairs that it was fitted without."""

    basis: Basis | None  # None: photos and titles come as unit vectors of one space, as a model embeds them
    spaces: list[cca.CCA]
    scales: list[Scale]
    spread: np.ndarray  # [uint64] keys of the titles that stand in every fold, sorted

    def score(self, pairs: Pairs) -> pa.FloatArray:
        """Say how badly each photo fits its title: 0 (fits) to 1; null where the pair's fold cannot tell."""
        found = np.full(len(pairs), np.nan)
        with threadpool_limits(1, "blas"):
            photos, titles = _views(self.basis, pairs)
            fold = _folds(pairs, self.spread)
            for k, scale in enumerate(self.scales):
                rows = np.flatnonzero(fold == k)
                if len(rows):
                    found[rows] = scale.score(*_projected(self.spaces, k, photos[rows], titles[rows]))
        # Four digits: what stands behind them may depend on the rows that a row is multiplied with.
        return pa.array(np.round(found, 4).astype(np.float32), mask=np.isnan(found))

    def to_bytes(self) -> bytes:
        """Write it as an .npz archive."""
        parts: dict[str, Any] = {"spread": self.spread}
        kinds: dict[str, list[Any]] = {
            "basis": [self.basis] if self.basis else [], "space": self.spaces, "scale": self.scales
        }  # fmt: skip
        for name, items in kinds.items():
            for k, item in enumerate(items):
                parts |= {f"{name}.{k}.{field.name}": getattr(item, field.name) for field in fields(item)}
        sink = io.BytesIO()
        np.savez(sink, **parts)
        return sink.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Read what `to_bytes` gave."""
        with np.load(io.BytesIO(data), allow_pickle=False) as parts:

            def read(kind: type[Any], name: str) -> list[Any]:
                places = sorted({int(n.split(".")[1]) for n in parts.files if n.startswith(f"{name}.")})
                return [kind(*(parts[f"{name}.{k}.{field.name}"] for field in fields(kind))) for k in places]

            return cls(next(iter(read(Basis, "basis")), None), read(cca.CCA, "space"), read(Scale, "scale"),
                       parts["spread"])  # fmt: skip


def fit(pairs: Pairs, embedded: bool = False) -> Model:
    """Learn what fits what.

    Args:
        pairs: At least MIN_PAIRS, in any order.
        embedded: Photos and titles are unit vectors of one space already: nothing is learnt but the scale.

    Raises:
        NoModelError: there are too few pairs, or all photos or titles are alike.
    """
    if len(pairs) < MIN_PAIRS:
        raise NoModelError(f"{len(pairs):,} listings with photo and title are under {MIN_PAIRS}")
    names, counts = np.unique(pairs.title_keys, return_counts=True)
    if len(names) < 2:
        raise NoModelError("all titles are alike")
    if (pairs.photos == pairs.photos[0]).all():
        raise NoModelError("all photos are alike")
    pairs = pairs.take(np.lexsort((pairs.title_keys, pairs.photo_keys)))
    spread = names[counts >= COPIES]
    fold = _folds(pairs, spread)
    spaces, scales = [], []
    with threadpool_limits(1, "blas"):
        basis = None if embedded else Basis.fit(pairs)
        photos, titles = _views(basis, pairs)
        for k in range(FOLDS):
            if basis is not None:
                try:
                    spaces.append(cca.fit(photos[fold != k], titles[fold != k], RIDGE, COMPONENTS))
                except ValueError as error:
                    raise NoModelError(str(error)) from None
            scales.append(Scale.of(*_projected(spaces, k, photos, titles), pairs.title_keys, fold == k))
    return Model(basis, spaces, scales, spread)


def score(jpegs: Sequence[bytes | None], titles: Sequence[str | None]) -> pa.FloatArray:
    """Say how badly each photo fits its title, from these listings alone.

        frame["mismatch"] = eclip.quality.mismatch.score(frame["jpeg"], frame["title"]).to_pandas()

    Args:
        jpegs: Photos, n of them; None where there is none.
        titles: Their titles; None or "" where there is none.

    Returns:
        n scores: the share of random pairs of these photos and titles that fit better, 0 to 1; null without photo or
        title.

    Raises:
        ValueError: a photo does not decode, or there are not as many titles as photos.
        NoModelError: there are too few pairs, or all photos or titles are alike.
    """
    jpegs, titles = list(jpegs), list(titles)
    if len(jpegs) != len(titles):
        raise ValueError(f"{len(jpegs)} photos and {len(titles)} titles; expected one title for each photo")
    rows = [k for k, (jpeg, title) in enumerate(zip(jpegs, titles, strict=True)) if jpeg and title and title.strip()]
    if len(rows) < MIN_PAIRS:
        raise NoModelError(f"{len(rows):,} listings with photo and title are under {MIN_PAIRS}")
    pairs = Pairs.of([cast(bytes, jpegs[k]) for k in rows], [cast(str, titles[k]) for k in rows])
    drawn = np.argsort(pairs.photo_keys ^ pairs.title_keys, kind="stable")[:MAX_PAIRS]
    found = fit(pairs.take(drawn)).score(pairs)
    places = np.full(len(jpegs), -1)
    places[rows] = np.arange(len(rows))
    return found.take(pa.array(places, mask=places < 0))


def _folds(pairs: Pairs, spread: np.ndarray) -> np.ndarray:
    """Give the fold of each pair: that of its title, or of its photo where the title stands in all folds."""
    keys = np.where(np.isin(pairs.title_keys, spread), pairs.photo_keys, pairs.title_keys)
    return np.asarray((keys % np.uint64(FOLDS)).astype(np.int64))


def _views(basis: Basis | None, pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    if basis is None:
        return pairs.photos, np.asarray(pairs.titles)
    return basis.photos(pairs), basis.titles(pairs)


def _projected(
    spaces: list[cca.CCA], fold: int, photos: np.ndarray, titles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if not spaces:
        return photos, titles
    return spaces[fold].project_a(photos), spaces[fold].project_b(titles)
