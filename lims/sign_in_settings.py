"""What a lab decides about signing in, as events: duty, idle lock, lengths, cost of a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from lims import fields, records
from lims.errors import NotFoundError, RecordError
from lims.workflow import Verb

if TYPE_CHECKING:
    from sqlite_utils import Database

    from lims.lab import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One figure a lab may set, what it means, and its bounds."""

    name: str
    says: str
    default: int
    least: int
    most: int


def _set(name: str, says: str, default: int, least: int, most: int) -> Setting:
    return Setting(name=name, says=says, default=default, least=least, most=most)


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        each.name: each
        for each in (
            _set("required", "1: nobody acts without signing in (changed by two people)", 0, 0, 1),
            _set("idle_minutes", "minutes without a key until the session locks", 2, 1, 30),
            _set("session_hours", "hours until a password is asked for again", 12, 1, 24),
            _set("unattended_hours", "hours a session of a script lasts", 24, 1, 31 * 24),
            # argon2id; OWASP's least for passwords is 19 MiB with 2 passes (cheat sheet, 2024).
            _set("password_memory_kib", "KiB of memory one guess at a password costs",
                 65_536, 8_192, 1_048_576),
            _set("password_passes", "passes over that memory", 3, 1, 20),
            # A PIN is short: a guess costs four times the memory, besides the pepper.
            _set("pin_memory_kib", "KiB of memory one guess at a PIN costs",
                 262_144, 8_192, 1_048_576),
            _set("pin_passes", "passes over that memory", 3, 1, 20),
        )
    }
)  # fmt: skip

BY_TWO = frozenset(("required",))
"""Changed only by two people (`lims.two_persons`)."""


def value(database: Database, name: str) -> int:
    """Return a setting as it is now."""
    found = records.value(database, "SELECT value FROM sign_in_setting WHERE name=?", name)
    return SETTINGS[name].default if found is None else int(found)


def settings(lab: Lab) -> dict[str, int]:
    """Return every setting by name, those nobody changed with their default."""
    return {name: value(lab.db, name) for name in SETTINGS}


def is_required(lab: Lab) -> bool:
    """Whether nobody may act in this lab without signing in."""
    return bool(value(lab.db, "required"))


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
    if name in BY_TWO:
        raise RecordError(
            f"{name} is not one person's to change", hint="fol person require-sign-in on|off"
        )
    known = SETTINGS[name]
    if not known.least <= to <= known.most:
        raise RecordError(f"{name} is between {known.least} and {known.most}, found {to}")
    why = fields.line(reason, "the reason", required=True)
    with lab.writing(actor, key) as act:
        act.allow(Verb.SET_SIGN_IN)
        if act.repeated("signin.setting") is None:
            act.append("signin.setting", {"name": name, "value": int(to), "reason": why})
        return value(act.db, name)
