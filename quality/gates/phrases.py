"""Words for each type of rule, for a gate's messages and for the report: what is asked, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN = 5  # members of a set


@dataclass(frozen=True)
class Phrase:
    """A type of rule about rows; `{column}` and the like stand for its arguments, `{range}` and `{set}` in words."""

    asked: str  # what every row should be like
    broken: str  # what those do that break the rule
    found: str  # what they are, behind a number


ROWS = {
    "expect_column_values_to_not_be_null": Phrase("{column} is filled", "rows have no {column}", "empty"),
    "expect_column_values_to_be_null": Phrase("{column} is empty", "rows have a {column}", "filled"),
    "expect_column_values_to_be_between": Phrase(
        "{column} is {range}", "values of {column} are not {range}", "outside"
    ),
    "expect_column_values_to_be_in_set": Phrase(
        "{column} is one of {set}", "values of {column} are none of {set}", "none of them"
    ),
    "expect_column_values_to_not_be_in_set": Phrase(
        "{column} is none of {set}", "values of {column} are one of {set}", "one of them"
    ),
    "expect_column_values_to_match_regex": Phrase(
        "{column} matches {regex}", "values of {column} do not match {regex}", "that do not"
    ),
    "expect_column_values_to_not_match_regex": Phrase(
        "{column} does not match {regex}", "values of {column} match {regex}", "that do"
    ),
    "expect_column_value_lengths_to_be_between": Phrase(
        "{column} has {range} characters", "values of {column} have a length that is not {range}", "shorter or longer"
    ),
    "expect_column_value_lengths_to_equal": Phrase(
        "{column} has exactly {value} characters", "values of {column} have not {value} characters", "of another length"
    ),
    "expect_column_values_to_be_unique": Phrase(
        "{column} stands on one row only", "values of {column} stand on more than one row", "repeated"
    ),
    "expect_column_pair_values_a_to_be_greater_than_b": Phrase(
        "{column_A} is greater than {column_B}", "rows have {column_A} not greater than {column_B}", "where it is not"
    ),
}
_NUMBERS = {
    "expect_column_mean_to_be_between": "mean of {column}",
    "expect_column_min_to_be_between": "least {column}",
    "expect_column_max_to_be_between": "greatest {column}",
}


def aggregate(kind: str, column: str) -> str | None:
    """Name the number that a type of rule is about; None for other types.

    >>> aggregate("expect_column_mean_to_be_between", "price")
    'mean of price'
    """
    phrase = _NUMBERS.get(kind)
    return None if phrase is None else phrase.format(column=column)


def members(values: Sequence[Any], write: Callable[[Any], str] = repr) -> str:
    """Write the members of a set; of many the first.

    >>> members(["a", "b"]), members(range(7), str)
    ("'a', 'b'", '0, 1, 2, 3, 4 and 2 more')
    """
    more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
    return ", ".join(write(value) for value in values[:SHOWN]) + more
