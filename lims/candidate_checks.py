"""What the run says of its candidates: blank and carry-over, and products of what else is in it.

Completes the checks that a spectrum alone leaves open; adds reasons, changes no decision. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lims.statements import CLASSED, NAMED

Json = dict[str, Any]
_MOST_SAID = 3


def in_run(entries: Sequence[Json], *, has_blank: bool) -> list[Json]:
    """Return the peaks of a run, their analogues checked against blank and neighbours.

    Parameters
    ----------
    entries : sequence of dict
        Peaks of one run as ``fol.match/1`` has them; those of a blank's height are not named.
    has_blank : bool
        Whether the run was compared with a blank run.
    """
    named = list(_named(entries))
    return [_checked(entry, named, has_blank) for entry in entries]


def _checked(entry: Json, named: Sequence[tuple[str, int]], has_blank: bool) -> Json:
    analogue = entry.get("analogue")
    if not analogue or entry["decision"]["state"] not in CLASSED or "checks" not in analogue:
        return entry
    from libraries.other_explanations import BLANK, SAME_RUN

    found = {BLANK: _blank(entry, has_blank), SAME_RUN: _same_run(analogue, named)}
    checks = [
        {"check": each["check"], **found.get(each["check"], each)} for each in analogue["checks"]
    ]
    return entry | {"analogue": analogue | {"checks": checks}}


def _blank(entry: Mapping[str, Any], has_blank: bool) -> Json:
    from libraries.other_explanations import Outcome

    if not has_blank:
        words = "no blank run was given; carry-over is not excluded"
        return {"outcome": Outcome.NOT_CHECKED.value, "words": words}
    there = entry.get("blank")
    if not there:
        return {"outcome": Outcome.NOTHING_FOUND.value, "words": "not in the blank run"}
    words = f"{there['area_ratio']:.0f} times its area in the blank run"
    return {"outcome": Outcome.POSSIBLE.value, "words": words}


def _same_run(analogue: Mapping[str, Any], named: Sequence[tuple[str, int]]) -> Json:
    from libraries import artefacts
    from libraries.other_explanations import Outcome

    mass = (analogue.get("mass") or {}).get("nominal")
    if mass is None:
        return {"outcome": Outcome.NOT_CHECKED.value, "words": "no molecular mass"}
    if not named:
        words = "the run names no substance whose mass is known"
        return {"outcome": Outcome.NOTHING_FOUND.value, "words": words}
    found = [
        f"{mass - other:+d} from {name} in this run: {each.words}"
        for name, other in named
        for each in artefacts.explaining(mass - other)
    ]
    if found:
        return {"outcome": Outcome.POSSIBLE.value, "words": "; ".join(found[:_MOST_SAID])}
    words = f"no listed product of {', '.join(name for name, _ in named[:_MOST_SAID])}"
    if len(named) > _MOST_SAID:
        words += f" and {len(named) - _MOST_SAID} more"
    return {"outcome": Outcome.NOTHING_FOUND.value, "words": words}


def _named(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """Yield the substances that peaks of the run are named for, with their nominal masses."""
    from libraries import substances

    table = substances.table()
    names = dict.fromkeys(
        name
        for entry in entries
        if entry["decision"]["state"] in NAMED
        for name in entry["decision"]["substances"]
    )
    for name in names:
        known = table.find(name)
        if known is not None:
            yield known.name, known.nominal_mass
