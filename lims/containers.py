"""Containers: boxes and bags of samples that move as one, and give nothing up while sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lims import canonical, fields, ids, legal_hold, records, seals
from lims import custody_rules as rules
from lims.act import Act
from lims.confirmations import Confirmation
from lims.custody_model import Container, ContainerStep
from lims.errors import CustodyError, StateError
from lims.lab import Lab
from lims.model import SampleState
from lims.workflow import Verb


def make(lab: Lab, actor: str, description: str, *, key: str = "") -> Container:
    """Register an empty container; the acting person holds it.

    Raises
    ------
    RecordError, PermissionDenied
    """
    said = fields.line(description, "the description", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.HANDLE_CONTAINER)
        first = act.repeated("container.made")
        if first is None:
            holder = rules.party(act, actor, "holder")
            first = act.append(
                "container.made",
                {
                    "container": act.next_number(ids.CONTAINER),
                    "description": said,
                    "giver": holder,
                    "taker": holder,
                },
            )
        return _container(act, str(first.body["container"]))


def put(lab: Lab, actor: str, container: str, sample: str, *, key: str = "") -> Container:
    """Put a sample into an open container; the acting person holds both.

    Raises
    ------
    CustodyError, StateError, NotFoundError, PermissionDenied
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.HANDLE_CONTAINER)
        first = act.repeated("container.put")
        if first is None:
            box = _held_open(act, container, "put something into")
            row = records.sample_row(act.db, sample)
            rules.require_holder(act, row, "put away")
            rules.require_closed(row)
            first = act.append("container.put", _content_body(box, row, actor))
        return _container(act, str(first.body["container"]))


def take_out(lab: Lab, actor: str, sample: str, *, key: str = "") -> Container:
    """Take a sample out of its container, which must be open and held by the acting person.

    Raises
    ------
    CustodyError, StateError, NotFoundError, PermissionDenied
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.HANDLE_CONTAINER)
        first = act.repeated("container.taken")
        if first is None:
            row = records.sample_row(act.db, sample)
            if not row["container"]:
                raise StateError(f"{row['number']} is inside no container")
            box = _held_open(act, row["container"], "take something out of")
            first = act.append("container.taken", _content_body(box, row, actor))
        return _container(act, str(first.body["container"]))


def seal(lab: Lab, actor: str, container: str, new_seal: str, *, key: str = "") -> Container:
    """Close a container under a new seal.

    Raises
    ------
    CustodyError
        The seal is on record already.
    StateError, NotFoundError, PermissionDenied, RecordError
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.HANDLE_CONTAINER)
        first = act.repeated("container.sealed")
        if first is None:
            box = _held_open(act, container, "seal")
            new, odd = seals.fresh(act, new_seal)
            first = act.append("container.sealed", _step(box, actor, actor, seal_after=new))
            seals.note(act, box["number"], new, odd)
        return _container(act, str(first.body["container"]))


def unseal(lab: Lab, actor: str, container: str, read_seal: str, *, key: str = "") -> Container:
    """Break a container's seal, whose number was read before.

    Raises
    ------
    CustodyError
        Another number than the one on record: it is written down and the container is frozen.
    StateError, NotFoundError, PermissionDenied, RecordError
    """
    with lab.writing(actor, key) as act:
        act.allow(Verb.HANDLE_CONTAINER)
        first = act.repeated("container.opened")
        if first is not None:
            return _container(act, str(first.body["container"]))
        box = _held(act, container, "open")
        if not box["seal"]:
            raise StateError(f"{box['number']} is not sealed")
        problem = _seal_problem(act, box, read_seal)
        if not problem:
            act.append("container.opened", _step(box, actor, actor, seal_after=""))
        after = _container(act, box["number"])
    _refuse(problem)
    return after


def move(
    lab: Lab,
    container: str,
    *,
    giver: str,
    taker: str,
    actor: str,
    seal: str = "",
    reason: str = "",
    witness: str = "",
    confirmed: Sequence[Confirmation] = (),
    on_behalf: bool = False,
    key: str = "",
) -> Container:
    """Hand a container over with everything in it; each sample's chain gets its own step.

    Both sides confirm as at `custody.transfer`. A container whose samples are sealed themselves
    moves under a seal of its own, since nobody reads theirs.

    Raises
    ------
    CustodyError, StateError, NotFoundError, PermissionDenied, RecordError
    """
    why = fields.line(reason, "the reason")
    with lab.writing(actor, key) as act:
        act.allow(Verb.HANDLE_CONTAINER)
        act.allow(Verb.TRANSFER)
        first = act.repeated("container.moved")
        if first is not None:
            return _container(act, str(first.body["container"]))
        box = _row(act, container)
        _require_unfrozen(box)
        inside = _inside(act, box["number"])
        giver, taker = rules.checked_parties(act, box["holder"], box["number"], giver, taker)
        means = rules.both_confirmed(
            act, box["number"], (giver, taker), confirmed, on_behalf=on_behalf, reason=why
        )
        steps = _steps_of_contents(act, box, inside, giver, taker, witness, why)
        problem = _seal_problem(act, box, seal)
        if not problem:
            body = _step(box, giver, taker, seal_after=box["seal"])
            body |= {"reason": why, "confirmed": means, "on_behalf": on_behalf}
            act.append("container.moved", body | {"contents": [row["number"] for row in inside]})
            for step in steps:
                more = {"confirmed": means, "on_behalf": on_behalf, "container": box["number"]}
                act.append("sample.transferred", step | more)
        after = _container(act, box["number"])
    _refuse(problem)
    return after


def resolve(
    lab: Lab, actor: str, container: str, *, reason: str, seal: str | None = None, key: str = ""
) -> Container:
    """Let a frozen container move again; not by the person who met the discrepancy.

    Raises
    ------
    CustodyError, StateError, NotFoundError, PermissionDenied, RecordError
    """
    why = fields.paragraph(reason, "the reason", required=True)
    now = None if seal is None else fields.line(seal, "the seal", limit=60)
    with lab.writing(actor, key) as act:
        act.allow(Verb.RESOLVE_DISCREPANCY)
        first = act.repeated("container.resolved")
        if first is not None:
            return _container(act, str(first.body["container"]))
        box = _row(act, container)
        met = records.rows(
            act.db,
            "SELECT by FROM container_discrepancy WHERE container=? AND resolved_by=''",
            box["number"],
        )
        if not met:
            raise StateError(f"{box['number']} has no open discrepancy")
        if actor in {row["by"] for row in met}:
            raise CustodyError(
                f"{act.person.name} met this discrepancy and may not resolve it",
                hint="A second person decides.",
            )
        act.append("container.resolved", {"container": box["number"], "reason": why, "seal": now})
        return _container(act, box["number"])


def container(lab: Lab, number: str) -> Container:
    """Return a container with what is in it.

    Raises
    ------
    NotFoundError
    """
    found = records.rows(
        lab.db,
        "SELECT * FROM container WHERE number=?",
        records.spelled(lab.db, number, ids.CONTAINER),
    )
    if not found:
        raise records.missing("container", number)
    return _as_container(lab.db, found[0])


def containers(lab: Lab) -> tuple[Container, ...]:
    """Return every container, oldest first."""
    found = records.rows(lab.db, "SELECT * FROM container ORDER BY seq")
    return tuple(_as_container(lab.db, row) for row in found)


def steps(lab: Lab, number: str) -> tuple[ContainerStep, ...]:
    """Return what happened to a container, from its making."""
    spelled = container(lab, number).number
    found = records.rows(
        lab.db, "SELECT * FROM container_step WHERE container=? ORDER BY seq", spelled
    )
    return tuple(
        ContainerStep(
            seq=row["seq"],
            container=row["container"],
            at=records.moment(row["at"]),
            by=row["by"],
            kind=row["kind"],
            giver=row["giver"],
            taker=row["taker"],
            sample=row["sample"],
            seal_before=row["seal_before"],
            seal_after=row["seal_after"],
            contents=tuple(canonical.parsed(row["contents"])),
            confirmed=canonical.parsed(row["confirmed"]),
            on_behalf=bool(row["on_behalf"]),
            reason=row["reason"],
        )
        for row in found
    )


def _steps_of_contents(
    act: Act,
    box: dict[str, Any],
    inside: Sequence[dict[str, Any]],
    giver: str,
    taker: str,
    witness: str,
    reason: str,
) -> list[dict[str, Any]]:
    """Return one step of custody for each sample inside, all checked before any is written."""
    places = rules.is_place(giver) or rules.is_place(taker)
    found = []
    for row in inside:
        rules.require_present(row)
        rules.require_unfrozen(row)
        if row["seal"] and not box["seal"]:
            raise CustodyError(
                f"{row['number']} is sealed and {box['number']} is open: nobody reads its seal so",
                hint="Seal the container first, or hand the sample over by itself.",
            )
        rules.witness_of(act, row, witness, needed=places, apart_from=(giver, taker))
        state = rules.state_with(act, row, taker)
        if state == SampleState.RETURNED:
            legal_hold.require_none(act.db, row["number"], "returned")
        step = rules.step_body(row, giver=giver, taker=taker, witness=witness, reason=reason)
        found.append(step | {"state": state})
    return found


def _row(act: Act, number: str) -> dict[str, Any]:
    spelled = records.spelled(act.db, number, ids.CONTAINER)
    found = records.rows(act.db, "SELECT * FROM container WHERE number=?", spelled)
    if not found:
        raise records.missing("container", number)
    return found[0]


def _held(act: Act, number: str, what: str) -> dict[str, Any]:
    box = _row(act, number)
    _require_unfrozen(box)
    if box["holder"] != act.person.id:
        raise CustodyError(
            f"{act.person.name} may not {what} {box['number']}: it is held by {box['holder']}",
            hint="Record the move to you first.",
        )
    return box


def _held_open(act: Act, number: str, what: str) -> dict[str, Any]:
    box = _held(act, number, what)
    if box["seal"]:
        raise StateError(
            f"{box['number']} is sealed: nobody can {what} it",
            hint="Open it first, with the seal's number.",
        )
    return box


def _require_unfrozen(box: dict[str, Any]) -> None:
    if box["frozen"]:
        raise CustodyError(
            f"{box['number']} is frozen: a discrepancy is open",
            hint="A lead or the quality manager resolves it with a reason.",
        )


def _seal_problem(act: Act, box: dict[str, Any], seal: str) -> str:
    read = fields.line(seal, "the seal", limit=60)
    last = str(box["seal"])
    if read == last:
        return ""
    if not read:
        raise CustodyError(
            f"{box['number']} is sealed: the seal's number must be read and given",
            hint="Read the number on the seal.",
        )
    act.key = ""  # the key belongs to the act that is refused, and stays free for it
    act.append("container.disagrees", {"container": box["number"], "expected": last, "found": read})
    return f"{box['number']}: seal {read} was read, {last or 'no seal'} is on record"


def _refuse(problem: str) -> None:
    if problem:
        raise CustodyError(
            f"{problem}; the container is frozen",
            hint="The discrepancy is on record. A lead or the quality manager resolves it.",
        )


def _step(box: dict[str, Any], giver: str, taker: str, *, seal_after: str) -> dict[str, Any]:
    return {
        "container": box["number"],
        "giver": giver,
        "taker": taker,
        "seal_before": box["seal"],
        "seal_after": seal_after,
    }


def _content_body(box: dict[str, Any], row: dict[str, Any], actor: str) -> dict[str, Any]:
    return _step(box, actor, actor, seal_after="") | {"sample": row["number"]}


def _inside(act: Act, number: str) -> list[dict[str, Any]]:
    return records.rows(
        act.db, "SELECT * FROM sample WHERE container=? AND container<>'' ORDER BY seq", number
    )


def _container(act: Act, number: str) -> Container:
    return _as_container(act.db, _row(act, number))


def _as_container(database: Any, row: records.Row) -> Container:  # a sqlite_utils Database
    inside = records.rows(
        database,
        "SELECT number FROM sample WHERE container=? AND container<>'' ORDER BY seq",
        row["number"],
    )
    return Container(
        number=row["number"],
        description=row["description"],
        holder=row["holder"],
        seal=row["seal"],
        frozen=bool(row["frozen"]),
        contents=tuple(each["number"] for each in inside),
    )
