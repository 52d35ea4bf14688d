"""The compiled loops of the peak index, loaded when they first pay, and why they are not there.

numba takes a fifth of a second to import and seconds to compile; what it compiled is kept beside
the modules or in the user's cache folder. Where that cannot be, everything is done in numpy.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

WORKERS = 2
"""Threads of a batch or a build: more do not help where one already fills the memory bus."""

_SMALLEST_PART = 20_000


@functools.cache
def _load(name: str) -> tuple[ModuleType | None, str]:
    from importlib import import_module

    try:
        return import_module(f"spectra.{name}"), ""
    except ImportError as fault:
        return None, f"numba cannot be imported ({fault})"
    except RuntimeError as fault:
        # numba's word for having no folder to keep compiled code in: compiling anew in every
        # process would take longer than it saves.
        return None, f"compiled code cannot be kept ({fault})"


def search_kernels() -> ModuleType | None:
    """Return the compiled search loops, or None."""
    return _load("peak_kernels")[0]


def build_kernels() -> ModuleType | None:
    """Return the compiled loops that build an index, or None."""
    return _load("peak_build_kernels")[0]


def hybrid_kernels() -> ModuleType | None:
    """Return the compiled loops of the hybrid search, or None."""
    return _load("peak_hybrid_kernels")[0]


def nist_kernels() -> ModuleType | None:
    """Return the compiled loop of the NIST match factors, or None."""
    return _load("peak_nist_kernels")[0]


def tandem_kernels() -> ModuleType | None:
    """Return the compiled loops of the index of MS/MS spectra, or None."""
    return _load("peak_tandem_kernels")[0]


def is_loaded() -> bool:
    """Return whether the search loops were loaded already, so that using them costs nothing."""
    return "spectra.peak_kernels" in sys.modules and search_kernels() is not None


def why_not() -> str:
    """Return why nothing can be compiled here; empty where it can, or was never tried."""
    return _load("peak_kernels")[1] if _load.cache_info().currsize else ""


def in_parts(n: int, work: Callable[[int, int], None], *, smallest: int = _SMALLEST_PART) -> None:
    """Call ``work(start, stop)`` for the parts of a range, in threads where it is long."""
    n_parts = min(n // smallest, 4 * WORKERS)
    if n_parts < 2:
        work(0, n)
        return
    edges = [n * i // n_parts for i in range(n_parts + 1)]
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(work, edges[i], edges[i + 1]) for i in range(len(edges) - 1)]:
            done.result()
