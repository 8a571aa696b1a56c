"""Edges: pairs of listings compared in everything that the decision asks about, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ...schemas.own_rule import OwnVeto
from ..compiled import compiled
from ..images.matching import best_match
from .minhash import jaccard, shingles
from .own_vetoes import kinds
from .photo_signs import read
from .variants import conflict
from .wording import substitutions
from .words import Words, cosine, words

EDGES = pa.schema(
    [
        ("left_id", pa.string()),  # left_id < right_id
        ("right_id", pa.string()),
        ("text_similarity", pa.float32()),  # exact Jaccard index of the shingle sets
        ("word_similarity", pa.float32()),  # cosine of the words, weighed by rarity in the catalog
        (
            "image_distance",
            pa.int16(),
        ),  # bits that differ between the photos that agree best; -1 where none can be compared
        ("image_bits", pa.int16()),  # of how many: 256, or 64 where one lacks the long hash
        (
            "colour_distance",
            pa.float32(),
        ),  # of brightness, and of the colours that differ most, 0 to 400; null where not known
        ("same_seller", pa.int8()),  # 1 yes, 0 no, -1 not known
        ("equal_title", pa.bool_()),
        ("equal_gtin", pa.bool_()),
        ("copy", pa.bool_()),  # equal in every sign
        ("reworded", pa.bool_()),  # each title says a word that the other lacks; looked at where more than text agrees
        ("veto", pa.string()),  # the kind in which they are variants of each other; null where in none
    ]
)


def compare(
    rows: pa.Table, left: np.ndarray, right: np.ndarray, weights: np.ndarray, similarity: np.ndarray | None = None,
    vetoes: Sequence[OwnVeto] = (), said: Words | None = None,
) -> pa.Table:  # fmt: skip
    """Compare pairs of listings in everything.

    Args:
        rows: n rows of SIGNS.
        left: [int64 (m,)] the row of each pair's listing with the lower id.
        right: [int64 (m,)] and of the other.
        weights: [float32 (BINS,)] of words, over the whole catalog.
        similarity: [float64 (m,)] exact Jaccard index of each pair, where it is known already.
        vetoes: Of one's own, by which the rows were signed.
        said: The words of all n rows, where they are known already.

    Returns:
        m rows of EDGES, in the order of the pairs.
    """
    rows = rows.combine_chunks()
    ids = rows["id"].combine_chunks()
    variant = ragged(rows["features"])
    some, places = np.unique(np.concatenate([left, right]), return_inverse=True)  # the rest says nothing here
    texts, one, other = rows["text"].combine_chunks().take(pa.array(some)), places[: len(left)], places[len(left) :]
    if similarity is None:
        sets = shingles(texts)
        similarity = _similarities(one, other, sets.values, sets.offsets)
    spoken = said.of(some) if said is not None else words(texts)
    match = best_match(read(rows["photos"]), left, right)
    names = kinds(vetoes)
    found = _conflicts(left, right, *variant)
    seller, title, gtin, content = (np.asarray(rows[name]) for name in ("seller", "title", "gtin", "content"))
    known = (seller[left] > 0) & (seller[right] > 0)
    equal = (title[left] > 0) & (title[left] == title[right])
    code = (gtin[left] > 0) & (gtin[left] == gtin[right])
    near = (match.distance >= 0) & (match.distance * 4 <= match.bits)  # as far as any threshold reaches
    asked = np.flatnonzero((near | code) & ~equal & (found < 0))
    reworded = np.zeros(len(left), bool)
    reworded[asked] = substitutions(rows["text"].combine_chunks(), left[asked], right[asked])
    return pa.Table.from_pydict(
        {
            "left_id": ids.take(pa.array(left)),
            "right_id": ids.take(pa.array(right)),
            "text_similarity": similarity.astype(np.float32),
            "word_similarity": cosine(spoken, weights, one, other),
            "image_distance": match.distance,
            "image_bits": match.bits,
            "colour_distance": pa.array(match.colour, mask=np.isnan(match.colour)),
            "same_seller": np.where(known, seller[left] == seller[right], -1).astype(np.int8),
            "equal_title": equal,
            "equal_gtin": code,
            "copy": (content[left] > 0) & (content[left] == content[right]),
            "reworded": reworded,
            "veto": pa.array([None if k < 0 else names[k] for k in found.tolist()], pa.string()),
        },
        schema=EDGES,
    )


def distinct(edges: pa.Table) -> pa.RecordBatch:
    """Sort edges by their ids and keep one of each pair (all tellings of a pair are equal)."""
    edges = edges.sort_by([("left_id", "ascending"), ("right_id", "ascending")]).combine_chunks()
    if edges.num_rows > 1:
        left, right = (
            np.asarray(edges[n].combine_chunks().dictionary_encode().indices) for n in ("left_id", "right_id")
        )
        new = np.append(True, (left[1:] != left[:-1]) | (right[1:] != right[:-1]))
        edges = edges.filter(pa.array(new))
    return edges.combine_chunks().to_batches()[0] if edges.num_rows else pa.RecordBatch.from_pylist([], schema=EDGES)


def ragged(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """See lists as their values, [(total,)], and where each list begins, [int64 (n + 1,)]."""
    array = column.combine_chunks()
    offsets = np.asarray(array.offsets).astype(np.int64)
    return np.asarray(array.values), offsets


@compiled
def _similarities(left: np.ndarray, right: np.ndarray, words: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    found = np.empty(len(left), np.float64)
    for k in range(len(left)):
        found[k] = jaccard(words, bounds, left[k], right[k])
    return found


@compiled
def _conflicts(low: np.ndarray, high: np.ndarray, values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    kinds = np.empty(len(low), np.int64)
    for k in range(len(low)):
        kinds[k] = conflict(values, offsets, low[k], high[k])
    return kinds
