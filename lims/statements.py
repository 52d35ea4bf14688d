"""A stored match read for a conclusion: one statement per spectrum or peak. Pure.

Input is the ``results`` entry of ``fol.match/1``, also of older records: what cannot be read is an
error, never a silent "nothing found".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lims.errors import RecordError
from lims.fields import visible

STATES = (
    "match",
    "match_group",
    "mixture",
    "analogue_candidate",
    "class_only",
    "unexplained",
    "no_match",
    "insufficient",
)
"""Every decision, the one that says most first."""

NAMED = frozenset(("match", "match_group", "mixture"))
CLASSED = frozenset(("analogue_candidate", "class_only"))
_MAX_STATEMENTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one spectrum or peak supports.

    ``substances`` are several for a group that the technique cannot tell apart (``match_group``)
    and for the parts of a mixture (``mixture``). ``isomers`` are what it cannot exclude besides.
    """

    state: str
    substances: tuple[str, ...]
    isomers: tuple[str, ...]
    class_name: str
    analogue: Mapping[str, Any] | None

    @property
    def is_group(self) -> bool:
        """Whether the substances are alternatives rather than parts."""
        return self.state == "match_group"


def of_match(match: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Return one statement per spectrum or peak, in the match's order.

    Raises
    ------
    RecordError
        The match holds no answers, too many, or a decision this record does not know.
    """
    rows = [row for name in ("spectra", "peaks") for row in match.get(name) or ()]
    if not rows:
        raise RecordError("the match holds no spectrum and no peak")
    if len(rows) > _MAX_STATEMENTS:
        raise RecordError(f"the match holds {len(rows)} answers, at most {_MAX_STATEMENTS}")
    return tuple(_statement(row) for row in rows)


def candidate(match: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the analogue assessment of the first candidate of a match, or None."""
    found = (s.analogue for s in of_match(match) if s.state == "analogue_candidate")
    return next((analogue or {} for analogue in found), None)


def _statement(row: Mapping[str, Any]) -> Statement:
    decision = row.get("decision") or {}
    state = str(decision.get("state", ""))
    if state not in STATES:
        raise RecordError(f"the decision {state[:40]!r} is not one this record knows")
    names = _names(decision.get("substances")) if state in NAMED else ()
    isomers = _names(decision.get("isomer_group")) if state in NAMED else ()
    if state == "match_group":
        names, isomers = tuple(dict.fromkeys((*names, *isomers))), ()
    elif state == "match" and len(names) > 1:
        state = "match_group"
    if state in NAMED and not names:
        raise RecordError(f"the decision {state!r} names no substance")
    analogue = row.get("analogue") if state in CLASSED else None
    stated = (analogue or {}).get("class") if state in CLASSED else ""
    return Statement(
        state=state,
        substances=names,
        isomers=tuple(name for name in isomers if name not in names),
        class_name=visible(str(stated or "")) if state in CLASSED else _class_of(names),
        analogue=analogue,
    )


def _names(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else ()
    return tuple(dict.fromkeys(visible(item) for item in items if isinstance(item, str) and item))


def _class_of(names: tuple[str, ...]) -> str:
    """Return the class all of these substances share, for the trend of classes; else empty."""
    if not names:
        return ""
    from libraries import substances

    table = substances.table()
    classes = {found.class_name if (found := table.find(name)) else "" for name in names}
    return classes.pop() if len(classes) == 1 else ""
