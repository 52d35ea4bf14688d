"""``fol practice``: past runs of the lab to judge again; nothing is written to the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tui.context import acting, acting_option, json_option, opened
from tui.output import document, is_terminal, line, say, table

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.practice import Question
    from tui.practice_tally import Tally


@click.group(epilog="Example: fol practice show; fol practice answer X1A2B3C4D --identified 1")
def practice() -> None:
    """Practice on decided samples: list, show, answer, tally. It never writes to the record."""


@practice.command("list", epilog="Example: fol practice list --json")
@acting_option
@json_option
def practice_list(lab_path: str | None, person: str | None, as_json: bool) -> None:
    """List the exercises, without what they are, and which you have answered."""
    from lims.practice import exercises

    with opened(lab_path) as lab:
        found, done = exercises(lab), _tally(lab, acting(person))
    answered = set(done.codes)
    if as_json:
        rows = [
            {"code": e.code, "technique": e.technique, "answered": e.code in answered}
            for e in found
        ]
        document("practice.list", {"exercises": rows})
        return
    table(
        [[e.code, e.technique, "answered" if e.code in answered else ""] for e in found],
        ["exercise", "technique", ""],
    )


@practice.command("show", epilog="Example: fol practice show X1A2B3C4D --json")
@click.argument("code", default="")
@acting_option
@json_option
def practice_show(code: str, lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Show an exercise, the next one for you where none is named: spectrum and ranked hits."""
    from lims.practice import exercises, question
    from tui.practice_tally import following

    with opened(lab_path) as lab:
        who = acting(person)
        wanted = code or following(exercises(lab), _tally(lab, who), who)
        found = question(lab, wanted) if wanted else None
        raw = lab.raw_folder
    if as_json:
        document("practice.show", {"exercise": None if found is None else _asked(found)})
        return
    if found is None:
        say("no decided run to practise on yet")
        return
    line(f"{found.code}: {found.technique}")
    if is_terminal():
        _draw(found, raw)
    table(
        [
            [h["rank"], h["name"], h["hqi"], f"{h['library']} {h['library_version']}"]
            for h in _asked(found)["hits"]
        ],
        ["rank", "name", "hqi", "library"],
    )
    say(f"fol practice answer {found.code} --identified RANK, --candidate or --no-match")


@practice.command("answer", epilog="Example: fol practice answer X1A2B3C4D --identified cocaine")
@click.argument("code")
@click.option("--identified", "substance", default="", help="A substance, or the rank of a hit.")
@click.option("--candidate", is_flag=True, help="Not in the library: a candidate analogue.")
@click.option("--no-match", is_flag=True, help="It matches nothing.")
@acting_option
@json_option
def practice_answer(
    code: str,
    substance: str,
    candidate: bool,
    no_match: bool,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Say what an exercise is, then see the lab's reviewed answer and your tally."""
    from lims.practice import Say, solve
    from tui import practice_tally
    from tui.practice_words import answer_lines, tally_words, verdict_line

    if bool(substance) + candidate + no_match != 1:
        raise click.UsageError("say one of --identified NAME, --candidate, --no-match")
    said = Say.CANDIDATE if candidate else Say.NO_MATCH if no_match else Say.IDENTIFIED
    with opened(lab_path) as lab:
        found = solve(lab, code, said, substance)
        kept = practice_tally.place(lab.site, acting(person))
        done = practice_tally.add(kept, found.code, found.verdict)
        timezone = lab.timezone
    if as_json:
        document("practice.answer", {"solution": found, "tally": _counts(done)})
        return
    line(verdict_line(found))
    for each in answer_lines(found, timezone):
        line(f"  {each}")
    line(tally_words(done))


@practice.command("tally", epilog="Example: fol practice tally --json")
@acting_option
@json_option
def practice_tally_(lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Show how you did so far; kept on this computer, never in the record."""
    from tui.practice_words import tally_words

    with opened(lab_path) as lab:
        done = _tally(lab, acting(person))
    if as_json:
        document("practice.tally", {"tally": _counts(done)})
        return
    line(tally_words(done))


def _tally(lab: Lab, person: str) -> Tally:
    from tui import practice_tally

    return practice_tally.read(practice_tally.place(lab.site, person))


def _counts(done: Tally) -> dict[str, int]:
    return {"answered": done.answered, **{each.value: n for each, n in done.counts.items()}}


def _asked(found: Question) -> dict[str, Any]:
    """Return an exercise as it may be shown: no title, no file name, no sample, no decision."""
    hits = [each for each in found.asked.get("hits") or () if isinstance(each, Mapping)]
    return {
        "code": found.code,
        "technique": found.technique,
        "retention_time_s": found.asked.get("retention_time_s"),
        "retention_index": found.asked.get("retention_index"),
        "quality": found.asked.get("quality"),
        "hits": [
            {
                "rank": each.get("rank"),
                "name": each.get("name"),
                "substance": each.get("substance"),
                "library": each.get("library"),
                "library_version": each.get("library_version"),
                "hqi": each.get("hqi"),
            }
            for each in hits
        ],
    }


def _draw(found: Question, raw: Any) -> None:
    from dataclasses import replace

    from spectra.errors import LabError
    from tui.evidence import QuerySource
    from tui.show import picture
    from tui.verdict import answers

    answer = replace(answers({"spectra": [found.asked]})[0], index=found.index)
    try:
        spectrum = QuerySource(raw, found.run).spectrum(answer)
    except LabError as error:
        say(f"the spectrum cannot be drawn: {error.message}")
        return
    for text in picture(replace(spectrum, title="query")):
        click.echo(text)
