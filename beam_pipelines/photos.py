"""Fetch photos by path or URL; what cannot be had comes back as a reason, never as an exception."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..schemas.config import ImageConfig
from ..schemas.storage import Storage

AGENT = "eclip"


@dataclass(frozen=True)
class Missing:
    """Why a photo's bytes are not to be had."""

    reason: str


@dataclass
class PhotoSource:
    """Where photos lie: `base` is the folder that relative paths start from."""

    base: Storage
    config: ImageConfig
    _pool: ThreadPoolExecutor | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {"base": self.base, "config": self.config, "_pool": None}

    def fetch(self, references: Sequence[str]) -> list[bytes | Missing]:
        """Read photos in order; URLs (and object stores) several at a time."""
        remote = [r for r in references if "://" in r or not self.base.is_local]
        if len(remote) < 2:
            return [self._one(r) for r in references]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.config.concurrent)
        return list(self._pool.map(self._one, references))

    def _one(self, reference: str) -> bytes | Missing:
        if reference.startswith(("http://", "https://")):
            return self._url(reference)
        try:
            place = (
                Storage.of(reference, None)
                if "://" in reference or reference.startswith("/")
                else self.base / reference
            )
            size = place.size()
            if size > self.config.max_mb * 1e6:
                return Missing(f"the file has {size / 1e6:.1f} MB, more than image.max_mb {self.config.max_mb:g}")
            return place.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return Missing("the file is not there")
        except (OSError, ValueError) as error:
            return Missing(f"cannot be read: {type(error).__name__}: {error}")

    def _url(self, url: str) -> bytes | Missing:
        limit = int(self.config.max_mb * 1e6)
        reason = ""
        for attempt in range(self.config.tries):
            if attempt:
                time.sleep(0.5 * 2**attempt)
            try:
                request = urllib.request.Request(url, headers={"User-Agent": AGENT})
                with urllib.request.urlopen(request, timeout=self.config.timeout_s) as response:
                    data: bytes = response.read(limit + 1)
                if len(data) > limit:
                    return Missing(f"the URL gives more than image.max_mb {self.config.max_mb:g} MB")
                return data
            except urllib.error.HTTPError as error:
                reason = f"the URL answers {error.code} {error.reason}"
                if error.code < 500 and error.code != 429:  # asking again will not help
                    break
            except (OSError, ValueError) as error:
                reason = f"the URL does not answer: {getattr(error, 'reason', None) or error}"
        return Missing(reason)
