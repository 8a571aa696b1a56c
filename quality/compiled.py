"""Loops over arrays, compiled by numba where there is numba; processes of one machine share the compiled code.

`compiled` is for functions that Python calls. What they call of each other, and Python never does, is `inner`: it is
compiled into its callers, without a door to Python and without a file of its own, at a fraction of the time.

numba keeps it in `__pycache__` beside the source, else in the user's cache folder, and refuses to define a function
where neither can be written, as in a container with an installed package and no home. Then a folder of this user's
below the system's temporary one serves. So a fresh container compiles once, not once a worker; an image that was built
with NUMBA_CACHE_DIR set and one small run inside does not compile at all. Kept code holds for one version of numba, one
text of the sources and one type of processor; elsewhere it is compiled anew.

Without numba, or with NUMBA_DISABLE_JIT=1, functions stay as they are written: equal results, many times slower.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

numba: Any
try:
    import numba
except ImportError:
    numba = None

COMPILES = numba is not None and not numba.config.DISABLE_JIT
F = TypeVar("F", bound=Callable[..., Any])
_homes: set[str] = set()  # modules that hold compiled functions


def compiled(function: F) -> F:
    """Compile a function when it is first called with arguments of a type."""
    if not COMPILES:
        return function
    _homes.add(function.__module__)
    try:
        return _kept(function)
    except RuntimeError:  # "cannot cache function: no locator available"
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(_own_folder() or "")
        try:
            return _kept(function)
        except RuntimeError:
            alone: F = numba.njit(function)
            return alone
        finally:
            numba.config.CACHE_DIR = before


def inner(function: F) -> F:
    """Compile a function into the compiled ones that call it; for Python it stays as it is written."""
    if not COMPILES:
        return function
    _homes.add(function.__module__)
    found: F = numba.extending.register_jitable(no_cfunc_wrapper=True)(function)
    return found


def _kept(function: F) -> F:
    found: Any = numba.njit(cache=True, no_cfunc_wrapper=True)(function)
    # numba asks for the time and size of the function's own file; what it calls may stand in another one.
    found._cache._cache_file._source_stamp = _stamp(sources(function.__module__))
    kept: F = found
    return kept


def sources(module: str) -> list[Path]:
    """Name the files whose compiled functions a module may call, its own one among them, sorted."""
    seen: set[str] = set()
    left = {module}
    while left:
        name = left.pop()
        seen.add(name)
        used = {str(getattr(value, "__module__", None)) for value in vars(sys.modules[name]).values()}
        left |= (used & _homes) - seen
    return sorted(Path(str(sys.modules[name].__file__)) for name in seen)


def _stamp(files: Sequence[Path]) -> tuple[float, int]:
    """The newest time and the whole size of files, as numba stamps one of them."""
    found = [file.stat() for file in files]
    return max(f.st_mtime for f in found), sum(f.st_size for f in found)


def _own_folder() -> Path | None:
    """A folder that nobody else may write to, since code is loaded from it; None where there is none."""
    folder = Path(tempfile.gettempdir()) / f"eclip-numba-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    return folder if own else None
