"""Measurements -> bytes in an open format. What is written reads back to the same numbers.

No clock and no names of people beyond what the measurement carries: same input, same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from instruments.errors import RefusedFormatError
from spectra.spectrum import MassRun, Measurement

_PEAKS_ONLY = ("csv", "msp")
FORMATS = ("csv", "jcamp", "jcamp-difdup", "msp", "mzml", "andi")
_MODULES = {
    "csv": "instruments.writers.csv_table:encode",
    "jcamp": "instruments.writers.jcamp:encode",
    "jcamp-difdup": "instruments.writers.jcamp:encode_difdup",
    "msp": "instruments.writers.msp:encode",
    "mzml": "instruments.writers.mzml:encode",
    "andi": "instruments.writers.andi:encode",
}


class _Encode(Protocol):
    def __call__(self, measurements: Sequence[Measurement]) -> bytes: ...


def write(measurements: Sequence[Measurement], to: str) -> bytes:
    """Return measurements in an open format.

    Parameters
    ----------
    measurements : sequence of Measurement
        At least one.
    to : str
        One of `FORMATS`. ``jcamp-difdup`` is compact and keeps ten significant digits; all others
        keep every digit. ``csv`` and ``msp`` hold peaks: scans without any have no place in them,
        see `left_out`.

    Returns
    -------
    bytes

    Raises
    ------
    RefusedFormatError
        The format is not known, or cannot hold this kind of measurement; the hint says which can.
    """
    if to not in _MODULES:
        raise RefusedFormatError(
            f"cannot write {to!r}", hint="Choose one of: " + ", ".join(FORMATS) + "."
        )
    if not measurements:
        raise RefusedFormatError("there is nothing to write", hint="Read a file first.")
    module, _, name = _MODULES[to].partition(":")
    encode = cast("_Encode", getattr(import_module(module), name))
    return encode(measurements)


def left_out(measurements: Sequence[Measurement], to: str) -> str:
    """Return what a format cannot hold of these measurements, in words; empty when nothing."""
    if to not in _PEAKS_ONLY:
        return ""
    runs = [item for item in measurements if isinstance(item, MassRun)]
    empty = sum(int((run.offsets[1:] == run.offsets[:-1]).sum()) for run in runs)
    if not empty:
        return ""
    return f"{empty} scans without a peak are left out: {to} holds peaks only"
