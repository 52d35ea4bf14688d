"""Chromeleon text exports: one channel's trace, and its peak table where it was exported."""

from __future__ import annotations

import re

from instruments.checks import curve_faults
from instruments.cleaning import one_line
from instruments.decoding import decode
from instruments.decoding import lines as split_lines
from instruments.errors import CorruptFileError, RefusedFormatError
from instruments.export import Reading
from instruments.formats import gc_peaks, gc_sections
from instruments.formats.gc_peaks import PEAKS, Signs
from instruments.formats.gc_sections import Block, Section
from instruments.limits import SPECTRUM_BYTES
from spectra.axis import UNIT_UNKNOWN, XKind
from spectra.spectrum import UNIT_S, Chromatogram, Measurement, Technique

_HEADING = re.compile(r"([A-Z][A-Za-z ]{4,60}):\s*")
_UNIT = re.compile(r"\(([^()]{1,20})\)")
_MINUTE = 60.0
_MARK = "Chromatogram Data"
_EXPORT = "In Chromeleon choose Export > Text with raw data, or export ANDI (.cdf)."


class ChromeleonReader:
    """Text export of one injection and channel by Chromeleon 7."""

    name = "chromeleon-txt"
    suffixes = (".txt",)
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return the confidence that this is a Chromeleon export."""
        text = decode(head[: len(head) - len(head) % 2])[0]
        return 0.9 if "Injection Information:" in text and f"{_MARK} Info" in text else 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the channel's trace, with its peak table."""
        text, encoding = decode(data)
        sections = _sections(text)
        pairs: dict[str, str] = {}
        traces: list[Block] = []
        tables: list[Block] = []
        for section in sections:
            if section.heading == _MARK:
                traces.extend(gc_sections.blocks(section, "\t", ("time",)))
                continue
            found = list(gc_sections.blocks(section, "\t", ("no.", "peak", "number")))
            tables.extend(b for b in found if gc_peaks.is_peak_table(gc_peaks.columns(b.names)))
            if not found:
                more = gc_sections.leftover_pairs(section, "\t")
                pairs |= {key: value for key, value in more.items() if key not in pairs}
        signs = gc_peaks.find_signs(gc_sections.numbers_of([*traces, *tables]))
        measured = _measured(traces, tables, signs, pairs)
        return Reading(
            spectra=tuple(measured),
            technique=Technique.GC if pairs.get("Signal Unit") in _GC_UNITS else Technique.OTHER,
            metadata=pairs | {"encoding": encoding, "time unit in file": "minute"},
        )


# Units of flame, conductivity and electron-capture detectors of gas chromatographs.
_GC_UNITS = ("pA", "µV", "uV", "counts", "Hz")


def _sections(text: str) -> list[Section]:
    sections = [Section(heading="")]
    for line in split_lines(text.replace("\x00", "").lstrip("\ufeff")):
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            sections.append(Section(heading=heading.group(1)))
        else:
            sections[-1].lines.append(line)
    return sections


def _measured(
    traces: list[Block], tables: list[Block], signs: Signs, pairs: dict[str, str]
) -> list[Measurement]:
    title = one_line(f"{pairs.get('Injection', '')} {pairs.get('Channel', '')}".strip())
    peaks = [
        row
        for block in tables
        for row in (gc_peaks.peak(gc_peaks.columns(block.names), r, signs) for r in block.rows)
        if row
    ]
    if traces and traces[0].rows:
        return [_chromatogram(title, traces[0], peaks, signs, pairs)]
    if peaks:
        return [gc_peaks.apexes(title, peaks, {"time unit in file": "minute"}, ())]
    raise RefusedFormatError("a Chromeleon export without raw data or peaks", hint=_EXPORT)


def _chromatogram(
    title: str,
    block: Block,
    peaks: list[dict[str, object]],
    signs: Signs,
    pairs: dict[str, str],
) -> Chromatogram:
    names = [name.lower() for name in block.names]
    y_at = next((at for at, name in enumerate(names) if name.startswith("value")), len(names) - 1)
    unit = _UNIT.search(block.names[y_at])
    x, y, lost = gc_sections.trace(block, y_at, signs, 1.0 if "(s)" in names[0] else _MINUTE)
    if not x.size:
        raise CorruptFileError("the raw data hold no points", hint=_EXPORT)
    announced = signs.value(pairs.get("Data Points", ""))
    faults = list(curve_faults(x, y, XKind.TIME, None if announced is None else int(announced)))
    if lost:
        faults.append(f"{lost} rows hold no time or no value")
    metadata = {"time unit in file": "minute"}
    if peaks:
        metadata[PEAKS] = gc_peaks.as_text(peaks)
        faults.extend(gc_peaks.count_faults(peaks, None))
    return Chromatogram(
        title=title,
        x=x,
        y=y,
        x_unit=UNIT_S,
        y_unit=one_line(unit.group(1), limit=40) if unit else UNIT_UNKNOWN,
        metadata=metadata,
        faults=tuple(faults),
    )
