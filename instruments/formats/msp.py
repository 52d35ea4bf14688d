"""NIST MSP, AMDIS MSL and ELU: one tolerant parser that reports the entries it could not take.

Producers differ more than the standard: peaks as ``41 999;``, ``41:999``, ``(41,999)``, tab with a
quoted comment, one or many to a line. One bad entry never loses a library. Source: NIST MS Search
and AMDIS user's guides, and real files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from instruments.checks import peak_faults, text_notes
from instruments.cleaning import clean_map, one_line
from instruments.decoding import decode, number
from instruments.errors import CorruptFileError
from instruments.export import Reading
from instruments.formats import peak_numbers
from instruments.formats.mass_fields import Fields, quoted_pairs
from instruments.limits import MAX_SPECTRA, RUN_BYTES
from spectra.axis import FloatArray
from spectra.spectrum import MassSpectrum, Technique

# Lines are found by the line end before them: a literal first letter makes the search fast.
_NAME_LINE = re.compile(r"\n[ \t]*(?:compound[ _]?)?name[ \t]*:", re.IGNORECASE)
_COUNT_LINE = re.compile(r"\n[ \t]*num[ _]?peaks[ \t]*:([^\n;]*)$", re.IGNORECASE | re.MULTILINE)
_SNIFF_COUNT = re.compile(rb"^[ \t]*num[ _]?peaks[ \t]*:", re.IGNORECASE | re.MULTILINE)
_SNIFF_NAME = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:compound[ _]?)?name[ \t]*:", re.IGNORECASE)
_NAMES = ("name", "compound_name", "compound name", "compoundname")
_COMMENT = re.compile(r'"[^"\n]*"')
_TO_BLANK = str.maketrans("();:,\t\n", "       ")
_ELU_TIME = re.compile(r"\|RT([\d.]+)\|")
_PEAK_LINE = re.compile(r"\s*[(\d.+-]")
_BARE_PEAKS = re.compile(r"\s*\(?\d+(?:\.\d*)?[\s,:]+\d")
_REPORTED = 20
_PIECE_CHARACTERS = 4_000_000
_CHECKED_TOGETHER = 64
# Bytes that `text_notes` need not look at: a text of these alone is sound.
_SOUND = bytes([9, 10, 11, 12, 13, 26, *range(32, 256)])


@dataclass(slots=True)
class _Entry:
    """One entry before its numbers are converted."""

    fields: dict[str, str]
    announced: int | None
    peaks: str


@dataclass(slots=True)
class _Library:
    """What was taken so far from one file."""

    spectra: list[MassSpectrum]
    problems: list[str]
    entries: int = 0
    lost: int = 0
    uncounted: int = 0
    elu: bool = False
    msl: bool = False


class MspReader:
    """MSP, MSL and ELU text libraries."""

    name = "msp"
    suffixes = (".msp", ".msl", ".elu")
    size_limit = RUN_BYTES // 4

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.85 for ``Name:`` and ``Num Peaks:`` fields; a lone ``Name:`` ties with text."""
        counted = b"peaks" in head.lower() and _SNIFF_COUNT.search(head)
        if not _SNIFF_NAME.match(head):
            return 0.4 if counted and b"ACCESSION" not in head else 0.0
        return 0.85 if counted else 0.1

    def read(self, data: bytes, name: str) -> Reading:
        """Return every entry that could be taken, in file order."""
        notes = list(text_notes(decode(data)[0])) if data.translate(None, _SOUND) else []
        found = _Library(spectra=[], problems=[])
        for entries, lost in _batches(data):
            found.lost += lost
            if entries:
                _take(entries, found)
        if found.lost:
            notes.append(f"{found.lost} peak lists without a name before them were lost: damaged")
        if not found.entries:
            raise CorruptFileError(
                "no entry with a name and peaks", hint="Is this a library in MSP form?"
            )
        if not found.spectra:
            raise CorruptFileError(
                f"none of {found.entries} entries could be read: {found.problems[0]}"
            )
        if found.uncounted:
            notes.append(
                f"{found.uncounted} of {found.entries} entries do not state how many peaks "
                "they hold"
            )
        warnings = [*notes, *found.problems[:_REPORTED]]
        if len(found.problems) > _REPORTED:
            warnings.append(f"and {len(found.problems) - _REPORTED} more entries with problems")
        return Reading(
            spectra=tuple(found.spectra),
            technique=Technique.MS,
            format="amdis-elu" if found.elu else "amdis-msl" if found.msl else "msp",
            metadata={"entries": str(found.entries), "entries taken": str(len(found.spectra))},
            warnings=tuple(warnings),
        )


def _batches(data: bytes) -> Iterator[tuple[list[_Entry], int]]:
    """Yield the entries of one piece of the file after another, and lists lost for want of a name.

    An entry that a piece cuts is carried over to the next; a piece is never shorter than what is
    carried, so a hostile file without names costs its length and no more.
    """
    carry, at, count = "\n", 0, 0
    whole = "" if data.isascii() else decode(data)[0]
    size = len(whole) or len(data)
    while at < size:
        stop = at + max(_PIECE_CHARACTERS, len(carry))
        if whole:
            stop = whole.find("\n", stop) + 1 or size
            piece = whole[at:stop]
        else:
            stop = data.find(b"\n", stop) + 1 or size
            piece = data[at:stop].decode("ascii")
        if "\r" in piece:
            piece = piece.replace("\r\n", "\n").replace("\r", "\n")
        text = carry + piece.replace("\x00", "")
        at = stop
        entries, lost, rest = _entries(text, last=at >= size)
        count += len(entries)
        if count > MAX_SPECTRA:
            raise CorruptFileError(f"more than {MAX_SPECTRA} entries")
        carry = text[rest:]
        yield entries, lost


def _entries(text: str, *, last: bool) -> tuple[list[_Entry], int, int]:
    """Split a text at its name lines; return the entries, the lost peak lists, and what is left.

    A name without peaks is one more name of the next entry. ``text`` begins with a line end; what
    is left begins with the line end before an entry that may go on in the next piece.
    """
    starts = [match.start() for match in _NAME_LINE.finditer(text)]
    counts = list(_COUNT_LINE.finditer(text))
    begin = starts[0] if starts else 0
    if not starts and not last:
        return [], 0, 0
    entries: list[_Entry] = []
    lost = at = 0
    while starts and at < len(counts) and counts[at].start() < begin:
        lost, at = lost + 1, at + 1
    stops = [*starts[1:], len(text)] if last else starts[1:]
    for stop in stops:
        ended = at
        while ended < len(counts) and counts[ended].start() < stop:
            ended += 1
        final = last and stop == len(text)
        if ended == at and not final and not _has_bare_peaks(text[begin + 1 : stop]):
            continue  # a repeated Name line
        lost += max(ended - at - 1, 0)
        entry = _entry(text, begin + 1, stop, counts[at] if ended > at else None)
        if entry.fields:
            entries.append(entry)
        begin, at = stop, ended
    return entries, lost, begin


def _has_bare_peaks(chunk: str) -> bool:
    return any(_BARE_PEAKS.match(line) for line in chunk.split("\n")[1:])


def _entry(text: str, begin: int, stop: int, count: re.Match[str] | None) -> _Entry:
    announced: float | None = None
    if count is not None:
        lines, peaks = text[begin : count.start()].split("\n"), text[count.end() : stop]
        announced = number(count.group(1))
    else:
        rows = text[begin:stop].split("\n")
        first = next((at for at, row in enumerate(rows) if at and _PEAK_LINE.match(row)), len(rows))
        lines, peaks = rows[:first], "\n".join(rows[first:])
    whole = announced is not None and announced == int(announced) and announced >= 0
    return _Entry(
        fields=_fields(lines),
        announced=int(announced) if whole and announced is not None else None,
        peaks=peaks,
    )


def _fields(lines: Sequence[str]) -> dict[str, str]:
    """Return the ``key: value`` lines; a name that comes again is a synonym."""
    fields: dict[str, str] = {}
    for line in lines:
        left, colon, right = line.partition(":")
        key, value = left.strip(" \t"), right.strip()
        if not colon or not key or len(key) > 60:
            continue
        if key.lower() in _NAMES:
            if "Name" in fields and (not value or value == fields["Name"]):
                continue
            key = "Name" if "Name" not in fields else "Synon"
        if key in fields and value:
            fields[key] = f"{fields[key]} | {value}" if fields[key] else value
        else:
            fields.setdefault(key, value)
    return fields


def _take(entries: list[_Entry], found: _Library) -> None:
    """Convert some entries and add them to what was taken."""
    if not found.entries:
        found.elu = "|SC" in entries[0].fields.get("Name", "")[:200]
        found.msl = "(" in entries[0].peaks[:20]
    flats = [
        _mended(entry, flat)
        for entry, flat in zip(
            entries, peak_numbers.convert([entry.peaks for entry in entries]), strict=True
        )
    ]
    minutes = found.elu or found.msl
    for start in range(0, len(entries), _CHECKED_TOGETHER):
        some = flats[start : start + _CHECKED_TOGETHER]
        sound = _all_sound(some)
        for entry, flat in zip(entries[start : start + _CHECKED_TOGETHER], some, strict=True):
            found.entries += 1
            found.uncounted += entry.announced is None
            problem = "" if flat is None else _miscounted(entry, flat)
            if flat is None:
                problem = "its peaks cannot be read"
                if entry.announced == 0:
                    problem = "it holds no peaks"
            else:
                found.spectra.append(_spectrum(entry, flat, minutes=minutes, sound=sound))
            if problem:
                title = one_line(entry.fields.get("Name", ""), limit=60)
                found.problems.append(f"entry {found.entries} ({title}): {problem}")


def _mended(entry: _Entry, flat: FloatArray | None) -> FloatArray | None:
    """Return m/z and intensity in turn, by lines where more stands on them; None for neither."""
    odd = flat is None or flat.size % 2 == 1
    announced = entry.announced
    if odd or (announced is not None and flat is not None and flat.size != 2 * announced):
        pairs = _line_pairs(entry.peaks)
        if odd or len(pairs) == announced:
            flat = np.array(pairs, dtype=np.float64).ravel()
    return None if flat is None or flat.size == 0 else flat


def _miscounted(entry: _Entry, flat: FloatArray) -> str:
    if entry.announced is None or 2 * entry.announced == flat.size:
        return ""
    return f"{entry.announced} peaks announced, {flat.size // 2} found"


def _all_sound(flats: Sequence[FloatArray | None]) -> bool:
    """Return whether all peaks of some entries pass every check, so that none need be asked."""
    there = [flat for flat in flats if flat is not None]
    if not there:
        return True
    together = np.concatenate(there)
    return not peak_faults(together[0::2], together[1::2])


def _spectrum(entry: _Entry, flat: FloatArray, *, minutes: bool, sound: bool) -> MassSpectrum:
    mz, intensity = flat[0::2], flat[1::2]
    fields, name = entry.fields, entry.fields.get("Name", "")
    comments = fields.get("Comments") or Fields(fields).text(("comments", "comment"))
    pairs = quoted_pairs(comments)
    looked_up = Fields({**pairs, **fields} if pairs else fields)
    elu_time = _ELU_TIME.search(name)
    time_s = looked_up.retention_time_s(minutes)
    if elu_time:
        stated = number(elu_time.group(1))
        time_s = stated * 60.0 if stated is not None else None
    faults: tuple[str, ...] = ()
    if not sound or _miscounted(entry, flat):
        faults = peak_faults(mz, intensity, entry.announced)
    return MassSpectrum(
        title=one_line(name),
        mz=mz,
        intensity=intensity,
        precursor_mz=looked_up.precursor_mz(),
        molecular_mass=looked_up.molecular_mass(),
        retention_time_s=time_s,
        retention_index=looked_up.retention_index(),
        ionization=looked_up.ionization(),
        metadata=clean_map(pairs | fields),
        faults=faults,
    )


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
