"""Expectation types of one's own, that a suite brings along: {"meta": {"use": ["mypkg.rules:ExpectColumnValuesTo…"]}}.

Each is a subclass of Great Expectations' ColumnMapExpectation with a condition for pandas, in an installed package. It
is judged row by row by that very code, and so shard by shard.
"""

from __future__ import annotations

import importlib
from typing import Any

from ...schemas.errors import ConfigError, nearest


def load(use: str, where: str) -> Any:
    """Import an expectation class, which makes its type known to Great Expectations.

    Raises:
        ConfigError: there is none, or it is of another kind.
    """
    from great_expectations.expectations.expectation import ColumnMapExpectation

    module, _, name = use.partition(":")
    if not module or not name:
        raise ConfigError(f"{where}: meta.use has {use!r}, expected package.module:Class")
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:
        raise ConfigError(
            f"{where}: use '{use}' cannot be imported: {type(error).__name__}: {error}; install its package where "
            "eclip runs, on every worker too"
        ) from error
    if not hasattr(found, name):
        known = [each for each, value in vars(found).items() if isinstance(value, type) and each.startswith("Expect")]
        raise ConfigError(f"{where}: use '{use}': there is no '{name}'{nearest(name, known)}")
    kind = getattr(found, name)
    if not (isinstance(kind, type) and issubclass(kind, ColumnMapExpectation)):
        raise ConfigError(f"{where}: use '{use}' is no subclass of Great Expectations' ColumnMapExpectation")
    if not getattr(kind, "map_metric", None):
        raise ConfigError(f"{where}: use '{use}' names no map_metric, so no row can be judged by it")
    return kind
