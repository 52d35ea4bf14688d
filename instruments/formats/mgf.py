"""Mascot generic format: ``BEGIN IONS`` … ``END IONS``. A bad block is reported, not fatal.

Source: Matrix Science, https://www.matrixscience.com/help/data_file_help.html.
"""

from __future__ import annotations

from itertools import chain

import numpy as np

from instruments.checks import peak_faults, text_notes
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number, numbers
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.mass_fields import Fields
from instruments.limits import MAX_SPECTRA, RUN_BYTES
from spectra.axis import FloatArray
from spectra.spectrum import MassSpectrum, Technique

_TITLES = ("title", "name", "compound_name", "spectrum_id", "spectrumid")


class MgfReader:
    """MGF peak lists, as written by proteomics and metabolomics software."""

    name = "mgf"
    suffixes = (".mgf",)
    size_limit = RUN_BYTES // 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.9 where a ``BEGIN IONS`` line stands."""
        return 0.9 if b"BEGIN IONS" in head else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every block that holds peaks, in file order."""
        text, _ = decode(data)
        spectra: list[MassSpectrum] = []
        warnings: list[str] = []
        common: dict[str, str] = {}
        fields: dict[str, str] | None = None
        rows: list[str] = []
        count = 0
        for line in split_lines(text):
            bare = line.strip()
            if fields is not None and "0" <= bare[:1] <= "9":  # most lines are peaks
                rows.append(bare)
            elif bare == "BEGIN IONS":
                if fields is not None:
                    warnings.append(f"block {count} has no END IONS")
                fields, rows, count = {}, [], count + 1
                if count > MAX_SPECTRA:
                    raise CorruptFileError(f"more than {MAX_SPECTRA} blocks")
            elif bare == "END IONS" and fields is None:
                warnings.append(f"an END IONS after block {count} ends nothing: a block is lost")
            elif bare == "END IONS" and fields is not None:
                _take(fields, rows, count, spectra, warnings)
                fields = None
            elif "=" in bare and not bare[:1].isdigit():
                key, _, value = bare.partition("=")
                (common if fields is None else fields).setdefault(key.strip(), value.strip())
            elif fields is not None and bare and bare[0] not in "#;!/":
                rows.append(bare)
        if fields is not None:
            warnings.append(f"block {count} is cut: no END IONS")
            _take(fields, rows, count, spectra, warnings)
        if not spectra:
            raise CorruptFileError("; ".join(warnings[:3]) or "no block holds peaks")
        return Reading(
            spectra=tuple(spectra),
            technique=Technique.MS,
            metadata=common | {"blocks": str(count)},
            warnings=(*text_notes(text), *warnings[:20]),
        )


def _take(
    fields: dict[str, str],
    rows: list[str],
    at: int,
    spectra: list[MassSpectrum],
    warnings: list[str],
) -> None:
    pairs, bad = _pairs(rows)
    known = Fields(fields)
    title = one_line(known.text(_TITLES))
    if bad:
        warnings.append(f"block {at} ({title}): {bad} peak lines without an m/z and an intensity")
    if not pairs.size:
        warnings.append(f"block {at} ({title}) holds no peaks and was left out")
        return
    mz_values, intensities = pairs[:, 0], pairs[:, 1]
    faults = list(peak_faults(mz_values, intensities))
    if bad:
        faults.append(f"{bad} peak lines could not be read")
    spectra.append(
        MassSpectrum(
            title=title,
            mz=mz_values,
            intensity=intensities,
            precursor_mz=known.precursor_mz(),
            molecular_mass=known.molecular_mass(),
            retention_time_s=known.retention_time_s(),
            ionization=known.ionization(),
            metadata=clean_map(fields),
            faults=tuple(faults),
        )
    )


def _pairs(rows: list[str]) -> tuple[FloatArray, int]:
    """Return m/z and intensity of each line, shape (n, 2), and how many lines hold no pair."""
    if "," in "".join(rows):
        rows = [row.replace(",", " ") for row in rows]
    cells = [row.split(None, 2)[:2] for row in rows]
    if set(map(len, cells)) <= {2}:
        flat = numbers(list(chain.from_iterable(cells)))
        if flat is not None:
            return flat.reshape(-1, 2), 0
    found: list[tuple[float, float]] = []
    for pair in cells:
        mz, intensity = (number(pair[0]), number(pair[1])) if len(pair) == 2 else (None, None)
        if mz is not None and intensity is not None:
            found.append((mz, intensity))
    return np.array(found, dtype=np.float64).reshape(-1, 2), len(rows) - len(found)
