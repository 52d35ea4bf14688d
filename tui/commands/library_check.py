"""``fol library check``: suspicious entries, coverage by class, what cannot be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.context import json_option, lab_folder, lab_option
from tui.output import document, line, say, table
from tui.progress import ProgressLine

if TYPE_CHECKING:
    from libraries.quality_report import QualityReport, SectionQuality

_CLASSES = 15
_PAIRS = 20


@click.command(epilog="Example: fol library check swgdrug --kind mislabelled")
@click.argument("name")
@click.option("--version", default="", help="Else the newest.")
@click.option("--kind", default="", help="Only marks of this kind, for example 'column bleed'.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000_000))
@lab_option
@json_option
def check(
    name: str, version: str, kind: str, limit: int, lab_path: str | None, as_json: bool
) -> None:
    """Look for suspicious entries, and learn which substances cannot be told apart.

    A mark is a reason to look at an entry, not proof against it. The substances that a technique
    cannot tell apart are kept beside the index, and answers from the library name them.
    """
    from libraries import quality_report
    from libraries.library import open_library
    from libraries.quality_marks import MarkKind

    kinds = [each.value for each in MarkKind]
    if kind and kind not in kinds:
        raise click.UsageError(f"{kind!r} is no kind; one of: {', '.join(kinds)}")
    folder = lab_folder(lab_path) / "libraries"
    with (
        open_library(name, folder=folder, version=version or None) as found,
        ProgressLine() as progress,
    ):
        report = quality_report.check(found, progress=progress)
    if as_json:
        document("library.check", _facts(report, kind))
        return
    for section, quality in report.sections.items():
        _section(section.value, quality, kind, limit)


def _facts(report: QualityReport, kind: str) -> dict[str, object]:
    return {
        "name": report.name,
        "version": report.version,
        "sections": {
            section.value: {
                "entries": each.entries,
                "substances": each.substances,
                "single": each.single,
                "coverage": each.coverage,
                "counts": {found.value: n for found, n in each.counts().items()},
                "marks": [m for m in each.marks if not kind or m.kind.value == kind],
                "alike": each.alike,
                "n_replicated": each.n_replicated,
                "inseparable": each.inseparable,
            }
            for section, each in report.sections.items()
        },
    }


def _section(name: str, quality: SectionQuality, kind: str, limit: int) -> None:
    counts = ", ".join(f"{n} {found.value}" for found, n in quality.counts().items())
    line(
        f"{name}: {quality.entries} entries, {quality.substances} substances, "
        f"{quality.single} of them with one spectrum; to look at: {counts or 'nothing'}"
    )
    wanted = [each for each in quality.marks if not kind or each.kind.value == kind]
    if wanted:
        table(
            [[each.kind.value, each.entry, each.name, each.message] for each in wanted[:limit]],
            ["mark", "entry", "name", "reason"],
        )
    if len(wanted) > limit:
        say(f"the first {limit} of {len(wanted)}; more with --limit, all with --json")
    if kind:
        return
    basis = (
        f"as alike as half of {quality.n_replicated} replicated spectra are to their own"
        if quality.n_replicated
        else "too few replicates to learn from"
    )
    line(f"{name}: {len(quality.inseparable)} pairs at {quality.alike:.3f} or more ({basis})")
    closest = sorted(quality.inseparable, key=lambda each: -each.score)[:_PAIRS]
    if closest:
        table([[*each.substances, each.score] for each in closest], ["one", "other", "score"])
    table(
        [
            [c.compound_class or "(no class)", c.entries, c.substances]
            for c in quality.coverage[:_CLASSES]
        ],
        ["class", "entries", "substances"],
    )
