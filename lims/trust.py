"""Whose library releases this lab takes: keys of other labs, each trusted by a named person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lims import fields, records
from lims.act import Act
from lims.errors import NotFoundError, PermissionDenied, StateError
from lims.lab import Lab
from lims.workflow import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedLab:
    """Another lab's key, and who compared its fingerprint by voice.

    ``withdrawn_at`` is None while the key is trusted.
    """

    fingerprint: str
    site: str
    name: str
    public_key: str
    at: datetime
    by: str
    withdrawn_at: datetime | None
    withdrawn_by: str
    reason: str


def own_fingerprint(lab: Lab) -> str:
    """Return the fingerprint of this lab's key, to be read out to another lab."""
    from libraries import package

    return package.fingerprint(lab.public_key)


def trusted(lab: Lab, everything: bool = False) -> tuple[TrustedLab, ...]:
    """Return the trusted keys in the order they were trusted; withdrawn ones only when asked."""
    where = "" if everything else "WHERE withdrawn_at=''"
    found = records.rows(lab.db, f"SELECT * FROM trusted_lab {where} ORDER BY seq")
    return tuple(_as_trusted(row) for row in found)


def append_trust(act: Act, *, public_key: bytes, site: str, name: str) -> None:
    """Write that the acting person trusts a key, whose fingerprint they typed."""
    from libraries import package

    act.allow(Verb.TRUST_LAB)
    act.append(
        "library.key_trusted",
        {
            "fingerprint": package.fingerprint(public_key),
            "public_key": public_key.hex(),
            "site": site,
            "name": name,
        },
    )


def withdraw_trust(lab: Lab, actor: str, fingerprint: str, reason: str) -> TrustedLab:
    """Trust a key no longer, with the reason; what was taken from it stays as it is.

    Raises
    ------
    NotFoundError, StateError, PermissionDenied, RecordError, LibraryError
    """
    from libraries import package

    why = fields.paragraph(reason, "the reason", required=True)
    wanted = package.typed_fingerprint(fingerprint)
    with lab.writing(actor) as act:
        act.allow(Verb.TRUST_LAB)
        known = next((each for each in trusted(lab, True) if each.fingerprint == wanted), None)
        if known is None:
            raise NotFoundError(f"no lab with the key {wanted} was ever trusted here")
        if known.withdrawn_at is not None:
            raise StateError(f"the key of {known.site} is no longer trusted already")
        act.append("library.key_withdrawn", {"fingerprint": wanted, "reason": why})
        return next(each for each in trusted(lab, True) if each.fingerprint == wanted)


def require_trusted(lab: Lab, site: str, fingerprint: str, typed: str) -> bool:
    """Return whether a key is trusted by what was typed just now rather than before.

    Raises
    ------
    PermissionDenied
        The key is not trusted; the hint says how it can be.
    LibraryError
        What was typed is no fingerprint.
    """
    from libraries import package

    known = trusted(lab, True)
    mine = next((each for each in known if each.fingerprint == fingerprint), None)
    if typed and package.typed_fingerprint(typed) != fingerprint:
        raise PermissionDenied(
            f"the package is signed by the key {fingerprint}, not by {typed[:60]}",
            hint="Do not use this file. Tell the lab that it seems to come from.",
        )
    if mine is not None and mine.withdrawn_at is None:
        return False
    if typed:
        return True
    before = f"{site} is trusted under another key. " if any(k.site == site for k in known) else ""
    if mine is not None:
        before = f"Its trust was withdrawn by {mine.withdrawn_by}: {mine.reason}. "
    raise PermissionDenied(
        f"the package is signed by {site} with the key {fingerprint}, which is not trusted here",
        hint=f"{before}Call the lab on a number you know and let them read out their fingerprint "
        "(fol library keys). Only if all of it is the same: "
        f'--trust "{fingerprint}".',
    )


def _as_trusted(row: dict[str, Any]) -> TrustedLab:
    return TrustedLab(
        fingerprint=row["fingerprint"],
        site=row["site"],
        name=row["name"],
        public_key=row["public_key"],
        at=records.moment(row["at"]),
        by=row["by"],
        withdrawn_at=records.moment(row["withdrawn_at"]) if row["withdrawn_at"] else None,
        withdrawn_by=row["withdrawn_by"],
        reason=row["reason"],
    )
