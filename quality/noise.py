"""Noise: photos that do not decode, tiny and odd ones, placeholders, titles without words, photos of something else.

Scores first, kept as columns; then thresholds. A changed threshold looks at no photo again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.filter_config import FilterConfig, MismatchConfig, PlaceholderConfig
from ..schemas.rejection import rejected
from .duplicates.minhash import Shingles, jaccard, shingles
from .own_filters import OwnFilters
from .put_back import PUT_BACK, mark, overruled_rules
from .text.noise_phrases import bare
from .text.normalise import normalise

# In the order in which they are named where several fire.
MISMATCH = "mismatched_photo"
RULES = ("unreadable_photo", "tiny_photo", "odd_photo", "placeholder_photo", "short_title", MISMATCH)
SCORES = pa.schema(
    [
        ("id", pa.string()),
        ("title_characters", pa.int32()),  # letters and digits
        ("photo_min_side", pa.int32()),  # pixels of the shorter side
        ("photo_aspect", pa.float32()),  # longer side over shorter
        ("photo_listings", pa.int32()),  # listings of the catalog that share the photo's perceptual hash
        ("photo_title_similarity", pa.float32()),  # mean Jaccard index of their titles, where several share it
        ("photo_brands", pa.int32()),  # brands among them (sellers, categories, where brands are not known)
        ("mismatch", pa.float32()),  # share of the catalog's random pairs whose photo and title fit better, 0 to 1
    ]
)
HOT = pa.schema(
    [
        ("phash", pa.string()),
        ("listings", pa.int32()),
        ("title_similarity", pa.float32()),
        ("brands", pa.int32()),
        ("main_photos", pa.int32()),  # different ones of these listings, where one seller has them all; else 0
    ]
)
TITLES_COMPARED = 32  # of the listings that share a photo


def score(batch: pa.RecordBatch, hot: pa.Table, mismatch: pa.Array | None = None) -> pa.RecordBatch:
    """Score listings.

    Args:
        batch: Listings.
        hot: Photos that several listings share, as `share` gives them.
        mismatch: How badly each photo fits its title, as `mismatch.Model.score` says; without it null.

    Returns:
        Rows of SCORES, in the order of the batch.
    """
    words = pc.utf8_length(pc.replace_substring_regex(pc.fill_null(batch["title"], ""), r"[^\p{L}\p{N}]+", ""))
    words = pc.if_else(bare(pc.fill_null(batch["title"], "")), 0, words)
    short = pc.min_element_wise(batch["width"], batch["height"], skip_nulls=False)
    long = pc.max_element_wise(batch["width"], batch["height"], skip_nulls=False)
    place = pc.index_in(batch["phash"], hot["phash"].combine_chunks(), skip_nulls=True)
    alone = pc.if_else(pc.is_valid(batch["phash"]), 1, None)
    columns = [
        batch["id"],
        words,
        short,
        pc.divide(pc.cast(long, pa.float32()), pc.cast(short, pa.float32())),
        pc.coalesce(_taken(hot["listings"], place), alone.cast(pa.int32())),
        _taken(hot["title_similarity"], place),
        _taken(hot["brands"], place),
        mismatch if mismatch is not None else pa.nulls(batch.num_rows, pa.float32()),
    ]
    arrays = [c.cast(f.type) for c, f in zip(columns, SCORES, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCORES)


def _taken(column: pa.ChunkedArray, place: pa.Array) -> pa.Array:
    return column.combine_chunks().take(place)


def scored(batch: pa.RecordBatch, scores: pa.RecordBatch) -> pa.RecordBatch:
    """Put scores beside their listings, row by row."""
    for name in SCORES.names[1:]:
        batch = batch.append_column(name, scores[name])
    return batch


def judge(
    batch: pa.RecordBatch,
    scores: pa.RecordBatch,
    config: FilterConfig,
    worst: Mapping[str, float] | None = None,
    own: OwnFilters | None = None,
    spared: Mapping[str, Sequence[int]] | None = None,
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Split listings into those kept, with their scores as columns, and rejected rows.

    A kept listing's `put_back` names the rules that would have rejected it, had a person not put it back.

    Args:
        batch: Listings.
        scores: Their scores, row by row.
        config: The thresholds.
        worst: The score of mismatch above which the worst share of each group lies, as `worst_of` gives it.
        own: Filters of one's own; they are named after the others.
        spared: For listings that were put back, the places of the rules that must not reject them.
    """
    batch = scored(batch, scores)
    limits = mismatch_limits(batch, config.mismatch, worst or {})
    fired = np.stack([_mask(m) for m in _rules(batch, config, limits).values()], axis=1)
    own = own or OwnFilters()
    fired = np.concatenate([fired, own.fired(batch)], axis=1)
    details = _details(batch, config, limits)
    said = [*(details[rule] for rule in RULES), *own.details(batch.num_rows)]
    names = [*RULES, *own.names]
    overruled = overruled_rules(batch["id"].to_pylist(), spared or {}, fired)
    fired &= ~overruled
    out = np.asarray(~fired.any(axis=1))
    marks = [mark("filter", names, rules) if kept else None for rules, kept in zip(overruled, out, strict=True)]
    kept = batch.append_column(PUT_BACK, pa.array(marks, pa.string())).filter(pa.array(out))
    return kept, rejected(batch, "filter", names, fired, said)


def _mask(condition: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(condition, False))


def groups(batch: pa.RecordBatch, config: MismatchConfig) -> pa.Array:
    """Name the group of each listing of which a share is rejected: its category, or "" for the whole catalog."""
    if config.within == "catalog":
        return pa.array([""] * batch.num_rows, pa.string())
    return pc.fill_null(batch["category"], "")


def worst_of(counts: Mapping[str, Mapping[float, int]], share: float) -> dict[str, float]:
    """Give the score of each group above which at most `share` of its listings lie.

    Args:
        counts: How many listings of each group have each score.
        share: Of those that have one.

    >>> worst_of({"mugs": {0.1: 8, 0.7: 1, 0.9: 1}, "rugs": {0.2: 2}}, 0.1)
    {'mugs': 0.7, 'rugs': 0.2}
    """
    limits = {}
    for group, scores in counts.items():
        left = int(share * sum(scores.values()) + 1e-9)
        for value in sorted(scores, reverse=True):
            limits[group] = value
            left -= scores[value]
            if left < 0:
                break
    return limits


def mismatch_limits(batch: pa.RecordBatch, config: MismatchConfig, worst: Mapping[str, float]) -> np.ndarray:
    """Give the score above which each listing is rejected. [float32 (n,)]"""
    names = groups(batch, config).to_pylist() if worst else [""] * batch.num_rows
    return np.array([min(config.max_score, worst.get(name, 1.0)) for name in names], np.float32)


def _rules(batch: pa.RecordBatch, config: FilterConfig, limits: np.ndarray) -> Mapping[str, pa.Array]:
    return {
        "unreadable_photo": pc.is_valid(batch["image_error"]),
        "tiny_photo": pc.less(batch["photo_min_side"], config.min_side),
        "odd_photo": pc.greater(batch["photo_aspect"], config.max_aspect),
        "placeholder_photo": placeholder(batch, config),
        "short_title": pc.less(batch["title_characters"], config.min_characters),
        MISMATCH: pc.greater(batch["mismatch"], pa.array(limits)),
    }


def placeholder(batch: pa.RecordBatch, config: FilterConfig) -> pa.Array:
    """Say whose photo is a placeholder: little to see, shared by many, of several brands, with unlike titles."""
    limits = config.placeholder
    return pc.and_kleene(
        pc.and_kleene(
            pc.less_equal(batch["information"], limits.max_information),
            pc.greater_equal(batch["photo_listings"], limits.min_listings),
        ),
        pc.and_kleene(
            pc.less_equal(batch["photo_title_similarity"], limits.max_title_similarity),
            pc.greater_equal(batch["photo_brands"], limits.min_brands),
        ),
    )


def pairs(batch: pa.RecordBatch, scores: pa.RecordBatch, config: FilterConfig) -> np.ndarray:
    """Say which listings are a photo and a title that may fit each other: scored, and no other rule fires. [bool (n,)]

    A placeholder shows no product, and a photo that many unlike listings share is no photo of each: neither fits its
    title, and yet no title was swapped.
    """
    batch = scored(batch, scores)
    noise = [_mask(m) for name, m in _rules(batch, config, np.ones(len(batch), np.float32)).items() if name != MISMATCH]
    fired = np.stack([*noise, hot_photo(batch, config.placeholder)], axis=1)
    return np.asarray(_mask(pc.is_valid(batch["mismatch"])) & ~fired.any(axis=1))


def hot_photo(listings: pa.RecordBatch, limits: PlaceholderConfig) -> np.ndarray:
    """Say whose photo many unlike listings share: it is no sign of a duplicate. [bool (n,)]

    Args:
        listings: With the scores `photo_listings` and `photo_title_similarity`.
        limits: min_listings and max_title_similarity.
    """
    shared = pc.and_kleene(
        pc.greater_equal(listings["photo_listings"], limits.min_listings),
        pc.less_equal(listings["photo_title_similarity"], limits.max_title_similarity),
    )
    return _mask(shared)


def hot_hashes(shared: pa.Table, limits: PlaceholderConfig) -> np.ndarray:
    """Give the hashes of photos that many unlike listings share, wherever they stand among theirs. [uint64 (h,)]

    Unlike are titles, or the main photos of one seller: his chart of sizes stands beside shirts of similar titles.

    Args:
        shared: Rows of HOT.
        limits: min_listings and max_title_similarity.
    """
    many = pc.greater_equal(shared["listings"], limits.min_listings)
    unlike = pc.or_(
        pc.less_equal(shared["title_similarity"], limits.max_title_similarity),
        pc.greater_equal(shared["main_photos"], limits.min_listings),
    )
    return np.array([int(h, 16) for h in shared["phash"].filter(pc.and_(many, unlike)).to_pylist()], np.uint64)


def _details(batch: pa.RecordBatch, config: FilterConfig, limits: np.ndarray) -> dict[str, list[str]]:
    names = ["image", "image_error", "width", "height", "photo_aspect", "photo_listings", "photo_title_similarity",
             "photo_brands", "title", "title_characters", "mismatch"]  # fmt: skip
    rows: list[dict[str, Any]] = batch.select(names).to_pylist()
    return {
        "unreadable_photo": [f"{r['image']}: {r['image_error']}" for r in rows],
        "tiny_photo": [f"{r['width']} x {r['height']} pixels, the shorter side under {config.min_side}" for r in rows],
        "odd_photo": [
            f"{r['width']} x {r['height']} pixels, {r['photo_aspect'] or 0:.1f} times as long as wide, "
            f"over {config.max_aspect:g}"
            for r in rows
        ],
        "placeholder_photo": [
            f"{r['photo_listings']} listings of {r['photo_brands']} brands show this photo, with titles alike by "
            f"{r['photo_title_similarity'] or 0:.2f} only"
            for r in rows
        ],
        "short_title": [
            f"{(r['title'] or '')!r} has {r['title_characters']} letters and digits, under {config.min_characters}"
            for r in rows
        ],
        MISMATCH: [
            f"{100 * (r['mismatch'] or 0):.2f}% of random pairs of photo and title fit each other better than this "
            f"photo and {(r['title'] or '')!r}, over {100 * limit:.4g}%"
            for r, limit in zip(rows, limits.tolist(), strict=True)
        ],
    }


def share(phash: str, listings: int, titles: pa.Array, brands: int, main_photos: int = 0) -> dict[str, Any]:
    """Describe a photo that several listings share, as a row of HOT.

    Args:
        phash: The photo's hash.
        listings: How many share it.
        titles: Titles of some of them, in a fixed order; the first TITLES_COMPARED are compared.
        brands: How many makers they have, where that is known.
        main_photos: How many different main photos they have, where one seller has them all.
    """
    sets = shingles(normalise(titles[:TITLES_COMPARED]))
    alike = mean_similarity(sets)
    return {"phash": phash, "listings": listings, "title_similarity": alike, "brands": brands,
            "main_photos": main_photos}  # fmt: skip


def different_main_photos(main: np.ndarray, seller: np.ndarray) -> int:
    """Count the different main photos of listings of one seller; 0 where there are several: what many shops show is a
    product's own photo, beside those that each shop took.

    Args:
        main: [uint64 (n,)] hashes of the main photos; 0 where there is none.
        seller: [uint64 (n,)] hashes of the sellers; 0 where it is not known.
    """
    return 0 if (seller != seller[0]).any() else int((np.unique(main) > 0).sum())


def mean_similarity(sets: Shingles) -> float:
    """Mean exact Jaccard index over all pairs of texts; 1 for a single text."""
    n = len(sets.offsets) - 1
    pairs = [jaccard(sets.values, sets.offsets, i, j) for i in range(n) for j in range(i)]
    return float(np.mean(pairs)) if pairs else 1.0
