"""Clean the texts of listings: the rules in order, the raw title kept, no title silently emptied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas import values
from ...schemas.errors import ConfigError, nearest
from . import language
from .brand import normalise_brand
from .chain import apply
from .characters import rows_with
from .rules import DESCRIPTION_RULES, EMPTYING_RULES, LETTER_OR_DIGIT, RULES

KEPT_UNEMPTIED = "kept_unemptied"


def check_rules(rules: Sequence[str]) -> tuple[str, ...]:
    """Check rule names.

    Raises:
        ConfigError: a rule does not exist; the nearest one is named.
    """
    for rule in rules:
        if rule not in RULES:
            raise ConfigError(f"clean.rules: there is no rule '{rule}'{nearest(rule, RULES)}")
    return tuple(rules)


def clean_texts(texts: pa.Array, rules: Sequence[str]) -> tuple[pa.Array, Counter[str]]:
    """Apply rules in order.

    A text in which the rules leave neither letter nor digit, though it had some ("FREE SHIPPING"), keeps its words:
    it goes through the rules without seller noise and contacts, counted as `kept_unemptied`.

    Returns:
        The cleaned texts, and for each rule the number of rows that it changed.
    """
    cleaned, counts = _apply(texts, rules)
    emptied = pc.and_(_has_words(texts), pc.invert(_has_words(cleaned)))
    if pc.any(emptied).as_py():
        gentle, _ = _apply(texts.filter(emptied), [r for r in rules if r not in EMPTYING_RULES])
        harsh, _ = _apply(gentle, rules)  # it may find less than in the raw text, and will when cleaned again
        gentle = pc.if_else(_has_words(harsh), harsh, gentle)
        cleaned = pc.replace_with_mask(cleaned, emptied, gentle)
        counts[KEPT_UNEMPTIED] += int(pc.sum(emptied).as_py())
    return cleaned, counts


def _apply(texts: pa.Array, rules: Sequence[str]) -> tuple[pa.Array, Counter[str]]:
    return apply(texts, {rule: RULES[rule] for rule in rules})


def _has_words(texts: pa.Array) -> pa.Array:
    return rows_with(texts, LETTER_OR_DIGIT)


def clean_listings(batch: pa.RecordBatch, rules: Sequence[str], identify: bool) -> tuple[pa.RecordBatch, Counter[str]]:
    """Clean a batch of listings: `title`, `description` and `brand`; `title_raw` keeps the title as it came.

    Args:
        batch: Listings.
        rules: In order; descriptions take those of them that leave prose alone.
        identify: Whether to fill `lang` where it is null.
    """
    title, counts = clean_texts(batch["title"], rules)
    prose = [rule for rule in rules if rule in DESCRIPTION_RULES]
    columns = {
        "title": title,
        "title_raw": batch["title"],
        "description": _apply(batch["description"], prose)[0],
        "brand": normalise_brand(batch["brand"]),
    }
    if identify:
        columns["lang"] = pc.coalesce(batch["lang"], language.identify(title))
    for name, column in columns.items():
        batch = batch.set_column(batch.schema.names.index(name), name, column)
    return batch, counts


def clean(
    data: pd.DataFrame | pa.Table | Sequence[str], title: str = "title", rules: Sequence[str] | None = None
) -> pd.DataFrame | pa.Table | list[str]:
    """Clean product titles in a notebook: a data frame, an Arrow table or a list of strings; gives back the same kind.

    A frame or table comes back with `title` cleaned and the raw one beside it, in `title_raw`.

    Args:
        data: What holds the titles.
        title: Name of the column.
        rules: Rule names in order; default: all of `eclip.quality.text.rules.RULES`.

    Raises:
        ConfigError: the column or a rule does not exist.

    >>> clean(["HOT SALE!! Red&nbsp;mug"])
    ['Red mug']
    """
    chosen = check_rules(rules if rules is not None else list(RULES))
    if not isinstance(data, pd.DataFrame | pa.Table):
        return list(clean_texts(pa.array(data, pa.string()), chosen)[0].to_pylist())
    names = list(data.columns) if isinstance(data, pd.DataFrame) else data.schema.names
    if title not in names:
        raise ConfigError(f"clean: no column '{title}'{nearest(title, map(str, names))}")
    if isinstance(data, pd.DataFrame):
        raw = values.text(values.of_frame(data[title]))
        cleaned = clean_texts(raw, chosen)[0].to_pylist()
        return data.assign(**{f"{title}_raw": data[title], title: pd.Series(cleaned, data.index, dtype="object")})
    raw = values.text(data[title].combine_chunks())
    cleaned_column = clean_texts(raw, chosen)[0]
    return data.set_column(names.index(title), title, cleaned_column).append_column(f"{title}_raw", raw)
