"""Turn raw product listings into trusted data and models.

    eclip.clean(titles)                                   clean product text
    eclip.find_duplicates(df, title="name", image="photo")  exact, MinHash and photo duplicates, variants kept apart
    eclip.gate(df, "clean")                               judge a frame by a Great Expectations suite
    eclip.embed(df, model="runs/demo/pretrain/model")     vectors of photos and titles

The four are loaded when first used; the whole job is the command `eclip run`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models.encoder import embed
    from .quality.duplicates.find import find_duplicates
    from .quality.gates.gate import gate
    from .quality.text.clean import clean
    from .schemas.errors import EclipError

__all__ = ["EclipError", "clean", "embed", "find_duplicates", "gate"]

_HOMES = {
    "EclipError": ".schemas.errors",
    "clean": ".quality.text.clean",
    "embed": ".models.encoder",
    "find_duplicates": ".quality.duplicates.find",
    "gate": ".quality.gates.gate",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'eclip' has no attribute '{name}'; it has {', '.join(__all__)}")
    # `eclip.clean` and `eclip.embed` must mean the functions, whatever module of theirs was imported before.
    found: object = getattr(importlib.import_module(_HOMES[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
