"""What the gate measures of one shard: partial numbers, and every row that breaks a rule.

    <attempt>/_gate/<what is measured>/00017.json                     numbers by dataset, and the part of failing rows
    <attempt>/_gate/<what is measured>/gate_failures/part-00017-of-…  id, rule, value

Written while the shard is written, or when a changed suite measures it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

import pyarrow as pa

from ..quality.gates.measure import Measure
from ..quality.gates.rule import Rule
from ..schemas.attempt import Attempt
from ..schemas.dataset import Dataset, Part, PartWriter
from ..schemas.listing import GATE_FAILURES
from ..schemas.manifest import Manifest, Published
from ..schemas.storage import Storage

MEASURED = "_gate"  # of an attempt


@dataclass(frozen=True)
class GatePlan:
    """What the gate wants to know of each shard: the suite's rules by dataset."""

    measured: str = ""  # hash of what is measured
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    profiled: str | None = None  # the dataset whose columns are profiled

    @property
    def names_rows(self) -> bool:
        """Whether a rule names the rows that break it."""
        return any(rule.kind.names_rows for rules in self.rules.values() for rule in rules)

    def folder(self, attempt: Attempt) -> Storage:
        """Where an attempt keeps what was measured."""
        return attempt.folder / MEASURED / self.measured

    def tidy(self, attempt: Attempt, before: Manifest | None) -> None:
        """Remove what was measured for other suites, but for the one of the verdict before: readers may be at it."""
        known = before.datasets.get(GATE_FAILURES.name) if before else None
        keep = {self.measured, known.folder.split("/")[-2] if known else ""}
        for name in (attempt.folder / MEASURED).children():
            if name not in keep:
                (attempt.folder / MEASURED / name).remove()

    def partial(self, attempt: Attempt, shard: int) -> Storage:
        """Where a shard's numbers are."""
        return self.folder(attempt) / f"{shard:05d}.json"

    def failures(self, attempt: Attempt) -> Dataset:
        """Where the failing rows are."""
        return Dataset(self.folder(attempt) / GATE_FAILURES.name, attempt.shards)

    def published(self, attempt: Attempt) -> dict[str, Published]:
        """Describe the failing rows of an attempt that was measured, for its manifest."""
        if not self.names_rows:
            return {}
        parts = [Part(**self.partial(attempt, shard).read_json()["failures"]) for shard in range(attempt.shards)]
        data = self.failures(attempt)
        names = [f"{attempt.name}/{data.folder.url[len(attempt.folder.url) + 1 :]}/{data.part(i).name}"
                 for i in range(attempt.shards)]  # fmt: skip
        checksums = [part.checksum for part in parts]
        return {GATE_FAILURES.name: Published.of(names, sum(part.rows for part in parts), checksums)}


class ShardGate:
    """Measure a shard; a context, since failing rows are written on the way."""

    def __init__(self, attempt: Attempt, shard: int, plan: GatePlan, keys: Mapping[str, str]) -> None:
        self.attempt, self.shard, self.plan = attempt, shard, plan
        self._measures = {
            name: Measure(rules, keys[name], failing=plan.names_rows)
            for name, rules in plan.rules.items()
            if name in keys
        }
        self._writer: PartWriter | None = None
        if self._measures and plan.names_rows:
            self._writer = PartWriter(plan.failures(attempt).part(shard), GATE_FAILURES, GATE_FAILURES.schema)

    def __enter__(self) -> ShardGate:
        if self._writer is not None:
            self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.__exit__(kind, error, trace)

    def add(self, dataset: str, batch: pa.RecordBatch, schema: pa.Schema | None = None) -> None:
        """Measure rows of a dataset; `schema` is that of all columns, where not all were read."""
        if dataset in self._measures:
            self._write(self._measures[dataset].add(batch, schema))

    def end(self) -> None:
        """Measure what waited for further rows; then leave the context, then `finish`."""
        for measure in self._measures.values():
            self._write(measure.end())

    def _write(self, failing: pa.RecordBatch | None) -> None:
        if failing is not None and self._writer is not None:
            self._writer.write(failing)

    def finish(self) -> None:
        """Keep the numbers."""
        if not self._measures:
            return
        part = None if self._writer is None or self._writer.part is None else asdict(self._writer.part)
        numbers: dict[str, Any] = {name: measure.partial() for name, measure in self._measures.items()}
        self.plan.partial(self.attempt, self.shard).write_json({"datasets": numbers, "failures": part})
