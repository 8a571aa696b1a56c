"""Photos of a shard, fetched in order; what cannot be had comes back as a reason, never as an exception."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

from ..quality.images.reader import PhotoReader
from ..quality.images.web import NoPhotoError
from ..schemas.config import ImageConfig
from ..schemas.storage import Storage

AHEAD_BYTES = 64 << 20  # photos that wait to be decoded; what is under way comes on top


@dataclass(frozen=True)
class Missing:
    """Why a photo's bytes are not to be had."""

    reason: str


@dataclass
class PhotoSource:
    """Where photos lie: `base` is the folder that relative paths start from, `allow` the further places permitted."""

    base: Storage
    config: ImageConfig
    allow: tuple[str, ...] = ()
    _pool: ThreadPoolExecutor | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_pool": None}

    def fetch(self, references: Sequence[str]) -> Iterator[bytes | Missing]:
        """Give photos in order; URLs (and object stores) are read several at a time, ahead of whoever takes them.

        Held are at most `AHEAD_BYTES` that wait and `concurrent` photos of at most `max_mb` that are under way.
        """
        reader = PhotoReader(self.base, self.config, self.allow)
        remote = [r for r in references if "://" in r or not self.base.is_local]
        if len(remote) < 2:
            yield from (_one(reader, r) for r in references)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.config.concurrent)
        waiting = iter(references)
        ahead: deque[Future[bytes | Missing]] = deque()
        while True:
            done = [f for f in ahead if f.done()]
            if sum(len(data) for f in done if isinstance(data := f.result(), bytes)) < AHEAD_BYTES:
                free = self.config.concurrent - (len(ahead) - len(done))
                ahead.extend(self._pool.submit(_one, reader, r) for r in islice(waiting, free))
            if not ahead:
                return
            if ahead[0].done():
                yield ahead.popleft().result()
            else:
                wait([f for f in ahead if not f.done()], return_when=FIRST_COMPLETED)


def _one(reader: PhotoReader, reference: str) -> bytes | Missing:
    try:
        return reader.read(reference)
    except NoPhotoError as error:
        return Missing(str(error))
