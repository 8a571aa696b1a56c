"""How good a model is: retrieval, categories, pairs and clusters, each with what chance would reach."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse

from ..schemas.listing import CATEGORY_SEPARATOR
from .index import top_k

KS = (1, 10)


def normalised(title: str) -> str:
    """Give the form in which titles are compared: casefolded, without outer or double spaces."""
    return " ".join(title.casefold().split())


def shared(judged: Iterable[str], trained: Iterable[str]) -> tuple[int, int]:
    """Count the distinct names of rows that are judged, and how many of them rows of training bear as well.

    >>> shared(["mug", "mug", "pan"], ["pan", "pot"])
    (2, 1)
    """
    names = set(judged)
    return len(names), len(names & set(trained))


def retrieval(
    images: np.ndarray, texts: np.ndarray, titles: Sequence[str], products: np.ndarray, ks: Sequence[int] = KS
) -> dict[str, float]:
    """Measure how often the right title is found for a photo, and the right photo for a title.

    Photos look among the distinct titles; a hit is a title of any listing of the same product within the
    first k. Titles look among the photos; a hit is a photo of a product that bears the title. So a title that
    several products share is never counted as an error that no model could avoid.

    Args:
        images, texts: features of the same listings, of length 1, (n, d).
        titles: n titles.
        products: int of shape (n,), equal for listings of one product.
        ks: how many of the first answers count.

    Returns:
        For each k "photo_to_title_r<k>" and "title_to_photo_r<k>", and the same with "_chance": the expected
        share of hits when the answers come in random order, exact.
    """
    distinct, first, number = np.unique(
        np.asarray([normalised(t) for t in titles], dtype=object), return_index=True, return_inverse=True
    )
    number = number.reshape(-1)
    _, product = np.unique(np.asarray(products), return_inverse=True)
    product = product.reshape(-1)
    wears = scipy.sparse.csr_array((np.ones(len(number), np.int64), (product, number)))  # product x title
    has = (wears > 0).astype(np.int64)
    measured: dict[str, float] = {}
    relevant = np.asarray(has.sum(1)).reshape(-1)[product]  # titles that are right for each photo
    found, _ = top_k(images, texts[first], max(ks))
    hits = _member(has, np.repeat(product[:, None], found.shape[1], 1), found)
    _note(measured, "photo_to_title", hits, relevant, len(distinct), ks)
    photos = np.bincount(product)  # of each product
    relevant = np.asarray(has.T @ photos).reshape(-1)  # photos that are right for each title
    found, _ = top_k(texts[first], images, max(ks))
    hits = _member(has, product[found], np.repeat(np.arange(len(distinct))[:, None], found.shape[1], 1))
    _note(measured, "title_to_photo", hits, relevant, len(images), ks)
    return measured


def _member(relation: scipy.sparse.csr_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Look cells of a sparse relation up."""
    pairs = relation.tocoo()
    known = np.sort(pairs.row.astype(np.int64) * relation.shape[1] + pairs.col)
    asked = rows.astype(np.int64) * relation.shape[1] + columns
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.asarray(known[at] == asked)


def _note(
    measured: dict[str, float],
    name: str,
    hits: np.ndarray,
    relevant: np.ndarray,
    gallery: int,
    ks: Sequence[int],
) -> None:
    numbers, queries = np.unique(relevant, return_counts=True)
    for k in ks:
        measured[f"{name}_r{k}"] = float(hits[:, :k].any(1).mean())
        by_number = np.asarray([chance(gallery, int(m), k) for m in numbers])
        measured[f"{name}_r{k}_chance"] = float((by_number * queries).sum() / queries.sum())


def chance(gallery: int, relevant: int, k: int) -> float:
    """Give the probability that `k` rows drawn from `gallery` hold one of `relevant` (hypergeometric).

    >>> chance(10, 5, 1), chance(10, 2, 9)
    (0.5, 1.0)
    """
    if gallery - relevant < k:
        return 1.0
    miss = math.comb(gallery - relevant, k) / math.comb(gallery, k)
    return 1.0 - miss


def categories(truth: Sequence[str], predicted: Sequence[str], tops: Sequence[str] | None = None) -> dict[str, float]:
    """Measure answers about categories.

    Args:
        truth: path of each product, "Home > Kitchen > Mugs".
        predicted: path of the answer.
        tops: first part of the path, where it is answered by itself; default: that of `predicted`.

    Returns:
        "accuracy"; "macro_f1" over the labels that occur in the truth, rare ones counting as much as frequent
        ones; "top_level_accuracy": the first part of the path is right.
    """
    labels, asked = np.unique(np.asarray(truth, dtype=object), return_inverse=True)
    number = {label: i for i, label in enumerate(labels.tolist())}
    said = np.array([number.get(label, len(labels)) for label in predicted], np.int64)
    right = asked.reshape(-1) == said
    hits = np.bincount(said[right], minlength=len(labels))
    claimed = np.bincount(said, minlength=len(labels) + 1)[:-1]
    scores = 2 * hits / (claimed + np.bincount(asked.reshape(-1)))
    said_tops = [_top(path) for path in predicted] if tops is None else tops
    right_tops = [_top(path) == top for path, top in zip(truth, said_tops, strict=True)]
    return {
        "accuracy": float(right.mean()),
        "macro_f1": float(scores.mean()),
        "top_level_accuracy": float(np.mean(right_tops)),
    }


def _top(path: str) -> str:
    return path.split(CATEGORY_SEPARATOR)[0]


def average_precision(scores: np.ndarray, right: np.ndarray, positives: int | None = None) -> float:
    """Average the precision over the ranks of the right answers; ties share their worst rank.

    Args:
        scores: float of shape (n,).
        right: bool of shape (n,).
        positives: right answers that exist, also those that are not among the n; default: those that are.
    """
    positives = int(right.sum()) if positives is None else positives
    if not positives or not len(scores):
        return 0.0
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # the end of each run of ties
    gained = np.diff(hits[last], prepend=0)
    return float((gained * hits[last] / (last + 1)).sum() / positives)


def best_threshold(scores: np.ndarray, right: np.ndarray, positives: int | None = None) -> tuple[float, float]:
    """Find the threshold (score >= threshold) of the best F1, and that F1; the higher one of equals.

    Raises:
        ValueError: there are no scores, or nothing is right.
    """
    positives = int(right.sum()) if positives is None else positives
    if not len(scores) or not right.any():
        raise ValueError(f"{len(scores)} scores, {int(right.sum())} of them right; a threshold needs both")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    f1 = 2 * hits[last] / (last + 1 + positives)
    best = int(np.argmax(f1))
    at = float(scores[order][last[best]])
    # Half way to the next lower score: the threshold then stands in the gap, not on a training score's last
    # bit.
    below = float(scores[order][last[best] + 1]) if last[best] + 1 < len(scores) else at
    return (at + below) / 2 if below < at else at, float(f1[best])


def pairs(accepted: np.ndarray, right: np.ndarray, positives: int) -> dict[str, float]:
    """Give precision, recall and F1 of accepted pairs; `positives` also counts right pairs never proposed."""
    hits = int((accepted & right).sum())
    precision = hits / max(1, int(accepted.sum()))
    recall = hits / max(1, positives)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * hits / max(1, int(accepted.sum()) + positives),
    }


def clusters(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Compare two groupings of the same rows, ints of shape (n,).

    Returns:
        "precision", "recall" and "f1" over pairs of rows that share a group, and "ari", the adjusted Rand
        index (Hubert and Arabie, 1985).
    """
    _, a = np.unique(truth, return_inverse=True)
    _, b = np.unique(found, return_inverse=True)
    table = scipy.sparse.csr_array((np.ones(len(a)), (a.reshape(-1), b.reshape(-1))))

    def couples(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    table.sum_duplicates()
    both = couples(table.data)
    true, claimed = couples(np.bincount(a.reshape(-1))), couples(np.bincount(b.reshape(-1)))
    expected = true * claimed / max(1.0, len(a) * (len(a) - 1) / 2)
    most = (true + claimed) / 2
    ari = (both - expected) / (most - expected) if most != expected else 1.0
    return {
        "precision": both / claimed if claimed else 1.0,
        "recall": both / true if true else 1.0,
        "f1": 2 * both / (true + claimed) if true + claimed else 1.0,
        "ari": ari,
    }
