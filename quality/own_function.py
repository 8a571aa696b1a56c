"""Functions of one's own, named `package.module:function`: found, hashed, and called so that a failure names a row."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from ..schemas.errors import ConfigError, RuleError, nearest

SHOWN = 80  # characters of the value on which a function failed


@dataclass(frozen=True)
class OwnFunction:
    """A function from Arrow to Arrow, row by row; cheap to pickle, imported where it is first called."""

    place: str  # in the configuration: clean.own.strip_sku
    use: str
    returns: pa.DataType
    content: str  # hash of its package, as the run was planned with it

    @classmethod
    def of(cls, place: str, use: str, returns: pa.DataType) -> OwnFunction:
        """Name a function of a package that is installed here.

        Raises:
            ConfigError: there is no such package.
        """
        return cls(place, use, returns, content_hash(place, use))

    def __getstate__(self) -> dict[str, Any]:
        # What was imported here is imported again on the worker.
        return {name: self.__dict__[name] for name in ("place", "use", "returns", "content")}

    @cached_property
    def function(self) -> Callable[[Any], Any]:
        """The function itself.

        Raises:
            ConfigError: it cannot be imported, is no function, or comes from other files than on the driver.
        """
        name, _, path = self.use.partition(":")
        if content_hash(self.place, self.use) != self.content:
            raise ConfigError(
                f"{self.place}: use '{self.use}': package '{name.partition('.')[0]}' is not the one that the run was "
                f"planned with; install the same on every worker, and run again where it was changed meanwhile"
            )
        try:
            found: Any = importlib.import_module(name)
        except Exception as error:
            raise ConfigError(
                f"{self.place}: use '{self.use}' cannot be imported: {type(error).__name__}: {error}; install its "
                f"package where eclip runs, on every worker too"
            ) from error
        for part in path.split("."):
            if not hasattr(found, part):
                known = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_")]
                raise ConfigError(f"{self.place}: use '{self.use}': there is no '{part}'{nearest(part, known)}")
            found = getattr(found, part)
        if not callable(found):
            raise ConfigError(f"{self.place}: use '{self.use}' is a {type(found).__name__}, expected a function")
        function: Callable[[Any], Any] = found
        return function

    def __call__(self, values: pa.Array | pa.RecordBatch, ids: pa.Array) -> pa.Array:
        """Ask the function about rows.

        Args:
            values: n texts, or a batch of n listings.
            ids: Of the listings, for what is said of a failure.

        Returns:
            Its answer, an array of n values of `returns`.

        Raises:
            RuleError: it raised, or gave back another length or type; the first row that makes it do so is named.
        """
        if not len(values):
            return pa.nulls(0, self.returns)
        try:
            return self._asked(values)
        except RuleError as error:
            raise RuleError(f"{self.place}: {self.use} {error}{self._first(values, ids)}") from error.__cause__

    def _asked(self, values: pa.Array | pa.RecordBatch) -> pa.Array:
        try:
            answer = self.function(values)
        except ConfigError:
            raise
        except Exception as error:
            raise RuleError(f"raised {type(error).__name__}: {error}") from error
        if isinstance(answer, pa.ChunkedArray):
            answer = answer.combine_chunks()
        if not isinstance(answer, pa.Array):
            raise RuleError(f"gave back a {type(answer).__name__}, expected a pyarrow Array of {self.returns}")
        if not (
            answer.type.equals(self.returns) or pa.types.is_null(answer.type) or _is_text(answer.type, self.returns)
        ):
            raise RuleError(f"gave back values of type {answer.type}, expected {self.returns}")
        if len(answer) != len(values):
            raise RuleError(f"gave back {len(answer)} values for {len(values)}, expected one for each")
        return answer.cast(self.returns)

    def _first(self, values: pa.Array | pa.RecordBatch, ids: pa.Array) -> str:
        """Name the first row on which the function fails, if it is one row that makes it fail."""
        passes, fails = 0, len(values)  # rows from the first on
        while fails - passes > 1:
            middle = (passes + fails) // 2
            if self._fails(values.slice(0, middle)):
                fails = middle
            else:
                passes = middle
        alone = values.slice(fails - 1, 1)
        others = values.slice(1, 1) if fails == 1 else values.slice(0, 0)
        if not self._fails(alone) or (len(others) and self._fails(others)):
            return ""  # it fails on what comes together, or whatever it is given
        shown = alone[0].as_py() if isinstance(alone, pa.Array) else alone.column("title")[0].as_py()
        return f"; first on listing '{ids[fails - 1]}': {_short(shown)}"

    def _fails(self, values: pa.Array | pa.RecordBatch) -> bool:
        try:
            self._asked(values)
        except RuleError:
            return True
        return False


def _is_text(kind: pa.DataType, returns: pa.DataType) -> bool:
    return bool(pa.types.is_string(returns) and pa.types.is_large_string(kind))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def content_hash(place: str, use: str) -> str:
    """Hash the files of the package that a function comes from, its word lists too: a changed rule is applied anew.

    All files below the top-level package count, compiled ones (`__pycache__`) and hidden ones do not; of a module
    that stands alone, its file.

    Raises:
        ConfigError: there is no such package.
    """
    package = use.partition(":")[0].partition(".")[0]
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # `__main__`, which a worker could not import either
        spec = None
    if spec is None:
        raise ConfigError(f"{place}: use '{use}': there is no package '{package}'; install it where eclip runs")
    digest = xxhash.xxh3_128()
    folders = [Path(place) for place in spec.submodule_search_locations or ()]
    files = [(file, file.relative_to(folder).as_posix()) for folder in folders for file in folder.rglob("*")]
    if not folders and spec.origin and Path(spec.origin).is_file():
        files = [(Path(spec.origin), Path(spec.origin).name)]
    for file, name in sorted(files, key=lambda each: each[1]):
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.split("/")):
            digest.update(f"{name}\0".encode())
            digest.update(file.read_bytes())
    if not files:  # of Python itself
        digest.update(sys.version.encode())
    return digest.hexdigest()
