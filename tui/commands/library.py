"""``fol library``: reference libraries in, listed, looked into, verified, out."""

from __future__ import annotations

import click

from tui.context import acting, acting_option, json_option, lab_folder, lab_option, opened
from tui.output import document, line, say, table

EXIT_DATA = 4


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
    """Import files or folders of any readable format; tells what was taken, merged, rejected."""
    from lims.library_care import import_library

    with opened(lab_path) as lab:
        report = import_library(
            lab,
            acting(person),
            paths,
            name=name,
            version=version or None,
            licence=licence,
            technique=technique or None,
        )
    if as_json:
        document("library.import", {"report": report})
        return 0
    line(
        f"{report.name} version {report.version}: {report.accepted} entries, {report.substances} "
        f"substances, {report.rejected_count} rejected, {report.seconds:.1f} s"
    )
    for item in report.rejected[:20]:
        say(f"rejected {item.source}: {item.reason}")
    if report.rejected_count > 20:
        say(f"… and {report.rejected_count - 20} more (all of them with --json)")
    return 0


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
                item.problem,
            ]
            for item in found
        ],
        ["library", "version", "entries", "kinds", "licence", "problem"],
    )


@library.command(epilog="Example: fol library show training fentanyl")
@click.argument("name")
@click.argument("query", default="")
@click.option("--version", default="")
@lab_option
@json_option
def show(name: str, query: str, version: str, lab_path: str | None, as_json: bool) -> None:
    """Show a library's entries, all or those found by QUERY."""
    import libraries

    opened_library = libraries.open(
        name, folder=lab_folder(lab_path) / "libraries", version=version or None
    )
    found = opened_library.find(query)
    if as_json:
        document(
            "library.show", {"name": name, "version": opened_library.version, "entries": found}
        )
        return
    table(
        [[e.id, e.name, e.technique, e.formula, e.inchikey, e.class_name] for e in found],
        ["id", "name", "technique", "formula", "inchikey", "class"],
    )


@library.command(epilog="Example: fol library verify training")
@click.argument("name")
@click.option("--version", default="")
@lab_option
@json_option
def verify(name: str, version: str, lab_path: str | None, as_json: bool) -> int:
    """Find altered, missing or swapped entries and a stale index."""
    import libraries

    opened_library = libraries.open(
        name, folder=lab_folder(lab_path) / "libraries", version=version or None
    )
    problems = opened_library.verify()
    if as_json:
        document("library.verify", {"name": name, "problems": problems})
    else:
        for problem in problems:
            line(f"PROBLEM: {problem}")
        line("whole" if not problems else "NOT WHOLE")
    return EXIT_DATA if problems else 0


@library.command(epilog="Example: fol library remove training --version 1 --reason superseded")
@click.argument("name")
@click.option("--version", default="")
@click.option("--reason", required=True, help="Why; kept in the log.")
@acting_option
def remove(name: str, version: str, reason: str, lab_path: str | None, person: str | None) -> None:
    """Take a library version out of use; findings keep naming it."""
    from lims.library_care import remove_library

    with opened(lab_path) as lab:
        remove_library(lab, acting(person), name, version or None, reason)
        line(f"{name} {version}".strip() + " removed")
