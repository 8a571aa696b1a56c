"""The one transform of every row-wise stage: shard numbers in, parts and a marker out for each.

    root | MapShards(work, attempt)

`work(shard, output)` streams a shard's rows through pure functions and writes to `output`; it knows nothing of Beam.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Any, ClassVar

import apache_beam as beam
import pyarrow as pa
import xxhash

from ..quality.gates.profile import Profile
from ..schemas.attempt import SAMPLES, Attempt, Marker
from ..schemas.dataset import PartWriter
from ..schemas.errors import ConfigError, EclipError, RuleError
from ..schemas.listing import Contract
from . import coder  # noqa: F401  (registers the Arrow coder with whoever imports the DoFns)
from .shard_gate import GatePlan, ShardGate

NO_SPACE = "no space left on the device that holds the run folder; make room and run again"


class ShardOutput:
    """Where a shard's rows go: parts, counts, samples, and the numbers that gate and profile need."""

    def __init__(self, attempt: Attempt, shard: int, contracts: Mapping[str, Contract], gate: GatePlan) -> None:
        self.attempt, self.shard, self.contracts, self.gate = attempt, shard, contracts, gate
        self.counts: Counter[str] = Counter()
        self._stack = ExitStack()
        self._writers: dict[str, PartWriter] = {}
        self._samples: dict[str, list[tuple[int, str]]] = {}
        keys = {name: contract.key[0] for name, contract in contracts.items()}
        self._gate = self._stack.enter_context(ShardGate(attempt, shard, gate, keys))
        self._profile = Profile()

    def __enter__(self) -> ShardOutput:
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count of the shard's marker."""
        self.counts[name] += int(number)

    def write(self, dataset: str, batch: pa.RecordBatch) -> None:
        """Write rows in the order of the dataset's key; a batch of no rows still fixes the schema."""
        contract = self.contracts[dataset]
        batch = contract.conform(batch)
        if dataset not in self._writers:
            target = self.attempt.dataset(dataset).part(self.shard)
            self._writers[dataset] = self._stack.enter_context(PartWriter(target, contract, batch.schema))
        self._writers[dataset].write(batch)
        self._gate.add(dataset, batch)
        if dataset == self.gate.profiled:
            self._profile.add(batch)
        if "rule" in batch.schema.names:
            self._sample(dataset, batch.column(contract.key[0]), batch.column("rule"))

    def _sample(self, dataset: str, ids: pa.Array, rules: pa.Array) -> None:
        for row_id, rule in zip(ids.to_pylist(), rules.to_pylist(), strict=True):
            name = f"{dataset}:{rule}"
            self.counts[name] += 1
            kept = self._samples.setdefault(name, [])
            # A heap of the lowest, by negated hash: its root is the highest of those kept.
            entry = (-xxhash.xxh64_intdigest(row_id.encode()), row_id)
            if len(kept) < SAMPLES:
                heapq.heappush(kept, entry)
            else:
                heapq.heappushpop(kept, entry)

    def finish(self, seconds: float) -> None:
        """Close the parts, then write the gate's numbers, then the marker."""
        for name, contract in self.contracts.items():
            if name not in self._writers:
                self.write(name, contract.empty())
        self._gate.end()
        self._stack.close()
        parts = {name: writer.part for name, writer in self._writers.items()}
        name = f"{self.shard:05d}.json"
        self._gate.finish()
        if self.gate.profiled:
            (self.attempt.folder / "_profile" / name).write_json(self._profile.partial())
        samples = {rule: sorted((-h, i) for h, i in rows) for rule, rows in self._samples.items()}
        complete = {n: part for n, part in parts.items() if part is not None}
        self.attempt.finish(Marker(self.shard, complete, dict(self.counts), samples, seconds))


class ShardWork:
    """What a stage does to one shard. Must pickle; open models and the like in `setup`."""

    contracts: Mapping[str, Contract] = MappingProxyType({})  # the datasets that it writes

    def setup(self) -> None:
        """Prepare once for each worker; most have nothing to prepare."""

    def __call__(self, shard: int, output: ShardOutput) -> None:
        """Do one shard."""
        raise NotImplementedError


def write_shard(work: ShardWork, attempt: Attempt, gate: GatePlan, shard: int) -> bool:
    """Do one shard unless it is done; a failure leaves a note and does not stop the others.

    Returns whether the shard is done.
    """
    if attempt.marker(shard).exists():
        return True
    started = time.monotonic()
    try:
        with ShardOutput(attempt, shard, work.contracts, gate) as output:
            work(shard, output)
            output.finish(time.monotonic() - started)
    except Exception as error:  # noqa: BLE001  (any error of a shard must leave the other shards alone)
        # Parts stay: where a runner gave the shard to two workers, the other may have finished it meanwhile.
        note = {"error": explain(error), "expected": isinstance(error, EclipError), "trace": traceback.format_exc(),
                "rule": isinstance(error, RuleError), "config": isinstance(error, ConfigError)}  # fmt: skip
        with contextlib.suppress(OSError):  # a full disk may have no room for the note; the driver sees that
            if attempt.marker(shard).exists():
                return True
            attempt.failure(shard).write_json(note)
        return False
    return True


def explain(error: BaseException) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, EclipError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return NO_SPACE
    return f"{type(error).__name__}: {error}"


class WriteShard(beam.DoFn):
    """Do the shard of each number that comes in."""

    def __init__(self, work: ShardWork, attempt: Attempt, gate: GatePlan) -> None:
        self.work, self.attempt, self.gate = work, attempt, gate

    def setup(self) -> None:
        """Prepare the work once for each worker."""
        self.work.setup()

    def process(self, shard: int) -> list[int]:
        """Give the shard's number back when it is done."""
        return [shard] if write_shard(self.work, self.attempt, self.gate, shard) else []


class MapShards(beam.PTransform[Any, Any]):
    """Do `work` for each shard that has no marker yet."""

    accelerated: ClassVar[bool] = False  # whether an accelerator speeds up what is done to a shard
    doing: ClassVar[str] = "Write shard"

    def __init__(self, work: ShardWork, attempt: Attempt, gate: GatePlan | None = None) -> None:
        super().__init__()
        self.work, self.attempt, self.gate = work, attempt, gate or GatePlan()
        self.hints: Mapping[str, str] = {}  # what the runner asks of the machines that do it: Beam's resource hints

    def each(self) -> beam.PTransform[Any, Any]:
        """What is done to each number."""
        each = beam.ParDo(WriteShard(self.work, self.attempt, self.gate))
        typed: beam.PTransform[Any, Any] = each.with_output_types(int)
        return typed

    def expand(self, root: Any) -> Any:
        """Wire it: numbers, spread over the workers, each done where it lands."""
        return (
            root
            # The default reshuffle stays: without it one worker does everything.
            | "Shard numbers" >> beam.Create(self.attempt.missing())
            | self.doing >> self.each().with_resource_hints(**self.hints)
        )
