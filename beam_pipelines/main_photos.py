"""The main photo of each listing, read along with the listings: both are sorted by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.dataset import Dataset

PHOTOS_AT_A_TIME = 128


@dataclass
class MainPhotos:
    """Hand out JPEGs for rising ids, holding a few at a time."""

    images: Dataset
    shard: int
    _rows: Iterator[tuple[str, bytes | None]] = field(init=False)
    _next: tuple[str, bytes | None] | None = field(init=False)

    def __post_init__(self) -> None:
        self._rows = self._read()
        self._next = next(self._rows, None)

    def _read(self) -> Iterator[tuple[str, bytes | None]]:
        for batch in self.images.batches(self.shard, ["id", "position", "jpeg"], rows=PHOTOS_AT_A_TIME):
            main: pa.RecordBatch = batch.filter(pc.equal(batch["position"], 0))
            yield from zip(main["id"].to_pylist(), main["jpeg"].to_pylist(), strict=True)

    def take(self, ids: Sequence[str]) -> list[bytes | None]:
        """The JPEG of each listing; None where it has no photo that decodes. Ids must rise from call to call."""
        found = []
        for wanted in ids:
            while self._next is not None and self._next[0] < wanted:
                self._next = next(self._rows, None)
            found.append(self._next[1] if self._next is not None and self._next[0] == wanted else None)
        return found
