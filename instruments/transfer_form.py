"""How an `Export` stands as bytes: the sizes in front, then integers, numbers, JSON and texts."""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass

_MAGIC = b"FOLEXP03"
_FORM = struct.Struct("<8s7Q")

NUL = "\x00"
"""What stands between texts; no cleaned text holds it."""

NO_ARRAY = -1
"""In place of an array's number where a measurement has none."""

ARRAYS: dict[str, tuple[str, ...]] = {
    "Spectrum": ("x", "y"),
    "MassSpectrum": ("mz", "intensity"),
    "Chromatogram": ("x", "y"),
    "MassRun": ("scan_time_s", "offsets", "mz", "intensity", "stored_tic"),
}
"""The arrays of each shape in the order they are sent; ``offsets`` are integers."""

STATED = ("precursor_mz", "molecular_mass", "retention_time_s", "retention_index")
"""The numbers a mass spectrum may state: a column each before the arrays, NaN for none."""

SORT = ("x_kind", "y_kind", "x_unit", "y_unit", "ionization")
"""What many measurements of a file have in common, behind the name of their shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many of each follow.

    Parameters
    ----------
    spectra, facts, arrays, references : int
        Measurements, distinct metadata, distinct arrays, and mentions of arrays.
    numbers : int
        Eight-byte numbers, those that measurements state included.
    json, texts : int
        Bytes.
    """

    spectra: int
    facts: int
    arrays: int
    references: int
    numbers: int
    json: int
    texts: int

    @property
    def integers(self) -> int:
        """How many integers precede the numbers.

        In columns: of each measurement its sort, metadata and faults; of each metadata its keys;
        of each array its length; the references.
        """
        return 3 * self.spectra + self.facts + self.arrays + self.references

    @property
    def whole(self) -> int:
        """How many bytes all takes, this head included."""
        return _FORM.size + 8 * (self.integers + self.numbers) + self.json + self.texts

    @property
    def head(self) -> int:
        """How many bytes this head takes."""
        return _FORM.size

    def pack(self) -> bytes:
        """Return the head."""
        return _FORM.pack(_MAGIC, *astuple(self))

    @classmethod
    def unpack(cls, data: bytes) -> Sizes:
        """Return the sizes of a head; ``ValueError`` or ``struct.error`` where it is none."""
        magic, *found = _FORM.unpack_from(data)
        if magic != _MAGIC:
            raise ValueError("not a packed export")
        spectra, facts, arrays, references, numbers, json, texts = found
        return cls(
            spectra=spectra,
            facts=facts,
            arrays=arrays,
            references=references,
            numbers=numbers,
            json=json,
            texts=texts,
        )
