"""``fol library look`` and ``compare``: what the browser of the app shows, as lines or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tui.context import json_option, lab_folder, lab_option
from tui.library_words import (
    TRAINING,
    compared_lines,
    entry_lines,
    measures_text,
    neighbour_line,
    section_lines,
)
from tui.output import document, is_terminal, line, table

if TYPE_CHECKING:
    from libraries.catalog import Installed
    from libraries.entry import Entry
    from libraries.nearest import Nearest
    from tui.shelf import Compared, Shelf

_HEIGHT = 16


@click.command("look", epilog="Example: fol library look training xylazine --nearest")
@click.argument("name")
@click.argument("entry", default="")
@click.option("--version", default="", help="Else the newest in use.")
@click.option("--nearest", "n_nearest", is_flag=True, help="Search the library with the entry.")
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 100))
@click.option("--plot/--no-plot", default=None, help="Draw it; else only in a terminal.")
@lab_option
@json_option
def look(
    name: str,
    entry: str,
    version: str,
    n_nearest: bool,
    top: int,
    plot: bool | None,
    lab_path: str | None,
    as_json: bool,
) -> None:
    """Look at one ENTRY (its id or its name), or without one at what the library promises.

    The entry is verified against its hash before anything of it is shown. With --nearest the
    library is searched with it, itself left out.
    """
    there, shelf = _opened(lab_path, name, version)
    try:
        if not entry:
            _promises(there, shelf, as_json=as_json)
            return
        place = shelf.resolve(there.name, there.version, entry)
        found = shelf.entry(place)
        neighbours = shelf.nearest(place, top) if n_nearest else None
    finally:
        shelf.close()
    is_training = bool(there.header and there.header.training)
    if as_json:
        document(
            "library.look",
            {
                "library": there.name,
                "version": there.version,
                "training": is_training,
                "entry": entry_facts(found),
                "nearest": None if neighbours is None else nearest_facts(neighbours),
            },
        )
        return
    for label, text in entry_lines(found, f"{there.name} {there.version}"):
        line(f"{label:<11}{text}")
    if is_training:
        line(TRAINING)
    if is_terminal() if plot is None else plot:
        _draw(found)
    if neighbours is not None:
        _say_nearest(found, neighbours)


@click.command("compare", epilog="Example: fol library compare training butyrylfentanyl xylazine")
@click.argument("name")
@click.argument("first")
@click.argument("second")
@click.option("--version", default="", help="Else the newest in use.")
@click.option("--with", "other", default="", help="The library SECOND stands in; else the same.")
@click.option("--plot/--no-plot", default=None, help="Draw them; else only in a terminal.")
@lab_option
@json_option
def compare(
    name: str,
    first: str,
    second: str,
    version: str,
    other: str,
    plot: bool | None,
    lab_path: str | None,
    as_json: bool,
) -> None:
    """Compare two entries: the scores between them, and what tells their substances apart."""
    there, shelf = _opened(lab_path, name, version)
    try:
        beside = _installed(lab_path, other, "") if other else there
        one = shelf.resolve(there.name, there.version, first)
        found = shelf.compare(one, shelf.resolve(beside.name, beside.version, second))
    finally:
        shelf.close()
    if as_json:
        document("library.compare", compared_facts(found, there, beside))
        return
    line(f"▲ {found.first.name} ({found.first.technique}, {there.name} {there.version})")
    line(f"▼ {found.second.name} ({found.second.technique}, {beside.name} {beside.version})")
    for text in compared_lines(found):
        line(text)
    if is_terminal() if plot is None else plot:
        _draw(found.first, found.second)


def _opened(lab_path: str | None, name: str, version: str) -> tuple[Installed, Shelf]:
    from tui.shelf import Shelf

    return _installed(lab_path, name, version), Shelf(lab_folder(lab_path) / "libraries")


def _installed(lab_path: str | None, name: str, version: str) -> Installed:
    from libraries import catalog
    from libraries.errors import LibraryError

    folder = lab_folder(lab_path) / "libraries"
    place = catalog.locate(folder, name, version or None, withdrawn=bool(version))
    for each in catalog.installed(folder):
        if each.folder == place:
            if each.header is None:
                raise LibraryError(each.problem, hint="Remove this version and import it again.")
            return each
    raise LibraryError(f"library {name} went away while it was looked for", hint="Try again.")


def _promises(there: Installed, shelf: Shelf, *, as_json: bool) -> None:
    sections = shelf.sections(there)
    header = there.header
    if header is None:
        return
    if as_json:
        facts = {"library": there.name, "version": there.version, "training": header.training}
        facts |= {"licence": header.licence, "content_sha256": header.content_sha256}
        document("library.look", facts | {"entries": header.entries, "sections": sections})
        return
    marks = f" · {TRAINING}" if header.training else ""
    line(f"{there.name} {there.version} · {header.entries:,} entries{marks}")
    line(f"licence: {header.licence or 'not stated'}")
    for facts_of_one in sections:
        for text in section_lines(facts_of_one):
            line(text)


def _draw(first: Entry, second: Entry | None = None) -> None:
    from tui.evidence import comparable, opening_window, plot_data
    from tui.plot import PlotOptions, as_plain, render
    from tui.show import width

    data = plot_data(
        first.name,
        comparable(first.draft.measurement()),
        "" if second is None else second.name,
        None if second is None else comparable(second.draft.measurement()),
    )
    window = None if second is None else opening_window(data)
    height = _HEIGHT if second is None else 2 * _HEIGHT - 8
    for text in as_plain(render(data, (width(), height), PlotOptions(window=window))):
        line(text)


def _say_nearest(entry: Entry, found: Nearest) -> None:
    line(neighbour_line(entry.name, found))
    for reason in found.decision.reasons:
        line(f"  {reason}")
    table(
        [
            [hit.rank, hit.name, f"{hit.hqi:.3f}", hit.entry, measures_text(hit.measures)]
            for hit in found.hits
        ],
        ["#", "name", "hqi", "entry", "measures"],
    )


def entry_facts(entry: Entry) -> Mapping[str, Any]:
    """Return an entry as JSON holds it; numbers in the source's own order, units and scale."""
    draft = entry.draft
    return {
        "id": entry.id,
        "record_hash": entry.record_hash,
        "is_verified": True,
        "technique": entry.technique,
        "substance": entry.substance,
        "identity": draft.identity,
        "provenance": draft.provenance,
        "ionization": draft.ionization,
        "sampling": draft.sampling,
        "retention_index": draft.retention_index,
        "tandem": draft.tandem,
        "x_kind": draft.x_kind,
        "x_unit": draft.x_unit,
        "y_kind": draft.y_kind,
        "y_unit": draft.y_unit,
        "x": draft.x.tolist(),
        "y": draft.y.tolist(),
    }


def nearest_facts(found: Nearest) -> Mapping[str, Any]:
    """Return neighbours as JSON holds them."""
    return {
        "decision": found.decision,
        "names_itself": found.names_itself,
        "hits": found.hits,
    }


def compared_facts(found: Compared, there: Installed, beside: Installed) -> Mapping[str, Any]:
    """Return a comparison as JSON holds it."""

    def named(entry: Entry, of: Installed) -> Mapping[str, Any]:
        return {
            "library": of.name,
            "version": of.version,
            "entry": entry.id,
            "name": entry.name,
            "substance": entry.substance,
        }

    return {
        "first": named(found.first, there),
        "second": named(found.second, beside),
        "likeness": found.likeness,
        "verdicts": found.verdicts,
        "nearest": None if found.neighbours is None else nearest_facts(found.neighbours),
    }
