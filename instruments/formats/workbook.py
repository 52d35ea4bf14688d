"""Excel workbooks (``.xlsx``, ``.xls``) through the optional package python-calamine (MIT).

Each sheet becomes the text it would be as a table, and goes the way of every other text export:
columns by their names, units by the header's words. What it may unpack to is checked first.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from instruments.cleaning import one_line
from instruments.errors import CorruptFileError, FormatError, RefusedFormatError
from instruments.export import Reading
from instruments.formats.borrowed import guarded, package
from instruments.formats.text import read_text
from instruments.limits import AGAIN, SPECTRUM_BYTES
from spectra.spectrum import Measurement

_INSTEAD = "save the sheet as CSV and read that."
_MOST_UNPACKED, _MOST_RATIO, _RATIO_FREE = 200_000_000, 100, 10_000_000
_MOST_CELLS = 5_000_000
_MOST_SHEETS = 200
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]{0,200}?r="([A-Z]{1,3})(\d{1,7})"')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_ZIP = b"PK\x03\x04"
_Cell = int | float | str | bool | time | date | datetime | timedelta


class WorkbookReader:
    """Excel workbooks, where python-calamine is installed."""

    name = "excel"
    suffixes = (".xlsx", ".xls", ".xlsm")
    size_limit = SPECTRUM_BYTES

    def sniff(self, head: bytes, size: int) -> float:
        """Return 0.0: a container is known by the names inside, see `instruments.refusals`."""
        return 0.0

    def read(self, data: bytes, name: str) -> Reading:
        """Return the curves of every sheet that holds a table.

        Raises
        ------
        RefusedFormatError
            python-calamine is not installed, or the workbook unpacks to too much.
        """
        calamine = package("python_calamine", "python-calamine", "excel", _INSTEAD)
        if data.startswith(_ZIP):
            _require_modest(data)
        sheets: list[tuple[str, str]] = []
        with guarded("python-calamine", "an Excel workbook"):
            book = calamine.CalamineWorkbook.from_object(io.BytesIO(data))
            names = list(book.sheet_names)
            if len(names) > _MOST_SHEETS:
                raise RefusedFormatError(f"a workbook of {len(names)} sheets", hint=_INSTEAD)
            for title in names:
                sheet = book.get_sheet_by_name(title)
                if sheet.height * sheet.width > _MOST_CELLS:
                    raise _too_large(f"{sheet.height} x {sheet.width} cells in a sheet")
                sheets.append((str(title), _as_text(sheet.to_python())))
        return _joined(sheets)


def _too_large(what: str) -> RefusedFormatError:
    return RefusedFormatError(f"the workbook holds {what}: refused", hint=_INSTEAD)


def _require_modest(data: bytes) -> None:
    """Raise where a workbook would unpack to far more than a measurement needs.

    Sheets are laid out as full rectangles in memory, so two cells far apart can ask for all of it.
    """
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            total = sum(entry.file_size for entry in entries)
            packed = sum(entry.compress_size for entry in entries)
            if total > min(_MOST_UNPACKED, _RATIO_FREE + _MOST_RATIO * max(packed, 1)):
                raise _too_large(f"{packed} bytes that unpack to {total}")
            for entry in entries:
                if _SHEET.fullmatch(entry.filename):
                    with archive.open(entry) as stream:
                        _require_near(stream.read(entry.file_size + 1))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise CorruptFileError(f"the workbook is damaged ({error})", hint=AGAIN) from error


def _require_near(sheet: bytes) -> None:
    right = bottom = 0
    for letters, digits in _CELL.findall(sheet):
        column = 0
        for letter in letters:
            column = column * 26 + letter - 64
        right, bottom = max(right, column), max(bottom, int(digits))
    if right * bottom > _MOST_CELLS:
        raise _too_large(f"a sheet of {bottom} x {right} cells")


def _as_text(rows: list[list[_Cell]]) -> str:
    return "\n".join("\t".join(_cell(cell) for cell in row).rstrip("\t") for row in rows)


def _cell(cell: _Cell) -> str:
    if isinstance(cell, bool | str):
        return one_line(str(cell))
    if isinstance(cell, float):
        return repr(cell)
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _joined(sheets: list[tuple[str, str]]) -> Reading:
    readings: list[tuple[str, Reading]] = []
    troubles: list[tuple[str, FormatError]] = []
    for title, text in sheets:
        try:
            readings.append((title, read_text(text.encode("utf-8"), title)))
        except FormatError as error:
            troubles.append((title, error))
    if not readings:
        if len(troubles) == 1:
            raise troubles[0][1]
        raise RefusedFormatError(
            f"none of the {len(sheets)} sheets holds a table of at least ten rows of numbers",
            hint="Export the data points, not the report.",
        )
    spectra: list[Measurement] = []
    warnings: list[str] = []
    for title, reading in readings:
        alone = len(reading.spectra) == 1
        for each in reading.spectra:
            named = title if alone else f"{title}: {each.title}"
            spectra.append(
                replace(each, title=one_line(named), metadata={**each.metadata, "sheet": title})
            )
        warnings.extend(f"sheet {title}: {note}" for note in reading.warnings)
    warnings.extend(f"sheet {title} was left out: {error.message}" for title, error in troubles)
    first = readings[0][1]
    return Reading(
        spectra=tuple(spectra),
        technique=first.technique,
        metadata={k: v for k, v in first.metadata.items() if k not in ("encoding", "delimiter")},
        warnings=tuple(warnings),
    )
