"""What a hub answers each lab about its unknowns: made when something changed, signed, numbered.

One chain for each lab: every answer names the one before by its hash, so that the lab sees what is
missing, exchanged or forged. An answer holds only what changed since the last one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lims import clock, hub_answer_form, keys
from lims.errors import ConfigError, NotFoundError
from lims.hub_answer_form import Answer, NetworkLab, NetworkUnknown, Signed
from reports import hub_keys, hub_rows, hub_unknowns
from reports.hub_model import EnrolledLab, HubStore, StoredAnswer
from reports.hub_store import opened
from reports.hub_unknowns import HubUnknown
from reports.hub_verify import SKEW, Receipt

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ASK = "fol.pull/1"
MOST_ASKED_BYTES = 4_096
MOST_SENT_BYTES = 2 * 1024 * 1024
"""Of one message; the lab asks again for the rest."""
EASTERNMOST = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A lab's question as it arrived."""

    body: bytes
    lab: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of answers that was written for a lab."""

    path: Path
    lab: str
    first: int
    last: int
    unknowns: int
    fingerprint: str


def known_to(store: HubStore, lab: str) -> list[NetworkUnknown]:
    """Return what the hub knows of each cluster that a lab reported, by the lab's codes."""
    # A report of a laboratory's tomorrow is of its own calendar.
    day = (clock.now().astimezone(UTC) + EASTERNMOST).date()
    met = hub_rows.usable(store.rows_in_force(day.isoformat()), store.accepted_names()).met
    said, given = store.unknowns_in_force(day.isoformat()), store.unknown_codes()
    by_code = {each.code: each for each in hub_unknowns.unknowns(met, said, given, day)}
    leads = hub_unknowns.network_codes(said, given)
    names = hub_unknowns.names_of(said, leads)
    found = []
    for (site, lab_code), code in sorted(leads.items()):
        if site != lab:
            continue
        earlier = {
            each.given
            for each in given
            if each.code == code or (each.lab == lab and leads[lab, each.lab_code] == code)
        }
        found.append(_network(lab_code, code, earlier - {code}, by_code.get(code), names))
    return found


def _network(
    lab_code: str,
    code: str,
    earlier: set[str],
    known: HubUnknown | None,
    names: Mapping[str, tuple[str, str]],
) -> NetworkUnknown:
    name, named_at = names.get(code, ("", ""))
    return NetworkUnknown(
        lab_code=lab_code,
        code=code,
        class_name="" if known is None else known.class_name[:200],
        earlier=tuple(sorted(earlier)),
        labs=()
        if known is None
        else tuple(
            NetworkLab(
                site=lab.site,
                codes=lab.codes,
                samples=lab.samples,
                first_day=lab.first_day.isoformat(),
                last_day=lab.last_day.isoformat(),
            )
            for lab in known.labs
        ),
        samples=0 if known is None else known.samples,
        name=name[:200],
        named_at=named_at[:200],
    )


def issue(store: HubStore, owner: EnrolledLab, key: Ed25519PrivateKey) -> list[StoredAnswer]:
    """Make the answers that a lab has not had: what changed since the last one; often none."""
    told = _told(store.shelf.answers(owner.site))
    changed = [each for each in known_to(store, owner.site) if told.get(each.lab_code) != each]
    made = []
    for start in range(0, len(changed), hub_answer_form.MOST_UNKNOWNS):
        part = tuple(changed[start : start + hub_answer_form.MOST_UNKNOWNS])
        made.append(_issued(store, owner, key, part))
    return made


def _told(answers: Sequence[StoredAnswer]) -> dict[str, NetworkUnknown]:
    """Return the last word on each of a lab's codes."""
    return {
        each.lab_code: each
        for answer in answers
        for each in hub_answer_form.parsed(answer.body).unknowns
    }


def _issued(
    store: HubStore,
    owner: EnrolledLab,
    key: Ed25519PrivateKey,
    unknowns: tuple[NetworkUnknown, ...],
) -> StoredAnswer:
    from libraries import package

    before = store.shelf.answers(owner.site)
    answer = Answer(
        lab=owner.site,
        lab_key=package.fingerprint(owner.public_key),
        sequence=len(before) + 1,
        previous=before[-1].sha256 if before else "",
        made_at=clock.stamp(clock.now()),
        unknowns=unknowns,
    )
    body = hub_answer_form.to_bytes(answer)
    stored = StoredAnswer(
        lab=owner.site,
        sequence=answer.sequence,
        sha256=hashlib.sha256(body).hexdigest(),
        previous=answer.previous,
        made_at=answer.made_at,
        body=body,
        signature=key.sign(body),
    )
    store.shelf.add(stored)
    return stored


def reply(store: HubStore, key: Ed25519PrivateKey, asked: Asked) -> tuple[Receipt | None, bytes]:
    """Return the envelope with a lab's answers above the number it asks from, or a refusal.

    Codes of a refusal: 413 ``too_large``, 422 ``unknown_lab`` ``bad_signature`` ``not_json``
    ``wrong_schema`` ``wrong_lab`` ``stale``, 409 ``ahead``.
    """
    refusal, owner, after = _question(store, asked)
    if refusal is not None or owner is None:
        return refusal, b""
    issue(store, owner, key)
    answers = store.shelf.answers(owner.site)
    if after > len(answers):
        said = f"{owner.site} has answer {after}, and {len(answers)} were made here"
        return Receipt(status=409, code="ahead", detail=said), b""
    return None, _envelope(key, answers[after:])


def _envelope(key: Ed25519PrivateKey, answers: Sequence[StoredAnswer]) -> bytes:
    """Return as many of some answers as one message may hold, the first ones; at least one."""
    part: list[Signed] = []
    size = 0
    for each in answers[: hub_answer_form.MOST_ANSWERS]:
        size += 2 * len(each.body)
        if part and size > MOST_SENT_BYTES:
            break
        part.append(Signed(body=each.body, signature=each.signature))
    return hub_answer_form.envelope(key.public_key().public_bytes_raw(), part)


def _question(store: HubStore, asked: Asked) -> tuple[Receipt | None, EnrolledLab | None, int]:
    def refused(code: str, detail: str) -> tuple[Receipt, None, int]:
        return Receipt(status=422, code=code, detail=detail), None, 0

    owner = store.lab(asked.lab)
    if owner is None or owner.closed_at:
        return refused("unknown_lab", f"no key is on file for {asked.lab[:40]!r}")
    if not keys.verify(owner.public_key, asked.body, asked.signature):
        return refused("bad_signature", f"the signature is not one of {owner.site}'s key")
    try:
        said = json.loads(asked.body)
    except (ValueError, RecursionError):
        return refused("not_json", "the question is not readable as JSON")
    if not isinstance(said, dict) or said.get("schema") != ASK:
        return refused("wrong_schema", f"{ASK} is expected")
    if said.get("lab") != owner.site:
        return refused("wrong_lab", f"signed by {owner.site}, asks for another")
    after, at = said.get("after"), _moment(said.get("at"))
    if isinstance(after, bool) or not isinstance(after, int) or not 0 <= after < 2**53 or not at:
        return refused("wrong_schema", "after is a number and at a moment")
    if abs(at - clock.now()) > SKEW:
        # Somebody who kept an old question learns nothing by asking it again.
        return refused("stale", "the question is not of this moment by the hub's clock")
    return None, owner, after


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None


def question(site: str, after: int) -> bytes:
    """Return the bytes a lab signs to ask for its answers above a number."""
    said: dict[str, Any] = {
        "schema": ASK,
        "lab": site,
        "after": after,
        "at": clock.stamp(clock.now()),
    }
    return json.dumps(said, sort_keys=True).encode()


def signature_text(signature: bytes) -> str:
    """Return a signature as a header carries it."""
    return base64.b64encode(signature).decode("ascii")


def write(folder: Path, lab: str, out: Path, *, after: int = 0) -> Written:
    """Write a lab's answers above a number as one file, to be carried by hand.

    Raises
    ------
    NotFoundError
        The lab is not enrolled, or there is nothing to answer it.
    ConfigError
        The file is there already or cannot be written.
    """
    key = hub_keys.own_key(folder)
    with opened(folder) as store:
        owner = store.lab(lab)
        if owner is None or owner.closed_at:
            raise NotFoundError(f"no key is on file for {lab[:40]!r}", hint="See fol hub enroll.")
        issue(store, owner, key)
        answers = store.shelf.answers(lab, after)
    if not answers:
        raise NotFoundError(
            f"there is nothing to answer {lab} after number {after}",
            hint="It reported no unknown, or has all answers.",
        )
    data = _envelope(key, answers)
    held = hub_answer_form.opened(data)[1]
    try:
        with out.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise ConfigError(f"{out} exists already", hint="Choose another name.") from error
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror or error}") from error
    parts = [hub_answer_form.parsed(each.body) for each in held]
    return Written(
        path=out,
        lab=lab,
        first=parts[0].sequence,
        last=parts[-1].sequence,
        unknowns=len({each.lab_code for part in parts for each in part.unknowns}),
        fingerprint=hub_keys.fingerprint(folder),
    )
