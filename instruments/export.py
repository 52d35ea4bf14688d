"""What reading one file gives: the measurements, and all that says where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from instruments.cleaning import clean_map, one_line
from spectra.spectrum import Measurement, Technique

GUESSED = "guessed"
"""Key in a measurement's metadata for what the reader had to guess: no name may rest on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader found in some bytes; the registry adds the file's own facts for an `Export`.

    Parameters
    ----------
    spectra : tuple of Measurement
        In file order; never empty.
    technique : Technique
    format : str
        The dialect where it says more than the reader's name, else empty.
    metadata : mapping of str to str
        What holds for the whole file; cleaned here.
    warnings : tuple of str
        What a person should know before relying on the file: guesses, differences, dropped rows.
    """

    spectra: tuple[Measurement, ...]
    technique: Technique
    format: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "metadata", MappingProxyType(clean_map(self.metadata)))
        warnings = tuple(one_line(warning, limit=500) for warning in self.warnings)
        object.__setattr__(self, "warnings", warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One instrument file, read.

    Parameters
    ----------
    path : Path
        As it was asked for.
    sha256 : str
        Of the file's bytes, 64 hex digits. For a folder, of its packed form (`folders.pack`).
    size : int
        Bytes.
    format : str
        Short name of the format, for example ``jcamp`` or ``renishaw-wdf``.
    technique : Technique
    metadata : mapping of str to str
        The vendor's names and values, one line each, without control characters.
    warnings : tuple of str
    spectra : tuple of Measurement
    reader, reader_version : str
        Which code read it.
    """

    path: Path
    sha256: str
    size: int
    format: str
    technique: Technique
    metadata: Mapping[str, str]
    warnings: tuple[str, ...]
    spectra: tuple[Measurement, ...]
    reader: str
    reader_version: str
