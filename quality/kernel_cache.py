"""Compiled code on disk, found again by what it is made from, wherever that lies: environments and clones share it.

numba by itself keeps code beside its source, or by its source's path, and asks for the text of that one file alone.
Here a folder holds the code of one module, and is named for the module and a hash of the versions of Python, numba and
llvmlite, the texts of the files that the module may call, and the values that these take from elsewhere. numba tells
types of arguments and of processors apart inside.

The folders lie in the first of these places that can be written, or that has the code: below NUMBA_CACHE_DIR, the
user's cache folder (`eclip/kernels` in $XDG_CACHE_HOME, by default ~/.cache, on macOS ~/Library/Caches), a folder of
the user's in the temporary one. Since code is loaded from it, a place is used only where it belongs to the user or to
root, and nobody else may write to it.

An index is replaced whole, as numba does it. Processes that compile the same function for other types at once may lose
an entry, never mix two up: each writes files of its own names.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import shutil
import stat
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
from llvmlite.binding import parse_bitcode
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import compile_result
from numba.core.runtime.nrt import rtsys

MOST = 256  # folders that are kept, the last used ones: about eight versions of all modules
UNREADABLE = (OSError, EOFError, pickle.UnpicklingError)
_VERSIONS = (
    sys.implementation.cache_tag, numba.__version__, sys.modules["llvmlite"].__version__,
    hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),  # how it is kept
)  # fmt: skip
_homes: dict[str, bytes] = {}  # modules that hold compiled functions: hash of the text and of the values at hand


def register(module: str) -> None:
    """Take a module for one that compiled functions may call; to be called before its first one is compiled."""
    if module not in _homes:
        found = sys.modules[module]
        text = hashlib.sha256(Path(str(found.__file__)).read_bytes())
        # Compiled code has the values of globals in it, and a number that is imported does not say whence.
        text.update(b"".join(_constants(found)))
        _homes[module] = text.digest()


def sources(module: str) -> list[str]:
    """Name the modules whose compiled functions a registered one may call, its own name among them, sorted."""
    seen: set[str] = set()
    left = {module}
    while left:
        name = left.pop()
        seen.add(name)
        used = {str(getattr(value, "__module__", None)) for value in vars(sys.modules[name]).values()}
        left |= (used & _homes.keys()) - seen
    return sorted(seen)


def folder_name(module: str) -> str:
    """Name the folder of a registered module's code: the module, and a hash of all that the code depends on."""
    parts = [(name, _homes[name].hex()) for name in sources(module)]
    return f"{module}-{hashlib.sha256(repr((_VERSIONS, parts)).encode()).hexdigest()[:32]}"


def kernel_cache(function: Callable[..., Any]) -> KernelCache | None:
    """Open what is kept of a function of a registered module; None where no place may be used."""
    name = folder_name(function.__module__)
    for place in _places():
        # In a folder that may not be entered even to ask what is there is an error.
        if os.access(place, os.W_OK) or (os.access(place, os.R_OK | os.X_OK) and (place / name).is_dir()):
            return KernelCache(function, place / name)
    return None


def _constants(module: ModuleType) -> Iterator[bytes]:
    for name, value in vars(module).items():
        if not name.startswith("__") and (found := _value(value)):
            yield repr((name, found)).encode()


def _value(value: object) -> tuple[object, ...]:
    """What compiled code takes of a global, where that is not a function; empty for what it cannot take."""
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).digest()
    if isinstance(value, tuple):
        parts = tuple(_value(part) for part in value)
        return ("tuple", *parts) if all(parts) else ()
    if isinstance(value, type) and issubclass(value, tuple):
        return value.__name__, getattr(value, "_fields", None)
    plain = isinstance(value, bool | int | float | complex | str | bytes | np.generic)
    return (type(value).__name__, str(value)) if plain else ()


def _places() -> Iterator[Path]:
    """Folders that code may be loaded from, made where they are missing."""
    asked: str = vars(numba.config)["CACHE_DIR"]
    wanted = [Path(asked) / "eclip"] if asked else []
    with contextlib.suppress(RuntimeError):  # no home
        home = Path("~/Library/Caches" if sys.platform == "darwin" else "~/.cache").expanduser()
        wanted.append(Path(os.environ.get("XDG_CACHE_HOME") or home) / "eclip" / "kernels")
    owner = os.getuid() if os.name == "posix" else 0
    wanted.append(Path(tempfile.gettempdir()) / f"eclip-numba-{owner}")
    for place in wanted:
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(OSError):
            found = place.lstat()
            alone = found.st_uid in (0, owner) and not found.st_mode & 0o022
            if stat.S_ISDIR(found.st_mode) and (alone or os.name != "posix"):
                yield place


class KernelCache(FunctionCache):
    """The kept code of one function, as numba's dispatchers ask for it: one file for each types of arguments."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._impl_class = functools.partial(_Kernel, folder=_Folder(function, folder))  # type: ignore[assignment]
        super().__init__(function)
        self._cache_file = _Files(str(folder), self._impl.filename_base, folder.name)

    def load_overload(self, sig: object, target_context: Any) -> Any:
        """Load what is kept for a signature.

        numba would first read all that it can compile, and SciPy with it: a third of a second in which nothing that
        was compiled before has to wait.
        """
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)

    def save_overload(self, sig: object, data: object) -> None:
        """Keep what was compiled for a signature, if the folder can be written."""
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


class _Kernel(CompileResultCacheImpl):
    """What numba writes of a function, and under which name."""

    def __init__(self, function: Callable[..., Any], folder: _Folder) -> None:
        self._locator = folder  # the base would look for one by the path of the source
        self._lineno = function.__code__.co_firstlineno
        self._filename_base = self.get_filename_base(function.__qualname__, getattr(sys, "abiflags", ""))

    def reduce(self, data: Any) -> tuple[Any, ...]:
        """Take what is kept: no types, which `inspect_types` would show, and of most environments the names alone.

        One without constants is never read, but code that prints or raises asks whether it is there. They come from
        each module of numba that the code has something of, and would bring these in again.
        """
        (name, _, code), called, environment, signature, *_, again, found = data._reduce()
        environments = tuple(one for one in found if one.consts)
        empty = tuple(one.env_name for one in found if not one.consts)
        return name, code, called, environment, signature, again, environments, empty

    def rebuild(self, target_context: Any, reduced_data: tuple[Any, ...]) -> Any:
        """Make kept code ready to be called."""
        name, (code, bitcode), called, environment, signature, again, environments, empty = reduced_data
        for function in again:
            function()
        codegen = target_context.codegen()
        library = _Library(codegen, name, code, bitcode)
        codegen._engine._defined_symbols |= {called.llvm_func_name, called.llvm_cpython_wrapper_name}
        entry = target_context.get_executable(library, called, environment)
        for place, one in [(one.env_name, one) for one in environments] + [(place, environment) for place in empty]:
            codegen.set_env(place, one)
        return compile_result(
            target_context=target_context, typing_context=target_context.typing_context, library=library,
            environment=environment, entry_point=entry, fndesc=called, signature=signature, objectmode=False,
            lifted=(), reload_init=again, referenced_envs=environments,
        )  # fmt: skip


class _Library(JITCodeLibrary):
    """Kept code. As LLVM's it is read only when another function is to contain it: half the time of loading it."""

    def __init__(self, codegen: Any, name: str, code: bytes, bitcode: bytes) -> None:
        super().__init__(codegen, name)
        self._bitcode = bitcode
        self.enable_object_caching()
        self._set_compiled_object(code)
        self._finalize_final_module()

    def _get_module_for_linking(self) -> Any:
        if self._shared_module is None:
            self._shared_module = parse_bitcode(self._bitcode)
            self._codegen._engine._load_defined_symbols(self._shared_module)
        return self._shared_module


class _Folder:
    """Where a function's code is kept, as numba's locators tell it."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._py_file = function.__code__.co_filename  # what numba's warnings name
        self._line = function.__code__.co_firstlineno
        self._folder = folder
        with contextlib.suppress(OSError):
            os.utime(folder)  # in use

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._folder.name

    def get_disambiguator(self) -> str:
        return str(self._line)

    def ensure_cache_path(self) -> None:
        """Make the folder; a new one puts out those that were not used for longest."""
        if self._folder.is_dir():
            return
        self._folder.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            by_use = sorted(self._folder.parent.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
            for old in by_use[MOST:]:
                shutil.rmtree(old, ignore_errors=True)


class _Files(IndexDataCacheFile):
    """An index and its files of code; what cannot be read, as after a loss of power, is written anew."""

    def load(self, key: object) -> object:
        try:
            return super().load(key)
        except UNREADABLE:
            return None

    def _load_index(self) -> dict[Any, str]:
        try:
            return dict(super()._load_index())
        except UNREADABLE:
            return {}

    def _data_name(self, number: int) -> str:
        # numba counts them: two processes that save at once would write one file for two entries.
        return str(self._data_name_pattern.replace("{number:d}", uuid.uuid4().hex))
