"""JCAMP-DX: infrared, Raman, mass spectra, chromatograms and both GC-MS dialects.

NMR, EPR, ion mobility and others are refused by their DATA TYPE. Source: JCAMP-DX 4.24 and 5.01,
http://www.jcamp-dx.org/protocols.html.
"""

from __future__ import annotations

import re

import numpy as np

from instruments.checks import curve_faults, peak_faults, text_notes, time_faults
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats.jcamp_records import Block, Table, first_number, gather
from instruments.formats.jcamp_tables import Curve, columns, decode_table
from instruments.limits import AGAIN, MAX_POINTS, RUN_BYTES
from instruments.units import x_axis, y_axis
from spectra.axis import UNIT_MIN, UNIT_S, XKind
from spectra.spectrum import (
    Chromatogram,
    MassRun,
    MassSpectrum,
    Measurement,
    Spectrum,
    Technique,
)

_STARTS = re.compile(rb"[\s\x00]*##[^\r\n=]{0,60}=")
_REFUSED = (
    ("NMR", "an NMR spectrum"),
    ("FID", "an NMR signal"),
    ("EPR", "an EPR spectrum"),
    ("ESR", "an EPR spectrum"),
    ("MOBILITY", "an ion mobility spectrum"),
    ("CIRCULAR", "a circular dichroism spectrum"),
    ("IV", "a current-voltage curve"),
    ("CV", "a voltammogram"),
    ("VOLT", "a voltammogram"),
    ("TGA", "a thermogram"),
    ("ISOTHERM", "an isotherm"),
    ("XRD", "a diffractogram"),
    ("DIFFRACT", "a diffractogram"),
)
_TUPLES = ("XY", "XYW", "XYM", "XR", "XI", "XYA")
# A series of this many mass spectra over time is a run; fewer are single spectra.
_RUN_PAGES = 20


class JcampReader:
    """JCAMP-DX 4.24 and 5.01, all data forms, every block of a file."""

    name = "jcamp"
    suffixes = (".jdx", ".dx", ".jcm", ".jca", ".jcamp")
    size_limit = RUN_BYTES // 8

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.9 for ``##label=`` at the start, which RRUFF text may outbid."""
        for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
            if head.startswith(mark):
                head = head[len(mark) :].replace(b"\x00", b"")
        return 0.9 if _STARTS.match(head) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return every block with data, in file order."""
        text, _ = decode(data)
        found, missing = gather(text)
        if not found:
            raise CorruptFileError(
                "JCAMP-DX labels but no data table",
                hint="The file is cut, or only the header was exported.",
            )
        spectra: list[Measurement] = []
        warnings: list[str] = [*missing, *text_notes(text)]
        techniques: list[Technique] = []
        room = _Room(MAX_POINTS + len(data))
        for at, block in enumerate(found):
            technique = _technique(block)
            measured, notes = _measurements(block, technique, room)
            prefix = f"block {at + 1}: " if len(found) > 1 else ""
            warnings.extend(prefix + note for note in notes)
            spectra.extend(measured)
            techniques.extend([technique] * len(measured))
        if not spectra:
            raise CorruptFileError("; ".join(warnings) or "no block holds a curve")
        technique = _of_file(spectra, techniques)
        if len(set(techniques)) > 1:
            warnings.append("the blocks were measured by different techniques")
        return Reading(
            spectra=tuple(spectra),
            technique=technique,
            metadata=_metadata(found[0]),
            warnings=tuple(warnings),
        )


class _Room:
    """How many more points a whole file may hold: repetitions in many tables add up."""

    def __init__(self, points: int) -> None:
        self._left = points

    def take(self, points: int) -> None:
        """Raise when the tables of the file hold more than it can."""
        self._left -= points
        if self._left < 0:
            raise CorruptFileError(
                "the tables of the file expand beyond what it can hold: damaged or hostile",
                hint=AGAIN,
            )


def _of_file(spectra: list[Measurement], techniques: list[Technique]) -> Technique:
    if any(isinstance(spectrum, MassRun) for spectrum in spectra):
        return Technique.GCMS
    return techniques[0]


def _technique(block: Block) -> Technique:
    """Return the technique by DATA TYPE, else by the units; refuse what is not for this bench."""
    stated = block.text("DATATYPE").upper() or block.text("NTUPLES").upper()
    words = re.split(r"[^A-Z]+", stated)
    for key, what in _REFUSED:
        if key in words or (len(key) > 3 and key in stated) or (key == "NMR" and key in stated):
            raise RefusedFormatError(
                f"this is {what} (DATA TYPE {one_line(stated, limit=60)})",
                hint="Infrared, Raman, mass spectra and chromatograms are read.",
            )
    if ".OBSERVEFREQUENCY" in block.records:
        raise RefusedFormatError(
            "this is an NMR spectrum (.OBSERVE FREQUENCY)",
            hint="Infrared, Raman, mass spectra and chromatograms are read.",
        )
    if "RAMAN" in stated:
        return Technique.RAMAN
    if "INFRARED" in stated or words[:1] in (["IR"], ["FTIR"], ["FT"]):
        return Technique.FTIR
    if "MASS" in stated:
        return Technique.MS
    if "CHROMATOGRAM" in stated or "CHROMATOGRAPH" in stated:
        return Technique.GC
    if stated:
        return Technique.OTHER
    return _by_units(block)


def _by_units(block: Block) -> Technique:
    unit = block.text("XUNITS")
    kind, _ = x_axis(unit)
    if "SCANNUMBER" in block.names or "RETENTIONTIME" in block.names or kind is XKind.MZ:
        return Technique.MS
    if kind is XKind.WAVENUMBER:
        return Technique.FTIR
    return Technique.RAMAN if kind is XKind.RAMAN_SHIFT else Technique.OTHER


def _metadata(block: Block) -> dict[str, str]:
    skipped = {"XYDATA", "END", "SYMBOL", "VARFORM", "VARTYPE"}
    return clean_map(
        {
            block.names.get(label, label): text
            for label, text in block.records.items()
            if label not in skipped and text and label
        }
    )


def _title(block: Block) -> str:
    return one_line(block.text("TITLE") or block.text("NAMES") or block.text("CASNAME"))


def _measurements(
    block: Block, technique: Technique, room: _Room
) -> tuple[list[Measurement], list[str]]:
    if any("SCANNUMBER" in t.records or "RETENTIONTIME" in t.records for t in block.tables):
        return [_run(block, block.tables, room)], []
    pages = len(block.tables)
    if technique is Technique.MS and (pages >= _RUN_PAGES or "$FOLRUN" in block.records):
        return [_run(block, block.tables, room)], _missing_pages(block)
    spectra: list[Measurement] = []
    notes: list[str] = _missing_pages(block)
    for table in block.tables:
        if table.label == "PEAKASSIGNMENTS" and len(block.tables) > 1:
            continue
        if _is_foreign_tuple(table):
            raise RefusedFormatError(
                f"a table of {one_line(table.form, limit=40)} is not a spectrum",
                hint="Export one curve of x and y.",
            )
        curve = decode_table(block, table)
        room.take(curve.x.size)
        notes.extend(curve.warnings)
        spectra.append(_measurement(block, table, curve, technique))
    return spectra, notes


def _missing_pages(block: Block) -> list[str]:
    """Say when NTUPLES announce another number of pages than there are (the page's VAR_DIM)."""
    pages = [table.records.get("PAGE", "") for table in block.tables]
    symbol = pages[0].partition("=")[0].strip().upper() if pages else ""
    symbols, sizes = columns(block, "SYMBOL"), columns(block, "VARDIM")
    at = symbols.index(symbol) if symbol and symbol in symbols else -1
    announced = number(sizes[at]) if 0 <= at < len(sizes) else None
    if announced is None or announced == len(pages):
        return []
    return [f"{announced:.0f} pages are announced, {len(pages)} hold data"]


def _is_foreign_tuple(table: Table) -> bool:
    match = re.match(r"\(?\s*([A-Z]+)\s*\.\.", table.form.upper())
    return match is not None and match.group(1) not in _TUPLES


def _measurement(block: Block, table: Table, curve: Curve, technique: Technique) -> Measurement:
    title = _title(block)
    page = one_line(curve.page, limit=40)
    metadata = _metadata(block)
    if page:
        title = f"{title} ({page})" if title else page
        metadata["page"] = page
    if technique is Technique.MS:
        return _mass_spectrum(block, curve, title, metadata)
    x_kind, x_unit = x_axis(curve.x_unit, technique)
    y_kind, y_unit = y_axis(curve.y_unit, curve.y, technique)
    if technique is Technique.GC:
        unit = {XKind.TIME: x_unit}.get(x_kind, one_line(curve.x_unit) or "unknown")
        return Chromatogram(
            title=title,
            x=curve.x,
            y=curve.y,
            x_unit=unit if unit in (UNIT_S, UNIT_MIN) else unit.lower(),
            y_unit=one_line(curve.y_unit) or "unknown",
            metadata=metadata,
            faults=(*curve.faults, *curve_faults(curve.x, curve.y, XKind.TIME)),
        )
    faults = list(curve.faults) + list(curve_faults(curve.x, curve.y, x_kind))
    if table.label == "PEAKTABLE":
        faults.append("a peak table, not a curve: nothing is known between its points")
    return Spectrum(
        title=title,
        x=curve.x,
        y=curve.y,
        x_kind=x_kind,
        x_unit=one_line(x_unit),
        y_kind=y_kind,
        y_unit=one_line(y_unit),
        metadata=metadata,
        faults=tuple(faults),
    )


def _mass_spectrum(
    block: Block, curve: Curve, title: str, metadata: dict[str, str]
) -> MassSpectrum:
    return MassSpectrum(
        title=title,
        mz=curve.x,
        intensity=curve.y,
        molecular_mass=block.value("MW"),
        retention_time_s=_page_time(block, curve.page),
        ionization=_ionization(block),
        metadata=metadata,
        faults=(*curve.faults, *peak_faults(curve.x, curve.y)),
    )


def _ionization(block: Block) -> str:
    """Return ``EI`` for ``EI+``: electron ionization has one polarity in practice."""
    stated = block.text(".IONIZATIONMODE") or block.text("IONIZATIONMODE")
    return "EI" if stated.upper() == "EI+" else one_line(stated, limit=20)


def _page_time(block: Block, page: str) -> float | None:
    """Return the retention time a page states (``T= 272``), in seconds."""
    symbol, _, value = page.partition("=")
    moment = number(value)
    if moment is None or symbol.strip().upper() != "T":
        return None
    symbols, units = columns(block, "SYMBOL"), columns(block, "UNITS")
    at = symbols.index("T") if "T" in symbols else -1
    unit = units[at].upper() if 0 <= at < len(units) else "SECONDS"
    return moment * 60.0 if unit.startswith("MIN") else moment


def _run(block: Block, tables: list[Table], room: _Room) -> MassRun:
    """Return a GC-MS run written as one table per scan."""
    times, tics = np.full(len(tables), np.nan), np.full(len(tables), np.nan)
    sizes = np.zeros(len(tables), dtype=np.int64)
    peaks_x, peaks_y = [], []
    faults: list[str] = []
    short = 0
    for at, table in enumerate(tables):
        curve = decode_table(block, table, may_be_empty=True)
        room.take(curve.x.size)
        short += bool(curve.faults) or bool(curve.warnings)
        peaks_x.append(curve.x)
        peaks_y.append(curve.y)
        sizes[at] = curve.x.size
        time = first_number(table.records.get("RETENTIONTIME", ""))
        time = _page_time(block, curve.page) if time is None else time
        tic = first_number(table.records.get("TIC", ""))
        times[at] = np.nan if time is None else time
        tics[at] = np.nan if tic is None else tic
    if short:
        faults.append(f"{short} scans do not hold the number of peaks they announce")
    if np.isnan(times).all():
        times = np.arange(len(tables), dtype=np.float64)
        faults.append("no scan times: the scan number stands in their place")
    mz, intensity = np.concatenate(peaks_x), np.concatenate(peaks_y)
    faults += [*peak_faults(mz, intensity), *time_faults(times)]
    metadata = _metadata(block) | {"time unit in file": "s"}
    return MassRun(
        title=_title(block),
        scan_time_s=times,
        offsets=np.concatenate(([0], np.cumsum(sizes))),
        mz=mz,
        intensity=intensity,
        stored_tic=None if np.isnan(tics).any() else tics,
        ionization=_ionization(block),
        metadata=metadata,
        faults=tuple(faults),
    )
