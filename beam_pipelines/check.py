"""What a configuration must have before a run begins: a source with the columns that are mapped, rules that exist,
suites that can judge, examples that hold."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from ..quality import noise, own_check
from ..quality.duplicates.agreement import AGREEMENTS
from ..quality.own_check import Tried
from ..schemas import put_back
from ..schemas.config import Config
from ..schemas.errors import ConfigError
from ..schemas.mapping import ColumnMapping, plan
from . import gate_keeper, sources
from .ingest import photo_base
from .lookup import Lookup
from .stage import Stage

TRIES = {
    "clean": lambda config: own_check.cleaning(config.clean),
    "filter": lambda config: own_check.filters(config.filter),
    "deduplicate": lambda config: own_check.vetoes(config.deduplicate),
}


def _rules(stage: str, config: Config) -> list[str]:
    """Name the rules that a listing can be put back from."""
    return list(AGREEMENTS) if stage == "deduplicate" else [*noise.RULES, *(rule.id for rule in config.filter.own)]


def tried(config: Config, stages: Sequence[Stage]) -> list[Tried]:
    """Check the suites of stages, and try the rules of one's own that they apply.

    Raises:
        ConfigError: a suite or the put-back list cannot be used, or a rule does not exist.
    """
    gate_keeper.check_suites([stage.name for stage in stages if stage.gated], config)
    for stage in stages:
        if stage.name in put_back.STAGES:
            listed = config.taken_back(stage.name)
            listed.check([rule for name in put_back.STAGES for rule in _rules(name, config)])
            listed.rules(_rules(stage.name, config), stage.name)
    return [rule for stage in stages if stage.name in TRIES for rule in TRIES[stage.name](config)]


def look(config: Config) -> tuple[str, ColumnMapping]:
    """Look at the beginning of the source's first file; further files only where it lacks a column that is mapped.

    Returns:
        The file's name, and which of its columns is what.

    Raises:
        ConfigError: nothing matches, a column is not there, or the text is in another encoding.
        SourceError: the file cannot be read.
    """
    splits = sources.find(config)
    photo_base(config)
    first = [split for split in splits if split.file.url == splits[0].file.url]
    try:
        mapping = _mapping(config, first)
    except ConfigError:
        if len(first) == len(splits):
            raise
        mapping = _mapping(config, splits)
    next(sources.read(first[0], config.source, sources.columns(first, config.source)), None)
    return first[0].name, mapping


def _mapping(config: Config, splits: Sequence[sources.Split]) -> ColumnMapping:
    schema = sources.columns(splits, config.source)
    joined = Lookup.load(config, schema).schema if config.source.lookup else schema
    return plan(config.source, joined, config.image.separator)


def check(config: Config, stages: Sequence[Stage]) -> None:
    """Refuse what `tried` finds wrong.

    Raises:
        ConfigError: with a line for each problem.
    """
    problems = [problem for rule in tried(config, stages) for problem in rule.problems]
    if problems:
        raise ConfigError("\n  ".join(problems))


def table(rules: Sequence[Tried]) -> Table:
    """The rules of one's own and what trying them found, for a terminal."""
    found = Table("rule", "by", "examples", "", box=None, header_style="bold")
    found.columns[2].justify = "right"
    for rule in rules:
        said = f"[red]{len(rule.problems)} wrong[/]" if rule.problems else "[green]holds[/]"
        found.add_row(escape(rule.place), escape(rule.does), str(rule.examples), said)
    return found
