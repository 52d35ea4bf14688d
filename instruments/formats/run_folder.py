"""A run that is a folder, packed by `instruments.folders`: all its data files, in one order.

The main mass-spectral run stands first, then other runs, then detector traces by name. A data file
that cannot be read is told, and does not hide the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from instruments import folders, zipped_runs
from instruments.cleaning import one_line
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.export import Reading
from instruments.formats import masshunter, waters
from instruments.formats.chemstation import ChemstationReader
from instruments.limits import RUN_BYTES
from spectra.spectrum import MassRun, Measurement, Technique

_FIRST = ("data.ms", "msd1.ms", "datasim.ms")
# Chromatograms and spectra of MassHunter's diode-array, variable-wavelength and other detectors.
_UNREAD = (".cg", ".sp")
_CONVERT = "Export the run as ANDI/netCDF (.cdf) or convert it to mzML (ProteoWizard msconvert)."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One data file or set of files of the run, and what reads it."""

    name: str
    read: Callable[[], Reading]


class RunFolderReader:
    """Folders that are runs, packed or zipped: Agilent ``.D`` and Waters ``.raw``."""

    name = "run-folder"
    suffixes = (".d", ".raw")
    size_limit = RUN_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 1.0 for the packed form; a plain zip is known by `instruments.refusals`."""
        return 1.0 if folders.is_packed(head) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every measurement of the folder.

        Raises
        ------
        CorruptFileError
            A part is damaged or missing, and nothing else could be read.
        RefusedFormatError
            No data file of a kind that is read.
        """
        packed = folders.unpack(data) if folders.is_packed(data) else zipped_runs.unpack(data)
        # Windows wrote these folders: two names that differ in case alone do not occur in one.
        files = {path.lower(): held for path, held in packed.files.items()}
        names = {path.lower(): path for path in packed.files}
        readings: list[tuple[str, Reading]] = []
        troubles: list[FormatError] = []
        for part in _parts(files):
            shown = one_line(names.get(part.name, part.name), limit=120)
            try:
                readings.append((shown, part.read()))
            except FormatError as error:
                troubles.append(type(error)(f"{shown}: {error.message}", hint=error.hint))
        if not readings:
            raise troubles[0] if troubles else _nothing(files)
        warnings = [f"not read: {error.message}" for error in troubles]
        unread = sorted(path for path in files if path.endswith(_UNREAD))
        if unread:
            shown = ", ".join(one_line(names[path], limit=60) for path in unread[:5])
            warnings.append(f"{len(unread)} files of other detectors are not read: {shown}")
        if packed.links:
            warnings.append(f"{len(packed.links)} links in the folder were not followed")
        return _joined(readings, warnings)


def _parts(files: dict[str, bytes]) -> Iterator[_Part]:
    """Yield the parts of a run, the main one first."""
    chemstation = ChemstationReader()
    plain = sorted(path for path in files if "/" not in path)
    runs = [path for path in plain if path.endswith(".ms")]
    runs.sort(key=lambda path: _FIRST.index(path) if path in _FIRST else len(_FIRST))
    traces = [path for path in plain if path.endswith((".ch", ".uv"))]
    for path in runs:
        yield _Part(name=path, read=partial(chemstation.read, files[path], path))
    acqdata = {
        path.rpartition("/")[2]: held
        for path, held in files.items()
        if path.startswith("acqdata/") or "/" not in path
    }
    if masshunter.has_scans(acqdata):
        yield _Part(name="AcqData", read=partial(_masshunter, acqdata))
    if waters.is_run(files):
        yield _Part(name="Waters functions", read=partial(_waters, files))
    for path in traces:
        yield _Part(name=path, read=partial(chemstation.read, files[path], path))


def _masshunter(files: dict[str, bytes]) -> Reading:
    runs, warnings = masshunter.read_runs(files)
    return Reading(
        spectra=tuple(runs),
        technique=Technique.GCMS,
        format="agilent-masshunter",
        warnings=tuple(warnings),
    )


def _waters(files: dict[str, bytes]) -> Reading:
    measured, header, warnings = waters.read_run(files)
    if not measured:
        raise CorruptFileError("the run holds no point", hint=_CONVERT)
    has_run = any(isinstance(each, MassRun) for each in measured)
    return Reading(
        spectra=tuple(measured),
        technique=Technique.GCMS if has_run else Technique.MS,
        format="waters-raw",
        metadata=header,
        warnings=tuple(warnings),
    )


def _joined(readings: list[tuple[str, Reading]], warnings: list[str]) -> Reading:
    spectra: list[Measurement] = []
    for name, reading in readings:
        several = len(readings) > 1
        spectra.extend(
            replace(each, title=each.title or name, metadata={"file": name, **each.metadata})
            for each in reading.spectra
        )
        warnings.extend(f"{name}: {note}" if several else note for note in reading.warnings)
    main = readings[0][1]
    return Reading(
        spectra=tuple(spectra),
        technique=main.technique,
        format=main.format or "agilent-d",
        metadata=main.metadata,
        warnings=tuple(warnings),
    )


def _nothing(files: dict[str, bytes]) -> FormatError:
    if any(path.startswith("acqdata/") for path in files):
        return RefusedFormatError(
            "a MassHunter folder without mass spectra (no MSScan.bin in AcqData)", hint=_CONVERT
        )
    return RefusedFormatError("an instrument's folder without its data files", hint=_CONVERT)
