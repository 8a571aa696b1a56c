"""Pseudonyms: equal names stay equal, and who lacks the key can neither read nor guess what stood there.

A plain hash would not do: telephone numbers and known addresses are few enough to hash them all and compare. So each
name goes through HMAC-SHA-256 (RFC 2104) with a key of 32 characters or more, which is

- the environment variable ECLIP_PSEUDONYM_KEY, where it is set: so several machines, or catalogs, agree; or else
- drawn at random when the first run needs it, and kept in a file of this user alone, outside of every run folder:
  `$XDG_STATE_HOME/eclip/pseudonym.key`, by default below `~/.local/state`.

A run folder holds of the key only `Key.check`, one more HMAC: with another key listings are read anew. Where the key is
forgotten, nobody can link pseudonyms to names any more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.errors import ConfigError

VARIABLE = "ECLIP_PSEUDONYM_KEY"
FEWEST = 32  # characters of a key: half of what `openssl rand -hex 32` prints


@dataclass(frozen=True)
class Key:
    """The secret; it does not show where it is printed."""

    secret: bytes = field(repr=False)

    @classmethod
    def found(cls) -> Key:
        """Take the key of the environment, or this user's; the first time it is drawn.

        Raises:
            ConfigError: it is too short, others may read its file, or that cannot be written.
        """
        given = os.environ.get(VARIABLE)
        if given is not None:
            if len(given) < FEWEST:
                raise ConfigError(f"{VARIABLE} has {len(given)} characters; expected {FEWEST} or more, as those that "
                                  f"`openssl rand -hex 32` prints")  # fmt: skip
            return cls(given.encode())
        file = _file()
        try:
            if not file.exists():
                _draw(file)
            kept, secret = file.stat(), file.read_bytes()
        except OSError as error:
            raise ConfigError(f"{file}: no key for pseudonyms can be kept there ({error.strerror}); set {VARIABLE} to "
                              f"what `openssl rand -hex 32` prints") from None  # fmt: skip
        if kept.st_mode & 0o077 or len(secret) < FEWEST:
            raise ConfigError(
                f"{file}: expected a key of {FEWEST} characters or more that its owner alone can read, found "
                f"{len(secret)}, mode {stat.filemode(kept.st_mode)}; mend or remove it"
            )
        return cls(secret)

    def of(self, name: str) -> str:
        """Give the pseudonym of a name.

        >>> Key(b"k" * 32).of("anna@example.com")
        'person-bef0214c7e668fe18e537efb2b637d76'
        """
        return f"person-{self._digest('name:' + name)}"

    @property
    def check(self) -> str:
        """What tells this key from others, and says nothing of it."""
        return self._digest("check")

    def pseudonyms(self, names: pa.Array, rows: pa.Array) -> pa.Array:
        """Put pseudonyms in the place of the names in some rows."""
        found = [self.of(name) for name in names.filter(rows).to_pylist()]
        return pc.replace_with_mask(names, rows, pa.array(found, names.type))

    def _digest(self, text: str) -> str:
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()[:32]


def _file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "eclip" / "pseudonym.key"


def _draw(file: Path) -> None:
    """Write a key as a whole or not at all; that of another process stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent)  # of mode 600
    try:
        with os.fdopen(handle, "w") as sink:
            sink.write(secrets.token_hex(32))
        os.link(temporary, file)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
