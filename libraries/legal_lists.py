"""Substances that a rule lists by name: who stands on the list, since when, in which schedule.

Membership is by the first block of the InChIKey, so that salts and stereoisomers are the substance
listed; where the law tells stereoisomers apart, the entry says so. Needs no RDKit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from libraries.errors import LibraryError
from libraries.legal_fields import is_day
from libraries.legal_reading import Reading
from libraries.legal_rules import skeleton_of

_FIELDS = frozenset(("name", "inchikey_block", "schedule", "since", "until", "note"))
_MAX_ENTRIES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of a list.

    Parameters
    ----------
    name, inchikey_block : str
    schedule : str
        Empty for the rule's own.
    since, until : str
        ISO days; ``since`` is empty where the day is not on file, ``until`` while it is listed.
    note : str
    """

    name: str
    inchikey_block: str
    schedule: str
    since: str
    until: str
    note: str


def entries(test: Mapping[str, object], where: str = "the list") -> tuple[Listed, ...]:
    """Return the entries of a test of kind ``listed``.

    Raises
    ------
    LibraryError
        An entry is not one, or names a substance that stands in no table without its InChIKey.
    """
    found = test.get("entries")
    if not isinstance(found, list) or not 1 <= len(found) <= _MAX_ENTRIES:
        raise LibraryError(f"{where}: a list needs 1 to {_MAX_ENTRIES} entries")
    return tuple(_entry(each, where) for each in found)


def check(test: Mapping[str, object]) -> None:
    """Raise `LibraryError` unless every entry can be looked up and ``as_of`` is a day."""
    entries(test)
    if not is_day(str(test.get("as_of", ""))):
        raise LibraryError("a list says by as_of on which day it was written down, as 2018-02-06")


def _entry(data: object, where: str) -> Listed:
    if not isinstance(data, dict) or {str(name) for name in data} - _FIELDS:
        raise LibraryError(f"{where}: an entry has only {', '.join(sorted(_FIELDS))}")
    one = cast("Mapping[str, object]", data)
    name = one.get("name")
    if not isinstance(name, str) or not name:
        raise LibraryError(f"{where}: an entry lacks its name")
    texts = {key: one.get(key, "") for key in ("schedule", "since", "until", "note")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise LibraryError(f"{where}: {name[:60]}: every field of an entry is text")
    for key in ("since", "until"):
        if texts[key] and not is_day(str(texts[key])):
            raise LibraryError(f"{where}: {name[:60]}: {key} must be a day as 2018-02-06")
    return Listed(
        name=name,
        inchikey_block=skeleton_of(one, name, where),
        schedule=str(texts["schedule"]),
        since=str(texts["since"]),
        until=str(texts["until"]),
        note=str(texts["note"]),
    )


def read_listed(found: Mapping[str, Listed], inchikey: str, day: str, as_of: str) -> Reading:
    """Return whether a substance stands on a list on a day.

    Parameters
    ----------
    found : mapping of InChIKey block to Listed
    inchikey : str
    day : str
        ISO day.
    as_of : str
        The day the list was written down: where an entry has no day of its own, it is sure only
        from then on.
    """
    entry = found.get(inchikey[:14])
    if entry is None:
        return Reading(met=False, letters=(), reasons=("not on this list by name",))
    note = f" ({entry.note})" if entry.note else ""
    told = f"listed as {entry.name}{note}"
    plain = Reading(met=False, letters=(), reasons=(), since=entry.since, schedule=entry.schedule)
    if entry.since > day:
        reason = f"{told} from {entry.since} on, not yet on {day}"
        return replace(plain, not_yet=True, reasons=(reason,))
    if entry.until and entry.until <= day:
        reason = f"{told} until {entry.until}, no longer on {day}"
        return replace(plain, ended=True, reasons=(reason,))
    if not entry.since and day < as_of:
        reason = f"{told}; from which day is not on file here, so {day} cannot be answered"
        return replace(plain, open=True, reasons=(reason,))
    since = f"since {entry.since}" if entry.since else f"as noted on {as_of}, first day not on file"
    return replace(plain, met=True, reasons=(f"{told}, {since}",))
