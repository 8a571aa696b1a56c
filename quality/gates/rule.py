"""A rule: one line of a suite, and the dataset that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .kinds import TYPES, Kind

SEVERITIES = ("critical", "warning", "info")

# The column that names a row, in each dataset that rules may be about; `metrics` has one row and needs none.
KEYS = {
    "listings": "id", "images": "id", "rejected": "id", "duplicates": "dropped_id", "links": "left_id",
    "train": "id", "val": "id", "embeddings": "id", "predictions": "id", "matches": "left_id",
    "clusters": "id",
}  # fmt: skip
METRICS = "metrics"
# Sorted by their groups first, so that equal ids need not be neighbours.
GROUPED = frozenset({"train", "val"})


@dataclass(frozen=True)
class Rule:
    """What is expected of a dataset, how badly, and under which stable id it is reported."""

    id: str
    type: str  # Great Expectations' name: expect_column_values_to_not_be_null
    kwargs: Mapping[str, Any]
    severity: str = "critical"
    dataset: str = "listings"
    why: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)  # what else the suite's author noted
    use: str = ""  # the class of a type of one's own, `package.module:Class`

    @property
    def kind(self) -> Kind:
        """How its type is measured on a dataset; types of one's own row by row, in pandas.

        Raises:
            KeyError: it is not measured on datasets.
        """
        return Kind("pandas", ()) if self.use else TYPES[self.type]

    @property
    def columns(self) -> list[str]:
        """Columns that the rule reads; none for a rule about the whole table."""
        named = [str(self.kwargs[name]) for name in ("column", "column_A", "column_B") if name in self.kwargs]
        several = () if self.type.startswith("expect_table_") else self.kwargs.get("column_list") or ()
        return [*named, *map(str, several)]

    @property
    def configuration(self) -> dict[str, Any]:
        """The rule as Great Expectations writes it."""
        meta = {**self.meta, "rule": self.id, "dataset": self.dataset} | ({"why": self.why} if self.why else {})
        return {"type": self.type, "kwargs": dict(self.kwargs), "severity": self.severity, "meta": meta}
