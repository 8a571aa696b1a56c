"""Clean the texts of listings: the rules in order, the raw title kept, no title silently emptied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas import values
from ...schemas.clean_config import CleanConfig
from ...schemas.errors import ConfigError, nearest
from ...schemas.own_rule import CLEANED
from . import language
from .brand import normalise_brand
from .chain import RowRule, apply
from .characters import rows_with
from .own_rules import Own, chain, check_rules, in_order
from .rule import Rule
from .rules import EMPTYING_RULES, RULES
from .signs import LETTER_OR_DIGIT

KEPT_UNEMPTIED = "kept_unemptied"
Chain = Mapping[str, Rule | RowRule]


@dataclass(frozen=True)
class Cleaning:
    """All that happens to the texts of a listing; cheap to pickle."""

    names: tuple[str, ...]  # the rules in force, in order
    own: Mapping[str, Own]
    identify: bool  # whether to fill `lang` where it is null

    @classmethod
    def of(cls, config: CleanConfig) -> Cleaning:
        """Put the rules of a configuration together.

        Raises:
            ConfigError: a rule does not exist, or the package of one's own is not installed here.
        """
        names = in_order(config)
        return cls(names, {rule.id: Own.of(rule) for rule in config.own if rule.id in names}, config.language)

    def chain(self, field: str) -> Chain:
        """The rules that a text goes through, in order."""
        return chain(field, self.names, self.own)

    @property
    def by_language(self) -> tuple[str, ...]:
        """The rules that are for one language only."""
        return tuple(name for name, own in self.own.items() if own.rule.language is not None)


def clean_texts(texts: pa.Array, rules: Sequence[str]) -> tuple[pa.Array, Counter[str]]:
    """Apply built-in rules in order, as `clean_titles` does.

    Returns:
        The cleaned texts, and for each rule the number of rows that it changed.
    """
    return clean_titles(texts, chain("title", rules, {}), None)


def clean_titles(texts: pa.Array, rules: Chain, listings: pa.RecordBatch | None) -> tuple[pa.Array, Counter[str]]:
    """Apply rules in order.

    A text in which the rules leave neither letter nor digit, though it had some ("FREE SHIPPING"), keeps its words,
    counted as `kept_unemptied`: it goes through the rules without seller noise and contacts, and where that leaves
    nothing either, without those of one's own.

    Args:
        texts: n texts.
        rules: By name, in order.
        listings: `id` and `lang` of each, for rules of one's own.

    Returns:
        The cleaned texts, and for each rule the number of rows that it changed.

    Raises:
        RuleError: a rule of one's own failed.
    """
    cleaned, counts = apply(texts, rules, listings=listings)
    had = _has_words(texts)
    emptied = pc.and_(had, pc.invert(_has_words(cleaned)))
    counts.update({KEPT_UNEMPTIED: pc.sum(emptied).as_py()} if pc.any(emptied).as_py() else {})
    milder = {name: rule for name, rule in rules.items() if name not in EMPTYING_RULES}
    for gentle in (milder, {name: rule for name, rule in milder.items() if name in RULES}):
        if not pc.any(emptied).as_py():
            break
        mine = listings.filter(emptied) if listings is not None else None
        kept, _ = apply(texts.filter(emptied), gentle, listings=mine)
        harsh, _ = apply(
            kept, rules, listings=mine
        )  # it may find less than in the raw text, and will when cleaned again
        cleaned = pc.replace_with_mask(cleaned, emptied, pc.if_else(_has_words(harsh), harsh, kept))
        emptied = pc.and_(had, pc.invert(_has_words(cleaned)))
    return cleaned, counts


def _has_words(texts: pa.Array) -> pa.Array:
    return rows_with(texts, LETTER_OR_DIGIT)


def clean_listings(batch: pa.RecordBatch, cleaning: Cleaning) -> tuple[pa.RecordBatch, Counter[str]]:
    """Clean a batch of listings; `title_raw` keeps the title as it came.

    A text other than the title that the rules leave empty becomes null: it says nothing.

    Returns:
        The listings, and for each rule the number of values that it changed: of titles, and for a rule of one's own
        of the texts that it is for.

    Raises:
        RuleError: a rule of one's own failed.
    """
    rules, listings = cleaning.chain("title"), batch.select(["id", "lang"])
    # The language is that of the title without the rules that have to know it.
    plain = {name: rule for name, rule in rules.items() if name not in cleaning.by_language}
    title, counts = clean_titles(batch["title"], plain, listings)
    if cleaning.identify:
        listings = listings.set_column(1, "lang", pc.coalesce(batch["lang"], language.identify(title)))
    if len(plain) < len(rules):
        title, counts = clean_titles(batch["title"], rules, listings)
    columns = {
        "title": title,
        "title_raw": batch["title"],
        "lang": listings["lang"],
        "brand": normalise_brand(batch["brand"]),
    }
    for field in CLEANED[1:]:
        rules = cleaning.chain(field)
        if rules:
            text, changed = apply(columns.get(field, batch[field]), rules, listings=listings)
            columns[field] = pc.if_else(pc.equal(pc.utf8_trim_whitespace(text), ""), None, text)
            counts.update({name: rows for name, rows in changed.items() if name in cleaning.own})
    for name, column in columns.items():
        batch = batch.set_column(batch.schema.names.index(name), name, column)
    return batch, counts


def clean(
    data: pd.DataFrame | pd.Series | pa.Table | Sequence[str],
    title: str = "title",
    rules: Sequence[str] | None = None,
) -> pd.DataFrame | pd.Series | pa.Table | list[str]:
    """Clean product titles in a notebook: a frame, a series, an Arrow table or a list; gives back the same kind.

    A frame or table comes back with `title` cleaned and the raw one beside it, in `title_raw`; one that is there stays.

    Args:
        data: What holds the titles; a polars frame, say, comes back as an Arrow table.
        title: Name of the column.
        rules: Rule names in order; default: all of `eclip.quality.text.rules.RULES`.

    Raises:
        ConfigError: the column or a rule does not exist.

    >>> clean(["HOT SALE!! Red&nbsp;mug"])
    ['Red mug']
    """
    chosen = check_rules(rules if rules is not None else list(RULES))
    if isinstance(data, str):
        raise ConfigError("clean: got one string; give a list of titles, such as [title]")
    if isinstance(data, pd.Series):
        cleaned_titles = clean_texts(values.text(values.of_frame(data)), chosen)[0].to_pylist()
        return pd.Series(cleaned_titles, data.index, dtype="object", name=data.name)
    # A series of polars hands over one column, and is a list of titles.
    if (
        not isinstance(data, pd.DataFrame | pa.Table)
        and hasattr(data, "__arrow_c_stream__")
        and hasattr(data, "columns")
    ):
        data = pa.table(data)  # polars, DuckDB
    if not isinstance(data, pd.DataFrame | pa.Table):
        texts = values.text(values.of_frame(pd.Series(list(data), dtype="object")))
        return list(clean_texts(texts, chosen)[0].to_pylist())
    names = list(data.columns) if isinstance(data, pd.DataFrame) else data.schema.names
    if title not in names:
        raise ConfigError(f"clean: no column '{title}'{nearest(title, map(str, names))}")
    again = f"{title}_raw" in names  # cleaned before: what was raw then is raw
    if isinstance(data, pd.DataFrame):
        raw = values.text(values.of_frame(data[title]))
        cleaned = clean_texts(raw, chosen)[0].to_pylist()
        first = data[f"{title}_raw"] if again else data[title]
        return data.assign(**{f"{title}_raw": first, title: pd.Series(cleaned, data.index, dtype="object")})
    raw = values.text(data[title].combine_chunks())
    cleaned_column = clean_texts(raw, chosen)[0]
    data = data.set_column(names.index(title), title, cleaned_column)
    return data if again else data.append_column(f"{title}_raw", raw)
