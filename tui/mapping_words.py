"""A mapping, and how a file would be read by it, in words and as ``fol.instrument.map/1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.output import is_terminal, line, table

if TYPE_CHECKING:
    from instruments.export import Export
    from instruments.mapping import TextMapping
    from instruments.mapping_proposal import Proposal
    from lims.bench_instruments import Instrument


def content_of(proposal: Proposal, export: Export) -> dict[str, Any]:
    """Return the ``fol.instrument.map/1`` document."""
    from instruments.mapping import to_json
    from tui.summary import file_entry

    return {
        "mapping": to_json(proposal.mapping),
        "columns": proposal.columns,
        "first_rows": proposal.first_rows,
        "last_rows": proposal.last_rows,
        "n_rows": proposal.n_rows,
        "n_tables": proposal.n_tables,
        "encoding": proposal.encoding,
        "dialect": proposal.dialect,
        "guessed": proposal.guessed,
        "not_comparable": _not_comparable(export),
        "file": file_entry(export),
    }


def _not_comparable(export: Export) -> str:
    """Return why what was read could not be matched, or an empty text."""
    from spectra.convert import to_absorbance
    from spectra.errors import SpectrumError
    from spectra.spectrum import Spectrum

    first = export.spectra[0]
    if not isinstance(first, Spectrum):
        return ""
    try:
        to_absorbance(first)
    except SpectrumError as error:
        return error.message
    return ""


def print_instrument(found: Instrument) -> None:
    """Print one instrument on one line."""
    parts = [found.kind.value, found.maker, found.model]
    parts.append(f"serial {found.serial}" if found.serial else "")
    if found.laser_nm:
        parts.append(f"laser {found.laser_nm:g} nm")
    line(f"{found.name}: " + ", ".join(part for part in parts if part))


def print_mapping(mapping: TextMapping) -> None:
    """Print how a text is read, in a few lines."""
    from instruments.mapping import to_json

    form = to_json(mapping)
    sign = f", thousands {form['thousands']!r}" if form["thousands"] else ""
    line(
        f"  {form['n_columns']} columns between {form['delimiter']}, decimals "
        f"{form['decimal']!r}{sign}, {form['encoding'] or 'encoding as found'}"
    )
    for axis in ("x", "y"):
        part = form[axis]
        above = f" {part['header']!r}" if part["header"] else ""
        line(f"  {axis}: column {part['column']}{above}, {part['kind']} in {part['unit']}")
    laser = f"{mapping.laser_nm:g} nm" if mapping.laser_nm else mapping.keys.laser
    line(f"  {form['technique']}" + (f", laser from {laser}" if laser else ""))


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.7g}"


def print_preview(proposal: Proposal, export: Export, content: dict[str, Any]) -> None:
    """Print columns, rows, what the file would be read as, and what was guessed or is wrong."""
    table(
        [
            [c.number, c.header, *map(_plain, (c.first, c.last, c.low, c.high)), c.blank]
            for c in proposal.columns
        ],
        ["column", "header", "first", "last", "lowest", "highest", "blank"],
    )
    line(f"{proposal.n_rows} rows, {proposal.encoding}; first and last as written:")
    for row in (*proposal.first_rows, "…", *proposal.last_rows):
        line(f"  {row}")
    line("read as")
    print_mapping(proposal.mapping)
    for entry in content["file"]["spectra"][:5]:
        line(
            f"  {entry['title']}: {entry['n_points']} points, {entry['x_first']:g} to "
            f"{entry['x_last']:g} {entry['x_unit']}, top {entry['y_max']:g} at "
            f"{entry['y_max_at']:g}"
        )
        for fault in entry["faults"]:
            line(f"  FAULT: {fault}")
    for note in export.warnings:
        line(f"  note: {note}")
    for guess in proposal.guessed:
        line(f"  GUESSED: {guess}")
    if content["not_comparable"]:
        line(f"  CANNOT BE MATCHED: {content['not_comparable']}")
    if is_terminal():
        from tui.show import picture

        for text in picture(export.spectra[0]):
            click.echo(text)
