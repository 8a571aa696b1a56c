"""Read a configuration file: YAML, environment variables, overrides from the command line; say what is wrong in it."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from .config import Config
from .errors import ConfigError
from .section import validated


class _Yaml(yaml.SafeLoader):
    """YAML whose only booleans are true and false, as in YAML 1.2: `on:` is a key here, and `no` is Norwegian."""


_Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def load(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Read a configuration file; `overrides` are `section.key=value`, the value as YAML.

    Raises:
        ConfigError: the file is missing, is not YAML, has an unknown key or a value that does not fit.
    """
    file = Path(path)
    if not file.is_file():
        raise ConfigError(f"{path}: no such configuration file; `eclip init SOURCE` writes one for your listings")
    try:
        values = yaml.load(file.read_text("utf-8"), _Yaml) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected sections such as `source:`, found {type(values).__name__}")
    # A section of comments alone is none, and so are its settings: the defaults hold.
    values = {key: value for key, value in values.items() if value is not None}
    for override in overrides:
        _override(values, override)
    values.setdefault("name", file.stem)
    values = _expand(values, str(path))
    return parse({**values, "folder": str(file.parent.absolute())}, str(path))


def parse(values: Mapping[str, Any], where: str = "config", overrides: Iterable[str] = ()) -> Config:
    """Check configuration values; every problem is named in one message."""
    own: dict[str, Any] = copy.deepcopy(dict(values))
    for override in overrides:
        _override(own, override)
    return validated(Config, own, where)


def _expand(value: Any, where: str) -> Any:
    """Put environment variables in: `${DATA}/listings.csv`."""
    if isinstance(value, dict):
        return {k: _expand(v, where) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v, where) for v in value]
    if not isinstance(value, str):
        return value

    def known(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ConfigError(f"{where}: '{value}' needs the environment variable {found[1]}, which is not set")
        return os.environ[found[1]]

    return re.sub(r"\$\{(\w+)\}", known, value)


def _override(values: dict[str, Any], override: str) -> None:
    path, separator, text = override.partition("=")
    if not separator or not path:
        raise ConfigError(f"--set {override}: expected section.key=value, as in --set filter.min_side=150")
    *parents, key = path.split(".")
    section = values
    for parent in parents:
        section = section.setdefault(parent, {})
        if not isinstance(section, dict):
            raise ConfigError(f"--set {override}: '{parent}' holds a value, not a section")
    try:
        section[key] = yaml.load(text, _Yaml)
    except yaml.YAMLError:
        raise ConfigError(
            f"--set {override}: '{text}' is not valid YAML; quote it, as in --set '{path}=\"{text}\"'"
        ) from None
