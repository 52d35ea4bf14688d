"""What a later report says otherwise than an earlier one, worked out from the two documents. Pure.

ISO/IEC 17025:2017, 7.8.8.1: any change of information is clearly identified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST_SHOWN = 200
_LONGEST = 300
_UNTOLD = frozenset(
    (
        "schema", "number", "revision", "title", "amends", "earlier", "record", "software",
        "signatures", "issued", "end", "custody", "author", "rules", "expires_on",
    )
)  # fmt: skip
"""Keys of one issue of a report, not of what it says; and custody, which only goes on."""
_NAMES = ("sample", "finding", "test", "plan", "number", "sha256", "what", "name", "lab")
"""What tells one part of a list from another, the first that it has."""


def changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return each difference in words, in the order of the later document.

    >>> changes({"customer": "A"}, {"customer": "B"})
    ('customer: was "A", is "B"',)
    """
    before, after = dict(_flat(was, "")), dict(_flat(now, ""))
    found = []
    for place in (*after, *(place for place in before if place not in after)):
        old, new = before.get(place), after.get(place)
        if old == new:
            continue
        if old is None:
            found.append(f"{place}: added {_word(new)}")
        elif new is None:
            found.append(f"{place}: no longer there, was {_word(old)}")
        else:
            found.append(f"{place}: was {_word(old)}, is {_word(new)}")
    if len(found) > MOST_SHOWN:
        found = [*found[:MOST_SHOWN], f"and {len(found) - MOST_SHOWN} more changes"]
    return tuple(found)


def _flat(value: object, place: str) -> Iterator[tuple[str, object]]:
    """Yield every single value with where it stands, in words."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key not in _UNTOLD:
                yield from _flat(each, f"{place} {key.replace('_', ' ')}".strip())
    elif isinstance(value, list):
        met: set[str] = set()
        for at, each in enumerate(value, 1):
            name = _called(each, at)
            name = f"{name} ({at})" if name in met else name
            met.add(name)
            yield from _flat(each, f"{place} {name}")
    elif value not in (None, ""):
        yield place, value


def _called(value: object, at: int) -> str:
    if isinstance(value, Mapping):
        for name in _NAMES:
            if value.get(name) not in (None, ""):
                return str(value[name])[:80]
    return str(at)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return str(value)
    shown = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… (cut)"
    return f'"{shown}"'
