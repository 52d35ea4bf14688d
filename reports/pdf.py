"""A daily report as a tagged PDF by typst. The words go in as JSON, never as markup."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Any, Final

from reports.document import DailyReport
from reports.errors import ReportError
from reports.html import TEMPLATES
from reports.layout import View
from reports.view import build
from reports.wording import escaped

# Code points that the fonts inside typst can print, upright and bold (measured with each alone).
_PRINTABLE: Final = (
    "20-7e a0-ac ae-377 37a-37f 384-38a 38c 38e-3a1 3a3-4ff 510-513 51a-51d 531-556 559-58a "
    "58d-58f 1d00-1f15 1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d "
    "1f80-1fb4 1fb6-1fc4 1fc6-1fd3 1fd6-1fdb 1fdd-1fef 1ff2-1ff4 1ff6-1ffe 2000-200a "
    "2010-2027 202f-2040 2042 2044-2052 2054-205f 2070-2071 2074-208e 2090-209c 20a0-20c0 "
    "20d0-20f0 2100-211e 2120 2122 2124 2126-2151 2153-2184 2189 2190-23ff 2422-2423 "
    "2460-24ff "
)
UNPRINTABLE_NOTE: Final = (
    "Characters that the fonts of this PDF lack are printed as escapes such as \\u4e2d; the HTML "
    "page and the JSON have them as they are."
)
STANDARD: Final = "ua-1"
"""PDF/UA-1: tagged, with titles, languages and alternative texts."""


def render(report: DailyReport) -> bytes:
    """Return the PDF; the same report gives the same bytes (see `render_view`)."""
    return render_view(build(report))


def render_view(view: View) -> bytes:
    """Return a view as a PDF.

    Only the fonts inside typst are used and the document's date is the end of the period, so the
    machine and the moment of printing leave no trace.

    Raises
    ------
    ReportError
        The typesetter refuses the document.
    """
    import typst

    data = asdict(view)
    created = data.pop("created")
    words = printable(data)
    if words != data:
        words["sections"][-1]["items"] = (*words["sections"][-1]["items"], UNPRINTABLE_NOTE)
    try:
        made = typst.compile(
            TEMPLATES / "daily.typ",
            root=TEMPLATES,
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"view": json.dumps(words, ensure_ascii=False, sort_keys=True)},
            pdf_standards=STANDARD,
            timestamp=created,
        )
    except typst.TypstError as error:
        raise ReportError(
            f"the PDF could not be made: {error.message}",
            hint="The HTML page and the JSON of the same report are complete.",
        ) from error
    if not isinstance(made, bytes):
        raise ReportError("the typesetter returned no document")
    return made


@cache
def _codes() -> frozenset[int]:
    codes: set[int] = set()
    for part in _PRINTABLE.split():
        first, _, last = part.partition("-")
        codes.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(codes)


def printable(value: Any) -> Any:
    """Return the same values with escapes for what would be an empty box, or refused by PDF/UA."""
    if isinstance(value, str):
        codes = _codes()
        return "".join(mark if ord(mark) in codes else escaped(mark) for mark in value)
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(printable(item) for item in value)
    return value
