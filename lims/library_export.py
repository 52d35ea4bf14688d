"""A library version in an open format: what other packages and other labs' importers read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lims.errors import ConfigError

if TYPE_CHECKING:
    from libraries.entry import Entry
    from libraries.library import Library
    from spectra.spectrum import Measurement

FORMATS = ("msp", "jcamp", "csv")


def export_library(
    folder: Path, name: str, to: str, *, version: str | None = None, technique: str | None = None
) -> tuple[bytes, int]:
    """Return a library version in an open format, and how many entries that holds.

    Parameters
    ----------
    folder : Path
        The libraries folder.
    to : str
        One of `FORMATS`. MSP holds mass spectra only.
    technique : str or None
        ``raman``, ``ftir`` or ``ei``: entries of that alone.

    Raises
    ------
    ConfigError
        The format is not known, or cannot hold what the library does.
    LibraryNotFoundError, LibraryError
    """
    from instruments.writers import write
    from libraries.library import open_library

    if to not in FORMATS:
        raise ConfigError(f"cannot write {to!r}", hint=f"Choose one of: {', '.join(FORMATS)}.")
    with open_library(name, folder=folder, version=version, withdrawn=True) as library:
        found = _wanted(library, to, technique)
        measurements = [_measurement(library, entry) for entry in found]
    return write(measurements, to), len(measurements)


def _wanted(library: Library, to: str, technique: str | None) -> list[Entry]:
    from libraries.entry import Section
    from libraries.export import in_order

    held = library.sections()
    known = [each.value for each in held]
    if technique and technique not in known:
        raise ConfigError(
            f"library {library.name} holds no {technique!r}", hint=f"It holds {', '.join(known)}."
        )
    if to == "msp" and not technique and any(not each.is_mass for each in held):
        if Section.EI not in held:
            raise ConfigError(
                f"MSP holds mass spectra only; library {library.name} holds {', '.join(known)}",
                hint="Write it with --to jcamp or --to csv.",
            )
        raise ConfigError(
            f"MSP holds mass spectra only; library {library.name} also holds curves",
            hint="Add --technique ei, or write it with --to jcamp.",
        )
    section = Section(technique) if technique else None
    if to == "msp" and section is not None and not section.is_mass:
        raise ConfigError(
            f"MSP holds mass spectra only, not {technique}", hint="Write it with --to jcamp."
        )
    return in_order(library.entries(section))


def _measurement(library: Library, entry: Entry) -> Measurement:
    from libraries.export import measurement_of

    return measurement_of(
        entry,
        library=library.name,
        version=library.version,
        training=library.header.training,
    )
