"""When two techniques together make a class a candidate that neither makes alone. Pure.

Reads the stored matches of one sample; the rule is that of docs/design/004-class-evidence.md. A
mass spectrum and a vibrational one are two kinds; infrared and Raman are one whatever they show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lims.instrument_condition import confirms_nothing
from lims.model import Finding
from lims.statements import CLASSED, Statement

_VIBRATIONAL = {"ftir": "infrared", "raman": "Raman"}
_MASS = frozenset(("gcms", "ms"))
_GRADES = ("A", "B")

Said = tuple[Finding, Statement]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """A class that two kinds of evidence put forward.

    Parameters
    ----------
    class_name : str
    grade : str
        ``A`` or ``B``: the grade that the mass spectrum has with support.
    raised : bool
        Neither finding is a candidate alone.
    text : str
        What rests on what, in words.
    analogue : mapping
        The assessment that the candidate rests on, with the grade and the words.
    """

    class_name: str
    grade: str
    raised: bool
    text: str
    analogue: Mapping[str, Any]


def combined(said: Sequence[Said]) -> tuple[Supported, ...]:
    """Return the classes that findings of different kinds support together, in order of mention.

    A class whose candidate a person dismissed is not among them.

    Parameters
    ----------
    said : sequence of (Finding, Statement)
        Of one sample, the dismissed candidates included.
    """
    dismissed = {
        _key(statement.class_name)
        for finding, statement in said
        if finding.verdict == "dismissed" and statement.state == "analogue_candidate"
    }
    classes: dict[str, list[Said]] = {}
    for finding, statement in said:
        key = _key(statement.class_name)
        usable = statement.state in CLASSED and not confirms_nothing(finding.match)
        if key and key not in dismissed and usable:
            classes.setdefault(key, []).append((finding, statement))
    found = (_of_class(rows) for rows in classes.values())
    return tuple(each for each in found if each is not None)


def _of_class(rows: Sequence[Said]) -> Supported | None:
    vibrational = [row for row in rows if _is_vibrational(row)]
    graded = [(grade, row) for row in rows for grade in [_grade_with_support(row)] if grade]
    if not graded or not vibrational:
        return None
    grade, best = min(graded, key=lambda each: each[0])
    return _made(best, vibrational[0], grade)


def _made(first: Said, second: Said, grade: str) -> Supported:
    name = first[1].class_name
    other = _VIBRATIONAL[second[0].technique]
    text = (
        f"class {name} by two kinds of evidence: mass spectrum ({first[0].id}) and {other} "
        f"({second[0].id})"
    )
    analogue = dict(first[1].analogue or {})
    said = analogue.get("evidence")
    analogue["evidence"] = [*(said if isinstance(said, list | tuple) else ()), text]
    analogue["candidate_grade"] = grade
    raised = not any(each[1].state == "analogue_candidate" for each in (first, second))
    return Supported(class_name=name, grade=grade, raised=raised, text=text, analogue=analogue)


def _is_vibrational(row: Said) -> bool:
    finding, statement = row
    return finding.technique in _VIBRATIONAL and statement.state == "class_only"


def _grade_with_support(row: Said) -> str:
    """Return the grade a mass spectrum has or would have, another technique supporting its class.

    Worked out when it was matched. A finding that says nothing of it, an older one, is not raised.
    """
    finding, statement = row
    if finding.technique not in _MASS:
        return ""
    analogue = statement.analogue or {}
    key = "candidate_grade" if statement.state == "analogue_candidate" else "grade_if_supported"
    grade = analogue.get(key)
    return grade if isinstance(grade, str) and grade in _GRADES else ""


def _key(name: str) -> str:
    return name.strip().casefold()
