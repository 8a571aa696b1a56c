"""A model's card: what it is, how to load it, what it learnt from and how well."""

from __future__ import annotations

from pathlib import Path

from ..schemas.config import PretrainConfig


def card(pairs: int, categories: int, config: PretrainConfig, metrics: dict[str, float]) -> str:
    """Write the README of a model's folder.

    Args:
        pairs: Pairs that it was trained on.
        categories: Names of categories that it was trained on as prompts.
        config: How.
        metrics: What `pretrain` measured.
    """
    base = (
        f"fine-tuned from `{Path(config.model).name}`" if config.model else f"a {config.tower} and a text transformer"
    )
    figures = "\n".join(f"| {n} | {value:.3f} |" for n, value in metrics.items() if not n.startswith("val_titles"))
    return f"""---
library_name: open_clip
tags: [clip, product-catalog]
---
# An e-CLIP model of a product catalog

Two towers, {base}, trained by eclip on {pairs:,} pairs of photo and title
({config.steps:,} steps of {min(config.batch, pairs)}, seed {config.seed}). It loads without eclip:

    import open_clip
    model, preprocess = open_clip.create_model_from_pretrained("local-dir:FOLDER")
    tokenizer = open_clip.get_tokenizer("local-dir:FOLDER")

The photos and titles decide under which licence it may be passed on; name it here before you do.
{_measured(categories, metrics)}
| figure | |
|---|---|
{figures}
"""


def _measured(categories: int, metrics: dict[str, float]) -> str:
    """Say what stands behind the figures, which would flatter where it is not said."""
    if "val_titles" not in metrics:
        return ""
    titles, read = int(metrics["val_titles"]), int(metrics["val_titles_in_train"])
    said = f"\nMeasured on pairs that it was not trained on; of their {titles:,} titles training has read {read:,}."
    if categories and "prompt_category_both" in metrics:
        said += f" The names of {categories:,} categories were trained on as prompts: no figure is zero-shot."
    return said + "\n"
