"""MassBank records, one or many in a file.

Source: MassBank record format 2.6,
https://github.com/MassBank/MassBank-web/blob/main/Documentation/MassBankRecordFormat.md.
"""

from __future__ import annotations

import re

import numpy as np

from instruments.checks import peak_faults, text_notes
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.mass_fields import first_number
from instruments.limits import SPECTRUM_BYTES
from spectra.spectrum import MassSpectrum, Technique

_FIELD = re.compile(r"([A-Z][A-Z0-9_$]*): ?(.*)")
_SUBFIELD = re.compile(r"([A-Z0-9_]+(?:/Z|_M/Z)?) (.*)")
_WITH_SUBFIELDS = ("AC$MASS_SPECTROMETRY", "AC$CHROMATOGRAPHY", "MS$FOCUSED_ION", "CH$LINK")


class MassBankReader:
    """MassBank records."""

    name = "massbank"
    suffixes = (".txt",)
    size_limit = SPECTRUM_BYTES * 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for ``ACCESSION:`` with other MassBank fields after it."""
        start = head.lstrip(b"\xef\xbb\xbf \r\n")
        return 0.95 if start.startswith(b"ACCESSION:") and b"RECORD_TITLE:" in head else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every record with peaks."""
        text, _ = decode(data)
        spectra: list[MassSpectrum] = []
        warnings: list[str] = []
        fields: dict[str, str] = {}
        peaks: list[tuple[float, float]] = []
        in_peaks = False
        for line in [*split_lines(text), "//"]:
            if line.startswith("//"):
                _take(fields, peaks, spectra, warnings)
                fields, peaks, in_peaks = {}, [], False
            elif in_peaks and line.startswith(" "):
                cells = line.split()
                mz = number(cells[0]) if cells else None
                height = number(cells[1]) if len(cells) > 1 else None
                if mz is not None and height is not None:
                    peaks.append((mz, height))
            else:
                match = _FIELD.match(line)
                if match:
                    in_peaks = match.group(1) == "PK$PEAK"
                    _add(fields, match.group(1), match.group(2).strip())
        if not spectra:
            raise CorruptFileError("; ".join(warnings) or "no record holds peaks")
        return Reading(
            spectra=tuple(spectra),
            technique=Technique.MS,
            metadata={"records": str(len(spectra))},
            warnings=(*text_notes(text), *warnings[:20]),
        )


def _add(fields: dict[str, str], key: str, value: str) -> None:
    sub = _SUBFIELD.match(value) if key in _WITH_SUBFIELDS else None
    if sub:
        key, value = f"{key}: {sub.group(1)}", sub.group(2)
    if key in fields:
        fields[key] = f"{fields[key]} | {value}"
    else:
        fields[key] = value


def _take(
    fields: dict[str, str],
    peaks: list[tuple[float, float]],
    spectra: list[MassSpectrum],
    warnings: list[str],
) -> None:
    if not fields:
        return
    accession = one_line(fields.get("ACCESSION", ""), limit=80)
    if not peaks:
        warnings.append(f"record {accession} holds no peaks and was left out")
        return
    announced = first_number(fields.get("PK$NUM_PEAK", ""))
    if announced is not None and int(announced) != len(peaks):
        warnings.append(f"record {accession}: {int(announced)} peaks announced, {len(peaks)} found")
    mz, intensity = np.array(peaks, dtype=np.float64).T
    instrument = fields.get("AC$INSTRUMENT_TYPE", "").upper()
    mode = fields.get("AC$MASS_SPECTROMETRY: ION_MODE", "").upper()[:1]
    ionization = next(
        (k for k in ("ESI", "APCI", "EI", "CI") if k in re.split(r"\W", instrument)), ""
    )
    if ionization not in ("", "EI"):
        ionization += {"P": "+", "N": "-"}.get(mode, "")
    time = fields.get("AC$CHROMATOGRAPHY: RETENTION_TIME", "")
    moment = first_number(time)
    if moment is not None:
        moment = moment * 60.0 if "min" in time else moment if "sec" in time else None
    names = fields.get("CH$NAME", "").split(" | ")
    spectra.append(
        MassSpectrum(
            title=one_line(names[0] or fields.get("RECORD_TITLE", "")),
            mz=mz,
            intensity=intensity,
            precursor_mz=first_number(fields.get("MS$FOCUSED_ION: PRECURSOR_M/Z", "")),
            molecular_mass=first_number(fields.get("CH$EXACT_MASS", "")),
            retention_time_s=moment,
            ionization=ionization,
            metadata=clean_map(fields),
            faults=peak_faults(mz, intensity, int(announced) if announced is not None else None),
        )
    )
