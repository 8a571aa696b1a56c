"""Kinds: the expectation types that a dataset can be judged by, their arguments, and how each is measured.

Every one of them is measured shard by shard, and its numbers add up. What does not add up is refused: z-scores and
outliers (they need the whole column's mean first), increasing and decreasing values (shards have no order among each
other), distributions and correlations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

IGNORE_PAIR = ("both_values_are_missing", "either_value_is_missing", "neither")
IGNORE_ROW = ("all_values_are_missing", "any_value_is_missing", "never")
MATCH_ON = ("any", "all")
INTERPOLATION = ("linear", "lower", "higher", "midpoint", "nearest")


@dataclass(frozen=True)
class Kind:
    """How a type is measured, and its arguments beside `column`.

    `over` is `mask` (rows, by Arrow), `pandas` (rows, by Great Expectations' own code), `table`, `types`, or the name
    of an aggregate of one column. Only `mask` and `pandas` name failing rows.
    """

    over: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def names_rows(self) -> bool:
        """Whether single rows break it."""
        return self.over in ("mask", "pandas")


_BOUNDS = ("min_value", "max_value", "strict_min", "strict_max")
_ONE, _PAIR, _LIST = ("column",), ("column_A", "column_B"), ("column_list",)


def _between(over: str) -> Kind:
    return Kind(over, _ONE, _BOUNDS)


TYPES: dict[str, Kind] = {
    f"expect_{name}": kind
    for name, kind in {
        # rows, one column
        "column_values_to_not_be_null": Kind("mask", _ONE, ("mostly",)),
        "column_values_to_be_null": Kind("mask", _ONE, ("mostly",)),
        "column_values_to_be_between": Kind("mask", _ONE, (*_BOUNDS, "mostly")),
        "column_values_to_be_in_set": Kind("mask", (*_ONE, "value_set"), ("mostly",)),
        "column_values_to_not_be_in_set": Kind("mask", (*_ONE, "value_set"), ("mostly",)),
        "column_values_to_match_regex": Kind("mask", (*_ONE, "regex"), ("mostly",)),
        "column_values_to_not_match_regex": Kind("mask", (*_ONE, "regex"), ("mostly",)),
        "column_values_to_match_regex_list": Kind("mask", (*_ONE, "regex_list"), ("match_on", "mostly")),
        "column_values_to_not_match_regex_list": Kind("mask", (*_ONE, "regex_list"), ("mostly",)),
        "column_value_lengths_to_be_between": Kind("mask", _ONE, (*_BOUNDS, "mostly")),
        "column_value_lengths_to_equal": Kind("mask", (*_ONE, "value"), ("mostly",)),
        "column_values_to_be_unique": Kind("mask", _ONE, ("mostly",)),
        "column_values_to_be_json_parseable": Kind("pandas", _ONE, ("mostly",)),
        "column_values_to_match_json_schema": Kind("pandas", (*_ONE, "json_schema"), ("mostly",)),
        "column_values_to_be_dateutil_parseable": Kind("pandas", _ONE, ("mostly",)),
        "column_values_to_match_strftime_format": Kind("pandas", (*_ONE, "strftime_format"), ("mostly",)),
        # rows, several columns
        "column_pair_values_a_to_be_greater_than_b": Kind("mask", _PAIR, ("or_equal", "ignore_row_if", "mostly")),
        "column_pair_values_to_be_equal": Kind("pandas", _PAIR, ("ignore_row_if", "mostly")),
        "column_pair_values_to_be_in_set": Kind("pandas", (*_PAIR, "value_pairs_set"), ("ignore_row_if", "mostly")),
        "compound_columns_to_be_unique": Kind("mask", _LIST, ("ignore_row_if", "mostly")),
        "multicolumn_sum_to_equal": Kind("pandas", (*_LIST, "sum_total"), ("ignore_row_if", "mostly")),
        "multicolumn_values_to_be_equal": Kind("pandas", _LIST, ("ignore_row_if", "mostly")),
        "select_column_values_to_be_unique_within_record": Kind("pandas", _LIST, ("ignore_row_if", "mostly")),
        # one number of a column
        "column_mean_to_be_between": _between("numbers"),
        "column_min_to_be_between": _between("numbers"),
        "column_max_to_be_between": _between("numbers"),
        "column_sum_to_be_between": _between("numbers"),
        "column_stdev_to_be_between": _between("moments"),
        "column_median_to_be_between": _between("quantiles"),
        "column_quantile_values_to_be_between": Kind(
            "quantiles", (*_ONE, "quantile_ranges"), ("allow_relative_error",)
        ),
        "column_proportion_of_non_null_values_to_be_between": _between("present"),
        "column_unique_value_count_to_be_between": _between("values"),
        "column_proportion_of_unique_values_to_be_between": _between("values"),
        "column_distinct_values_to_be_in_set": Kind("values", (*_ONE, "value_set")),
        "column_distinct_values_to_contain_set": Kind("values", (*_ONE, "value_set")),
        "column_distinct_values_to_equal_set": Kind("values", (*_ONE, "value_set")),
        "column_most_common_value_to_be_in_set": Kind("values", (*_ONE, "value_set"), ("ties_okay",)),
        # the table
        "column_values_to_be_of_type": Kind("types", (*_ONE, "type_"), ("mostly",)),
        "column_values_to_be_in_type_list": Kind("types", (*_ONE, "type_list"), ("mostly",)),
        "column_to_exist": Kind("table", _ONE),
        "table_row_count_to_be_between": Kind("table", (), _BOUNDS),
        "table_row_count_to_equal": Kind("table", ("value",)),
        "table_column_count_to_be_between": Kind("table", (), ("min_value", "max_value")),
        "table_column_count_to_equal": Kind("table", ("value",)),
        "table_columns_to_match_set": Kind("table", ("column_set",), ("exact_match",)),
        "table_columns_to_match_ordered_list": Kind("table", _LIST),
    }.items()
}
ROW_COUNTS = frozenset(name for name in TYPES if name.startswith("expect_table_row_count"))
COLUMNS = frozenset(name for name in TYPES if name.startswith("expect_table_column"))  # about all columns
UNIQUE = "expect_column_values_to_be_unique"
COMPOUND = "expect_compound_columns_to_be_unique"
# Exact at any size on the key column, whose equal values are neighbours.
DISTINCT = frozenset(
    {"expect_column_unique_value_count_to_be_between", "expect_column_proportion_of_unique_values_to_be_between"}
)


def patterns(kwargs: Any) -> list[str]:
    """The regular expressions among a rule's arguments."""
    return [kwargs["regex"]] if "regex" in kwargs else list(kwargs.get("regex_list") or ())
