"""A trained model on pairs that it was not trained on, beside chance, majority and CCA."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from ..quality.images.features import THUMB, thumb_features
from . import baselines, evaluate
from .data import Pairs
from .eclip import Model
from .transforms import fit

ROWS = 10_000  # of validation, and of training for CCA: its features cost a millisecond a photo
BATCH = 64


def measure(model: Model, train: Pairs, val: Pairs, device: str) -> dict[str, float]:
    """Measure retrieval and, where categories are known, the categories that the model answers by their names.

    The first 10,000 rows of either are taken; pairs lie in random order of families.

    Returns:
        "val_titles" (distinct ones) and "val_titles_in_train", how many of them training has read; what
        `evaluate.retrieval` gives, also with "_cca" (fitted on the training photos and titles; it has seen no
        categories, the prompt term has); "prompt_category_image", "…_text", "…_both" and "…_majority" (accuracies:
        the nearest category name is the answer, no head is trained; zero-shot only without the prompt term).
    """
    rows = min(len(val), ROWS)
    titles, products = val.titles[:rows], val.products[:rows]
    images = _encode(lambda at: model.network.encode_image(fit(val.photos[at], model.preprocess, device)), rows)
    texts = _encode(lambda at: model.network.encode_text(model.tokenize(titles[at]).to(device)), rows)
    distinct, read = evaluate.shared(map(evaluate.normalised, titles), map(evaluate.normalised, train.titles))
    metrics = {"val_titles": float(distinct), "val_titles_in_train": float(read)}
    metrics |= evaluate.retrieval(images, texts, titles, products)
    seen = min(len(train), ROWS)
    if seen > 2:
        photos, words = baselines.photo_title_cca(
            thumb_features(train.thumbs(seen, THUMB)),
            train.titles[:seen],
            thumb_features(val.thumbs(rows, THUMB)),
            titles,
        )
        by_cca = evaluate.retrieval(photos, words, titles, products)
        metrics |= {f"{name}_cca": value for name, value in by_cca.items() if not name.endswith("_chance")}
    return metrics | _by_prompt(model, train, val.categories[:rows], images, texts, device)


def _by_prompt(
    model: Model,
    train: Pairs,
    categories: list[str | None],
    images: np.ndarray,
    texts: np.ndarray,
    device: str,
) -> dict[str, float]:
    known = sorted({c for c in train.categories if c})
    judged = [i for i, c in enumerate(categories) if c]
    if not known or not judged:
        return {}
    prompts = _encode(lambda at: model.network.encode_text(model.tokenize(known[at]).to(device)), len(known))
    truth = [categories[i] for i in judged]
    found: dict[str, float] = {}
    for name, vectors in (("image", images), ("text", texts), ("both", images + texts)):
        best = (vectors[judged] @ prompts.T).argmax(1)
        found[f"prompt_category_{name}"] = float(np.mean([known[b] == t for b, t in zip(best, truth, strict=True)]))
    counts = Counter(train.categories)
    most = max(known, key=lambda name: counts[name])
    return found | {"prompt_category_majority": truth.count(most) / len(truth)}


def _encode(part: Callable[[slice], Any], rows: int) -> np.ndarray:
    """Run `part` over slices of rows and give unit vectors, float32 of shape (rows, d)."""
    import torch

    with torch.inference_mode():
        features = torch.cat([part(slice(at, min(at + BATCH, rows))).float().cpu() for at in range(0, rows, BATCH)])
        return np.asarray(torch.nn.functional.normalize(features, dim=-1).numpy())
