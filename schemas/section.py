"""A section of the configuration: frozen, unknown keys refused; what is wrong in it is said in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import ConfigError, nearest


class Section(BaseModel):
    """A part of the configuration: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


S = TypeVar("S", bound=Section)


def validated(section: type[S], values: Mapping[str, Any], where: str) -> S:
    """Check values of a section.

    Raises:
        ConfigError: some do not fit; every problem is named in one message, which begins with `where`.
    """
    try:
        return section.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{where}: " + "\n  ".join(_explained(section, error.errors()))) from None


# How pydantic names the choices of a union, behind the key's own name.
_CHOICE = re.compile(r"^(constrained-\w+|literal\[.*\]|(list|dict)\[.*\]|int|float|str|bool)$")


def _explained(checked: type[Section], problems: Iterable[Any]) -> list[str]:
    """Say each problem in a line; what the choices of one union refuse is one problem."""
    lines: dict[str, str] = {}
    for problem in problems:
        place = ".".join(str(part) for part in problem["loc"] if not _CHOICE.match(str(part)))
        said = _explain(checked, problem)
        lines[place] = f"{lines[place].partition(' (found ')[0]}, or {said}" if place in lines else said
    return [f"{place}: {said}" if place else said for place, said in lines.items()]


def _explain(checked: type[Section], problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        *parents, key = problem["loc"]
        section: Any = checked
        for parent in parents:
            if isinstance(parent, int):  # of a list of sections: already the one that is in it
                continue
            annotation = section.model_fields[parent].annotation
            # `LookupConfig | None`: the section is what can be there.
            section = next((a for a in getattr(annotation, "__args__", ()) if isinstance(a, type)), annotation)
        known = [k for k in section.model_fields if k != "folder"] if hasattr(section, "model_fields") else []
        return f"unknown key{nearest(str(key), known) if known else ''}"
    if problem["type"] == "missing":
        return "is needed and is not there"
    found = problem.get("input")
    shown = f" (found {found!r})" if not isinstance(found, dict | BaseModel) else ""
    return f"{problem['msg'].removeprefix('Value error, ')}{shown}"
