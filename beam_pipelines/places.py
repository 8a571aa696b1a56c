"""What commands are given: a configuration, or a run folder; and where they print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ..schemas.errors import ConfigError

if TYPE_CHECKING:
    from ..schemas.config import Config
    from .run_folder import RunFolder

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

RunPlace = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or the configuration that names it.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override the configuration: filter.min_side=150."),
]


def load(config: str | Path, overrides: Sequence[str] | None = None) -> Config:
    """Read a configuration file."""
    from ..schemas.config_file import load as load_config

    return load_config(config, overrides or ())


def run_folder(place: str) -> RunFolder:
    """Open a run folder, given itself or by its configuration.

    Raises:
        ConfigError: it is neither.
    """
    from ..schemas.storage import Storage
    from .run_folder import RunFolder

    if _is_config(place):
        return RunFolder(load(place).run_folder)
    found = Storage.of(place)
    if not (found / "run.json").exists():
        raise ConfigError(
            f"{place}: not a run folder (no run.json there); expected what `run:` names in the configuration"
        )
    return RunFolder(found)


def config_of(place: str, overrides: Sequence[str] | None = None) -> Config:
    """Read a configuration, given itself or by a run folder, where it stands as it was last run.

    Raises:
        ConfigError: it is neither, or the run folder's configuration is of another version of this program.
    """
    from ..schemas.config_file import parse

    if _is_config(place):
        return load(place, overrides)
    run = run_folder(place)
    known = (run.place / "run.json").read_json().get("config") or {"source": {"path": ""}}
    return parse({**known, "run": run.place.url}, f"{place}/run.json", overrides or ())


def _is_config(place: str) -> bool:
    return place.endswith((".yaml", ".yml"))
