"""Infrared and Raman bands of the training library: published positions, with width and height.

Reads the package's own band list and turns it into noise-free reference curves.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from libraries import substances
from libraries.errors import LibraryError
from spectra import simulate
from spectra.axis import UNIT_CM1, UNIT_ONE, XKind, YKind
from spectra.simulate import Band
from spectra.spectrum import Spectrum, Technique

# Typical full widths at half maximum of a crystalline powder, where the list gives none.
_USUAL_WIDTH_CM1 = {Technique.FTIR: 14.0, Technique.RAMAN: 9.0}
# Hydrogen-bonded and amorphous bands are broad and fall off like a Gaussian.
_BROAD_CM1 = 60.0
_SOURCES = {
    "assignments": "band positions as published (spectral compilations and assignment papers)",
    "spectrum": "band positions as seen in published spectra, heights estimated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BandRow:
    """The bands of one substance in one technique."""

    name: str
    substance: str
    class_name: str
    bands: tuple[Band, ...]
    basis: str


def rows(technique: Technique) -> Iterator[BandRow]:
    """Yield the substances of one technique with their bands.

    Raises
    ------
    LibraryError
        A row of the list cannot be read.
    """
    path = substances.DATA_FOLDER / "training_bands.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["technique"] == technique.value:
                yield BandRow(
                    name=row["name"],
                    substance=row["substance"] or row["name"],
                    class_name=row["class"],
                    bands=tuple(_bands(row["bands"], technique, row["name"])),
                    basis=_SOURCES[row["basis"]],
                )


def _bands(text: str, technique: Technique, name: str) -> Iterator[Band]:
    """Read ``1690:100 3300/250:40 …``: position, width after a slash if unusual, height."""
    for item in text.split():
        place, _, height = item.partition(":")
        position, _, width = place.partition("/")
        try:
            wide = float(width) if width else _USUAL_WIDTH_CM1[technique]
            yield Band(
                position_cm1=float(position),
                width_cm1=wide,
                height=float(height),
                lorentz=0.2 if wide >= _BROAD_CM1 else 0.7,
            )
        except ValueError as fault:
            raise LibraryError(f"training_bands.csv: {name}: cannot read {item!r}") from fault


def reference(row: BandRow, technique: Technique, metadata: Mapping[str, str]) -> Spectrum:
    """Return the noise-free curve of a row: absorbance, or Raman intensity, tallest band 1."""
    infrared = technique is Technique.FTIR
    x = simulate.grid(400.0, 4000.0, 2.0) if infrared else simulate.grid(150.0, 3200.0, 2.0)
    y = simulate.curve(row.bands, x)
    return Spectrum(
        title=row.name,
        x=x,
        y=y / y.max(),
        x_kind=XKind.WAVENUMBER if infrared else XKind.RAMAN_SHIFT,
        x_unit=UNIT_CM1,
        y_kind=YKind.ABSORBANCE if infrared else YKind.RAMAN_INTENSITY,
        y_unit=UNIT_ONE,
        metadata=metadata,
    )
