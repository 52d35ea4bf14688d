"""The labelled data records of a JCAMP-DX text, gathered into blocks. Knows nothing of spectra.

Source: JCAMP-DX 4.24 and 5.01, http://www.jcamp-dx.org/protocols.html. Real files leave labels out,
concatenate blocks without a LINK and forget the last ``##END=``; all of that is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from instruments.decoding import lines as split_lines
from instruments.decoding import number
from instruments.errors import CorruptFileError
from instruments.limits import MAX_NESTING, MAX_SPECTRA

_RECORD = re.compile(r"\s*##([^=]*)=(.*)", re.DOTALL)
_IGNORED = str.maketrans("", "", " -/_\t")
DATA_LABELS = frozenset({"XYDATA", "XYPOINTS", "PEAKTABLE", "PEAKASSIGNMENTS", "DATATABLE"})
_FIRST_DECIMAL = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{1,3})?")


@dataclass(slots=True)
class Table:
    """One data table: its label, its form such as ``(X++(Y..Y))``, its lines, its own records."""

    label: str
    form: str
    lines: list[str]
    records: dict[str, str]


@dataclass(slots=True)
class Block:
    """One ``##TITLE=`` … ``##END=``.

    ``records`` holds normalised label -> text, ``names`` the label as the file spells it;
    ``tables`` are in file order. ``closed`` tells whether its ``##END=`` was there.
    """

    records: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    depth: int = 0
    closed: bool = False

    def text(self, label: str) -> str:
        """Return the first line of a record, or an empty string."""
        return self.records.get(label, "").strip().split("\n")[0].strip()

    def value(self, label: str) -> float | None:
        """Return a record as a number (a decimal comma is allowed), or None."""
        return first_number(self.records.get(label, ""))


def first_number(text: str) -> float | None:
    """Return the number a record begins with; ``4000,5`` is read as 4000.5."""
    match = _FIRST_DECIMAL.match(text.strip())
    return number(match.group().replace(",", ".")) if match else None


def normal_label(label: str) -> str:
    """Return a label as the standard compares it: upper case without blank, ``-``, ``/``, ``_``."""
    return label.translate(_IGNORED).upper()


def records(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (normalised label, label as written, lines of its value) without comments."""
    label, name = "", ""
    value: list[str] = []
    for line in split_lines(_before_end_mark(text)):
        match = _RECORD.match(line) if "##" in line else None
        if match:
            if label:
                yield label, name, value
            name = match.group(1).strip()
            label = normal_label(name)
            value = [match.group(2).split("$$", 1)[0]]
        elif label:
            value.append(line.split("$$", 1)[0] if "$$" in line else line)
    if label:
        yield label, name, value


def _before_end_mark(text: str) -> str:
    """Return the text before a closing Ctrl-Z; one with records after it is damage, not the end."""
    before, _, after = text.partition("\x1a")
    return text.replace("\x1a", " ") if "##" in after else before


def blocks(text: str) -> list[Block]:
    """Return every block that holds data, in file order; see `gather`."""
    return gather(text)[0]


def gather(text: str) -> tuple[list[Block], list[str]]:
    """Return every block that holds data, in file order, and what of the whole file is missing.

    Raises
    ------
    CorruptFileError
        Blocks nested deeper than any instrument writes them, or more of them than can be real.
    """
    found: list[Block] = []
    open_blocks: list[Block] = []
    pending: dict[str, str] = {}
    for label, name, value in records(text):
        if label == "TITLE" or not open_blocks:
            _open(open_blocks, found)
            pending = {}
        block = open_blocks[-1]
        if label == "END":
            block.closed = True
            found.append(open_blocks.pop())
            continue
        text_value = "\n".join(value).strip()
        if label in DATA_LABELS:
            form = value[0].strip()
            block.tables.append(Table(label=label, form=form, lines=value[1:], records=pending))
            pending = {}
            continue
        if block.tables or label in ("PAGE", "SCANNUMBER") or pending:
            pending[label] = text_value
        if not block.tables and label not in ("PAGE", "SCANNUMBER"):
            block.records.setdefault(label, text_value)
        block.names.setdefault(label, name)
    found.extend(open_blocks)
    filled = [block for block in found if block.tables]
    return filled, _missing(found, filled)


def _missing(found: list[Block], filled: list[Block]) -> list[str]:
    """Say where the file may have been cut: fewer blocks than a LINK announces, no last ``##END=``.

    A forgotten last ``##END=`` is common, so it is said only where no point count tells more.
    """
    links = [block for block in found if not block.tables and "BLOCKS" in block.records]
    notes: list[str] = []
    for link in links:
        announced = link.value("BLOCKS")
        # Writers count the LINK itself or do not.
        if announced is not None and len(links) == 1 and len(filled) < announced - 1:
            notes.append(f"{announced:.0f} blocks are announced, {len(filled)} hold data")
        if not link.closed:
            notes.append("the last ##END= is missing: the file may be cut")
    if filled and not links and not filled[-1].closed and "NPOINTS" not in filled[-1].records:
        notes.append("the last ##END= is missing and no count is stated: the file may be cut")
    return notes


def _open(open_blocks: list[Block], found: list[Block]) -> None:
    # A block with data cannot hold another: the ##END= before this title was forgotten.
    while open_blocks and open_blocks[-1].tables:
        found.append(open_blocks.pop())
    depth = len(open_blocks)
    if depth >= MAX_NESTING:
        raise CorruptFileError(
            f"blocks are nested {depth + 1} deep; {MAX_NESTING} is the most that can be real"
        )
    if len(found) > MAX_SPECTRA:
        raise CorruptFileError(f"more than {MAX_SPECTRA} blocks")
    open_blocks.append(Block(depth=depth))
