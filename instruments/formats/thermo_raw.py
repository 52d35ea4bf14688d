"""Thermo ``.raw`` runs through the optional package opentfraw (Apache-2.0).

The package reads from a path and decodes; counts, order and finiteness are checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from instruments.checks import peak_faults, time_faults
from instruments.cleaning import clean_map
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.borrowed import guarded, on_disk, package
from instruments.limits import AGAIN, MAX_SPECTRA, RUN_BYTES
from spectra.axis import FloatArray
from spectra.spectrum import MassRun, Technique

MAGIC = b"\x01\xa1F\x00i\x00n\x00n\x00i\x00g\x00a\x00n\x00"
_INSTEAD = "convert the run to mzML (ProteoWizard msconvert) or export ANDI/netCDF (.cdf)."
# As the vendor's scan filters abbreviate the ion source.
_SOURCES = {"EI": "EI", "ESI": "ESI", "NSI": "ESI", "APCI": "APCI", "CI": "CI"}


class _RawFile(Protocol):
    def peaks(self, number: int) -> tuple[FloatArray, FloatArray]: ...

    def profile(self, number: int) -> tuple[FloatArray, FloatArray]: ...


class ThermoRawReader:
    """Thermo Xcalibur .raw, where opentfraw is installed."""

    name = "thermo-raw"
    suffixes = (".raw",)
    size_limit = RUN_BYTES // 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.95 for the magic."""
        return 0.95 if head.startswith(MAGIC) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the run.

        Raises
        ------
        RefusedFormatError
            opentfraw is not installed; the hint says how to install it.
        """
        opentfraw = package("opentfraw", "opentfraw", "thermo", _INSTEAD)
        with on_disk({"run.raw": data}) as folder, guarded("opentfraw", "a Thermo .raw run"):
            raw = opentfraw.RawFile(str(folder / "run.raw"))
            announced = int(raw.num_scans)
            if not 0 < announced <= MAX_SPECTRA * 10:
                raise CorruptFileError(f"{announced} scans are announced", hint=AGAIN)
            table = raw.scan_table()
            numbers = range(int(raw.first_scan), int(raw.last_scan) + 1)
            peaks = [_scan(raw, number) for number in numbers]
            facts = _facts(raw.instrument_model, raw.sample_info)
        return _reading(table, peaks, facts, announced)


def _scan(raw: _RawFile, number: int) -> tuple[FloatArray, FloatArray]:
    """Return the picked peaks of a scan; where the instrument stored none, its profile."""
    mz, intensity = raw.peaks(number)
    return (mz, intensity) if mz.size else raw.profile(number)


def _facts(model: object, told: Mapping[str, object]) -> dict[str, str]:
    facts = {"instrument": str(model or "")}
    for key in ("id", "comment", "vial", "inst_method", "file_name"):
        facts[key] = str(told.get(key, "") or "")
    return facts


def _reading(
    table: dict[str, list[object]],
    peaks: list[tuple[FloatArray, FloatArray]],
    facts: dict[str, str],
    announced: int,
) -> Reading:
    times = np.array(table["retention_time"], dtype=np.float64) * 60.0
    counts = np.array([mz.size for mz, _ in peaks], dtype=np.int64)
    if not times.size == counts.size == announced:
        raise CorruptFileError(
            f"{announced} scans announced, {times.size} times and {counts.size} scans found",
            hint=AGAIN,
        )
    mz = np.concatenate([np.asarray(each, dtype=np.float64) for each, _ in peaks])
    intensity = np.concatenate([np.asarray(each, dtype=np.float64) for _, each in peaks])
    tics = np.array(table["total_ion_current"], dtype=np.float64)
    faults = [*peak_faults(mz, intensity), *time_faults(times)]
    without = int(((tics > 0) & (counts == 0)).sum())
    if without:
        faults.append(f"{without} of {counts.size} scans have a signal but no points")
    polarities = {str(each) for each in table["polarity"]}
    sign = polarities.pop() if len(polarities) == 1 else ""
    source = _source([str(each or "") for each in table["filter_string"]])
    above = sum(1 for level in table["ms_level"] if isinstance(level, int) and level > 1)
    warnings: list[str] = []
    if above:
        warnings.append(f"{above} of {counts.size} scans are MS/MS, not full scans")
    metadata = clean_map(facts | {"time unit in file": "minute", "polarity": sign})
    run = MassRun(
        title=facts["id"] if not facts["id"].isdigit() else facts["file_name"],
        scan_time_s=times,
        offsets=np.concatenate(([0], np.cumsum(counts))),
        mz=mz,
        intensity=intensity,
        stored_tic=tics,
        ionization=source if source in ("", "EI") else source + sign,
        metadata=metadata,
        faults=tuple(faults),
    )
    return Reading(
        spectra=(run,),
        technique=Technique.GCMS,
        metadata=metadata,
        warnings=tuple(warnings),
    )


def _source(filters: list[str]) -> str:
    """Return the ion source where every scan filter names the same one."""
    found = {_SOURCES[word] for text in filters for word in text.split() if word in _SOURCES}
    return found.pop() if len(found) == 1 else ""
