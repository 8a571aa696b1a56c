"""Listings that a person has put back: which rules do not take them out, and the column that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

PUT_BACK = "put_back"  # the column of what a person has overruled: "filter: tiny_photo; deduplicate: equal_title"


def overruled_rules(ids: Sequence[str], spared: Mapping[str, Sequence[int]], fired: np.ndarray) -> np.ndarray:
    """Say which rules fired on listings that were put back from them. [bool (n, rules)]"""
    back = np.zeros_like(fired)
    for row, name in enumerate(ids if spared else ()):
        back[row, spared.get(name, ())] = True
    return np.asarray(back & fired)


def mark(stage: str, names: Sequence[str], rules: np.ndarray) -> str | None:
    """Write what was overruled, as the column has it; none where nothing was. [bool (rules,)]"""
    found = [name for name, on in zip(names, rules.tolist(), strict=True) if on]
    return f"{stage}: {', '.join(found)}" if found else None
