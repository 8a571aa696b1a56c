"""Arrow IPC as the coder of record batches.

Beam's default, pickle, carries a slice's parent buffers along: the same pipeline took 4.5 times the CPU and 10 times
the memory. Importing this module registers the coder; every module with DoFns over record batches imports it, so
that workers register it too.
"""

from __future__ import annotations

import apache_beam as beam
import pyarrow as pa
from apache_beam.coders.typecoders import registry


class RecordBatchCoder(beam.coders.Coder):
    """Encode a record batch as one Arrow IPC stream."""

    def encode(self, value: pa.RecordBatch) -> bytes:
        """Write schema and batch."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as stream:
            stream.write_batch(value)
        return bytes(sink.getvalue())

    def decode(self, encoded: bytes) -> pa.RecordBatch:
        """Read the batch back."""
        with pa.ipc.open_stream(encoded) as stream:
            return stream.read_next_batch()

    def is_deterministic(self) -> bool:
        """Say no: a batch is never a key."""
        return False

    def to_type_hint(self) -> type:
        """Give the type that this encodes."""
        return pa.RecordBatch  # type: ignore[no-any-return]


registry.register_coder(pa.RecordBatch, RecordBatchCoder)
