"""``fol law``: the legal rules, a lab's own, and stored findings read against them again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_folder, lab_option, opened
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from libraries.legal_rules import Rule, RuleSet
    from lims.law_review import Review


@click.group(epilog="Example: fol law list --on 2018-01-01")
def law() -> None:
    """Legal rules as dated data: list, show, import, review stored findings. Not legal advice."""


on_option = click.option("--on", "day", default="", metavar="DAY", help="As on 2018-01-01; today.")


@law.command("list", epilog="Example: fol law list --on 2018-01-01 --json")
@on_option
@lab_option
@json_option
def list_(day: str, lab_path: str | None, as_json: bool) -> None:
    """List the rules, with the version in force on a day."""
    on = chosen_day(day)
    rules = rules_in_use(lab_path)
    rows = [_row(rule, on) for rule in rules]
    if as_json:
        document("law.list", {"on": on, "rule_set": rules.digest, "rules": rows})
        return
    names = ("id", "jurisdiction", "rule", "valid_from", "valid_to", "status", "certainty")
    table([[row[name] for name in names] for row in rows], names)
    say(f"rules {rules.digest[:12]}, read for {on}. Not legal advice.")


@law.command(epilog="Example: fol law show us-fentanyl-related")
@click.argument("rule")
@on_option
@click.option("--as-file", is_flag=True, help="Print its file, to correct and import it.")
@lab_option
@json_option
def show(rule: str, day: str, as_file: bool, lab_path: str | None, as_json: bool) -> None:
    """Show one rule: text, source, dates, exceptions, and what is left open."""
    on = chosen_day(day)
    found = rules_in_use(lab_path).get(rule)
    if as_file:
        click.echo(json.dumps(found.document, ensure_ascii=False, indent=2))
        return
    if as_json:
        document("law.show", {"on": on, "rule": found})
        return
    line(f"{found.jurisdiction}: {found.rule}")
    line(f"id {found.id}, revision {found.revision}, digest {found.digest[:12]}")
    for version in found.versions:
        line("")
        now = ", in force" if version.in_force(on) else ""
        line(f"{version.valid_from} to {version.valid_to or 'further notice'}{now}")
        line(f"    {version.schedule}. {version.source}")
        for text in version.text.splitlines():
            line(f"    {text}")
        line(f"    text: {version.text_status}. How sure: {version.sure}")
        for excepted in version.excepted:
            line(f"    not: {excepted.name} ({excepted.reason})")
        for question in version.open_questions:
            line(f"    open: {question}")
    line("")
    line("Not legal advice.")


@law.command("import", epilog="Example: fol law import rule.json --as lee --reason 'SI 2026/12'")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--reason", required=True, help="Why; kept in the log.")
@acting_option
@json_option
def import_(
    file: str, reason: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Take a rule from a JSON file (fol.law/1); one of the same id takes the old one's place."""
    from lims.law import import_rule

    with opened(lab_path) as lab:
        taken = import_rule(lab, acting(person), file, reason=reason)
    rule, said = taken.rule, taken.said
    if as_json:
        facts = {"id": rule.id, "revision": rule.revision, "digest": rule.digest, "said": said}
        document("law.import", facts)
        return
    line(f"{rule.id} revision {rule.revision}: {rule.jurisdiction}, {rule.rule}")
    for outcome, names in said.items():
        line(f"{outcome}: {len(names)} of the table: {', '.join(names[:6])}")
    say("Next: `fol law review` lists what this changes for stored findings.")


@law.command(epilog="Example: fol law review --dry-run --json")
@click.option("--dry-run", is_flag=True, help="Only show; write nothing, tell nobody.")
@acting_option
@json_option
def review(dry_run: bool, lab_path: str | None, person: str | None, as_json: bool) -> None:
    """Read stored findings by the rules of today; record and tell what changed."""
    from lims import law_review

    with opened(lab_path) as lab:
        found = law_review.review(lab) if dry_run else law_review.record(lab, acting(person))
        found = law_review.shown(lab, found)
    if as_json:
        document("law.review", {"review": found})
        return
    _print_review(found)


def _print_review(found: Review) -> None:
    table(
        [
            [c.sample, c.finding, c.subject, f"{c.jurisdiction}: {c.title}", c.old, c.new]
            for c in found.changes
        ],
        ["sample", "finding", "subject", "rule", "before", "now"],
    )
    say(
        f"{found.findings} findings read for {found.day} by rules {found.rule_set[:12]}; "
        f"{len(found.changes)} readings differ"
        f"{', recorded' if found.recorded else ', nothing written'}. Not legal advice."
    )
    for name in found.unread[:10]:
        say(f"not read, no structure on file: {name}")


def chosen_day(day: str) -> str:
    """Return the day meant as ISO; today's if none was given."""
    from libraries.legal_fields import is_day
    from lims import clock

    if not day:
        return clock.now().astimezone().date().isoformat()
    if not is_day(day):
        raise click.UsageError(f"--on {day[:40]!r} is not a day; write it as 2018-01-01.")
    return day


def rules_in_use(lab_path: str | None) -> RuleSet:
    """Return the rules of the lab meant; where there is no lab, those of the software."""
    if not (lab_folder(lab_path) / "lab.db").is_file():
        from libraries import legal_rules

        return legal_rules.packaged()
    from lims.law import rules

    with opened(lab_path) as lab:
        return rules(lab)


def _row(rule: Rule, on: str) -> dict[str, object]:
    version, in_force = rule.on(on)
    status = "in force" if in_force else "ended" if on >= version.valid_from else "not yet"
    return {
        "id": rule.id,
        "jurisdiction": rule.jurisdiction,
        "rule": rule.rule,
        "schedule": version.schedule,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "status": status,
        "certainty": str(version.test["kind"]),
        "source": version.source,
        "sure": version.sure,
        "revision": rule.revision,
        "digest": rule.digest,
    }
