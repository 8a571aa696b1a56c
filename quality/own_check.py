"""Try the rules of one's own before a run: import what they use, hold them against their examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ..schemas.clean_config import CleanConfig
from ..schemas.errors import ConfigError, RuleError
from ..schemas.filter_config import FilterConfig
from ..schemas.listing import LISTINGS
from ..schemas.own_rule import OwnCleaning, OwnFilter
from .noise import HOT, RULES, score, scored
from .own_filters import OwnFilters
from .text.own_rules import LAST, BuiltIn, Own, chain, in_order


@dataclass(frozen=True)
class Tried:
    """A rule of one's own and what trying it found."""

    place: str  # in the configuration: clean.own.strip_sku
    does: str  # the function or the pattern that does it
    examples: int
    problems: Sequence[str]  # a sentence each, beginning with the place


def cleaning(config: CleanConfig) -> list[Tried]:
    """Try each cleaning rule: every example must come out as it says, and stay so when it is cleaned again.

    Raises:
        ConfigError: the order of the rules cannot be told.
    """
    in_order(config)
    return [_tried(f"clean.own.{r.id}", r.use, r.pattern, len(r.examples), lambda r=r: _cleaned(r)) for r in config.own]


def _tried(
    place: str, use: str | None, pattern: str | None, examples: int, problems: Callable[[], Iterator[str]]
) -> Tried:
    try:
        found = [f"{place}: {problem}" for problem in problems()]
    except (ConfigError, RuleError) as error:
        found = [str(error)]
    return Tried(place, use or str(pattern), examples, found)


def _cleaned(rule: OwnCleaning) -> Iterator[str]:
    own = Own.of(rule)
    steps = [own, *(BuiltIn(LAST) for _ in chain(rule.field, [LAST], {}))]
    once = _through(steps, [before for before, _ in rule.examples] or [""])
    again = _through(steps, once)
    for (before, expected), found, twice in zip(rule.examples, once, again, strict=False):
        if found != expected:
            yield f"{before!r} comes out as {found!r}, expected {expected!r}"
        if twice != found:
            yield (
                f"{before!r} comes out as {found!r}, and cleaned once more as {twice!r}; a rule must leave alone what "
                f"it has cleaned"
            )


def _through(steps: Sequence[Own | BuiltIn], texts: Sequence[str | None]) -> list[str | None]:
    found = pa.array(texts, pa.string())
    for step in steps:
        found = step(found, _numbers(len(texts)), None)
    cleaned: list[str | None] = found.to_pylist()
    return cleaned


def _numbers(rows: int) -> pa.Array:
    return pa.array([f"example {row + 1}" for row in range(rows)], pa.string())


def filters(config: FilterConfig) -> list[Tried]:
    """Try each filter on its examples, and on a listing of which nothing but the id is known.

    Raises:
        ConfigError: a filter has the id of a built-in one.
    """
    for rule in config.own:
        if rule.id in RULES:
            OwnFilters.of([rule], RULES)
    return [_tried(f"filter.own.{r.id}", r.use, None, len(r.examples), lambda r=r: _rejected(r)) for r in config.own]


def _rejected(rule: OwnFilter) -> Iterator[str]:
    rows = [row for row, _ in rule.examples]
    try:
        batch = pa.RecordBatch.from_pylist([*rows, {}], schema=LISTINGS.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        yield f"the examples do not fit the columns of a listing: {error}"
        return
    batch = batch.set_column(0, "id", _numbers(batch.num_rows))
    found = OwnFilters.of([rule], RULES).fired(scored(batch, score(batch, HOT.empty_table())))[:, 0].tolist()
    for (row, expected), answer in zip(rule.examples, found, strict=False):
        if answer != expected:
            yield f"{row} is {'' if answer else 'not '}rejected, expected that it is{'' if expected else ' not'}"
