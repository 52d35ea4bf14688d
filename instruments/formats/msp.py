"""NIST MSP, AMDIS MSL and ELU: one tolerant parser that reports the entries it could not take.

Producers differ more than the standard: peaks as ``41 999;``, ``41:999``, ``(41,999)``, tab with a
quoted comment, one or many to a line. One bad entry never loses a library. Source: NIST MS Search
and AMDIS user's guides, and real files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from instruments.checks import peak_faults
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats.mass_fields import Fields, quoted_pairs
from instruments.limits import MAX_SPECTRA, RUN_BYTES
from spectra.axis import FloatArray
from spectra.spectrum import MassSpectrum, Technique

_NAME_LINE = re.compile(r"^[ \t]*name[ \t]*:", re.IGNORECASE | re.MULTILINE)
_COUNT_LINE = re.compile(
    r"^[ \t]*num[ _]?peaks[ \t]*:[ \t]*([^\n;]*?)[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_SNIFF_COUNT = re.compile(rb"^[ \t]*num[ _]?peaks[ \t]*:", re.IGNORECASE | re.MULTILINE)
_SNIFF_NAME = re.compile(rb"\s*(?:\xef\xbb\xbf)?name[ \t]*:", re.IGNORECASE)
_FIELD = re.compile(r"[ \t]*([^:\n]{1,60}?)[ \t]*:(.*)")
_PAREN = re.compile(r"\(\s*([\d.eE+-]+)[\s,;:]+([\d.eE+-]+)[^)\n]*\)")
_COMMENT = re.compile(r'"[^"\n]*"')
_TO_BLANK = str.maketrans("();:,\t\n", "       ")
_ELU_TIME = re.compile(r"\|RT([\d.]+)\|")
_PEAK_LINE = re.compile(r"\s*[(\d.+-]")
_REPORTED = 20


@dataclass(slots=True)
class _Entry:
    """One entry before its numbers are converted."""

    fields: dict[str, str]
    announced: int | None
    peaks: str
    tokens: list[str]
    at: int = 0


class MspReader:
    """MSP, MSL and ELU text libraries."""

    name = "msp"
    suffixes = (".msp", ".msl", ".elu")
    size_limit = RUN_BYTES // 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.85 for ``Name:`` and ``Num Peaks:`` fields; a lone ``Name:`` ties with text."""
        if not _SNIFF_NAME.match(head):
            return 0.4 if _SNIFF_COUNT.search(head) and b"ACCESSION" not in head else 0.0
        return 0.85 if _SNIFF_COUNT.search(head) else 0.1

    def read(self, data: bytes, name: str) -> Reading:
        """Return every entry that could be taken, in file order."""
        text, _ = decode(data)
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        entries = _entries(text)
        if not entries:
            raise CorruptFileError(
                "no entry with a name and peaks", hint="Is this a library in MSP form?"
            )
        elu = "|SC" in entries[0].fields.get("Name", "")[:200]
        msl = "(" in entries[0].peaks[:20]
        numbers = _convert(entries)
        spectra: list[MassSpectrum] = []
        problems: list[str] = []
        for at, (entry, flat) in enumerate(zip(entries, numbers, strict=True)):
            taken, problem = _spectrum(entry, flat, minutes=elu or msl)
            if taken is not None:
                spectra.append(taken)
            if problem:
                title = one_line(entry.fields.get("Name", ""), limit=60)
                problems.append(f"entry {at + 1} ({title}): {problem}")
        if not spectra:
            raise CorruptFileError(f"none of {len(entries)} entries could be read: {problems[0]}")
        warnings = problems[:_REPORTED]
        if len(problems) > _REPORTED:
            warnings.append(f"and {len(problems) - _REPORTED} more entries with problems")
        return Reading(
            spectra=tuple(spectra),
            technique=Technique.MS,
            format="amdis-elu" if elu else "amdis-msl" if msl else "msp",
            metadata={"entries": str(len(entries)), "entries taken": str(len(spectra))},
            warnings=tuple(warnings),
        )


def _entries(text: str) -> list[_Entry]:
    """Split the whole text at its name lines; a name without peaks is one more name of the next."""
    starts = [match.start() for match in _NAME_LINE.finditer(text)]
    if len(starts) > MAX_SPECTRA:
        raise CorruptFileError(f"more than {MAX_SPECTRA} entries")
    entries: list[_Entry] = []
    begin = starts[0] if starts else 0
    for stop in [*starts[1:], len(text)]:
        chunk = text[begin:stop]
        count = _COUNT_LINE.search(chunk)
        if count is None and stop != len(text) and not _has_bare_peaks(chunk):
            continue  # a repeated Name line
        entries.append(_entry(chunk, count))
        begin = stop
    return [entry for entry in entries if entry.fields]


def _has_bare_peaks(chunk: str) -> bool:
    return any(re.match(r"\s*\(?\d+(?:\.\d*)?[\s,:]+\d", line) for line in chunk.split("\n")[1:])


def _entry(chunk: str, count: re.Match[str] | None) -> _Entry:
    if count is not None:
        header, peaks = chunk[: count.start()], chunk[count.end() :]
        announced = number(count.group(1))
    else:
        rows = chunk.split("\n")
        first = next((at for at, row in enumerate(rows) if at and _PEAK_LINE.match(row)), len(rows))
        header, peaks, announced = "\n".join(rows[:first]), "\n".join(rows[first:]), None
    fields: dict[str, str] = {}
    for line in header.split("\n"):
        match = _FIELD.match(line)
        if match is None:
            continue
        key, value = match.group(1), match.group(2).strip()
        if key.lower() == "name":
            key = "Name" if "Name" not in fields else "Synon"
        if key in fields and value:
            fields[key] = f"{fields[key]} | {value}" if fields[key] else value
        else:
            fields.setdefault(key, value)
    if "(" in peaks:
        tokens = [cell for pair in _PAREN.findall(peaks) for cell in pair]
    else:
        plain = _COMMENT.sub(" ", peaks) if '"' in peaks else peaks
        tokens = plain.translate(_TO_BLANK).split()
    whole = announced is not None and announced == int(announced) and announced >= 0
    return _Entry(
        fields=fields,
        announced=int(announced) if whole and announced is not None else None,
        peaks=peaks,
        tokens=tokens,
    )


def _convert(entries: list[_Entry]) -> list[FloatArray | None]:
    """Convert the peaks of all entries at once; None for an entry that holds no plain numbers."""
    try:
        flat = np.array(
            [float(cell) for entry in entries for cell in entry.tokens], dtype=np.float64
        )
    except ValueError:
        return [_convert_one(entry) for entry in entries]
    ends = np.cumsum([len(entry.tokens) for entry in entries])
    return list(np.split(flat, ends[:-1]))


def _convert_one(entry: _Entry) -> FloatArray | None:
    values = [number(cell) for cell in entry.tokens]
    if any(value is None for value in values):
        return None
    return np.array(values, dtype=np.float64)


def _spectrum(
    entry: _Entry, flat: FloatArray | None, *, minutes: bool
) -> tuple[MassSpectrum | None, str]:
    announced = entry.announced
    problem = ""
    odd = flat is None or flat.size % 2 == 1
    if odd or (announced is not None and flat is not None and flat.size != 2 * announced):
        pairs = _line_pairs(entry.peaks)
        if odd or len(pairs) == announced:
            flat = np.array(pairs, dtype=np.float64).ravel()
    if flat is None or flat.size == 0:
        if announced == 0:
            return None, "it holds no peaks"
        return None, "its peaks cannot be read"
    mz, intensity = flat[0::2], flat[1::2]
    if announced is not None and announced != mz.size:
        problem = f"{announced} peaks announced, {mz.size} found"
    comments = Fields(entry.fields).text(("comments", "comment"))
    metadata = clean_map(quoted_pairs(comments) | entry.fields)
    looked_up = Fields({**quoted_pairs(comments), **entry.fields})
    elu_time = _ELU_TIME.search(entry.fields.get("Name", ""))
    time_s = looked_up.retention_time_s(minutes)
    if elu_time:
        stated = number(elu_time.group(1))
        time_s = stated * 60.0 if stated is not None else None
    spectrum = MassSpectrum(
        title=one_line(entry.fields.get("Name", "")),
        mz=mz,
        intensity=intensity,
        precursor_mz=looked_up.precursor_mz(),
        molecular_mass=looked_up.molecular_mass(),
        retention_time_s=time_s,
        retention_index=looked_up.retention_index(),
        ionization=looked_up.ionization(),
        metadata=metadata,
        faults=peak_faults(mz, intensity, announced),
    )
    return spectrum, problem


def _line_pairs(peaks: str) -> list[tuple[float, float]]:
    """Return the first two numbers of each segment, for layouts with annotations."""
    pairs: list[tuple[float, float]] = []
    for segment in re.split(r"[;\n]", peaks):
        cells = _COMMENT.sub(" ", segment).translate(_TO_BLANK).split()
        if len(cells) < 2:
            continue
        mz, intensity = number(cells[0]), number(cells[1])
        if mz is not None and intensity is not None:
            pairs.append((mz, intensity))
    return pairs
