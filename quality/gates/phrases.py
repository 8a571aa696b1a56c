"""Words for each type of rule, for a gate's messages and for the report: what is asked, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    "expect_column_pair_values_to_be_equal": Phrase(
        "{column_A} equals {column_B}", "rows have another {column_A} than {column_B}", "where they differ"
    ),
    "expect_column_pair_values_to_be_in_set": Phrase(
        "{column_A} and {column_B} are a pair of {set}", "rows have {column_A} and {column_B} that are none of {set}",
        "none of them",
    ),
    "expect_column_values_to_match_regex_list": Phrase(
        "{column} matches {match_on} of {regex_list}", "values of {column} do not match {match_on} of {regex_list}",
        "that do not",
    ),
    "expect_column_values_to_not_match_regex_list": Phrase(
        "{column} matches none of {regex_list}", "values of {column} match one of {regex_list}", "that do"
    ),
    "expect_column_values_to_be_json_parseable": Phrase(
        "{column} is JSON", "values of {column} are not JSON", "that are not"
    ),
    "expect_column_values_to_match_json_schema": Phrase(
        "{column} fits its JSON schema", "values of {column} do not fit the JSON schema", "that do not"
    ),
    "expect_column_values_to_be_dateutil_parseable": Phrase(
        "{column} is a date", "values of {column} are no dates", "that are none"
    ),
    "expect_column_values_to_match_strftime_format": Phrase(
        "{column} is a time written {strftime_format}", "values of {column} are not written {strftime_format}",
        "that are not",
    ),
    "expect_compound_columns_to_be_unique": Phrase(
        "{column_list} together stand on one row only", "rows have {column_list} of another row", "repeated"
    ),
    "expect_multicolumn_sum_to_equal": Phrase(
        "{column_list} add up to {sum_total}", "rows have {column_list} that do not add up to {sum_total}",
        "that do not",
    ),
    "expect_multicolumn_values_to_be_equal": Phrase(
        "{column_list} are equal", "rows have {column_list} that differ", "that differ"
    ),
    "expect_select_column_values_to_be_unique_within_record": Phrase(
        "{column_list} all differ", "rows have {column_list} of which two are equal", "with equal ones"
    ),
}  # fmt: skip
_NUMBERS = {
    "expect_column_mean_to_be_between": "mean of {column}",
    "expect_column_min_to_be_between": "least {column}",
    "expect_column_max_to_be_between": "greatest {column}",
    "expect_column_sum_to_be_between": "sum of {column}",
    "expect_column_stdev_to_be_between": "standard deviation of {column}",
    "expect_column_median_to_be_between": "median of {column}",
    "expect_column_proportion_of_non_null_values_to_be_between": "share of rows that have a {column}",
    "expect_column_unique_value_count_to_be_between": "number of distinct values of {column}",
    "expect_column_proportion_of_unique_values_to_be_between": "number of distinct values of {column} for each value",
}


def aggregate(kind: str, column: str) -> str | None:
    """Name the number that a type of rule is about; None for other types.

    >>> aggregate("expect_column_mean_to_be_between", "price")
    'mean of price'
    """
    phrase = _NUMBERS.get(kind)
    return None if phrase is None else phrase.format(column=column)


def words(kwargs: Mapping[str, Any], write: Callable[[Any], str] = repr) -> dict[str, str]:
    """Write a rule's arguments for the phrases: sets by their first members, lists of columns in a row."""
    values = kwargs.get("value_set") or kwargs.get("value_pairs_set") or []
    return {
        "set": members(values, write),
        "column_list": ", ".join(map(str, kwargs.get("column_list") or ())),
        "match_on": str(kwargs.get("match_on", "any")),
    }


def members(values: Sequence[Any], write: Callable[[Any], str] = repr) -> str:
    """Write the members of a set; of many the first.

    >>> members(["a", "b"]), members(range(7), str)
    ("'a', 'b'", '0, 1, 2, 3, 4 and 2 more')
    """
    more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
    return ", ".join(write(value) for value in values[:SHOWN]) + more
