"""What of a shipment's papers cannot be verified: each code beside the field it stands in. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lims import identifiers
from lims.identifiers import Check, Unverified
from lims.model import ShipmentDraft

_CAS = re.compile(r"(?<![\d-])\d{2,7}-\d{2}-\d(?![\d-])")
_IMO = re.compile(r"\bIMO\s{0,3}\d{7}\b", re.IGNORECASE)
_MOST_CODES = 8
"""Of one kind in one field: a label is short, a hostile one is not."""


def checks(draft: ShipmentDraft) -> tuple[tuple[str, Check], ...]:
    """Return every identifier of a shipment with the field it stands in."""
    return tuple(_checks(draft))


def slips(draft: ShipmentDraft) -> tuple[str, ...]:
    """Return the warnings that may come from a wrong key, for a person to look at before saving."""
    found = (check.warning for _, check in checks(draft) if check.is_slip)
    return tuple(dict.fromkeys(found))


def of_draft(draft: ShipmentDraft) -> tuple[Unverified, ...]:
    """Return what could not be verified, in the order of the fields; empty when all fits."""
    return tuple(
        Unverified(field=field, kind=check.kind, says=check.warning)
        for field, check in checks(draft)
        if check.warning
    )


def _checks(draft: ShipmentDraft) -> Iterator[tuple[str, Check]]:
    for found in _CAS.findall(draft.declared_goods)[:_MOST_CODES]:
        yield "declared_goods", identifiers.cas(found)
    if draft.pieces and not re.fullmatch(r"[0-9]{1,7}", draft.pieces):
        yield (
            "pieces",
            Check(
                kind="pieces",
                text=draft.pieces,
                warning=f"pieces {draft.pieces!r} is kept as typed: no whole number, unverified",
                is_slip=True,
            ),
        )
    if draft.hs_code:
        yield "hs_code", identifiers.hs_code(draft.hs_code, draft.hs_edition)
    elif draft.hs_edition and not identifiers.hs_edition(draft.hs_edition):
        yield "hs_edition", identifiers.hs_code("0101", draft.hs_edition)
    known = identifiers.tracking(draft.tracking) if draft.tracking else None
    if known is not None:
        yield "tracking", known
    if draft.container:
        yield "container", identifiers.container(draft.container)
    for name in ("origin", "destination_country"):
        if code := getattr(draft, name):
            yield name, identifiers.country(code)
    yield from _places(draft)
    for found in _IMO.findall(draft.conveyance)[:_MOST_CODES]:
        yield "conveyance", identifiers.vessel(found)


def _places(draft: ShipmentDraft) -> Iterator[tuple[str, Check]]:
    for name in ("transit", "port_of_loading", "port_of_discharge", "destination"):
        text = getattr(draft, name)
        found = identifiers.location(text)
        if found is None and name == "destination":
            found = identifiers.subdivision(text)
        if found is None and name == "transit" and re.fullmatch(r"[A-Z]{2}", text):
            found = identifiers.country(text)
        if found is not None:
            yield name, found
