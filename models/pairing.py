"""Matching and clustering on labelled families: thresholds fitted on training rows, judged on others.

Validation rows are compared among themselves. That is easier than finding a pair in the whole catalog, for
the baseline
as well: compare the figures, do not promise them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..schemas.config import PredictConfig
from . import baselines, evaluate
from .clustering import ClusteringHead
from .heads.features import MODALITIES
from .heads.matching import Candidates, MatchingHead, candidates, true_pairs
from .labelled import Labelled, lowest

ROWS = 20_000  # of each split: every row is compared with every other
MIN_PAIRS = 5  # proposed pairs of one product that a threshold needs

Report = dict[str, Any]


def fit(train: Labelled, val: Labelled, predict: PredictConfig, heads: Path, backbone: str) -> dict[str, Report]:
    """Fit and judge both tasks, each modality with a threshold of its own; that of fused vectors is saved.

    Returns:
        "matching" and "clustering", as `finetune` describes them. F1 counts every pair of one product, also
        those that were not proposed.
    """
    train, val = (rows.take(lowest(rows.groups, ROWS, rows.seen())) for rows in (train, val))
    products, truth = _numbers(train.products), _numbers(val.products)
    reports: dict[str, Report] = {}
    for task, metric in (("matching", "f1"), ("clustering", "f1")):
        reports[task] = {
            "trained": False,
            "rows_train": int((products >= 0).sum()),
            "rows_val": int((truth >= 0).sum()),
        }
        reports[task] |= {"labels": len(np.unique(products[products >= 0])), "metric": metric}
    for modality in MODALITIES:
        seen = candidates(_unit_rows(train, modality), predict.neighbours)
        right = int(seen.right_pairs(products).sum())
        if right < MIN_PAIRS:
            if modality == "both":
                reason = f"{right} proposed training pairs are of one product; {MIN_PAIRS} are needed"
                for report in reports.values():
                    report["reason"] = reason
            continue
        asked = candidates(_unit_rows(val, modality), predict.neighbours)
        matching = MatchingHead.fit(seen, products, backbone)
        clustering = ClusteringHead.fit(seen, products, predict.max_cluster, backbone)
        if modality == "both":
            matching.save(heads / "matching")
            clustering.save(heads / "clustering")
            for report in reports.values():
                report["trained"] = True
        if true_pairs(truth):
            reports["matching"][modality] = _matched(asked, matching, truth)
            reports["clustering"][modality] = _clustered(asked, clustering, truth)
    if reports["matching"]["trained"] and true_pairs(truth):
        for task, score in _by_title(train, val, products, truth, predict).items():
            reports[task]["baselines"] = {"TF-IDF": score}
    return reports


def _unit_rows(rows: Labelled, modality: str) -> np.ndarray:
    vectors = rows.vectors.only(modality)
    present = vectors.has_image | vectors.has_text
    return np.where(present[:, None], vectors.fused, 0).astype(np.float32)


def _matched(pairs: Candidates, head: MatchingHead, truth: np.ndarray) -> dict[str, float]:
    known = pairs.known(truth)
    right, positives = known.right_pairs(truth), true_pairs(truth)
    return {
        **evaluate.pairs(head.predict(known.score), right, positives),
        "average_precision": evaluate.average_precision(known.score, right, positives),
        "candidate_recall": int(right.sum()) / positives,
    }


def _clustered(pairs: Candidates, head: ClusteringHead, truth: np.ndarray) -> dict[str, float]:
    judged = truth >= 0
    return evaluate.clusters(truth[judged], head.predict(pairs, len(truth))[0][judged])


def _by_title(
    train: Labelled, val: Labelled, products: np.ndarray, truth: np.ndarray, predict: PredictConfig
) -> dict[str, float]:
    """Judge TF-IDF cosines with candidates and thresholds of their own."""
    seen, asked = (candidates(m, predict.neighbours) for m in baselines.tfidf(train.titles, val.titles))
    if int(seen.right_pairs(products).sum()) < MIN_PAIRS:
        return {}
    matching = MatchingHead.fit(seen, products, "")
    clustering = ClusteringHead.fit(seen, products, predict.max_cluster, "")
    return {
        "matching": _matched(asked, matching, truth)["f1"],
        "clustering": _clustered(asked, clustering, truth)["f1"],
    }


def _numbers(products: list[str | None]) -> np.ndarray:
    """Number products from 0, -1 where unknown."""
    names = sorted({p for p in products if p is not None})
    number = {name: i for i, name in enumerate(names)}
    return np.array([-1 if p is None else number[p] for p in products], np.int64)
