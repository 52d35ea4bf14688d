"""Receipts: a paper that says what was handed over, and is a witness of the log nobody can reach.

It carries the event's number and the first 16 base32 characters (80 bits) of the event's hash and
of the log's Merkle root when it was printed. Whoever rewrites the log cannot rewrite the paper.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lims import chain, clock, events, records
from lims.errors import NotFoundError, RecordError
from lims.lab import Lab
from lims.model import Transfer

CODE_LENGTH = 16
_CODE = re.compile(r"(\d{1,15})[:/ -]([A-Z2-7]{16})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt says; ``event_code`` and ``root_code`` are what is checked later."""

    lab: str
    site: str
    sample: str
    description: str
    shipment: str
    declared: str
    step: Transfer
    by: str
    giver: str
    taker: str
    witness: str
    confirmed: str
    printed_at: datetime
    event_code: str
    """``123:ABCDEFGHIJKLMNOP``: number of the event and the beginning of its hash."""
    root_code: str
    """``456:ABCDEFGHIJKLMNOP``: size of the log and the beginning of its Merkle root."""
    training: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCheck:
    """Whether a code on paper is the log's."""

    code: str
    kind: str
    """``event`` or ``root``, or empty where it is neither."""
    seq: int
    fits: bool
    says: str


def short(digest: bytes) -> str:
    """Return the first 16 base32 characters of a hash (RFC 4648, 6)."""
    return base64.b32encode(digest[:10]).decode("ascii")


def receipt(lab: Lab, sample: str, *, event: int = 0) -> Receipt:
    """Return the receipt of a step of a sample's custody.

    Parameters
    ----------
    event : int
        Number of the step's event; the latest step when 0.

    Raises
    ------
    NotFoundError
        No such sample, or the event is no step of its custody.
    """
    item = records.sample(lab.db, sample)
    parcel = records.shipment(lab.db, item.shipment)
    taken = [each for each in records.transfers(lab.db, item.number) if event in (0, each.seq)]
    if not taken:
        raise NotFoundError(
            f"event {event} is no step of {item.number}'s custody",
            hint="`fol sample show` lists the steps.",
        )
    step = taken[-1]
    written = events.read(lab.db, step.seq - 1, 1)[0]
    size, frontier = lab.db.execute("SELECT size, frontier FROM log_head").fetchone()
    root = chain.root(bytes(frontier))
    return Receipt(
        lab=lab.name,
        site=lab.site,
        sample=item.number,
        description=item.draft.description,
        shipment=parcel.number,
        declared=parcel.draft.declared_goods,
        step=step,
        by=_named(lab, written.actor),
        giver=_named(lab, step.giver),
        taker=_named(lab, step.taker),
        witness=_named(lab, step.witness) if step.witness else "",
        confirmed=_confirmations(lab, step),
        printed_at=clock.now(),
        event_code=f"{step.seq}:{short(written.hash)}",
        root_code=f"{int(size)}:{short(root)}",
        training=lab.training,
    )


def lines(of: Receipt, zone_name: str = "UTC") -> tuple[tuple[str, str], ...]:
    """Return a receipt as (label, text) pairs in reading order."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(zone_name)

    def when(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"

    found = [
        ("Sample", of.sample),
        ("Description", of.description),
        ("Shipment", f"{of.shipment}, declared {of.declared}"),
        ("Step", of.step.kind.replace("_", " ")),
        ("Recorded", when(of.step.at)),
        ("Happened", when(of.step.occurred_at) if of.step.occurred_at else ""),
        ("From", of.giver),
        ("To", of.taker),
        ("Witness", of.witness),
        ("Confirmed", of.confirmed),
        ("Seal before", of.step.seal_before or "none"),
        ("Seal after", of.step.seal_after or "none"),
        ("Reason", of.step.reason),
        ("Recorded by", of.by),
        ("Event", of.event_code),
        ("Log", of.root_code),
        ("Printed", when(of.printed_at)),
    ]
    return tuple((label, text) for label, text in found if text)


def parsed(code: str) -> tuple[int, str]:
    """Return number and characters of a code as typed from paper.

    Raises
    ------
    RecordError
    """
    # 0, 1 and 8 are no base32 characters: whoever typed them read O, I or B.
    typed = code.strip().upper()
    front, mark, rest = typed.partition(":")
    if mark:
        typed = f"{front}:{''.join(rest.split()).translate(str.maketrans('018', 'OIB'))}"
    found = _CODE.fullmatch(typed) if len(typed) <= 60 else None
    if found is None:
        raise RecordError(
            f"{code[:60]!r} is not a code of a receipt",
            hint="Type it as printed: 123:ABCDEFGHIJKLMNOP.",
        )
    return int(found[1]), found[2]


def check(lab: Lab, codes: list[str]) -> tuple[CodeCheck, ...]:
    """Compare codes of paper receipts with the log, whose hashes are computed again from the start.

    A code that is the event's or the Merkle root's fits; a log that was rebuilt, cut or altered
    before it does not.

    Raises
    ------
    RecordError
        Not a code.
    """
    wanted = [parsed(code) for code in codes]
    numbers = {seq for seq, _ in wanted}
    hashes: dict[int, tuple[str, str]] = {}
    head, frontier, size = chain.GENESIS, b"", 0
    for row in events.everything(lab.db):
        leaf = _leaf(lab, row)
        head = chain.link(head, leaf)
        frontier = chain.grow(frontier, size, leaf)
        size += 1
        if size in numbers:
            hashes[size] = (short(head), short(chain.root(frontier)))
        if numbers and size >= max(numbers):
            break
    return tuple(
        _checked(f"{seq}:{letters}", seq, letters, hashes.get(seq), size) for seq, letters in wanted
    )


def _leaf(lab: Lab, row: tuple[Any, ...]) -> bytes:
    """Return the Merkle leaf of a row as it stands; one that is no event fits no paper."""
    seq, event_id, at, actor, kind, body, key, _, _ = row
    try:
        return events.leaf_of(lab.lab_id, seq, event_id, at, actor, kind, body.encode(), key)
    except (ValueError, TypeError, AttributeError):
        return chain.leaf_hash(b"")


def _checked(
    code: str, seq: int, letters: str, found: tuple[str, str] | None, size: int
) -> CodeCheck:
    if found is None:
        says = f"the log has only {size} events: it was cut, or this is another lab's receipt"
        return CodeCheck(code=code, kind="", seq=seq, fits=False, says=says)
    for kind, mine, what in (
        ("event", found[0], f"this is event {seq} of this log, and all before it is unchanged"),
        ("root", found[1], f"this is the log of {seq} events, and all of it is unchanged"),
    ):
        if letters == mine:
            return CodeCheck(code=code, kind=kind, seq=seq, fits=True, says=what)
    says = f"event {seq} of this log is another one: the log was rewritten, or the paper is not its"
    return CodeCheck(code=code, kind="", seq=seq, fits=False, says=says)


def _named(lab: Lab, holder: str) -> str:
    row = records.rows(lab.db, "SELECT name FROM person WHERE id=?", holder)
    return f"{row[0]['name']} ({holder})" if row else holder


def _confirmations(lab: Lab, step: Transfer) -> str:
    if step.on_behalf:
        return "NOT by both: recorded on their behalf"
    sides = [each for each in (step.giver, step.taker) if each in step.confirmed]
    everybody = [*sides, *(each for each in step.confirmed if each not in sides)]
    said = [f"{_named(lab, person)} {step.confirmed[person]}" for person in everybody]
    return "; ".join(said)
