"""Try the rules of one's own before a run: import what they use, hold them against their examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ..schemas.clean_config import CleanConfig
from ..schemas.errors import ConfigError, RuleError
from ..schemas.own_rule import OwnCleaning
from .text.own_rules import LAST, BuiltIn, Own, chain, in_order


@dataclass(frozen=True)
class Tried:
    """A rule of one's own and what trying it found."""

    place: str  # in the configuration: clean.own.strip_sku
    does: str  # what it does it with: a pattern or a function
    examples: int
    problems: Sequence[str]  # a sentence each


def cleaning(config: CleanConfig) -> list[Tried]:
    """Try each cleaning rule: every example must come out as it says, and stay so when it is cleaned again.

    A rule that is skipped is tried too.

    Raises:
        ConfigError: the order of the rules cannot be told.
    """
    in_order(config)
    return [
        Tried(f"clean.own.{rule.id}", rule.use or repr(rule.pattern), len(rule.examples), tuple(_problems(rule)))
        for rule in config.own
    ]


def _problems(rule: OwnCleaning) -> Iterator[str]:
    try:
        own = Own.of(rule)
        if own.function is not None:
            _ = own.function.function
        steps = [own, *(BuiltIn(LAST) for name in chain(rule.field, [LAST], {}))]
        before = [example[0] for example in rule.examples]
        once = _through(steps, before or [""])
        again = _through(steps, once)
    except (ConfigError, RuleError) as error:
        yield str(error)
        return
    for (text, expected), found, twice in zip(rule.examples, once, again, strict=False):
        place = f"clean.own.{rule.id}: {text!r}"
        if found != expected:
            yield f"{place} comes out as {found!r}, expected {expected!r}"
        if twice != found:
            yield f"{place} comes out as {found!r}, and cleaned again as {twice!r}; a rule must leave alone what it has cleaned"


def _through(steps: Sequence[Own | BuiltIn], texts: Sequence[str]) -> list[str | None]:
    found = pa.array(texts, pa.string())
    for step in steps:
        found = step(found, pa.array([f"example {k + 1}" for k in range(len(texts))]), None)
    cleaned: list[str | None] = found.to_pylist()
    return cleaned
