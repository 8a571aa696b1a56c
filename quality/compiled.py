"""Loops over arrays, compiled by numba where there is numba; processes of one machine share the compiled code.

numba keeps it in `__pycache__` beside the source, else in the user's cache folder, and refuses to define a function
where neither can be written, as in a container with an installed package and no home. Then a folder of this user's
below the system's temporary one serves. So a fresh container compiles once, not once a worker; an image that was built
with NUMBA_CACHE_DIR set and one small run inside does not compile at all. Kept code holds for one version of numba, one
text of the source and one type of processor; elsewhere it is compiled anew.

Without numba, or with NUMBA_DISABLE_JIT=1, functions stay as they are written: equal results, many times slower.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

numba: Any
try:
    import numba
except ImportError:
    numba = None

COMPILES = numba is not None and not numba.config.DISABLE_JIT
F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function when it is first called with arguments of a type."""
    if not COMPILES:
        return function
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


def _kept(function: F) -> F:
    found: F = numba.njit(cache=True)(function)
    return found


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
