"""What a lab decides about custody and intake, as events: time limits, quota, window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from lims import fields, records
from lims.errors import NotFoundError, RecordError
from lims.lab import Lab
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One figure a lab may set, what it means, and its bounds."""

    name: str
    says: str
    default: int
    least: int
    most: int


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        each.name: each
        for each in (
            Setting(
                name="handover_minutes",
                says="minutes until a proposed hand-over lapses",
                default=30,
                least=1,
                most=7 * 24 * 60,
            ),
            Setting(
                name="quota_per_submitter",
                says="samples one officer may submit in a day; 0 for no limit",
                default=0,
                least=0,
                most=100_000,
            ),
            Setting(
                name="window_minutes",
                says="minutes a parcel may wait before its window closes",
                default=300,
                least=1,
                most=365 * 24 * 60,
            ),
            Setting(
                name="shelf_days",
                says="days an open sample may wait here before it is offered to another lab",
                default=14,
                least=1,
                most=100 * 366,
            ),
            Setting(
                name="retention_days",
                says="days from intake before a sample may be ordered destroyed",
                default=0,
                least=0,
                most=100 * 366,
            ),
        )
    }
)


def value(database: Database, name: str) -> int:
    """Return a setting as it is now."""
    found = records.value(database, "SELECT value FROM custody_setting WHERE name=?", name)
    return SETTINGS[name].default if found is None else int(found)


def settings(lab: Lab) -> dict[str, int]:
    """Return every setting by name, those nobody changed with their default."""
    return {name: value(lab.db, name) for name in SETTINGS}


def change(lab: Lab, actor: str, name: str, to: int, *, reason: str, key: str = "") -> int:
    """Set one figure, with the reason.

    Raises
    ------
    NotFoundError, RecordError, PermissionDenied
    """
    if name not in SETTINGS:
        raise NotFoundError(
            f"there is no setting {name[:60]!r}", hint=f"One of {', '.join(SETTINGS)}."
        )
    known = SETTINGS[name]
    if not known.least <= to <= known.most:
        raise RecordError(f"{name} is between {known.least} and {known.most}, found {to}")
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.SET_CUSTODY)
        if act.repeated("custody.setting") is None:
            act.append("custody.setting", {"name": name, "value": int(to), "reason": why})
        return value(act.db, name)
