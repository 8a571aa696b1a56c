"""Rules of one's own in the configuration: a pattern, or a function of a package that is installed beside this one."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, field_validator, model_validator

from .errors import nearest
from .listing import LISTINGS
from .section import Section

# The texts of a listing that rules of one's own may change; its id and its split say what it is to others.
CLEANED = ("title", "description", "brand", "seller", "category", "currency", "gtin", "mpn", "catalog_id",
           "item_group_id", "url")  # fmt: skip
READ_FOR_VETOES = ("title", "brand", "seller", "category", "gtin", "mpn")
SYNTAX = "patterns are RE2, which has neither look-around nor back-references"


def _id(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError("an id is of small letters, digits and _, as in strip_sku: it names a count and a metric")
    return name


def _function(use: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*", use):
        raise ValueError("expected package.module:function, as in mypkg.rules:strip_sku")
    return use


def _text(field: str) -> str:
    if field not in CLEANED:
        raise ValueError(f"'{field}' is no text of a listing{nearest(field, CLEANED)}")
    return field


def _read(field: str) -> str:
    if field not in READ_FOR_VETOES:
        raise ValueError(f"'{field}' is no text that vetoes read{nearest(field, READ_FOR_VETOES)}")
    return field


Id = Annotated[str, AfterValidator(_id)]
Function = Annotated[str, AfterValidator(_function)]
TextField = Annotated[str, AfterValidator(_text)]
VetoField = Annotated[str, AfterValidator(_read)]


def _one_way(rule: OwnCleaning | OwnVeto) -> None:
    if (rule.pattern is None) == (rule.use is None):
        found = "neither" if rule.use is None else "both"
        raise ValueError(f"rule '{rule.id}' needs either a `pattern` or a `use`, found {found}")


def _unreadable(rule: OwnCleaning | OwnVeto, said: str) -> str:
    return f"rule '{rule.id}': pattern '{rule.pattern}' cannot be read: {said}; {SYNTAX}"


class OwnCleaning(Section):
    """A cleaning rule: what a pattern matches is replaced, or a function makes texts of texts."""

    id: Id
    field: TextField = "title"
    pattern: str | None = None
    replace: str = ""  # \1 stands for what the first group matched
    use: Function | None = None  # Arrow string array -> Arrow string array
    language: str | None = None  # only listings of this `lang`
    before: str | None = None  # the rule that it goes before; default: whitespace
    after: str | None = None  # or after
    examples: list[tuple[str, str]] = []  # what comes in and what comes out, once white space is tidied

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _one_way(self)
        try:
            pc.replace_substring_regex(pa.array([""]), self.pattern or "", self.replace)
        except pa.ArrowInvalid as error:
            said = str(error).partition(": ")[2]
            if "replacement" not in str(error):
                raise ValueError(_unreadable(self, said)) from None
            fit = f"replace '{self.replace}' does not fit pattern '{self.pattern}'"
            raise ValueError(f"rule '{self.id}': {fit}: {said}") from None
        if self.use is not None and self.replace:
            raise ValueError(f"rule '{self.id}': `replace` belongs to a pattern; a function of `use` replaces itself")
        if self.before is not None and self.after is not None:
            raise ValueError(f"rule '{self.id}' has both `before` and `after`; one place is enough")
        return self


class OwnFilter(Section):
    """A filter: a function that says which listings are rejected."""

    id: Id
    use: Function  # RecordBatch of listings with their scores -> Arrow Boolean array
    detail: str = ""  # the sentence that a rejected listing is given; default: the rule's id
    examples: list[tuple[dict[str, Any], bool]] = []  # columns of a listing, and whether it is rejected

    @field_validator("examples")
    @classmethod
    def _columns(cls, examples: list[tuple[dict[str, Any], bool]]) -> list[tuple[dict[str, Any], bool]]:
        return _of_listings(examples)


class OwnVeto(Section):
    """A veto: listings of which it says different things are variants, and neither is dropped for the other."""

    id: Id
    field: VetoField = "title"
    pattern: str | None = None  # what it matches is said; of a pattern with a group `(?P<value>…)`, the group
    use: Function | None = None  # RecordBatch of listings -> Arrow string array: what each says, null for nothing
    examples: list[tuple[str, str, bool]] = []  # two values of the field, and whether they are variants

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _one_way(self)
        try:
            pc.extract_regex(pa.array([""]), self.reading)
        except pa.ArrowInvalid as error:
            said = str(error).rpartition(": ")[2]
            raise ValueError(
                f"{_unreadable(self, said)}; a group is (?:…), the one that is said (?P<value>…)"
            ) from None
        return self

    @property
    def reading(self) -> str:
        """The pattern with its group `value`."""
        return self.pattern if self.pattern and "(?P<value>" in self.pattern else f"(?P<value>{self.pattern or ''})"


def _of_listings(examples: list[Any]) -> list[Any]:
    for row, _ in examples:
        for name in row:
            if name not in LISTINGS.schema.names:
                raise ValueError(
                    f"examples: '{name}' is not a column of a listing{nearest(name, LISTINGS.schema.names)}"
                )
    return examples


def distinct(rules: list[Any]) -> list[Any]:
    """Refuse two rules of one id."""
    ids = [rule.id for rule in rules]
    for each in ids:
        if ids.count(each) > 1:
            raise ValueError(f"two rules have the id '{each}'; give each its own")
    return rules
