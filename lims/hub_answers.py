"""Headquarters' answers taken into the record: verified, in order, each once.

The codes stand beside the laboratory's own and change none of them. A name that another laboratory
found is told to everybody with a sample of the unknown; it names nothing here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lims import (
    hub_answer_form,
    keys,
    records,
    trust,
    unknown_naming,
    unknown_queries,
    workflow,
)
from lims.act import Act
from lims.errors import AnswerRefusedError
from lims.hub_answer_form import Answer, NetworkUnknown, Signed
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database


class AnswerState(StrEnum):
    """What became of one answer."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    """The same bytes were taken before; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOutcome:
    """What became of one answer, and which samples were told of a name."""

    sequence: int
    state: AnswerState
    unknowns: tuple[NetworkUnknown, ...] = ()
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one envelope brought."""

    fingerprint: str
    newly_trusted: bool
    outcomes: tuple[AnswerOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedHub:
    """A key of headquarters; ``replaced_at`` is None for the one in force."""

    fingerprint: str
    public_key: str
    at: datetime
    by: str
    replaced_at: datetime | None


def trusted(lab: Lab) -> TrustedHub | None:
    """Return the key of headquarters that is in force here, or None."""
    found = records.rows(lab.db, "SELECT * FROM trusted_hub WHERE replaced_at=''")
    return _as_hub(found[0]) if found else None


def last(lab: Lab) -> int:
    """Return the number of the last answer taken under the key in force; 0 before the first."""
    return 0 if (held := _last(lab.db)) is None else int(held["sequence"])


def take(lab: Lab, actor: str, data: bytes, *, trusting: str = "") -> Taken:
    """Take the answers of one envelope, in the order of their numbers.

    Parameters
    ----------
    lab : Lab
    actor : str
    data : bytes
        As headquarters gave it, over HTTPS or as a file.
    trusting : str
        The fingerprint of headquarters' key, typed after it was compared by voice; needed once.

    Raises
    ------
    AnswerRefusedError
        With its ``code``: ``too_large``, ``not_json``, ``wrong_schema``, ``untrusted_key``,
        ``bad_signature``, ``wrong_lab``, ``wrong_key``, ``gap``, ``fork``, ``other_bytes``,
        ``unknown_code``. Answers before the refused one stay taken, nothing of it is.
    PermissionDenied, BusyError, StorageFullError
    """
    workflow.require(records.person(lab.db, actor), Verb.DELIVER_REPORT)
    public_key, signed = hub_answer_form.opened(data)
    fingerprint = _fingerprint(public_key)
    newly = _require_trusted(lab, fingerprint, trusting)
    answers = [_verified(lab, public_key, each) for each in signed]
    answers.sort(key=lambda each: each[0].sequence)
    if newly:
        _trust(lab, actor, public_key, fingerprint)
    outcomes = tuple(_take_one(lab, actor, *each) for each in answers)
    return Taken(fingerprint=fingerprint, newly_trusted=newly, outcomes=outcomes)


def _fingerprint(public_key: bytes) -> str:
    from libraries import package

    return package.fingerprint(public_key)


def _require_trusted(lab: Lab, fingerprint: str, typed: str) -> bool:
    """Return whether the key is trusted by what was typed just now rather than before."""
    from libraries import package

    if typed and package.typed_fingerprint(typed) != fingerprint:
        raise AnswerRefusedError(
            f"the answer is signed by the key {fingerprint}, not by {typed[:60]}",
            code="untrusted_key",
            hint="Do not use it. Tell headquarters that somebody answers in their name.",
        )
    held = trusted(lab)
    if held is not None and held.fingerprint == fingerprint:
        return False
    if typed:
        return True
    before = "Another key of headquarters is trusted here. " if held is not None else ""
    raise AnswerRefusedError(
        f"the answer is signed by the key {fingerprint}, which is not trusted here",
        code="untrusted_key",
        hint=f"{before}Call headquarters on a number you know and let them read out their "
        f'fingerprint (fol hub key). Only if all of it is the same: --trust "{fingerprint}".',
    )


def _verified(lab: Lab, public_key: bytes, signed: Signed) -> tuple[Answer, Signed]:
    if not keys.verify(public_key, signed.body, signed.signature):
        raise AnswerRefusedError(
            "the signature is not one of headquarters' key",
            code="bad_signature",
            hint="The file was altered or damaged on its way. Fetch it again.",
        )
    answer = hub_answer_form.parsed(signed.body)
    if answer.lab != lab.site:
        raise AnswerRefusedError(
            f"the answer is for {answer.lab}, and this is {lab.site}", code="wrong_lab"
        )
    if answer.lab_key != trust.own_fingerprint(lab):
        raise AnswerRefusedError(
            f"the answer is for a laboratory {answer.lab} with another key",
            code="wrong_key",
            hint="Headquarters has another key of this lab on file. Ask them which one.",
        )
    return answer, signed


def _trust(lab: Lab, actor: str, public_key: bytes, fingerprint: str) -> None:
    with lab.writing(actor) as act:
        act.allow(Verb.TRUST_LAB)
        act.append("hub.key_trusted", {"fingerprint": fingerprint, "public_key": public_key.hex()})


def _take_one(lab: Lab, actor: str, answer: Answer, signed: Signed) -> AnswerOutcome:
    digest = hashlib.sha256(signed.body).hexdigest()
    with lab.writing(actor) as act:
        act.allow(Verb.DELIVER_REPORT)
        hub = records.rows(act.db, "SELECT fingerprint FROM trusted_hub WHERE replaced_at=''")[0]
        if _is_held(act.db, hub["fingerprint"], answer, digest):
            return AnswerOutcome(sequence=answer.sequence, state=AnswerState.DUPLICATE)
        _require_next(act.db, answer)
        changed = _changed(act, answer.unknowns)
        act.db.conn.execute(
            "INSERT INTO document(sha256, body) VALUES(?,?) ON CONFLICT(sha256) DO NOTHING",
            (digest, signed.body),
        )
        act.append(
            "hub.answered",
            {
                "fingerprint": hub["fingerprint"],
                "sequence": answer.sequence,
                "previous": answer.previous,
                "sha256": digest,
                "signature": signed.signature.hex(),
                "made_at": answer.made_at,
                "unknowns": [hub_answer_form.plain_unknown(each) for each in answer.unknowns],
            },
        )
        told = [sample for each in changed for sample in _tell(act, each)]
    return AnswerOutcome(
        sequence=answer.sequence,
        state=AnswerState.TAKEN,
        unknowns=answer.unknowns,
        told=tuple(dict.fromkeys(told)),
    )


def _is_held(database: Database, fingerprint: str, answer: Answer, digest: str) -> bool:
    held = records.rows(
        database,
        "SELECT sha256 FROM hub_answer WHERE fingerprint=? AND sequence=?",
        fingerprint,
        answer.sequence,
    )
    if held and held[0]["sha256"] != digest:
        raise AnswerRefusedError(
            f"answer {answer.sequence} was taken here before, with other content",
            code="other_bytes",
            hint="Do not use this file. Ask headquarters which of the two is theirs.",
        )
    return bool(held)


def _require_next(database: Database, answer: Answer) -> None:
    held = _last(database)
    wanted = 1 if held is None else int(held["sequence"]) + 1
    if answer.sequence > wanted:
        raise AnswerRefusedError(
            f"the answer is number {answer.sequence}, and number {wanted} has not come",
            code="gap",
            hint=f"Fetch them again (fol pull), or ask for a file from number {wanted} on "
            f"(fol hub answers --after {wanted - 1}).",
        )
    if answer.previous != ("" if held is None else held["sha256"]):
        raise AnswerRefusedError(
            f"answer {answer.sequence} follows another answer {answer.sequence - 1} than the one "
            "taken here",
            code="fork",
            hint="Do not use it. Ask headquarters who else uses its key, or whether it was "
            "restored from a backup.",
        )


def _last(database: Database) -> dict[str, Any] | None:
    found = records.rows(
        database,
        "SELECT a.sequence AS sequence, a.sha256 AS sha256 FROM hub_answer a JOIN trusted_hub t "
        "ON t.fingerprint=a.fingerprint AND t.replaced_at='' ORDER BY a.sequence DESC LIMIT 1",
    )
    return dict(found[0]) if found else None


def _changed(act: Act, unknowns: Sequence[NetworkUnknown]) -> list[NetworkUnknown]:
    """Return those whose name is news here."""
    found = []
    for each in unknowns:
        ours = records.rows(act.db, "SELECT 1 FROM unknown_cluster WHERE code=?", each.lab_code)
        if not ours:
            raise AnswerRefusedError(
                f"{each.lab_code} is no unknown of this lab",
                code="unknown_code",
                hint="Was this lab restored from a backup? Then restore the newest one.",
            )
        before = records.rows(
            act.db, "SELECT name FROM network_unknown WHERE lab_code=?", each.lab_code
        )
        if each.name and (not before or before[0]["name"] != each.name):
            found.append(each)
    return found


def _tell(act: Act, each: NetworkUnknown) -> list[str]:
    """Tell the samples of an unknown that a laboratory named it; return their numbers."""
    row = unknown_queries.live_row(act.db, unknown_queries.row_of(act.db, each.lab_code))
    where = each.named_at or "another laboratory"
    return unknown_naming.tell_named_elsewhere(act, row, each.name, where)


def _as_hub(row: dict[str, Any]) -> TrustedHub:
    return TrustedHub(
        fingerprint=row["fingerprint"],
        public_key=row["public_key"],
        at=records.moment(row["at"]),
        by=row["by"],
        replaced_at=records.moment(row["replaced_at"]) if row["replaced_at"] else None,
    )
