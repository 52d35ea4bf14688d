"""Where long searches run, as named on the command line: here, in local processes, or on Dask."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

MOST_PROCESSES = 256
_DASK = "dask:"


@contextmanager
def chosen(text: str) -> Iterator[Executor | None]:
    """Give the executor that a text names, and close it; None for this process.

    Parameters
    ----------
    text : str
        Empty or ``0`` (this process), a number of local processes, or ``dask:ADDRESS``.

    Raises
    ------
    ConfigError
        None of these, or Dask's client is not installed or not reached.
    """
    if text in ("", "0"):
        yield None
    elif text.isascii() and text.isdecimal() and int(text) <= MOST_PROCESSES:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        # Not forked: the record's connection and the reader's child must not be shared.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(int(text), mp_context=context) as pool:
            yield pool
    elif text.startswith(_DASK):
        with _dask(text.removeprefix(_DASK)) as executor:
            yield executor
    else:
        from lims.errors import ConfigError

        raise ConfigError(
            f"{text[:60]!r} names no executor",
            hint=f"A number of processes (at most {MOST_PROCESSES}), or dask:ADDRESS.",
        )


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    from importlib import import_module

    from lims.errors import ConfigError

    try:
        distributed = import_module("distributed")
    except ImportError as missing:
        raise ConfigError(
            "Dask's client is not installed here",
            hint="Install the package `distributed` beside fol, or give a number of processes.",
        ) from missing
    try:
        client = distributed.Client(address)
    except (OSError, ValueError) as fault:
        raise ConfigError(
            f"no Dask scheduler answers at {address[:80]!r}: {fault}",
            hint="Check the address, for example dask:tcp://10.0.0.5:8786.",
        ) from fault
    with client:
        yield client.get_executor()
