"""The rows of a daily report as CSV: raw for machines, guarded for people's spreadsheets."""

from __future__ import annotations

import csv as csv_format
import io
import unicodedata

from reports.document import DailyReport
from reports.encode import plain
from reports.wording import visible

COLUMNS = (
    "report_id", "sample", "shipment", "submitted_at", "concluded_at", "lane", "stream", "origin",
    "destination_country", "destination", "declared_goods", "declared_value", "declared_weight",
    "level", "substances", "classes", "text", "techniques", "hazard", "shipment_state",
    "field_result", "notes", "training",
)  # fmt: skip
_STARTS_A_FORMULA = frozenset("=+-@\t\r\n|%")


def csv(report: DailyReport, *, guarded: bool = False) -> bytes:
    """Return one line per row, UTF-8, comma separated, CRLF, after a header line.

    Parameters
    ----------
    guarded : bool
        Put an apostrophe before a cell that a spreadsheet would read as a formula and make control
        characters visible. Such a file is for reading; machines take the raw one, where every cell
        is exactly the record's text.
    """
    out = io.StringIO(newline="")
    writer = csv_format.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in report.rows:
        values = {"report_id": report.issue.report_id, **plain(row)}
        cells = [_cell(values[name]) for name in COLUMNS]
        writer.writerow([guard(cell) for cell in cells] if guarded else cells)
    return out.getvalue().encode("utf-8")


def guard(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    Full-width forms are judged by what they normalise to, and leading blanks are looked through.
    """
    start = unicodedata.normalize("NFKC", cell).lstrip(" \u00a0\u200b\ufeff")[:1]
    risky = bool(start and start in _STARTS_A_FORMULA) or cell[:1] in _STARTS_A_FORMULA
    shown = visible(cell)
    return f"'{shown}" if risky else shown


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(str(item) for item in value)
    return str(value)
