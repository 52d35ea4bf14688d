"""``fol library``: reference libraries in, listed, looked into, verified, out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands import library_check, library_look, library_release
from tui.context import acting, acting_option, json_option, lab_folder, lab_option, opened
from tui.output import document, line, say, table
from tui.progress import ProgressLine

if TYPE_CHECKING:
    from libraries.build import ImportReport
    from libraries.library import Library
    from libraries.report_file import Rejection
    from lims.lab import Lab

EXIT_DATA = 4
_SHOWN = 20


@click.group(epilog="Example: fol library import swgdrug.msp --name swgdrug")
def library() -> None:
    """Reference libraries: import, list, show, verify, remove."""


@library.command("import", epilog="Example: fol library import rruff.zip --name rruff --version 1")
@click.argument("paths", nargs=-1, required=True)
@click.option("--name", required=True, help="What the library is called from now on.")
@click.option("--version", default="", help="Its version; else the next number.")
@click.option("--licence", default="", help="Under which terms it may be used.")
@click.option("--technique", default="", help="raman or ftir, where the files do not say.")
@acting_option
@json_option
def import_(
    paths: tuple[str, ...],
    name: str,
    version: str,
    licence: str,
    technique: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> int:
    """Import files or folders of any readable format; tells what was taken, merged, rejected.

    A version arrives whole or not at all: stopping it (Ctrl-C) or a crash leaves what was there.
    """
    from libraries.errors import NothingAcceptedError
    from lims import unknowns
    from lims.library_care import import_library

    with opened(lab_path) as lab:
        try:
            with ProgressLine() as progress:
                report = import_library(
                    lab,
                    acting(person),
                    paths,
                    name=name,
                    version=version or None,
                    licence=licence,
                    technique=technique or None,
                    progress=progress,
                )
        except KeyboardInterrupt:
            say(f"stopped: nothing of {name} was installed; {_in_use(lab, name)}")
            raise click.Abort from None
        except NothingAcceptedError as nothing:
            _tell_rejected(nothing.rejected)
            raise
        waiting = len(unknowns.waiting(lab, report.name))
    if waiting:
        say(f"{waiting} stored unknowns were not compared with it yet: fol again")
    if as_json:
        document("library.import", {"report": report})
        return 0
    line(
        f"{report.name} version {report.version}: {report.accepted} entries, {report.substances} "
        f"substances, {report.rejected_count} rejected, {report.seconds:.1f} s"
    )
    _tell_special(report)
    _tell_rejected(report.rejected)
    return 0


def _in_use(lab: Lab, name: str) -> str:
    from libraries import catalog

    known = catalog.in_use(lab.libraries_folder, name)
    return f"{name} {known[-1]} stays in use" if known else "there is no version of it"


def _tell_special(report: ImportReport) -> None:
    if report.merged:
        say(f"{report.merged} were the same numbers of the same substance as another: merged")
    if report.derivatives:
        say(
            f"{report.derivatives} hold ions above the molecule they are filed under: kept apart "
            "from it as derivatives"
        )
    for section, each in report.techniques.items():
        if each.note:
            say(f"{section.value}: {each.note}")


def _tell_rejected(rejected: Sequence[Rejection]) -> None:
    for item in rejected[:_SHOWN]:
        title = f" {item.title}" if item.title else ""
        say(f"rejected {item.source}{title}: {item.reason}")
    if len(rejected) > _SHOWN:
        say(f"… and {len(rejected) - _SHOWN} more (fol library show NAME --rejected, or --json)")


@library.command("list", epilog="Example: fol library list --json")
@lab_option
@json_option
def list_(lab_path: str | None, as_json: bool) -> None:
    """List the installed libraries."""
    from libraries.catalog import installed

    found = installed(lab_folder(lab_path) / "libraries")
    if as_json:
        document("library.list", {"libraries": found})
        return
    table(
        [
            [
                item.name,
                item.version,
                sum(item.sections.values()),
                ", ".join(sorted(str(section) for section in item.sections)),
                item.header.licence if item.header else "",
                item.problem or (f"withdrawn: {item.withdrawn}" if item.withdrawn else ""),
            ]
            for item in found
        ],
        ["library", "version", "entries", "kinds", "licence", "problem"],
    )


@library.command(epilog="Example: fol library show training fentanyl")
@click.argument("name")
@click.argument("query", default="")
@click.option("--version", default="")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--rejected", is_flag=True, help="What its import turned away or merged, and why.")
@lab_option
@json_option
def show(
    name: str,
    query: str,
    version: str,
    limit: int,
    rejected: bool,
    lab_path: str | None,
    as_json: bool,
) -> None:
    """Show a library's entries, all or those found by QUERY, or what its import turned away."""
    with _open(lab_path, name, version) as found:
        if rejected:
            _show_rejected(found, query, as_json=as_json)
            return
        entries = found.find(query, limit)
        if as_json:
            facts = {"name": name, "version": found.version, "entries": entries}
            document("library.show", facts)
            return
        table(
            [[e.id, e.name, e.technique, e.formula, e.inchikey, e.class_name] for e in entries],
            ["id", "name", "technique", "formula", "inchikey", "class"],
        )
        if len(entries) == limit:
            say(f"the first {limit}; more with --limit")


def _show_rejected(found: Library, query: str, *, as_json: bool) -> None:
    from libraries import report_file

    kept = report_file.read(found.folder)
    wanted = query.lower()
    rejected = [r for r in kept.rejected if wanted in f"{r.source} {r.title} {r.reason}".lower()]
    merged = [r for r in kept.duplicates if wanted in f"{r.source} {r.title} {r.reason}".lower()]
    if as_json:
        facts = {"name": found.name, "version": found.version}
        document("library.rejected", {**facts, "rejected": rejected, "duplicates": merged})
        return
    table(
        [
            *(["rejected", r.source, r.title, r.reason] for r in rejected),
            *(["merged", r.source, r.title, r.reason] for r in merged),
        ],
        ["what", "source", "title", "reason"],
    )


@library.command(epilog="Example: fol library verify training")
@click.argument("name")
@click.option("--version", default="")
@lab_option
@json_option
def verify(name: str, version: str, lab_path: str | None, as_json: bool) -> int:
    """Find altered, missing, swapped or foreign entries, and a stale or damaged index."""
    with _open(lab_path, name, version) as found:
        faults = found.faults()
        off_record = _off_record(lab_path, found)
        facts = {"name": name, "version": found.version}
    problems = [*(str(each) for each in faults), *off_record]
    if as_json:
        document("library.verify", {**facts, "problems": problems, "faults": faults})
        return EXIT_DATA if problems else 0
    for problem in problems:
        line(f"PROBLEM: {problem}")
    line("whole" if not problems else "NOT WHOLE")
    if faults and all(each.kind.is_index for each in faults):
        say(f"The record is sound: `fol library reindex {name}` builds the index from it again.")
    return EXIT_DATA if problems else 0


def _off_record(lab_path: str | None, found: Library) -> list[str]:
    """Return what the lab's own record says against a version, where there is a lab."""
    from lims.errors import ConfigError, NotFoundError
    from lims.library_care import libraries as recorded

    try:
        with opened(lab_path, for_inspection=True) as lab:
            listed = [
                e for e in recorded(lab) if (e.name, e.version) == (found.name, found.version)
            ]
    except (ConfigError, NotFoundError):
        return []
    said = [each.problem for each in listed if each.problem]
    return [f"lab's record: {each}" for each in said if not each.startswith("withdrawn")]


@library.command(epilog="Example: fol library reindex training --as rivera")
@click.argument("name")
@click.option("--version", default="", help="Else the newest.")
@acting_option
def reindex(name: str, version: str, lab_path: str | None, person: str | None) -> None:
    """Build the search index of a version again from its record."""
    from lims.library_care import reindex_library

    with opened(lab_path) as lab:
        made = reindex_library(lab, acting(person), name, version or None)
    line(f"{made.name} {made.version}: indexed again from {len(made)} entries")


@library.command("export", epilog="Example: fol library export own --to msp --output own.msp")
@click.argument("name")
@click.option("--to", "form", required=True, type=click.Choice(["msp", "jcamp", "csv"]))
@click.option("--version", default="", help="Else the newest.")
@click.option("--technique", default="", help="raman, ftir or ei: entries of that alone.")
@click.option("--output", "-o", default="", help="The file to write; else stdout.")
@lab_option
def export(
    name: str, form: str, version: str, technique: str, output: str, lab_path: str | None
) -> None:
    """Write a library in an open format, with licences, origins and training marks."""
    from lims.library_export import export_library

    folder = lab_folder(lab_path) / "libraries"
    data, count = export_library(
        folder, name, form, version=version or None, technique=technique or None
    )
    if output:
        Path(output).write_bytes(data)
        say(f"{output}: {count} entries, {len(data)} bytes")
    else:
        sys.stdout.buffer.write(data)


@library.command(epilog="Example: fol library remove training --version 1 --reason superseded")
@click.argument("name")
@click.option("--version", default="")
@click.option("--reason", required=True, help="Why; kept in the log.")
@acting_option
def remove(name: str, version: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Take a library version out of use.

    One that a finding rests on is withdrawn: it answers nobody any more, and stays to be looked
    into. Any other is deleted.
    """
    from lims.library_care import remove_library

    with opened(lab_path) as lab:
        for each in remove_library(lab, acting(person), name, version or None, reason):
            if each.findings:
                line(
                    f"{name} {each.version} withdrawn; {each.findings} findings rest on it, "
                    "so its record stays"
                )
            else:
                line(f"{name} {each.version} removed")


def _open(lab_path: str | None, name: str, version: str) -> Library:
    """Open a library to look into it: a withdrawn version too, when it is named."""
    from libraries.library import open_library

    folder = lab_folder(lab_path) / "libraries"
    return open_library(name, folder=folder, version=version or None, withdrawn=bool(version))


library.add_command(library_check.check)
library.add_command(library_look.look)
library.add_command(library_look.compare)
for _each in library_release.COMMANDS:
    library.add_command(_each)
