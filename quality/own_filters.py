"""Filters of one's own, beside those of eclip.quality.noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.errors import ConfigError
from ..schemas.own_rule import OwnFilter
from .own_function import OwnFunction


@dataclass(frozen=True)
class OwnFilters:
    """The filters and their functions; cheap to pickle."""

    rules: tuple[OwnFilter, ...] = ()
    functions: tuple[OwnFunction, ...] = ()

    @classmethod
    def of(cls, rules: Sequence[OwnFilter], taken: Sequence[str]) -> OwnFilters:
        """Name the functions of filters.

        Args:
            rules: As configured.
            taken: Ids of the built-in filters.

        Raises:
            ConfigError: a filter has the id of a built-in one, or its package is not installed here.
        """
        for rule in rules:
            if rule.id in taken:
                raise ConfigError(f"filter.own: '{rule.id}' is the id of a built-in filter; give yours another")
        made = (OwnFunction.of(f"filter.own.{rule.id}", rule.use, pa.bool_()) for rule in rules)
        return cls(tuple(rules), tuple(made))

    @property
    def names(self) -> list[str]:
        """Their ids, in the order of the configuration."""
        return [rule.id for rule in self.rules]

    def fired(self, listings: pa.RecordBatch) -> np.ndarray:
        """Say which listings each rejects; a null rejects nothing. [bool (rows, rules)]

        Raises:
            RuleError: a function failed.
        """
        answers = [function(listings, listings["id"]) for function in self.functions]
        columns = [np.asarray(pc.fill_null(answer, False)).astype(bool) for answer in answers]
        return np.stack(columns, axis=1) if columns else np.zeros((listings.num_rows, 0), bool)

    def details(self, rows: int) -> list[list[str]]:
        """For each filter a sentence for each row."""
        return [[rule.detail or f"rejected by the rule {rule.id} of filter.own"] * rows for rule in self.rules]
