"""``fol read``, ``fol export``, ``fol match``: files in, facts out, no record needed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra.errors import LabError
from tui.context import json_option, lab_folder, lab_option
from tui.output import document, is_terminal, line, say, table
from tui.run_options import context_of, run_context_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instruments.export import Export
    from instruments.mapping import TextMapping
    from libraries.library import Library
    from lims.run_context import RunContext

EXIT_DATA = 4
FORMATS = ("csv", "jcamp", "msp", "mzml", "andi")


def _problem(path: str, error: LabError) -> dict[str, str]:
    return {
        "path": path,
        "error": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
    }


def read_all(
    paths: tuple[str, ...], mapping: TextMapping | None = None
) -> tuple[list[Export], list[dict[str, str]], float]:
    """Return the exports, the problems (a bad file never stops the others), the milliseconds."""
    from instruments.sandbox import read_guarded

    exports, problems = [], []
    started = time.perf_counter()
    for path in paths:
        try:
            exports.append(read_guarded(Path(path), mapping=mapping))
        except LabError as error:
            problems.append(_problem(path, error))
        except OSError as error:
            hint = "Check the name." if isinstance(error, FileNotFoundError) else ""
            problems.append(
                {
                    "path": path,
                    "error": type(error).__name__,
                    "message": f"{path}: {error.strerror or error}",
                    "hint": hint,
                }
            )
    return exports, problems, (time.perf_counter() - started) * 1000


def _tell(problems: list[dict[str, str]]) -> int:
    for problem in problems:
        say(f"Error: {problem['message']}")
        if problem["hint"]:
            say(f"Hint: {problem['hint']}")
    return EXIT_DATA if problems else 0


@click.command(epilog="Example: fol read powder.jdx run.cdf --json")
@click.argument("files", nargs=-1, required=True)
@json_option
def read(files: tuple[str, ...], as_json: bool) -> int:
    """Read instrument exports and say what is in them."""
    from tui.show import facts
    from tui.summary import file_entry

    exports, problems, _ = read_all(files)
    entries = [file_entry(export) for export in exports]
    if as_json:
        document("read", {"files": entries, "errors": problems})
        return EXIT_DATA if problems else 0
    for export, entry in zip(exports, entries, strict=True):
        facts(export, entry, on_screen=is_terminal())
        if is_terminal() and export.spectra:
            _draw(export)
    return _tell(problems)


def _draw(export: Export) -> None:
    from tui.show import caption, picture

    click.echo(caption(export.spectra[0], len(export.spectra)))
    for text in picture(export.spectra[0]):
        click.echo(text)


@click.command("export", epilog="Example: fol export run.cdf --to csv > run.csv")
@click.argument("file")
@click.option("--to", "form", type=click.Choice(FORMATS), required=True, help="The open format.")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="A file; else stdout.")
def export_(file: str, form: str, output: str | None) -> int:
    """Write what was read from FILE in an open format."""
    from instruments.writers import left_out
    from instruments.writers import write as write_measurements

    exports, problems, _ = read_all((file,))
    if problems:
        return _tell(problems)
    data = write_measurements(exports[0].spectra, form)
    missing = left_out(exports[0].spectra, form)
    if missing:
        say(f"Note: {missing}")
    if output:
        Path(output).write_bytes(data)
        say(f"{output}: {len(data)} bytes")
    else:
        sys.stdout.buffer.write(data)
    return 0


@click.command(epilog="Example: fol match powder.jdx --library training --json")
@click.argument("files", nargs=-1, required=True)
@click.option("--library", "-l", "names", multiple=True, help="A library; more than once for more.")
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 1000), help="Hits.")
@click.option("--instrument", default="", help="Its mapping reads text, its axis is corrected.")
@click.option("--propose", is_flag=True, help="Propose structures for analogues, not identified.")
@run_context_options
@lab_option
@json_option
def match(
    files: tuple[str, ...],
    names: tuple[str, ...],
    top: int,
    instrument: str,
    propose: bool,
    blank: str | None,
    ladder: str | None,
    phase: str,
    dead_time_s: float | None,
    lab_path: str | None,
    as_json: bool,
) -> int:
    """Match exports against reference libraries; all installed ones when none is named."""
    from instruments import sandbox

    # The reading process gets ready while the libraries are opened here.
    sandbox.warm()
    from lims.matching import match_export, open_libraries

    libraries = open_libraries(lab_folder(lab_path) / "libraries", names)
    context, mapping = context_of(blank, ladder, phase, dead_time_s), None
    if instrument:
        context, mapping = _of_instrument(instrument, lab_path, context)
    results: list[dict[str, Any]] = []
    problems: list[dict[str, str]] = []
    for path in files:
        exports, found, read_ms = read_all((path,), mapping)
        problems += found
        for item in exports:
            try:
                result = match_export(item, libraries, top=top, context=context)
                if propose:
                    result = _proposed(result, item, libraries)
            except LabError as error:
                problems.append(_problem(path, error))
                continue
            result["elapsed_ms"]["read"] = read_ms
            elapsed = result["elapsed_ms"]
            elapsed["total"] = read_ms + elapsed["search"] + elapsed.get("propose", 0.0)
            results.append(result)
    if as_json:
        document("match", {"results": results, "errors": problems})
        return EXIT_DATA if problems else 0
    for result in results:
        _print_result(result)
    return _tell(problems)


def _proposed(
    result: dict[str, Any], export: Export, libraries: Sequence[Library]
) -> dict[str, Any]:
    """Return a result whose analogues hold proposed structures."""
    from lims.proposing import Going, with_proposals
    from tui.progress import ProgressLine

    started = time.perf_counter()
    with ProgressLine() as progress:
        going = Going(progress=lambda done, of: progress("making structures", done, of))
        found = with_proposals(result, export.spectra, libraries, going)
    propose_ms = (time.perf_counter() - started) * 1000
    return found | {"elapsed_ms": found["elapsed_ms"] | {"propose": round(propose_ms, 3)}}


def _of_instrument(
    instrument: str, lab_path: str | None, context: RunContext
) -> tuple[RunContext, TextMapping | None]:
    """Return what is known of an instrument, its axis correction too, and how its text is read."""
    from lims import bench_instruments, instrument_standing
    from tui.context import opened

    with opened(lab_path) as lab:
        device = bench_instruments.instrument(lab, instrument)
        found = bench_instruments.newest_mapping(lab, instrument)
        known = instrument_standing.beside(lab, device, context, device.kind)
    return known, None if found is None else found.mapping


def _print_result(result: dict[str, Any]) -> None:
    from lims.matching import headline

    line(f"{result['path']}: {headline(result)}")
    for run in result.get("runs", ()):
        for remark in run["remarks"]:
            line(f"  note: {remark}")
    for part in result.get("spectra") or result.get("peaks") or []:
        hazard = part.get("hazard") or {}
        if hazard:
            line(f"  HAZARD {hazard['group']}: {hazard['text']}")
    for part in result.get("spectra") or result.get("peaks") or []:
        decision = part["decision"]
        where = ""
        if part.get("retention_time_s") is not None:
            where = f" at {part['retention_time_s'] / 60:.2f} min"
        if part.get("retention_index") is not None:
            error = part["retention_index_uncertainty"]
            where += f", index {part['retention_index']:.0f} ± {error:.0f}"
        line(f"  {part['title']}{where}: {decision['state']}")
        for reason in decision["reasons"]:
            line(f"    {reason}")
        analogue = part.get("analogue")
        if analogue:
            name, grade = analogue["class"], analogue["candidate_grade"]
            candidate = f"candidate analogue of {name}, grade {grade}"
            line(f"    {candidate if grade else f'class note only: {name}, not identified'}")
            _print_change(analogue)
        table(
            [
                [hit["rank"], hit["name"], f"{hit['hqi']:.3f}", hit["library"]]
                for hit in part["hits"][:5]
            ],
            ["", "nearest entries", "hqi", "library"],
        )
    total = result["elapsed_ms"]["total"]
    line(f"  {total:.0f} ms")


def _print_change(analogue: dict[str, Any]) -> None:
    """Print where the change is, what else it may be, and what was proposed."""
    from tui.proposal_words import HEADINGS, cells, summary

    if analogue.get("site"):
        line(f"    site: {analogue['site']}")
    for each in analogue.get("checks", ()):
        line(f"    {each['outcome']}: {each['check']} ({each['words']})")
    proposals = analogue.get("proposals")
    if proposals:
        line(f"    {summary(proposals)}")
        table([list(cells(each)) for each in proposals["structures"][:5]], list(HEADINGS))
