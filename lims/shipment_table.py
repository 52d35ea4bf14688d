"""Whole shipment records from a CSV table: read with care, every fault of every row told at once.

A cell is text and stays text: nothing in it is evaluated, here or when it is written again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, fields

from lims import intake, unverified
from lims.errors import RecordError
from lims.model import ShipmentDraft

COLUMNS = tuple(field.name for field in fields(ShipmentDraft))
MAX_BYTES = 20_000_000
MAX_ROWS = intake.MAX_SHIPMENTS
MAX_CELL = 2_000
MAX_FAULTS = 200
_DELIMITERS = ",;\t|"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one row; row 1 is the header."""

    row: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a table holds. ``drafts`` may be registered only when there is no fault."""

    drafts: tuple[ShipmentDraft, ...]
    faults: tuple[Fault, ...]
    faults_left_out: int
    notes: tuple[Fault, ...]
    """What is kept as typed but looks odd: codes that cannot be verified, or a cell a spreadsheet
    would run."""
    rows: int

    @property
    def ok(self) -> bool:
        """Whether every row can be registered."""
        return not self.faults


class _Faults:
    """Collects faults up to a limit, so that a hopeless table still ends in a report."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.left_out = 0

    def add(self, row: int, text: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(row=row, text=text))
        else:
            self.left_out += 1


def read(data: bytes) -> Table:
    """Read a table of shipments: UTF-8, a header of column names, one parcel a row.

    Parameters
    ----------
    data : bytes
        As the file has them, with or without a byte order mark.

    Raises
    ------
    RecordError
        Not a table of shipments at all: too large, not UTF-8, another delimiter, unknown columns.
    """
    text = _text(data)
    reader = _rows(text)
    header = _header(next(reader, (1, []))[1], text)
    found, drafts, notes, rows = _Faults(), [], list[Fault](), 0
    for number, cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        rows += 1
        if rows > MAX_ROWS:
            raise RecordError(
                f"more than {MAX_ROWS} rows; nothing was registered", hint="Split the table."
            )
        draft = _draft(number, cells, header, found)
        odd = _notes(number, cells, header)
        if draft is not None:
            drafts.append(draft)
            if len(notes) < MAX_FAULTS:
                odd += [Fault(row=number, text=each.says) for each in unverified.of_draft(draft)]
        notes += odd[: MAX_FAULTS - len(notes)]
    if not rows:
        found.add(1, "no rows under the header")
    return Table(
        drafts=tuple(drafts),
        faults=tuple(found.faults),
        faults_left_out=found.left_out,
        notes=tuple(notes),
        rows=rows,
    )


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise RecordError(
            f"a table of {len(data)} bytes; at most {MAX_BYTES} are read", hint="Split it."
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise RecordError("the table is UTF-16", hint="Save it as CSV UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError(
            f"byte {error.start} of the table is not UTF-8", hint="Save it as CSV UTF-8."
        ) from error
    if "\0" in text:
        raise RecordError(
            f"the table holds a NUL character at place {text.index(chr(0)) + 1}",
            hint="It is not a text table; export it again as CSV UTF-8.",
        )
    return text


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    # The module's own limit is for the whole process: left alone, and long cells met here.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise RecordError(
            f"line {reader.line_num} of the table cannot be read: {error}",
            hint="A quote that is never closed swallows the rest of the table.",
        ) from error


def _header(cells: list[str], text: str) -> list[str]:
    names = [cell.strip().casefold().replace(" ", "_") for cell in cells]
    if not any(names):
        raise RecordError("the table has no header", hint=f"Columns: {', '.join(COLUMNS)}.")
    if len(names) == 1:
        line = text.splitlines()[0]
        mark = next((each for each in _DELIMITERS[1:] if each in line), "")
        if mark:
            raise RecordError(
                f"the table is separated by {mark!r}", hint="Save it with commas between cells."
            )
    unknown = sorted({name[:40] for name in names if name not in COLUMNS})
    if unknown:
        raise RecordError(
            f"unknown columns {', '.join(repr(name) for name in unknown[:20])}",
            hint=f"Known: {', '.join(COLUMNS)}.",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecordError(f"the column {', '.join(twice)} stands there twice")
    if "declared_goods" not in names:
        raise RecordError("the column declared_goods is missing")
    return names


def _draft(
    number: int, cells: list[str], header: list[str], found: _Faults
) -> ShipmentDraft | None:
    if len(cells) != len(header):
        found.add(number, f"{len(cells)} cells under {len(header)} columns")
        return None
    long = [name for name, cell in zip(header, cells, strict=True) if len(cell) > MAX_CELL]
    if long:
        found.add(number, f"{', '.join(long)}: more than {MAX_CELL} characters")
        return None
    typed = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    if not typed.get("stream"):
        typed.pop("stream", None)
    draft = ShipmentDraft(**typed)
    try:
        intake.shipment_body(draft)
    except RecordError as error:
        found.add(number, error.message)
        return None
    return draft


def _notes(number: int, cells: list[str], header: list[str]) -> list[Fault]:
    return [
        Fault(row=number, text=f"{name} begins with {cell.strip()[0]!r}: kept as text, never run")
        for name, cell in zip(header, cells, strict=False)
        if cell.strip().startswith(_FORMULA)
    ]
