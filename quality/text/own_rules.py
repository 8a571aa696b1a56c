"""Cleaning rules of one's own between the built-in ones: which texts they change, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.clean_config import CleanConfig
from ...schemas.errors import ConfigError, nearest
from ...schemas.own_rule import OwnCleaning
from ..own_function import OwnFunction
from .chain import RowRule
from .rule import Rule
from .rules import DESCRIPTION_RULES, RULES

LAST = "whitespace"  # tidies up after the others: rules of one's own go before it, unless they say otherwise


@dataclass(frozen=True)
class Own(RowRule):
    """A cleaning rule of the configuration; cheap to pickle."""

    rule: OwnCleaning
    function: OwnFunction | None  # instead of a pattern

    @classmethod
    def of(cls, rule: OwnCleaning) -> Own:
        """Make a rule of its configuration.

        Raises:
            ConfigError: the package of its function is not installed here.
        """
        where = f"clean.own.{rule.id}"
        return cls(rule, OwnFunction.of(where, rule.use, pa.string()) if rule.use else None)

    def __call__(self, texts: pa.Array, listings: pa.RecordBatch) -> pa.Array:
        """Clean the texts of listings in the rule's language, or of all where none is known; nulls are left alone.

        Raises:
            RuleError: the function failed.
        """
        mine = pc.is_valid(texts)
        if self.rule.language is not None and "lang" in listings.schema.names:
            mine = pc.and_(mine, pc.fill_null(pc.equal(listings["lang"], self.rule.language), False))
        if not pc.any(mine).as_py():
            return texts
        chosen = texts.filter(mine)
        if self.function is None:
            cleaned = pc.replace_substring_regex(chosen, self.rule.pattern, self.rule.replace)
        else:
            cleaned = pc.fill_null(self.function(chosen, listings["id"].filter(mine)), "")
        return pc.replace_with_mask(texts, mine, cleaned)


def in_order(config: CleanConfig) -> tuple[str, ...]:
    """Put the rules in force in order: the built-in ones, and one's own where they say.

    A name in `clean.rules` stands where it is named there. Other rules of one's own go before or after the rule that
    they name, else before `whitespace`.

    Raises:
        ConfigError: a rule does not exist, or has the id of a built-in one; the nearest one is named.
    """
    own = {rule.id: rule for rule in config.own}
    known = [*RULES, *own]
    for name in own:
        if name in RULES:
            raise ConfigError(f"clean.own: '{name}' is the id of a built-in rule; give yours another")
    names = list(RULES) if config.rules is None else check_rules(config.rules, known)
    for rule in config.own:
        if rule.id not in names:
            names.insert(_place(rule, names, own, known), rule.id)
    skipped = check_rules(config.skip, known, "clean.skip")
    return tuple(name for name in names if name not in skipped)


def _place(rule: OwnCleaning, names: Sequence[str], own: Mapping[str, OwnCleaning], known: Sequence[str]) -> int:
    anchor = rule.before or rule.after
    if anchor is None:
        return names.index(LAST) if LAST in names else len(names)
    side = "before" if rule.before else "after"
    if anchor not in names:
        if anchor in known:
            raise ConfigError(
                f"clean.own.{rule.id}.{side}: '{anchor}' is not among clean.rules, or is placed later; name one that "
                f"has its place: {', '.join(names)}"
            )
        raise ConfigError(f"clean.own.{rule.id}.{side}: there is no rule '{anchor}'{nearest(anchor, known)}")
    place = names.index(anchor)
    if rule.after:
        place += 1
        while place < len(names) and names[place] in own and own[names[place]].after == anchor:
            place += 1  # those that go after the same rule keep their order
    return place


def check_rules(rules: Sequence[str], known: Sequence[str] = tuple(RULES), where: str = "clean.rules") -> list[str]:
    """Check rule names.

    Raises:
        ConfigError: a rule does not exist; the nearest one is named.
    """
    for rule in rules:
        if rule not in known:
            raise ConfigError(f"{where}: there is no rule '{rule}'{nearest(rule, known)}")
    return list(rules)


def chain(field: str, names: Sequence[str], own: Mapping[str, Own]) -> dict[str, Rule | RowRule]:
    """Give the rules that a text goes through, in order.

    Titles go through all, descriptions through those that leave prose alone, other texts through those of one's own.
    """
    built_in = {"title": tuple(RULES), "description": DESCRIPTION_RULES}.get(field, ())
    return {
        name: own[name] if name in own else RULES[name]
        for name in names
        if name in built_in or (name in own and own[name].rule.field == field)
    }
