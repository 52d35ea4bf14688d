"""Shimadzu ASCII exports (LabSolutions, GCMSsolution): traces, peak tables and mass spectra.

Sections in brackets, times in minutes. A file may hold several samples, each from ``[Header]`` on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from instruments.checks import curve_faults, peak_faults
from instruments.cleaning import one_line
from instruments.decoding import decode
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats import gc_peaks, gc_sections
from instruments.formats.gc_peaks import PEAKS, Signs
from instruments.formats.gc_sections import Block, Section
from instruments.limits import MAX_SPECTRA, SPECTRUM_BYTES
from spectra.axis import XKind
from spectra.spectrum import UNIT_S, Chromatogram, MassSpectrum, Measurement, Technique

_HEADING = re.compile(r"\[([^\[\]]{2,80})\]\s*")
_START = re.compile(r"(?s)\A[\ufeff\s]*\[(?:Header|File Information)\]")
_WHOSE = re.compile(r"LabSolutions|GCMS ?solution|GCsolution|LCsolution|Data File Name")
_CHANNEL = re.compile(r"\(([^()]{1,60})\)")
_SPECTRUM_TIME = re.compile(r"(\d+[.,]\d+)")
_DELIMITERS = ("\t", ";", ",")
_MINUTE = 60.0
_EXPORT = (
    "In the ASCII conversion of LabSolutions choose Chromatogram and Peak Table, "
    "or export ANDI (.cdf)."
)


class ShimadzuAsciiReader:
    """ASCII conversion of a Shimadzu GC, GC-MS or LC run."""

    name = "shimadzu-ascii"
    suffixes = (".txt", ".asc", ".csv")
    size_limit = 4 * SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return the confidence that this is a Shimadzu ASCII export."""
        text = decode(head[: len(head) - len(head) % 2])[0]
        return 0.9 if _START.match(text) and _WHOSE.search(text) else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the traces, each with its peak table, then the mass spectra, sample by sample."""
        text, encoding = decode(data)
        delimiter = _delimiter(text[:20_000])
        parts = [_part(sections, delimiter) for sections in _samples(text)]
        cells = (cell for part in parts for cell in gc_sections.numbers_of(part.every_block()))
        signs = gc_peaks.find_signs(cells)
        if delimiter == "," and signs.decimal == ",":
            raise RefusedFormatError(
                "decimal commas between commas",
                hint="Export with tabs between columns. " + _EXPORT,
            )
        spectra = [each for part in parts for each in _measurements(part, signs)]
        if not spectra:
            raise RefusedFormatError(
                "a Shimadzu export without a chromatogram or a peak table", hint=_EXPORT
            )
        if len(spectra) > MAX_SPECTRA:
            raise CorruptFileError(f"{len(spectra)} traces and spectra in one text", hint=_EXPORT)
        pairs = {key: value for part in reversed(parts) for key, value in part.pairs.items()}
        return Reading(
            spectra=tuple(spectra),
            technique=_technique(parts),
            metadata=pairs | {"encoding": encoding, "time unit in file": "minute"},
            warnings=tuple(_warnings(parts, spectra)),
        )


@dataclass(slots=True)
class _Sample:
    pairs: dict[str, str] = field(default_factory=dict)
    traces: list[tuple[str, Block]] = field(default_factory=list)
    peaks: list[tuple[str, Block]] = field(default_factory=list)
    spectra: list[Block] = field(default_factory=list)

    def every_block(self) -> list[Block]:
        return [*(b for _, b in self.traces), *(b for _, b in self.peaks), *self.spectra]


def _delimiter(head: str) -> str:
    """Return what stands between the cells of the header's first key line."""
    for line in split_lines(head):
        if line.strip() and not _HEADING.match(line):
            found = next((sign for sign in _DELIMITERS if sign in line), "")
            if found:
                return found
    return "\t"


def _samples(text: str) -> list[list[Section]]:
    samples: list[list[Section]] = [[]]
    for line in split_lines(text.replace("\x00", "").lstrip("\ufeff")):
        heading = _HEADING.fullmatch(line.strip(" \t,;"))
        if heading:
            if heading.group(1) == "Header" and samples[-1]:
                samples.append([])
            samples[-1].append(Section(heading=heading.group(1)))
        elif samples[-1]:
            samples[-1][-1].lines.append(line)
    return samples


def _part(sections: Sequence[Section], delimiter: str) -> _Sample:
    part = _Sample()
    for section in sections:
        heading = section.heading
        if "Chromatogram" in heading:
            found = gc_sections.blocks(section, delimiter, ("r.time", "ret.time"))
            part.traces.extend((heading, block) for block in found)
        elif "Peak Table" in heading:
            found = gc_sections.blocks(section, delimiter, ("peak#",))
            part.peaks.extend((heading, block) for block in found)
        elif heading == "MS Spectrum":
            part.spectra.extend(gc_sections.blocks(section, delimiter, ("m/z",)))
        elif "Result" not in heading and "Table" not in heading:
            pairs = gc_sections.leftover_pairs(section, delimiter)
            part.pairs.update({k: v for k, v in pairs.items() if k not in part.pairs})
    return part


def _measurements(part: _Sample, signs: Signs) -> list[Measurement]:
    found: list[Measurement] = []
    left = list(part.peaks)
    title = part.pairs.get("Sample Name") or part.pairs.get("Sample ID", "")
    for heading, block in part.traces:
        table = next((each for each in left if _belongs(each[0], heading)), None)
        if table is not None:
            left.remove(table)
        found.append(_chromatogram(title, heading, block, table, signs))
    for heading, block in left:
        peaks, faults = _peaks(block, signs)
        if peaks:
            metadata = {"section": heading, "time unit in file": "minute"}
            found.append(gc_peaks.apexes(_named(title, heading), peaks, metadata, faults))
    found.extend(_spectrum(title, block, signs) for block in part.spectra if block.rows)
    return found


def _belongs(peaks_heading: str, trace_heading: str) -> bool:
    """Whether a peak table is that of a trace: the same channel, or the mass spectrometer's."""
    if peaks_heading.startswith("MC "):
        return trace_heading.startswith("MS ")
    a, b = _CHANNEL.search(peaks_heading), _CHANNEL.search(trace_heading)
    if trace_heading.startswith("MS ") or (a is None) != (b is None):
        return False
    return a is None or b is None or a.group(1) == b.group(1)


def _chromatogram(
    title: str, heading: str, block: Block, table: tuple[str, Block] | None, signs: Signs
) -> Chromatogram:
    x, y, lost = gc_sections.trace(block, 1, signs, _MINUTE)
    if not x.size:
        raise CorruptFileError(
            f"[{heading}] holds no points", hint="The file may be cut. " + _EXPORT
        )
    pairs = block.pairs
    metadata = {"section": heading, "time unit in file": "minute"}
    metadata |= {one_line(key, limit=80): one_line(value) for key, value in pairs.items() if value}
    factor = signs.value(pairs.get("Intensity Multiplier", "")) or 1.0
    if factor != 1.0:
        y = y * factor
        metadata["scaled"] = f"by the file's Intensity Multiplier {factor:g}"
    announced = signs.value(pairs.get("# of Points", ""))
    faults = list(curve_faults(x, y, XKind.TIME, None if announced is None else int(announced)))
    if lost:
        faults.append(f"{lost} rows hold no time or no intensity")
    if table is not None:
        peaks, peak_notes = _peaks(table[1], signs)
        metadata[PEAKS] = gc_peaks.as_text(peaks)
        faults.extend(peak_notes)
    mass = pairs.get("m/z", "")
    return Chromatogram(
        title=_named(title, f"m/z {mass}" if mass and mass != "TIC" else heading),
        x=x,
        y=y,
        x_unit=UNIT_S,
        y_unit=one_line(pairs.get("Intensity Units", ""), limit=40) or "counts",
        metadata=metadata,
        faults=tuple(faults),
    )


def _named(title: str, what: str) -> str:
    return one_line(f"{title} {what}".strip(), limit=200)


def _peaks(block: Block, signs: Signs) -> tuple[list[dict[str, object]], tuple[str, ...]]:
    columns = gc_peaks.columns(block.names)
    rows = [gc_peaks.peak(columns, row, signs) for row in block.rows]
    peaks = [row for row in rows if row]
    announced = signs.value(block.pairs.get("# of Peaks", ""))
    return peaks, gc_peaks.count_faults(peaks, None if announced is None else int(announced))


def _spectrum(title: str, block: Block, signs: Signs) -> MassSpectrum:
    pairs = [(signs.value(row[0]), signs.value(row[1])) for row in block.rows if len(row) > 1]
    kept = [(mz, height) for mz, height in pairs if mz is not None and height is not None]
    mz = np.array([pair[0] for pair in kept], dtype=np.float64)
    intensity = np.array([pair[1] for pair in kept], dtype=np.float64)
    announced = signs.value(block.pairs.get("# of Peaks", ""))
    raw = block.pairs.get("Raw Spectrum", "")
    at = _SPECTRUM_TIME.search(raw)
    minutes = signs.value(at.group(1)) if at else None
    return MassSpectrum(
        title=_named(title, f"MS Spectrum {raw}".strip()),
        mz=mz,
        intensity=intensity,
        retention_time_s=None if minutes is None else minutes * _MINUTE,
        metadata={one_line(k, limit=80): one_line(v) for k, v in block.pairs.items() if v},
        faults=peak_faults(mz, intensity, None if announced is None else int(announced)),
    )


def _technique(parts: Sequence[_Sample]) -> Technique:
    headings = [heading for part in parts for heading, _ in (*part.traces, *part.peaks)]
    if any(h.startswith(("MS ", "MC ")) for h in headings):
        return Technique.GCMS
    if any(h.startswith(("LC ", "PDA ")) for h in headings):
        return Technique.OTHER
    return Technique.GC if headings else Technique.MS


def _warnings(parts: Sequence[_Sample], spectra: Sequence[Measurement]) -> list[str]:
    notes = []
    if len(parts) > 1:
        notes.append(f"the file holds {len(parts)} samples")
    if any(gc_peaks.NO_TRACE in each.faults for each in spectra):
        notes.append("a peak table has no trace in this file. " + _EXPORT)
    return notes
