"""``fol unknown``: what nobody could name, gathered under codes; ``fol confirmation``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.output import document, line, say, table

if TYPE_CHECKING:
    from lims.candidate_requests import CandidateRequest
    from lims.hub_answer_form import NetworkUnknown
    from lims.unknown_model import Cluster, ClusterRecord


EXIT_DATA = 4


@click.group(epilog="Example: fol unknown list; fol unknown show UNK-FEN-0007")
def unknown() -> None:
    """Unknowns that are alike, under a code each: list, show, merge, split, name, gather."""


@unknown.command("list", epilog="Example: fol unknown list --state named --json")
@click.option(
    "--state",
    default="live",
    show_default=True,
    type=click.Choice(["live", "open", "named", "merged", "all"]),
    help="Only these; live ones are open or named.",
)
@click.option("--sample", default="", help="Only those this sample is in.")
@click.option("--limit", default=1_000, show_default=True, type=click.IntRange(1, 10_000))
@lab_option
@json_option
def list_(state: str, sample: str, limit: int, lab_path: str | None, as_json: bool) -> None:
    """List clusters of unknowns, the one met last first."""
    from lims.unknown_queries import listed

    with opened(lab_path) as lab:
        found = listed(lab, state="" if state == "live" else state, sample=sample, limit=limit)
    if as_json:
        document("unknown.list", {"unknowns": found})
        return
    _table(found)


def _table(found: Sequence[Cluster]) -> None:
    table(
        [
            [
                each.code,
                each.network.code if each.network else "",
                each.class_name,
                len(each.samples),
                ", ".join(each.techniques),
                f"{each.first:%Y-%m-%d}",
                f"{each.last:%Y-%m-%d}",
                ", ".join(each.origins),
                _state(each),
            ]
            for each in found
        ],
        [
            "code",
            "headquarters",
            "class",
            "samples",
            "techniques",
            "first",
            "last",
            "from",
            "state",
        ],
    )  # fmt: skip


def _state(each: Cluster) -> str:
    if each.merged_into:
        return f"merged into {each.merged_into}"
    if each.named_at is not None:
        return f"named {each.name} on {each.named_at:%Y-%m-%d}"
    return "not identified"


@unknown.command(epilog="Example: fol unknown show UNK-FEN-0007 --json")
@click.argument("code")
@lab_option
@json_option
def show(code: str, lab_path: str | None, as_json: bool) -> None:
    """Show one cluster: its samples and findings, why each is in it, and what people did."""
    from lims.unknown_queries import show as show_unknown

    with opened(lab_path) as lab:
        found = show_unknown(lab, code)
    _told(found, as_json)


def _told(found: ClusterRecord, as_json: bool) -> None:
    if as_json:
        document("unknown", {"unknown": found})
        return
    each = found.cluster
    if found.asked != each.code:
        say(f"{found.asked} was merged into {each.code}")
    line(f"{each.code}: {_state(each)}")
    if each.named_how:
        line(f"  named by {each.named_by}: {each.named_how}")
    if each.class_name:
        line(f"  class {each.class_name}")
    count = len(each.samples)
    line(f"  {count} sample{'' if count == 1 else 's'}, from {', '.join(each.origins) or '?'}")
    if each.network is not None:
        for text in _network(each.network):
            line(f"  {text}")
    if each.split_from:
        line(f"  split from {each.split_from}")
    if found.earlier_codes:
        line(f"  with what was {', '.join(found.earlier_codes)}")
    if found.beside:
        line(f"  shares a sample with {', '.join(found.beside)}")
    table(
        [
            [
                member.sample,
                member.finding,
                member.answer,
                member.kind,
                member.state.replace("_", " "),
                member.verdict or member.finding_state,
                f"{member.at:%Y-%m-%d}",
                member.why,
            ]
            for member in found.members
        ],
        ["sample", "finding", "answer", "compared as", "answer was", "is", "on", "why here"],
    )
    for act in found.acts:
        what = " ".join(part for part in (act.kind, act.other, act.name) if part)
        line(f"{act.at:%Y-%m-%d} {act.by} {what}: {act.reason}".removesuffix(": "))


def _network(known: NetworkUnknown) -> list[str]:
    """Return what headquarters said of an unknown, as lines."""
    before = f" (before: {', '.join(known.earlier)})" if known.earlier else ""
    said = [f"at headquarters {known.code}{before}"]
    if known.labs:
        each = [
            f"{lab.site} {lab.samples} ({'/'.join(lab.codes)}, {lab.first_day} to {lab.last_day})"
            for lab in known.labs
        ]
        said.append(f"  {known.samples} samples over all laboratories: {'; '.join(each)}")
    if known.name:
        said.append(f"  named {known.name} at {known.named_at}; no sample here is named by it")
    return said


@unknown.command(epilog="Example: fol unknown merge 9 7 --reason 'same powder, two solvents'")
@click.argument("code")
@click.argument("into")
@click.option("--reason", required=True, help="Why they are one; kept in the log.")
@acting_option
@json_option
def merge(
    code: str, into: str, reason: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Say that CODE is the same unknown as INTO; its code leads there from now on."""
    from lims.unknown_care import merge as merge_unknowns

    with opened(lab_path) as lab:
        _told(merge_unknowns(lab, acting(person), code, into, reason), as_json)


@unknown.command(epilog="Example: fol unknown split 7 NOG-26-S000012-T --reason 'another isomer'")
@click.argument("code")
@click.argument("which", nargs=-1, required=True)
@click.option("--reason", required=True, help="Why they are not the same; kept in the log.")
@acting_option
@json_option
def split(
    code: str,
    which: tuple[str, ...],
    reason: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Take samples or findings out of a cluster into a new one with its own code."""
    from lims.unknown_care import split as split_unknown

    with opened(lab_path) as lab:
        _told(split_unknown(lab, acting(person), code, which, reason), as_json)


@unknown.command(epilog="Example: fol unknown name 7 furanylfentanyl --reason 'reference LGC 1234'")
@click.argument("code")
@click.argument("substance")
@click.option("--reason", required=True, help="What the name rests on; kept in the log.")
@click.option("--again", is_flag=True, help="In place of an earlier name.")
@acting_option
@json_option
def name(
    code: str,
    substance: str,
    reason: str,
    again: bool,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Say what an unknown was found to be, and tell everybody with a sample of it.

    It names no sample: each keeps its own findings and conclusion.
    """
    from lims.unknown_care import name as name_unknown

    with opened(lab_path) as lab:
        found = name_unknown(lab, acting(person), code, substance, reason, again=again)
        _told(found, as_json)
        say(f"{len(found.cluster.samples)} samples are told of it (fol alerts)")


@unknown.command(epilog="Example: fol unknown gather")
@acting_option
@json_option
def gather(lab_path: str | None, person: str | None, as_json: bool) -> int:
    """Put unknowns that were recorded before there were codes into their clusters."""
    from lims.unknown_gather import gather as gather_unknowns

    with opened(lab_path) as lab:
        found = gather_unknowns(lab, acting(person))
    if as_json:
        document("unknown.gather", {"report": found})
    else:
        for problem in found.problems:
            say(f"{problem.finding} could not be read again: {problem.problem}")
        line(f"{found.read} read again, {len(found.codes)} codes: {', '.join(found.codes[:20])}")
    return EXIT_DATA if found.problems else 0


@click.group(epilog="Example: fol confirmation list; fol confirmation answer NOG-26-S000001-D.F1")
def confirmation() -> None:
    """Candidates at a regional lab: list, send, answer."""


@confirmation.command("list", epilog="Example: fol confirmation list --all --json")
@click.option("--all", "everything", is_flag=True, help="Also those that were answered.")
@lab_option
@json_option
def confirmation_list(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List candidates that wait for a regional lab, the oldest first."""
    from lims.candidate_requests import listed

    with opened(lab_path) as lab:
        found = listed(lab, everything=everything)
    if as_json:
        document("confirmation.list", {"requests": found})
        return
    table(
        [
            [r.finding, r.sample, r.sent_to, f"{r.at:%Y-%m-%d}", f"{r.days:.0f}", _answer(r)]
            for r in found
        ],
        ["finding", "sample", "sent to", "on", "days", "answer"],
    )


def _answer(request: CandidateRequest) -> str:
    if request.answer is None:
        return "none yet"
    said = request.substance or f"not identified: {request.answer_remark}"
    return f"{said} (report {request.reference})" if request.reference else said


@confirmation.command(
    epilog="Example: fol confirmation send NOG-26-S000001-D.F1 --to 'Southwest Regional'"
)
@click.argument("finding")
@click.option("--to", required=True, help="The regional lab.")
@click.option("--remark", default="", help="What it is asked.")
@acting_option
@json_option
def send(
    finding: str, to: str, remark: str, lab_path: str | None, person: str | None, as_json: bool
) -> None:
    """Send an accepted candidate for confirmation; the request stays open until it is answered."""
    from lims.candidate_requests import send as send_candidate

    with opened(lab_path) as lab:
        sent = send_candidate(lab, acting(person), finding, to, remark=remark)
    if as_json:
        document("confirmation", {"request": sent})
        return
    line(f"{sent.finding}: sent for confirmation to {sent.sent_to}")


@confirmation.command(
    epilog="Example: fol confirmation answer NOG-26-S000001-D.F1 --substance furanylfentanyl"
)
@click.argument("finding")
@click.option("--substance", default="", help="What it identified; left out where it could not.")
@click.option("--reference", default="", help="Number of its report.")
@click.option("--remark", default="", help="Its words; needed where it named nothing.")
@acting_option
@json_option
def answer(
    finding: str,
    substance: str,
    reference: str,
    remark: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Record what the regional lab answered, beside the lab's own finding and never over it."""
    from lims.candidate_requests import answer as record_answer

    with opened(lab_path) as lab:
        done = record_answer(
            lab, acting(person), finding, substance=substance, reference=reference, remark=remark
        )
    if as_json:
        document("confirmation", {"request": done})
        return
    line(f"{done.finding}: {done.sent_to} answered: {_answer(done)}")
