"""Real mass spectra for the tests, and a plain reading of MSP independent of ours."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from spectra.axis import FloatArray

# Monoisotopic masses of the elements met in drugs.
_MASSES = {
    "H": 1.00783,
    "D": 2.01410,
    "B": 11.00931,
    "C": 12.0,
    "N": 14.00307,
    "O": 15.99491,
    "F": 18.99840,
    "Na": 22.98977,
    "Si": 27.97693,
    "P": 30.97376,
    "S": 31.97207,
    "Cl": 34.96885,
    "K": 38.96371,
    "Br": 78.91834,
    "Se": 79.91652,
    "I": 126.90447,
}


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One record of an MSP file."""

    fields: dict[str, str]
    mz: FloatArray
    intensity: FloatArray

    @property
    def peaks(self) -> tuple[FloatArray, FloatArray]:
        return self.mz, self.intensity

    @property
    def mass(self) -> float | None:
        formula = self.fields.get("Formula", "")
        parts = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
        if formula and all(element in _MASSES for element, _ in parts):
            return float(round(sum(_MASSES[e] * int(n or 1) for e, n in parts)))
        stated = self.fields.get("MW")
        return None if stated is None else float(int(float(stated) + 0.5))


def folder() -> Path:
    """Return the data folder, or skip the test where there is none at all."""
    stated = os.environ.get("FOL_REAL_DATA")
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    found = Path(stated) if stated else beside
    if not found.is_dir():
        pytest.skip(f"no real data: {found} is not there (set FOL_REAL_DATA)")
    return found


@cache
def records(name: str) -> tuple[Record, ...]:
    """Return all records of one file under ``ms/``."""
    found = []
    for text in (folder() / "ms" / name).read_text(encoding="utf-8").split("\n\n"):
        head, _, peaks = text.partition("Num Peaks:")
        if not peaks:
            continue
        fields = dict(line.split(": ", 1) for line in reversed(head.splitlines()) if ": " in line)
        values = np.array(re.findall(r"[\d.]+(?:[eE][+-]?\d+)?", peaks.split("\n", 1)[1]), float)
        found.append(Record(fields, values[0::2], values[1::2]))
    return tuple(found)
