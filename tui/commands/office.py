"""``fol shift``, ``fol cover``, ``fol notice``: the clock, who is here, and who must be told."""

from __future__ import annotations

from datetime import timedelta

import click

from tui.context import acting, acting_option, json_option, lab_option, opened
from tui.office_words import notice_words
from tui.output import document, line, say, table
from tui.sample_args import moment


@click.group(epilog="Example: fol shift set --window 'mon-fri 22:00-02:30' --reason 'winter plan'")
def shift() -> None:
    """The windows in which goods wait in the building: show, set."""


@shift.command("show", epilog="Example: fol shift show --json")
@lab_option
@json_option
def shift_show(lab_path: str | None, as_json: bool) -> None:
    """Show the windows of the week, and the minutes left in the one that counts now."""
    from lims.shifts import shift_clock

    with opened(lab_path) as lab:
        now = shift_clock(lab)
        zone = lab.zone
    if as_json:
        windows = [each.words for each in now.windows]
        document(
            "shift.show",
            {
                "windows": windows,
                "open": now.is_open,
                "opens_at": now.opening and now.opening.opens_at,
                "closes_at": now.opening and now.opening.closes_at,
                "minutes_left": now.minutes_left,
            },
        )
        return
    for each in now.windows:
        line(each.words)
    if now.opening is None:
        say("no calendar: fol shift set")
    elif now.is_open:
        line(f"open: {now.minutes_left:.0f} minutes left")
    else:
        line(f"next: {now.opening.opens_at.astimezone(zone):%a %Y-%m-%d %H:%M}")


@shift.command("set", epilog="Example: fol shift set --window 'mon-fri 22:00-02:30' --reason plan")
@click.option("--window", "windows", multiple=True, help='"mon-fri 22:00-02:30", lab time.')
@click.option("--reason", required=True)
@acting_option
def shift_set(
    windows: tuple[str, ...], reason: str, lab_path: str | None, person: str | None
) -> None:
    """Set the windows of the week, all at once; with no --window there is no calendar."""
    from lims.shifts import parsed, set_calendar

    with opened(lab_path) as lab:
        for each in set_calendar(lab, acting(person), parsed(windows), reason=reason):
            line(each.words)


@click.group(epilog="Example: fol cover add ana --from 2026-11-30T08:00 --to 2026-11-30T16:00")
def cover() -> None:
    """Who is here when, and what will wait too long: add, list, cancel, waiting."""


@cover.command("add", epilog="Example: fol cover add ana --from 2026-11-30 --to 2026-12-04")
@click.argument("who")
@click.option("--from", "starts", required=True, help="Day or moment, lab time.")
@click.option("--to", "ends", required=True, help="Moment, or a day that is still covered.")
@click.option("--remark", default="")
@acting_option
@json_option
def cover_add(
    who: str,
    starts: str,
    ends: str,
    remark: str,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Plan that somebody is present."""
    from lims.cover import plan

    with opened(lab_path) as lab:
        last = moment(lab, ends) + timedelta(days=len(ends.strip()) == 10)
        made = plan(lab, acting(person), who, moment(lab, starts), last, remark=remark)
    if as_json:
        document("cover.add", {"cover": made})
        return
    line(str(made.number))


@cover.command("list", epilog="Example: fol cover list --json")
@click.option("--all", "everything", is_flag=True, help="Past cover too.")
@lab_option
@json_option
def cover_list(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List who is here when, the next first."""
    from lims.cover import listed

    with opened(lab_path) as lab:
        found = listed(lab, everything=everything)
    if as_json:
        document("cover.list", {"cover": found})
        return
    table(
        [[c.number, c.person, c.starts, c.ends, c.remark] for c in found],
        ["number", "person", "from", "to", "remark"],
    )


@cover.command("cancel", epilog="Example: fol cover cancel 3 --reason 'ill'")
@click.argument("number", type=int)
@click.option("--reason", required=True)
@acting_option
def cover_cancel(number: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """Take a planned presence back."""
    from lims.cover import cancel

    with opened(lab_path) as lab:
        cancel(lab, acting(person), number, reason=reason)
        line(f"cover {number} cancelled")


@cover.command("waiting", epilog="Example: fol cover waiting --json")
@click.option("--all", "everything", is_flag=True, help="Also what is met in time.")
@lab_option
@json_option
def cover_waiting(everything: bool, lab_path: str | None, as_json: bool) -> None:
    """List samples that will wait too long before anybody is here: offered to another lab."""
    from lims.cover import long_waits

    with opened(lab_path) as lab:
        found = long_waits(lab, everything=everything)
    if as_json:
        document("cover.waiting", {"samples": found})
        return
    table(
        [
            [w.sample, w.submitted_at, w.limit_at, w.next_cover or "nobody planned",
             "offer (fol sample send)" if w.offer else ""]
            for w in found
        ],
        ["sample", "submitted", "limit", "next cover", "transfer"],
    )  # fmt: skip


@click.group(epilog="Example: fol notice send NOG-26-S000001-D --to 'HSI Nogales' --embargo")
def notice() -> None:
    """Offers to investigators and changed answers: send, accept, decline, seen, lift, list."""


@notice.command("send", epilog="Example: fol notice send NOG-26-S000001-D --to 'HSI Nogales'")
@click.argument("sample")
@click.option("--to", required=True, help="The unit or person who is asked.")
@click.option("--text", default="", help="What they are told.")
@click.option("--until", default="", help="When it closes, lab time; else with the window.")
@click.option("--minutes", type=click.IntRange(1, 44_640), help="Or how long they have.")
@click.option("--embargo", is_flag=True, help="Keep the sample off the officers' board.")
@acting_option
@json_option
def notice_send(
    sample: str,
    to: str,
    text: str,
    until: str,
    minutes: int | None,
    embargo: bool,
    lab_path: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    """Offer a parcel to investigators until the window closes; prints the notice's number."""
    from lims.clock import now
    from lims.office_notices import send

    if until and minutes:
        raise click.UsageError("--until and --minutes say the same thing: give one")
    with opened(lab_path) as lab:
        closes = moment(lab, until) if until else None
        closes = now() + timedelta(minutes=minutes) if minutes else closes
        made = send(lab, acting(person), sample, to, text=text, closes_at=closes, embargo=embargo)
    if as_json:
        document("notice", {"notice": made})
        return
    line(str(made.number))
    say(notice_words(made))


@notice.command("accept", epilog="Example: fol notice accept 1 --reason 'controlled delivery'")
@click.argument("number", type=int)
@click.option("--reason", default="", help="Their words.")
@acting_option
def notice_accept(number: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """Record that investigators take it."""
    from lims.office_notices import answer

    with opened(lab_path) as lab:
        line(notice_words(answer(lab, acting(person), number, accept=True, reason=reason)))


@notice.command("decline", epilog="Example: fol notice decline 1 --reason 'no team tonight'")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Their words.")
@acting_option
def notice_decline(number: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """Record that investigators do not take it; this ends an embargo."""
    from lims.office_notices import answer

    with opened(lab_path) as lab:
        line(notice_words(answer(lab, acting(person), number, accept=False, reason=reason)))


@notice.command("seen", epilog="Example: fol notice seen 2 --as olga")
@click.argument("number", type=int)
@acting_option
def notice_seen(number: int, lab_path: str | None, person: str | None) -> None:
    """Say that a notice of a changed answer was read, or passed on to its reader."""
    from lims.office_notices import seen

    with opened(lab_path) as lab:
        done = seen(lab, acting(person), number)
        line(notice_words(done))
        line(done.text)


@notice.command("lift", epilog="Example: fol notice lift 1 --reason 'delivered, arrests made'")
@click.argument("number", type=int)
@click.option("--reason", required=True)
@acting_option
def notice_lift(number: int, reason: str, lab_path: str | None, person: str | None) -> None:
    """End an embargo: the sample is on the officers' board again."""
    from lims.office_notices import lift

    with opened(lab_path) as lab:
        line(notice_words(lift(lab, acting(person), number, reason=reason)))


@notice.command("list", epilog="Example: fol notice list --for olga --json")
@click.option("--all", "everything", is_flag=True, help="Answered ones too.")
@click.option("--for", "recipient", default="", help="Only those of one reader.")
@lab_option
@json_option
def notice_list(everything: bool, recipient: str, lab_path: str | None, as_json: bool) -> None:
    """List notices that wait, expired unanswered, or hold an embargo."""
    from lims.office_notices import listed

    with opened(lab_path) as lab:
        found = listed(lab, everything=everything, recipient=recipient)
    if as_json:
        document("notice.list", {"notices": found})
        return
    table(
        [
            [n.number, n.kind, n.sample, n.recipient, n.state,
             "" if n.minutes_left is None else f"{n.minutes_left:.0f}",
             "embargo" if n.embargo else "", n.reason or n.because]
            for n in found
        ],
        ["number", "kind", "sample", "to", "state", "min left", "board", "reason"],
    )  # fmt: skip
