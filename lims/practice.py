"""Past runs of the lab as exercises: the question without its answer, then the lab's own answer.

Reads only: nothing here can write to the record. Decided samples alone are asked about, and an
exercise has a code of its own, so that no sample number gives the answer away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lims import canonical, records, statements
from lims.errors import NotFoundError, RecordError
from lims.fields import visible
from lims.statements import CLASSED, NAMED, Statement

if TYPE_CHECKING:
    from lims.lab import Lab
    from lims.model import Run

MOST = 2_000
"""Exercises, the newest decided runs first."""
_ASKED = ("title", "retention_time_s", "retention_index", "area_fraction", "quality", "hits")
"""What of an answer is shown before the person has answered; no decision, no class, no mixture."""


class Say(StrEnum):
    """What a person, or the lab, says of a run; the order is how much it claims."""

    NO_MATCH = "no_match"
    CANDIDATE = "candidate"
    IDENTIFIED = "identified"


class Verdict(StrEnum):
    """How what was said compares with the lab's reviewed answer."""

    RIGHT = "right"
    TOO_MUCH = "too_much"
    TOO_LITTLE = "too_little"
    OTHER = "other_substance"


_CLAIM = {Say.NO_MATCH: 0, Say.CANDIDATE: 1, Say.IDENTIFIED: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One line of the list: nothing in it tells what the run was."""

    code: str
    technique: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A run to judge.

    Parameters
    ----------
    run : Run
        Where its kept bytes are; its file name and sample are not for showing.
    index : int
        Which spectrum or peak of the run, from 0.
    asked : mapping
        That spectrum's entry of the match without anything that was decided.
    """

    code: str
    technique: str
    run: Run
    index: int
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The lab's answer, once the person has given theirs.

    Parameters
    ----------
    substances : tuple of str
        Any of them is right: the group the technique cannot tell apart, or the parts of a mixture.
    later : tuple of str
        What other labs answered since, in words.
    """

    code: str
    answer: Say
    verdict: Verdict
    substances: tuple[str, ...]
    class_name: str
    headline: str
    sample: str
    finding: str
    conclusion: str
    by: str
    reviewer: str
    reviewed_at: datetime | None
    later: tuple[str, ...]


def exercises(lab: Lab) -> tuple[Exercise, ...]:
    """Return the exercises of the lab; none whose spectrum was not good enough to say anything."""
    return tuple(
        Exercise(code=_code(row["id"]), technique=row["technique"]) for row in _decided(lab)
    )


def question(lab: Lab, code: str) -> Question:
    """Return the run of an exercise, without its answer.

    Raises
    ------
    NotFoundError
    """
    row = _row(lab, code)
    index, entry, _ = _asked(row)
    runs = {run.id: run for run in records.runs(lab.db, row["sample"])}
    return Question(
        code=_code(row["id"]),
        technique=row["technique"],
        run=runs[row["run"]],
        index=index,
        asked={name: entry[name] for name in _ASKED if name in entry},
    )


def solve(lab: Lab, code: str, said: Say, substance: str = "") -> Solution:
    """Compare what a person says of an exercise with the lab's reviewed answer.

    Parameters
    ----------
    substance : str
        Which one, where they say it is identified.

    Raises
    ------
    NotFoundError
    RecordError
        Identified, but not as what.
    """
    named = substance.strip()
    if said is Say.IDENTIFIED and not named:
        raise RecordError("identified as what?", hint="Name the substance, or the hit by its rank.")
    row = _row(lab, code)
    _, entry, statement = _asked(row)
    answer = _answer(row, statement)
    right = statement.substances if answer is Say.IDENTIFIED else ()
    finding = records.as_finding(row)
    made = records.sample_row(lab.db, row["sample"])["conclusion"]
    concluded = None if made is None else records.conclusion(lab.db, made)
    return Solution(
        code=_code(row["id"]),
        answer=answer,
        verdict=_verdict(said, answer, _spelled(named, entry), right),
        substances=right,
        class_name=statement.class_name,
        headline=finding.headline,
        sample=finding.sample,
        finding=finding.id,
        conclusion="" if concluded is None else concluded.text,
        by=finding.by,
        reviewer=finding.reviewer,
        reviewed_at=finding.reviewed_at,
        later=_later(lab, finding.sample),
    )


def _decided(lab: Lab) -> Sequence[records.Row]:
    """Return reviewed findings of concluded samples without an unseen hazard, newest first."""
    return records.rows(
        lab.db,
        "SELECT f.id AS id, f.technique AS technique FROM finding f "
        "JOIN sample s ON s.number=f.sample WHERE f.state='reviewed' AND s.conclusion IS NOT NULL "
        "AND s.unacknowledged=0 AND f.level NOT IN ('', 'insufficient') "
        "ORDER BY f.seq DESC LIMIT ?",
        MOST,
    )


def _row(lab: Lab, code: str) -> records.Row:
    wanted = code.strip().upper()
    for each in _decided(lab):
        if _code(each["id"]) == wanted:
            return records.rows(lab.db, "SELECT * FROM finding WHERE id=?", each["id"])[0]
    raise NotFoundError(
        f"there is no exercise {visible(code, limit=20)!r}", hint="See fol practice list."
    )


def _code(finding: str) -> str:
    return "X" + hashlib.sha256(f"practice {finding}".encode()).hexdigest()[:8].upper()


def _asked(row: records.Row) -> tuple[int, Mapping[str, Any], Statement]:
    """Return the spectrum or peak that carries the finding: its place, its entry, what it says."""
    match = canonical.parsed(row["match"])
    entries = match.get("peaks") or match.get("spectra") or []
    said = statements.of_match({"spectra": entries})
    at = next((at for at, each in enumerate(said) if each.state == row["level"]), 0)
    return at, entries[at], said[at]


def _answer(row: records.Row, statement: Statement) -> Say:
    if statement.state in NAMED:
        return Say.IDENTIFIED
    # A candidate that a scientist dismissed is what the lab says it is: nothing.
    if statement.state in CLASSED and row["verdict"] != "dismissed":
        return Say.CANDIDATE
    return Say.NO_MATCH


def _spelled(named: str, entry: Mapping[str, Any]) -> str:
    """Return the substance somebody means by a name, a synonym or the rank of a hit."""
    from libraries import substances

    hits = [each for each in entry.get("hits") or () if isinstance(each, Mapping)]
    if named.isdecimal() and 0 < int(named) <= len(hits):
        named = str(hits[int(named) - 1].get("substance") or "")
    known = substances.table().find(named) if named else None
    return (named if known is None else known.name).casefold()


def _verdict(said: Say, answer: Say, named: str, right: tuple[str, ...]) -> Verdict:
    if _CLAIM[said] != _CLAIM[answer]:
        return Verdict.TOO_MUCH if _CLAIM[said] > _CLAIM[answer] else Verdict.TOO_LITTLE
    if said is Say.IDENTIFIED and named not in {_spelled(each, {}) for each in right}:
        return Verdict.OTHER
    return Verdict.RIGHT


def _later(lab: Lab, sample: str) -> tuple[str, ...]:
    found = records.rows(
        lab.db,
        "SELECT to_lab, substance, reference FROM lab_transfer WHERE sample=? AND closed_at<>'' "
        "UNION SELECT sent_to, substance, reference FROM candidate_request WHERE sample=? "
        "AND answered_at<>''",
        sample,
        sample,
    )
    return tuple(
        f"{row['to_lab']}: {row['substance'] or 'could not name it'}"
        + (f" (report {row['reference']})" if row["reference"] else "")
        for row in found
    )
