"""Try the rules of one's own before a run: import what they use, hold them against their examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from ..schemas.clean_config import CleanConfig
from ..schemas.deduplicate_config import DeduplicateConfig
from ..schemas.errors import ConfigError, RuleError
from ..schemas.filter_config import FilterConfig
from ..schemas.listing import LISTINGS
from ..schemas.own_rule import OwnCleaning, OwnFilter, OwnVeto
from .duplicates.own_vetoes import COLUMNS, OwnVetoes
from .noise import HOT, score, scored
from .noise import RULES as FILTERS
from .own_filters import OwnFilters
from .text.chain import RowRule
from .text.own_rules import LAST, Own, in_order
from .text.rule import Rule
from .text.rules import RULES

TIDIED = ("title", "description")  # texts whose white space the rule behind one's own makes even


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
    return [_tried("clean.own", rule, partial(_cleaned, rule)) for rule in config.own]


def _tried(section: str, rule: OwnCleaning | OwnFilter | OwnVeto, problems: Callable[[], Iterator[str]]) -> Tried:
    place = f"{section}.{rule.id}"
    does = rule.use or str(getattr(rule, "pattern", ""))
    try:
        found = [f"{place}: {problem}" for problem in problems()]
    except (ConfigError, RuleError) as error:
        found = [str(error)]
    return Tried(place, does, len(rule.examples), found)


def _cleaned(rule: OwnCleaning) -> Iterator[str]:
    steps: dict[str, Rule | RowRule] = {rule.id: Own.of(rule), **({LAST: RULES[LAST]} if rule.field in TIDIED else {})}
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


def _through(steps: Mapping[str, Rule | RowRule], texts: Sequence[str | None]) -> list[str | None]:
    found = pa.array(texts, pa.string())
    for step in steps.values():
        found = step(found, pa.record_batch({"id": _numbers(len(texts))})) if isinstance(step, RowRule) else step(found)
    cleaned: list[str | None] = found.to_pylist()
    return cleaned


def _numbers(rows: int) -> pa.Array:
    return pa.array([f"example {row + 1}" for row in range(rows)], pa.string())


def filters(config: FilterConfig) -> list[Tried]:
    """Try each filter on its examples, and on a listing of which nothing but the id is known."""
    return [_tried("filter.own", rule, partial(_rejected, rule)) for rule in config.own]


def _rejected(rule: OwnFilter) -> Iterator[str]:
    rows = [row for row, _ in rule.examples]
    try:
        batch = pa.RecordBatch.from_pylist([*rows, {}], schema=LISTINGS.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        yield f"the examples do not fit the columns of a listing: {error}"
        return
    batch = batch.set_column(0, "id", _numbers(batch.num_rows))
    found = OwnFilters.of([rule], FILTERS).fired(scored(batch, score(batch, HOT.empty_table())))[:, 0].tolist()
    for (row, expected), answer in zip(rule.examples, found, strict=False):
        if answer != expected:
            yield f"{row} is {'' if answer else 'not '}rejected, expected that it is{'' if expected else ' not'}"


def vetoes(config: DeduplicateConfig) -> list[Tried]:
    """Try each veto on its examples, and on a listing of which nothing but the id is known."""
    return [_tried("deduplicate.vetoes", rule, partial(_variants, rule)) for rule in config.vetoes]


def _variants(rule: OwnVeto) -> Iterator[str]:
    texts = [text for left, right, _ in rule.examples for text in (left, right)]
    rows = [*({rule.field: text} for text in texts), {}]
    batch = pa.RecordBatch.from_pylist(rows, schema=pa.schema([LISTINGS.schema.field(name) for name in COLUMNS]))
    batch = batch.set_column(0, "id", _numbers(batch.num_rows))
    said = OwnVetoes.of(DeduplicateConfig(vetoes=[rule])).said(batch)[0].to_pylist()
    for (left, right, expected), one, other in zip(rule.examples, said[:-1:2], said[1::2], strict=True):
        if (one is not None and other is not None and one != other) != expected:
            words = "variants" if expected else "no variants"
            yield f"of {left!r} and {right!r} it says {one!r} and {other!r}, expected that they are {words}"
