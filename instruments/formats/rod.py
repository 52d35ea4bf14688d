"""Raman Open Database CIF (.rod). Source: https://solsa.crystallography.net/rod/."""

from __future__ import annotations

import re

import numpy as np

from instruments.checks import curve_faults, text_notes
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.limits import AGAIN, SPECTRUM_BYTES
from spectra import axis
from spectra.axis import XKind, YKind
from spectra.spectrum import Spectrum, Technique

_ITEM = re.compile(r"(_[\w.\[\]%/-]+)\s+(\S.*)")
_SHIFT, _INTENSITY = "_raman_spectrum.raman_shift", "_raman_spectrum.intensity"


class RodReader:
    """CIF with a loop of Raman shift and intensity."""

    name = "rod-cif"
    suffixes = (".rod", ".cif")
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.9 for a CIF data block with Raman items."""
        if b"_raman_" not in head and b"_rod_" not in head:
            return 0.0
        return 0.9 if re.search(rb"^data_", head, re.MULTILINE) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the one spectrum of the file."""
        text, _ = decode(data)
        columns: list[str] = []
        rows: list[list[float]] = []
        items: dict[str, str] = {}
        in_loop = False
        broken = ""
        for line in split_lines(text):
            bare = line.strip()
            if bare == "loop_":
                in_loop, columns = True, columns if rows else []
            elif in_loop and bare.startswith("_") and " " not in bare and not rows:
                columns.append(bare)
            elif in_loop and _SHIFT in columns and bare and bare[0] not in "#_;":
                values = [number(cell) for cell in bare.split()]
                row = [value for value in values if value is not None]
                if len(row) == len(columns) == len(values):
                    rows.append(row)
                else:
                    in_loop = False
                    if rows and bare != "loop_":
                        broken = f"the table breaks off after {len(rows)} points at {bare[:40]!r}"
            else:
                in_loop = False if rows or bare.startswith("_") else in_loop
                match = _ITEM.match(bare)
                if match:
                    items[match.group(1)] = match.group(2).strip("'\" ")
        if not rows or _INTENSITY not in columns:
            raise CorruptFileError("no loop of Raman shift and intensity", hint=AGAIN)
        table = np.array(rows, dtype=np.float64)
        x = table[:, columns.index(_SHIFT)]
        y = table[:, columns.index(_INTENSITY)]
        laser = items.get("_raman_measurement_device.excitation_laser_wavelength", "")
        metadata = clean_map(items | ({"laser_nm": laser} if number(laser) else {}))
        faults = list(curve_faults(x, y, XKind.RAMAN_SHIFT))
        if broken:
            faults.append(one_line(broken))
        spectrum = Spectrum(
            title=one_line(
                items.get("_chemical_name_mineral", items.get("_chemical_name_common", ""))
            ),
            x=x,
            y=y,
            x_kind=XKind.RAMAN_SHIFT,
            x_unit=axis.UNIT_CM1,
            y_kind=YKind.RAMAN_INTENSITY,
            y_unit=axis.UNIT_COUNTS,
            metadata=metadata,
            faults=tuple(faults),
        )
        return Reading(
            spectra=(spectrum,),
            technique=Technique.RAMAN,
            metadata=metadata,
            warnings=text_notes(text),
        )
