"""What ``fol read`` shows a person: facts of each spectrum in a table, faults, and the first drawn.

The drawing is made by the renderer of the app's plot. Widths follow the terminal.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from instruments.export import Export
from spectra.axis import UNIT_ONE, UNIT_UNKNOWN, YKind
from spectra.spectrum import Chromatogram, MassRun, MassSpectrum, Measurement
from tui.output import line, table
from tui.text import clean

COLUMNS = ("title", "kind", "points", "first", "last", "unit", "ordinate", "max", "at")
_WIDEST = 160
_LEAST_TITLE = 12
_LONGEST_TITLE = 40
# More rows than this push the drawing off a screen; elsewhere the whole list is wanted.
_ROWS_ON_SCREEN = 12
_ROWS = 40
_FAULTS = 8
_PRETTY = {"cm-1": "cm⁻¹", "um": "µm"}


def width() -> int:
    """Return the columns of the terminal, or 80."""
    return min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)


def facts(export: Export, entry: Mapping[str, Any], *, on_screen: bool) -> None:
    """Print what was read: the file, what to know of it, its spectra and their faults."""
    line(f"{export.path}: {export.format}, {export.technique}, {export.size} bytes")
    for warning in export.warnings:
        line(f"  note: {warning}")
    spectra: Sequence[Mapping[str, Any]] = entry["spectra"]
    most = _ROWS_ON_SCREEN if on_screen else _ROWS
    rows = [_row(item) for item in spectra[:most]]
    if on_screen:
        _fit_titles(rows)
    table(rows, COLUMNS)
    if len(spectra) > most:
        line(f"  … and {len(spectra) - most} more (all of them with --json)")
    for fault in _faults(spectra):
        line(f"  FAULT: {fault}")


def _row(item: Mapping[str, Any]) -> list[object]:
    return [
        clean(item["title"], _LONGEST_TITLE),
        item["kind"],
        item["n_scans"] or item["n_points"],
        item["x_first"],
        item["x_last"],
        item["x_unit"],
        _with_unit(str(item["y_kind"]), str(item["y_unit"])),
        item["y_max"],
        item["y_max_at"],
    ]


def _fit_titles(rows: list[list[object]]) -> None:
    """Shorten titles so that no row of the table runs over the edge of the terminal."""
    others = [
        max(len(name), *(len(_length(row[at])) for row in rows))
        for at, name in enumerate(COLUMNS)
        if at
    ]
    room = max(width() - sum(others) - 2 * len(others), _LEAST_TITLE)
    for row in rows:
        row[0] = clean(str(row[0]), room)


def _length(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _with_unit(kind: str, unit: str) -> str:
    words = kind.replace("_", " ")
    return words if unit in (UNIT_ONE, UNIT_UNKNOWN, "") else f"{words} {_PRETTY.get(unit, unit)}"


def _faults(spectra: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each fault once with the spectra that have it; they are not matched because of it."""
    of: dict[str, list[int]] = {}
    for at, item in enumerate(spectra, 1):
        for fault in item["faults"]:
            of.setdefault(fault, []).append(at)
    lines = []
    for fault, places in of.items():
        where = ""
        if len(spectra) > 1:
            one = f"spectrum {places[0]}"
            where = f"{one}: " if len(places) == 1 else f"{len(places)} spectra, first {one}: "
        lines.append(f"{where}{fault}")
    if len(lines) > _FAULTS:
        lines = [*lines[:_FAULTS], f"and {len(lines) - _FAULTS} more (all of them with --json)"]
    return lines


def picture(item: Measurement, *, height: int = 14) -> list[str]:
    """Return a spectrum drawn in characters, as wide as the terminal."""
    from tui.evidence import plot_data
    from tui.plot import PlotOptions, as_plain, render

    drawn = render(plot_data(clean(item.title), item), (width(), height), PlotOptions())
    return as_plain(drawn)


def caption(item: Measurement, count: int) -> str:
    """Return what the drawing shows, in one line as wide as the terminal."""
    first = f"{item.title or 'untitled'}" + (f" (the first of {count})" if count > 1 else "")
    if isinstance(item, MassRun):
        what = f"total ion current scaled to its tallest, {item.n_scans} scans"
        if item.mz.size:
            what += f", m/z {item.mz.min():g} to {item.mz.max():g}"
    elif isinstance(item, MassSpectrum):
        what = f"{item.mz.size} peaks, the tallest is 100"
    elif isinstance(item, Chromatogram):
        what = _with_unit("detector signal", item.y_unit)
    else:
        what = _with_unit(item.y_kind.value, item.y_unit)
        over = _with_unit(item.x_kind.value, "")
        what += f" over {over}"
        if item.y_kind is YKind.RAMAN_INTENSITY:
            what += ", scaled to its tallest"
    return clean(f"{first}: {what}", width())
