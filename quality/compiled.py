"""Loops over arrays, compiled by numba where there is numba; processes of one user share the compiled code.

`compiled` is for functions that Python calls. What they call of each other, and Python never does, is `inner`, or
`making` where it makes arrays: it is compiled into its callers, without a door to Python and without a file of its own,
at a fraction of the time.

Code is kept by the content of its sources (see `kernel_cache`): every environment, clone and worker pool on a machine
loads what one of them compiled. A fresh container compiles once, not once a worker; an image that was built with
NUMBA_CACHE_DIR set and one small run inside does not compile at all, where it runs as the same user. Kept code holds
for one version of Python and numba, one text of the sources and one type of processor; elsewhere it is compiled anew.

Without numba, or with NUMBA_DISABLE_JIT=1, functions stay as they are written: equal results, many times slower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

numba: Any
try:
    import numba
except ImportError:
    numba = None

COMPILES = numba is not None and not numba.config.DISABLE_JIT
if COMPILES:
    from .kernel_cache import kernel_cache, register

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function when it is first called with arguments of a type, or load what was compiled before."""
    if not COMPILES:
        return function
    register(function.__module__)
    found: Any = numba.njit(no_cfunc_wrapper=True)(function)
    if kept := kernel_cache(function):
        found._cache = kept
    result: F = found
    return result


def inner(function: F) -> F:
    """Compile a function into the compiled ones that call it; for Python it stays as it is written.

    It must make no array, nor call what does; slices are none. Then no references to arrays are counted in it, which
    takes three times as long as all else that small functions do.
    """
    return _jitable(function, _nrt=False)


def making(function: F) -> F:
    """Compile a function that makes arrays into the compiled ones that call it, as `inner` does."""
    return _jitable(function)


def _jitable(function: F, **options: bool) -> F:
    if not COMPILES:
        return function
    register(function.__module__)
    found: F = numba.extending.register_jitable(no_cfunc_wrapper=True, **options)(function)
    return found
