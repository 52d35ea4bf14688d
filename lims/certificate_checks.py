"""What stands between a report and its issue, looked at anew each time: each with its remedy.

Reads only. What may be reported although it is open is said so; nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lims import certificate_freshness, clock, holds, records
from lims.certificate_model import Certificate, CertificateKind, Obstacle
from lims.errors import StateError
from lims.lab import Lab
from lims.model import FindingState, SampleState, Transfer

MOST_TOLD = 5


def obstacles(lab: Lab, of: Certificate) -> tuple[Obstacle, ...]:
    """Return everything that forbids the issue of a report, in the order of its samples.

    What the report states of itself (`Certificate.stated`) is no obstacle any more.
    """
    found = [] if of.customer else [_NO_CUSTOMER]
    for number in of.samples:
        found += _of_sample(lab, of, number)
    stated = {each.what for each in of.stated}
    return tuple(each for each in found if each.what not in stated)


def hindrances(lab: Lab, of: Certificate) -> tuple[Obstacle, ...]:
    """Return what a report that is not issued lacks, what changed since it was written among it."""
    if not of.is_open:
        return ()
    changed = certificate_freshness.stale(lab, of)
    found = list(obstacles(lab, of))
    if changed:
        told = "; ".join(changed[:MOST_TOLD])
        found.append(
            Obstacle(
                what="stale",
                text=f"the record has changed since it was written: {told}",
                hint=f"Draft it again: fol report certificate draft {of.subject}",
            )
        )
    return tuple(found)


def require_none(lab: Lab, of: Certificate) -> None:
    """Raise unless a report may be issued as far as its samples go.

    Raises
    ------
    StateError
        Naming what is missing; the hint is the first one's.
    """
    found = obstacles(lab, of)
    if found:
        said = "; ".join(each.text for each in found[:MOST_TOLD])
        more = f"; and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
        raise StateError(f"{of.number} cannot be issued: {said}{more}", hint=found[0].hint)


def require_none_standing(lab: Lab, subject: str) -> None:
    """Raise while a final report on a subject stands: there are never two.

    Raises
    ------
    StateError
    """
    standing = records.value(
        lab.db,
        "SELECT number FROM certificate WHERE subject=? AND kind='final' AND state='issued'",
        subject,
    )
    if standing is not None:
        raise StateError(
            f"report {standing} on {subject} stands",
            hint=f"Amend it: fol report certificate amend {standing} --reason …",
        )


_NO_CUSTOMER = Obstacle(
    what="customer",
    text="nobody is named for whom it is",
    hint="Draft it again with --customer.",
)


def _of_sample(lab: Lab, of: Certificate, number: str) -> Iterator[Obstacle]:
    row = records.sample_row(lab.db, number)
    if row["unacknowledged"]:
        yield Obstacle(
            what=f"hazard:{number}",
            text=f"{number} has a hazard notice that nobody acknowledged",
            hint="See `fol alerts`: the notice comes before the identity.",
        )
    yield from _unfinished(lab, number, final=of.kind is CertificateKind.FINAL)
    yield from _custody(lab, row)
    for each in records.rows(
        lab.db, "SELECT * FROM discrepancy WHERE sample=? AND resolved_by='' ORDER BY seq", number
    ):
        yield Obstacle(
            what=f"discrepancy:{each['seq']}",
            text=f"{number} has an open discrepancy ({each['what']}: expected {each['expected']}, "
            f"found {each['found']})",
            hint="Resolve it (fol sample resolve), or have it stated: fol report certificate state "
            f"{of.number} discrepancy:{each['seq']} --text …",
            can_be_stated=True,
        )
    runs = [f.run for f in records.findings(lab.db, number) if f.state is FindingState.REVIEWED]
    for hold in holds.of_runs(lab.db, runs) if runs else ():
        yield Obstacle(
            what=f"hold:{hold.number}",
            text=f"results of {number} are held ({hold.cause} of {hold.instrument}: {hold.detail})",
            hint="A good repeat or the quality manager ends the hold, or it is stated: fol report "
            f"certificate state {of.number} hold:{hold.number} --text …",
            can_be_stated=True,
        )


def _unfinished(lab: Lab, number: str, *, final: bool) -> Iterator[Obstacle]:
    found = records.findings(lab.db, number)
    waiting = [each.id for each in found if each.state is FindingState.SUBMITTED]
    waiting += [
        str(row["id"])
        for row in records.rows(
            lab.db, "SELECT id FROM bench_test WHERE sample=? AND state='submitted'", number
        )
    ]
    if waiting and final:
        yield Obstacle(
            what=f"review:{number}",
            text=f"{', '.join(waiting)} wait for review",
            hint="A second person accepts them or sends them back: fol review.",
        )
    reviewed = [each.id for each in found if each.state is FindingState.REVIEWED]
    if not reviewed:
        yield Obstacle(
            what=f"finding:{number}",
            text=f"{number} has no reviewed finding",
            hint="Record a run and have it reviewed: fol ingest, fol review.",
        )
    elif final:
        yield from _conclusion(lab, number, reviewed)


def _conclusion(lab: Lab, number: str, reviewed: Sequence[str]) -> Iterator[Obstacle]:
    made = records.sample(lab.db, number).conclusion
    if made is None:
        yield Obstacle(
            what=f"conclusion:{number}",
            text=f"{number} has no conclusion",
            hint=f"fol conclude {number}",
        )
    elif set(made.findings) != set(reviewed):
        yield Obstacle(
            what=f"conclusion:{number}",
            text=f"the conclusion of {number} does not rest on all its reviewed findings",
            hint=f"Conclude it anew: fol conclude {number}",
        )


def _custody(lab: Lab, row: records.Row) -> Iterator[Obstacle]:
    number = str(row["number"])
    if row["state"] == SampleState.LOST:
        yield Obstacle(
            what=f"lost:{number}",
            text=f"{number} is lost",
            hint="Its custody is not complete. What is found is recorded by `fol sample found`.",
        )
    for gap in custody_gaps(records.transfers(lab.db, number), str(row["holder"])):
        yield Obstacle(
            what=f"custody:{number}",
            text=f"the custody of {number} has a gap: {gap}",
            hint="Enter the step that is missing late, with the reason: fol sample late.",
        )
    waiting = records.rows(
        lab.db,
        "SELECT * FROM handover WHERE sample=? AND state='waiting' AND expires_at>?",
        number,
        clock.stamp(clock.now()),
    )
    for each in waiting:
        yield Obstacle(
            what=f"handover:{each['seq']}",
            text=f"a hand-over of {number} to {each['taker']} waits for an answer",
            hint="They accept or decline it, or who proposed it withdraws it.",
        )


def custody_gaps(steps: Sequence[Transfer], holder: str) -> tuple[str, ...]:
    """Return where a chain of custody is broken: empty for a complete one. Pure."""
    if not steps:
        return ("no step is on record",)
    found = [
        f"event {after.seq} is given by {after.giver}, held by {before.taker}"
        for before, after in pairwise(steps)
        if after.giver != before.taker
    ]
    if steps[-1].taker != holder:
        found.append(f"held by {holder}, last taken by {steps[-1].taker}")
    return tuple(found)
