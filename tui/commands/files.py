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

if TYPE_CHECKING:
    from instruments.export import Export

EXIT_DATA = 4
FORMATS = ("csv", "jcamp", "msp", "mzml", "andi")


def _problem(path: str, error: LabError) -> dict[str, str]:
    return {
        "path": path,
        "error": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
    }


def read_all(paths: tuple[str, ...]) -> tuple[list[Export], list[dict[str, str]], float]:
    """Return the exports, the problems (a bad file never stops the others), the milliseconds."""
    from instruments.sandbox import read_guarded

    exports, problems = [], []
    started = time.perf_counter()
    for path in paths:
        try:
            exports.append(read_guarded(Path(path)))
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
    from tui.summary import file_entry

    exports, problems, _ = read_all(files)
    entries = [file_entry(export) for export in exports]
    if as_json:
        document("read", {"files": entries, "errors": problems})
        return EXIT_DATA if problems else 0
    for export, entry in zip(exports, entries, strict=True):
        line(f"{export.path}: {export.format}, {export.technique}, {export.size} bytes")
        for warning in export.warnings:
            line(f"  note: {warning}")
        table(
            [
                [
                    item["title"][:40],
                    item["kind"],
                    item["n_scans"] or item["n_points"],
                    item["x_first"],
                    item["x_last"],
                    item["x_unit"],
                    f"{item['y_kind']} {item['y_unit']}",
                    item["y_max"],
                    item["y_max_at"],
                ]
                for item in entry["spectra"][:40]
            ],
            ["title", "kind", "points", "first", "last", "unit", "ordinate", "max", "at"],
        )
        if len(entry["spectra"]) > 40:
            line(f"  … and {len(entry['spectra']) - 40} more (all of them with --json)")
        if is_terminal() and export.spectra:
            _draw(export)
    return _tell(problems)


def _draw(export: Export) -> None:
    from tui.show import picture

    for text in picture(export.spectra[0]):
        click.echo(text)


@click.command("export", epilog="Example: fol export run.cdf --to csv > run.csv")
@click.argument("file")
@click.option("--to", "form", type=click.Choice(FORMATS), required=True, help="The open format.")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="A file; else stdout.")
def export_(file: str, form: str, output: str | None) -> int:
    """Write what was read from FILE in an open format."""
    from instruments.writers import write as write_measurements

    exports, problems, _ = read_all((file,))
    if problems:
        return _tell(problems)
    data = write_measurements(exports[0].spectra, form)
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
@lab_option
@json_option
def match(
    files: tuple[str, ...], names: tuple[str, ...], top: int, lab_path: str | None, as_json: bool
) -> int:
    """Match exports against reference libraries; all installed ones when none is named."""
    from lims.matching import match_export, open_libraries

    libraries = open_libraries(lab_folder(lab_path) / "libraries", names)
    results: list[dict[str, Any]] = []
    problems: list[dict[str, str]] = []
    for path in files:
        exports, found, read_ms = read_all((path,))
        problems += found
        for item in exports:
            try:
                result = match_export(item, libraries, top=top)
            except LabError as error:
                problems.append(_problem(path, error))
                continue
            result["elapsed_ms"]["read"] = read_ms
            result["elapsed_ms"]["total"] = read_ms + result["elapsed_ms"]["search"]
            results.append(result)
    if as_json:
        document("match", {"results": results, "errors": problems})
        return EXIT_DATA if problems else 0
    for result in results:
        _print_result(result)
    return _tell(problems)


def _print_result(result: dict[str, Any]) -> None:
    from lims.matching import headline

    line(f"{result['path']}: {headline(result)}")
    for part in result.get("spectra") or result.get("peaks") or []:
        hazard = part.get("hazard") or {}
        if hazard:
            line(f"  HAZARD {hazard['group']}: {hazard['text']}")
    for part in result.get("spectra") or result.get("peaks") or []:
        decision = part["decision"]
        where = ""
        if part.get("retention_time_s") is not None:
            where = f" at {part['retention_time_s'] / 60:.2f} min"
        line(f"  {part['title']}{where}: {decision['state']}")
        for reason in decision["reasons"]:
            line(f"    {reason}")
        analogue = part.get("analogue")
        if analogue:
            grade = analogue["candidate_grade"]
            line(f"    candidate analogue of {analogue['class']}, grade {grade}")
        table(
            [
                [hit["rank"], hit["name"], f"{hit['hqi']:.3f}", hit["library"]]
                for hit in part["hits"][:5]
            ],
            ["", "nearest entries", "hqi", "library"],
        )
    total = result["elapsed_ms"]["total"]
    line(f"  {total:.0f} ms")
