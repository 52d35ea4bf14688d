"""What a liaison says of two codes of headquarters: they are one unknown, or they are not.

Both codes stay readable: the younger leads to the older, and a merge can be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from lims import clock, fields
from lims.errors import NotFoundError, StateError
from lims.unknown_model import parse_code
from reports import hub_answer_store
from reports.hub_model import HubCode, HubMerge, HubStore
from reports.hub_store import opened

_PREFIX = "HQ-"


def merge(folder: Path, code: str, into: str, by: str, reason: str) -> HubMerge:
    """Declare two codes to be one unknown; the labs are told with their next answer.

    Raises
    ------
    NotFoundError
        A code that was never given.
    StateError
        They are one already, or a laboratory keeps its own two apart.
    RecordError
        Nobody named, or no reason.
    """
    who, why = _said(by, reason)
    with opened(folder) as store:
        given = store.unknown_codes()
        lead = hub_answer_store.leading(store.shelf.merges())
        one, two = (lead(_known(given, each)) for each in (code, into))
        if one == two:
            raise StateError(f"{code} and {into} are one unknown already")
        apart = _held_apart(store, given, one, two)
        if apart:
            raise StateError(
                f"{', '.join(apart)} keeps its clusters of {one} and {two} apart",
                hint="Ask them to merge theirs first (fol unknown merge); headquarters follows.",
            )
        made = HubMerge(at=clock.stamp(clock.now()), by=who, code=one, into=two, reason=why)
        store.shelf.merge(made)
    return made


def tell_apart(folder: Path, code: str, by: str, reason: str) -> HubMerge:
    """Take back that a code leads to another; no spectrum merges it by itself again.

    Raises
    ------
    NotFoundError, StateError, RecordError
    """
    who, why = _said(by, reason)
    with opened(folder) as store:
        known = _known(store.unknown_codes(), code)
        last = {each.code: each.into for each in store.shelf.merges()}
        if not last.get(known):
            raise StateError(f"{known} was not merged into another code")
        made = HubMerge(at=clock.stamp(clock.now()), by=who, code=known, into="", reason=why)
        store.shelf.merge(made)
    return made


def _said(by: str, reason: str) -> tuple[str, str]:
    return (
        fields.line(by, "who says it", required=True),
        fields.paragraph(reason, "the reason", required=True),
    )


def _known(given: Sequence[HubCode], typed: str) -> str:
    """Return the code that was given and is meant; the number alone will do."""
    text = "".join(typed.split()).upper().removeprefix(_PREFIX)
    letters, serial = parse_code(text)
    for each in given:
        had, number = parse_code(each.given.removeprefix(_PREFIX))
        if number == serial and letters in ("", had):
            return each.given
    raise NotFoundError(
        f"headquarters gave no code {typed[:40]!r}", hint="See fol hub unknowns --folder HUB."
    )


def _held_apart(store: HubStore, given: Sequence[HubCode], one: str, two: str) -> tuple[str, ...]:
    """Return the labs that hold a cluster of each of two codes that they did not merge."""
    day = (clock.now() + timedelta(days=1)).date().isoformat()
    into = {
        (each.lab, str(each.body["code"])): str(each.body["merged_into"])
        for each in store.unknowns_in_force(day)
    }
    live = {(each.lab, each.lab_code): each.code for each in given}
    held: dict[str, set[str]] = {one: set(), two: set()}
    for key, code in live.items():
        if code in held and not into.get(key):
            held[code].add(key[0])
    return tuple(sorted(held[one] & held[two]))
