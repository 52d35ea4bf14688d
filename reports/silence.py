"""The kinds of silence: a zero, an empty intake and a missing report are three different things."""

from __future__ import annotations

from enum import StrEnum


class Presence(StrEnum):
    """What a laboratory's day says, from most to least known."""

    FOUND = "found"
    TESTED_NONE_FOUND = "tested_none_found"
    WAITING = "submitted_not_yet_tested"
    NOTHING_SUBMITTED = "nothing_submitted"
    NO_REPORT = "no_report"


_WORDS = {
    Presence.FOUND: "found",
    Presence.TESTED_NONE_FOUND: "tested, none found",
    Presence.WAITING: "submitted, not yet tested",
    Presence.NOTHING_SUBMITTED: "nothing submitted",
    Presence.NO_REPORT: "no report received",
}


def presence(*, reported: bool, submitted: int = 0, tested: int = 0, found: int = 0) -> Presence:
    """Return what the counts of a period say; without a report no count is believed."""
    if min(submitted, tested, found) < 0 or found > tested:
        raise ValueError(
            f"counts do not fit: {found} found, {tested} tested, {submitted} submitted"
        )
    if not reported:
        return Presence.NO_REPORT
    if found:
        return Presence.FOUND
    if tested:
        return Presence.TESTED_NONE_FOUND
    return Presence.WAITING if submitted else Presence.NOTHING_SUBMITTED


def in_words(state: Presence, tested: int = 0) -> str:
    """Return the state as printed; a zero always carries the number tested."""
    if state is Presence.TESTED_NONE_FOUND:
        return f"{_WORDS[state]} (0 of {tested})"
    return _WORDS[state]
