"""What a report may say of unknowns at a moment: accepted members only, no dismissed candidate.

Reads only. What a person has not accepted never leaves the laboratory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lims import canonical, clock, records
from lims.candidate_requests import Answer
from lims.lab import Lab

MOST_SIGNATURES = 4
"""Of one cluster in a report: one for each technique, then more mass spectra."""
MOST_ENERGIES = 40
"""MS/MS spectra of one cluster looked at for the few that go into a report, the newest ones."""
MSMS = "msms"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedUnknown:
    """A cluster as it stood at the end of a period.

    ``samples`` are those with an accepted finding in it. ``changed`` says that it was named, merged
    or split in the period. ``signatures`` are JSON as `spectra.unknown_signature.plain` gives it.
    """

    code: str
    class_name: str
    samples: tuple[str, ...]
    techniques: tuple[str, ...] = ()
    mass_shifts: tuple[str, ...] = ()
    signatures: tuple[Mapping[str, Any], ...] = ()
    name: str = ""
    named_at: datetime | None = None
    merged_into: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRequest:
    """A request for confirmation open in a period; ``answer`` only if it came by its end."""

    sample: str
    class_name: str
    sent_to: str
    sent_at: datetime
    answer: Answer | None = None
    substance: str = ""
    reference: str = ""
    answered_at: datetime | None = None


@dataclass(slots=True)
class _Gathered:
    """The accepted members of one cluster while they are counted."""

    samples: dict[str, None] = field(default_factory=dict)
    kinds: dict[str, None] = field(default_factory=dict)
    shifts: dict[str, None] = field(default_factory=dict)
    signatures: list[tuple[str, str]] = field(default_factory=list)


def unknowns(lab: Lab, start: datetime, end: datetime) -> tuple[ReportedUnknown, ...]:
    """Return every cluster with an accepted member before ``end``, or merged in the period."""
    first, last = clock.stamp(start), clock.stamp(end)
    gathered = _accepted(lab, last)
    changed = _changed(lab, first, last)
    rows = records.rows(
        lab.db, "SELECT * FROM unknown_cluster WHERE opened_at<? ORDER BY serial", last
    )
    found = []
    for row in rows:
        code = row["code"]
        members = gathered.get(code)
        merged = bool(row["merged_into"]) and row["closed_at"] < last
        if members is None and not (merged and code in changed):
            continue
        named = bool(row["name"]) and row["named_at"] < last
        members = members or _Gathered()
        found.append(
            ReportedUnknown(
                code=code,
                class_name=row["class_name"],
                samples=tuple(members.samples),
                techniques=tuple(members.kinds),
                mass_shifts=tuple(members.shifts),
                signatures=_chosen(members.signatures),
                name=row["name"] if named else "",
                named_at=records.moment(row["named_at"]) if named else None,
                merged_into=row["merged_into"] if merged else "",
                changed=code in changed,
            )
        )
    return tuple(found)


def _accepted(lab: Lab, end: str) -> dict[str, _Gathered]:
    found: dict[str, _Gathered] = {}
    for row in records.rows(
        lab.db,
        "SELECT m.code AS code, m.sample AS sample, m.kind AS kind, m.mass_shift AS shift, "
        "m.attracts AS attracts, m.signature AS signature FROM unknown_member m "
        "JOIN finding f ON f.id=m.finding WHERE f.reviewed_at<>'' AND f.reviewed_at<? "
        "AND f.state IN ('reviewed','superseded') AND f.verdict<>'dismissed' "
        "ORDER BY m.seq, m.answer",
        end,
    ):
        each = found.setdefault(row["code"], _Gathered())
        each.samples[row["sample"]] = None
        each.kinds[row["kind"]] = None
        if row["shift"]:
            each.shifts[row["shift"]] = None
        if row["attracts"]:
            each.signatures.append((row["kind"], row["signature"]))
    return found


def _chosen(held: list[tuple[str, str]]) -> tuple[Mapping[str, Any], ...]:
    """Return the first signature of each technique, then the newest ones.

    Of MS/MS those least like each other, so that another laboratory's energy meets its own.
    """
    first = dict(reversed(held))
    rest = [text for kind, text in held[::-1] if kind != MSMS]
    texts = dict.fromkeys([*(first[kind] for kind, _ in held), *_energies(held), *rest])
    return tuple(canonical.parsed(text) for text in list(texts)[:MOST_SIGNATURES])


def _energies(held: list[tuple[str, str]]) -> list[str]:
    from spectra import unknown_tandem

    texts = list(dict.fromkeys(text for kind, text in held if kind == MSMS))
    texts = [*texts[:1], *texts[1:][-MOST_ENERGIES:]]
    fragments = [unknown_tandem.parsed(canonical.parsed(text)) for text in texts]
    return [texts[at] for at in unknown_tandem.unlike_first(fragments, MOST_SIGNATURES)]


def _changed(lab: Lab, first: str, last: str) -> frozenset[str]:
    rows = records.rows(
        lab.db, "SELECT code, other FROM unknown_act WHERE at>=? AND at<?", first, last
    )
    return frozenset(code for row in rows for code in (row["code"], row["other"]) if code)


def requests(lab: Lab, start: datetime, end: datetime) -> tuple[ReportedRequest, ...]:
    """Return the requests open at ``end`` or answered in the period, the oldest first."""
    first, last = clock.stamp(start), clock.stamp(end)
    found = records.rows(
        lab.db,
        "SELECT r.*, f.match AS match FROM candidate_request r JOIN finding f ON f.id=r.finding "
        "WHERE r.at<? AND (r.answered_at='' OR r.answered_at>=?) AND f.verdict<>'dismissed' "
        "ORDER BY r.seq",
        last,
        first,
    )
    return tuple(_request(row, last) for row in found)


def _request(row: dict[str, Any], end: str) -> ReportedRequest:
    from lims import statements

    candidate = statements.candidate(canonical.parsed(row["match"])) or {}
    known = bool(row["answered_at"]) and row["answered_at"] < end
    return ReportedRequest(
        sample=row["sample"],
        class_name=str(candidate.get("class") or ""),
        sent_to=row["sent_to"],
        sent_at=records.moment(row["at"]),
        answer=Answer(row["answer"]) if known else None,
        substance=row["substance"] if known else "",
        reference=row["reference"] if known else "",
        answered_at=records.moment(row["answered_at"]) if known else None,
    )
