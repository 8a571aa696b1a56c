"""Heads on frozen embeddings: trained on labels, judged on families they have not seen, beside baselines.

Every figure is of validation rows; nothing is tuned on them. At most 100,000 training rows are used for a
head, 20,000 rows of whole families for matching and clustering, 20,000 titles for the TF-IDF baseline and
5,000 photos for HOG + colour, always those of lowest xxh64(id) or xxh64(group_id): the same on every machine.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..schemas.config import HeadsConfig, PredictConfig
from . import baselines, evaluate, pairing
from .heads.adult import AdultHead
from .heads.attributes import ABSENT, AttributesHead, label_of
from .heads.category import CategoryHead
from .heads.features import MODALITIES
from .labelled import Labelled, lowest

TRAIN_ROWS = 100_000
TITLE_ROWS, PHOTO_ROWS = 20_000, 5_000  # for baselines

Photos = Callable[[Sequence[str]], list[bytes | None]]
Report = dict[str, Any]


def finetune(
    rows: pa.Table,
    photos: Photos,
    config: HeadsConfig,
    folder: Path,
    backbone: str,
    predict: PredictConfig | None = None,
) -> Report:
    """Train a head for each task that has labels, and measure it.

    Args:
        rows: the columns of the embeddings contract, `title`, `attributes`, `split` ("train" or "val"),
            `group_id` and the label columns that `config` names. The adult column holds booleans or
            true/false/1/0/yes/no.
        photos: gives the JPEG of each id, or None; for the HOG + colour baseline.
        config: which columns are labels.
        folder: heads are written to FOLDER/heads/<task>/, in place of older ones.
        backbone: content hash of the model that made the vectors.
        predict: how many neighbours and how large clusters matching and clustering are judged with.

    Returns:
        For each of category, attributes, adult, matching and clustering: "trained", "reason" where not,
        "rows_train", "rows_val", "labels", "metric" (the name of the one that counts), the metrics of
        "image", "text" and "both" (a dictionary each, of products that have what it needs), and "baselines"
        (name: that metric, on the rows of "both"). What has no validation rows has no metrics.

    Raises:
        EclipError: a label column is missing, or an adult label is neither true nor false.
    """
    predict = predict or PredictConfig()
    splits = np.asarray(rows.column("split").to_pylist(), dtype=object)
    train, val = (Labelled.of(rows.filter(pa.array(splits == name)), config) for name in ("train", "val"))
    heads = folder / "heads"
    shutil.rmtree(heads, ignore_errors=True)
    return {
        "category": _category(train, val, photos, config, heads, backbone),
        "attributes": _attributes(train, val, config, heads, backbone),
        "adult": _adult(train, val, config, heads, backbone),
        **pairing.fit(train, val, predict, heads, backbone),
    }


def _category(
    train: Labelled, val: Labelled, photos: Photos, config: HeadsConfig, heads: Path, backbone: str
) -> Report:
    counts = Counter(category for category in train.categories if category)
    kept = [i for i in train.seen() if counts[train.categories[i]] >= config.min_support]
    train = train.take(lowest(train.ids, TRAIN_ROWS, np.array(kept, np.int64)))
    val = val.take(np.array([i for i in val.seen() if val.categories[i]], np.int64))
    labels = [c or "" for c in train.categories]
    known = sorted(set(labels))
    report: Report = {
        "trained": len(known) > 1,
        "rows_train": len(train),
        "rows_val": len(val),
        "labels": len(known),
    }
    if not report["trained"]:
        return report | {"reason": f"{len(known)} categories have {config.min_support} training rows; two are needed"}
    head = CategoryHead.fit(train.vectors, labels, backbone)
    head.save(heads / "category")
    report["metric"] = "accuracy"
    truth = np.asarray([c or "" for c in val.categories], dtype=object)
    for modality in MODALITIES:
        mask = val.vectors.complete(modality)
        if mask.any():
            vectors = val.vectors.only(modality).take(mask)
            answers, tops = head.predict(vectors)[0], head.parents(vectors, 1)[0]
            report[modality] = evaluate.categories(truth[mask].tolist(), answers.tolist(), tops.tolist())
    rows = _comparable(val)
    if len(rows):
        truth, val = truth[rows], val.take(rows)
        most = max(known, key=lambda label: (counts[label], label))
        by_title, _ = _by_title(train, labels, val)
        report["baselines"] = {
            "majority": float((truth == most).mean()),
            "TF-IDF": float((by_title == truth).mean()),
            **_by_photo(train, labels, val, truth, photos),
        }
    return report


def _comparable(val: Labelled) -> np.ndarray:
    """Number the rows that baselines are judged on: those of "both", or all where there are none."""
    both = np.flatnonzero(val.vectors.complete("both"))
    return both if len(both) else np.arange(len(val))


def _by_title(train: Labelled, labels: list[str], val: Labelled) -> tuple[np.ndarray, np.ndarray]:
    """Answer by TF-IDF: labels, object (m,), and each known label's probability, (m, c), labels sorted."""
    rows = lowest(train.ids, TITLE_ROWS, np.arange(len(train)))
    chosen = [labels[i] for i in rows]
    known = np.asarray(sorted(set(chosen)), dtype=object)
    if len(known) < 2:
        return np.repeat(known, len(val)), np.ones((len(val), 1))
    found = baselines.title_logistic([train.titles[i] for i in rows], chosen, val.titles)
    return known[found.argmax(1)], found


def _by_photo(train: Labelled, labels: list[str], val: Labelled, truth: np.ndarray, photos: Photos) -> dict[str, float]:
    """Judge HOG and colours."""
    mine = lowest(train.ids, PHOTO_ROWS, np.flatnonzero(train.vectors.has_image))
    asked = lowest(val.ids, PHOTO_ROWS, np.flatnonzero(val.vectors.has_image))
    seen = photos([train.ids[i] for i in mine])
    ours = [i for i, jpeg in zip(mine, seen, strict=True) if jpeg is not None]
    chosen = [labels[i] for i in ours]
    shown = photos([val.ids[i] for i in asked])
    theirs = [i for i, jpeg in zip(asked, shown, strict=True) if jpeg is not None]
    if len(set(chosen)) < 2 or not theirs:
        return {}
    known = np.asarray(sorted(set(chosen)), dtype=object)
    answers = baselines.photo_logistic([j for j in seen if j is not None], chosen, [j for j in shown if j is not None])
    return {"HOG + colour": float((known[answers.argmax(1)] == truth[theirs]).mean())}


def _attributes(train: Labelled, val: Labelled, config: HeadsConfig, heads: Path, backbone: str) -> Report:
    train, val = train.take(lowest(train.ids, TRAIN_ROWS, train.seen())), val.take(val.seen())
    head = AttributesHead.fit(
        train.vectors, train.attributes, train.categories, backbone, config.attributes, config.min_support
    )
    report: Report = {"trained": bool(head.softmaxes), "rows_train": len(train), "rows_val": len(val)}
    report["labels"] = len(head.softmaxes)
    if not head.softmaxes:
        return report | {"reason": f"no attribute has two values with {config.min_support} training rows each"}
    head.save(heads / "attributes")
    report["metric"] = "micro_f1"
    names = list(head.softmaxes)
    truth = _labels(val, head)
    for modality in MODALITIES:
        mask = val.vectors.complete(modality)
        if mask.any():
            found = head.predict(val.vectors.only(modality).take(mask))
            report[modality] = _micro({n: truth[n][mask] for n in names}, {n: found[n][0] for n in names})
    rows = _comparable(val)
    if len(rows):
        truth, val = {name: labels[rows] for name, labels in truth.items()}, val.take(rows)
        common: dict[str, np.ndarray] = {}
        by_title: dict[str, np.ndarray] = {}
        for name, labels in _labels(train, head).items():
            known = set(head.softmaxes[name].labels)
            mine = np.array([i for i, label in enumerate(labels) if label in known], np.int64)
            values = Counter(labels[mine].tolist())
            most = max((value for value in values if value != ABSENT), key=lambda value: (values[value], value))
            common[name] = np.full(len(val), most, dtype=object)
            by_title[name], _ = _by_title(train.take(mine), labels[mine].tolist(), val)
        report["baselines"] = {
            "majority": _micro(truth, common)["micro_f1"],
            "TF-IDF": _micro(truth, by_title)["micro_f1"],
        }
    return report


def _adult(train: Labelled, val: Labelled, config: HeadsConfig, heads: Path, backbone: str) -> Report:
    kept = np.array([i for i in train.seen() if train.adult[i] is not None], np.int64)
    train = train.take(lowest(train.ids, TRAIN_ROWS, kept))
    val = val.take(np.array([i for i in val.seen() if val.adult[i] is not None], np.int64))
    labels, truth = np.array(train.adult, bool), np.array(val.adult, bool)
    adult, others = int(labels.sum()), int((~labels).sum())
    report: Report = {"trained": min(adult, others) >= config.min_support}
    report |= {"rows_train": len(train), "rows_val": len(val), "labels": 2, "adult_train": adult}
    if not report["trained"]:
        reason = f"{adult} training rows are adult and {others} are not; {config.min_support} of each are needed"
        return report | {"reason": reason if config.adult else "heads.adult names no column of labels"}
    head = AdultHead.fit(train.vectors, labels, train.groups, backbone, config.seed)
    head.save(heads / "adult")
    report["metric"] = "average_precision"
    for modality in MODALITIES:
        mask = val.vectors.complete(modality)
        if truth[mask].any():
            found = head.probabilities(val.vectors.only(modality).take(mask))
            report[modality] = {
                "average_precision": evaluate.average_precision(found, truth[mask]),
                **evaluate.pairs(found >= head.threshold, truth[mask], int(truth[mask].sum())),
            }
    rows = _comparable(val)
    truth, val = truth[rows], val.take(rows)
    if truth.any():
        found = _by_title(train, [str(label) for label in labels], val)[1][:, -1]
        # Who answers at random has the share of adult products as average precision.
        report["baselines"] = {
            "majority": float(truth.mean()),
            "TF-IDF": evaluate.average_precision(found, truth),
        }
    return report


def _labels(rows: Labelled, head: AttributesHead) -> dict[str, np.ndarray]:
    return {
        name: np.asarray(
            [label_of(a, name, c, rule) for a, c in zip(rows.attributes, rows.categories, strict=True)],
            dtype=object,
        )
        for name, rule in head.expected.items()
    }


def _micro(truth: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> dict[str, float]:
    """Count (product, attribute, value) triples over all attributes; rows of unknown truth do not count."""
    right = claimed = true = 0
    for name, labels in truth.items():
        known = np.array([label is not None for label in labels], bool)
        present, said = labels[known] != ABSENT, found[name][known] != ABSENT
        right += int((present & (labels[known] == found[name][known])).sum())
        claimed, true = claimed + int(said.sum()), true + int(present.sum())
    return {
        "micro_precision": right / max(1, claimed),
        "micro_recall": right / max(1, true),
        "micro_f1": 2 * right / max(1, claimed + true),
    }
