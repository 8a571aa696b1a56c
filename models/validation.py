"""A trained model on pairs of families that it has not seen, beside chance, majority and CCA."""

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
    """Measure retrieval and, where categories are known, zero-shot categories.

    The first 10,000 rows of either are taken; pairs lie in random order of families.

    Returns:
        What `evaluate.retrieval` gives, also with "_cca" (fitted on the training photos and titles; it has
        seen no categories, the prompt term has); "zero_shot_category_image", "…_text", "…_both" and
        "…_majority" (accuracies: the nearest category name is the answer, no head is trained).
    """
    rows = min(len(val), ROWS)
    titles, products = val.titles[:rows], val.products[:rows]
    images = _encode(lambda at: model.network.encode_image(fit(val.photos[at], model.preprocess, device)), rows)
    texts = _encode(lambda at: model.network.encode_text(model.tokenize(titles[at]).to(device)), rows)
    metrics = evaluate.retrieval(images, texts, titles, products)
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
    return metrics | _zero_shot(model, train, val.categories[:rows], images, texts, device)


def _zero_shot(
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
        found[f"zero_shot_category_{name}"] = float(np.mean([known[b] == t for b, t in zip(best, truth, strict=True)]))
    counts = Counter(train.categories)
    most = max(known, key=lambda name: counts[name])
    return found | {"zero_shot_category_majority": truth.count(most) / len(truth)}


def _encode(part: Callable[[slice], Any], rows: int) -> np.ndarray:
    """Run `part` over slices of rows and give unit vectors, float32 of shape (rows, d)."""
    import torch

    with torch.inference_mode():
        features = torch.cat([part(slice(at, min(at + BATCH, rows))).float().cpu() for at in range(0, rows, BATCH)])
        return np.asarray(torch.nn.functional.normalize(features, dim=-1).numpy())
