"""Stored findings read against the law once more: what a changed rule changes, and who is told.

A finding is never rewritten. A review compares the legal reading each finding had with what the
rules give now, writes the differences as one event, and raises a notice on every sample touched.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from lims import alerts, canonical, clock, law, records, workflow
from lims.model import FindingState
from lims.statements import NAMED
from lims.workflow import Verb

if TYPE_CHECKING:
    from libraries.legal_rules import RuleSet
    from lims.lab import Lab

NOTHING = "does not apply"
UNSEEN = "(hazard notice not seen yet)"
_MAX_NOTICE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One rule that reads one finding differently now.

    Parameters
    ----------
    sample, finding : str
    kind, subject : str
        ``substance`` with its name, or ``class`` where no substance was named.
    rule, jurisdiction, title : str
        The rule's id, whose it is, its name in words.
    old, new : str
        The readings in words, for example ``not yet in force`` and ``applies (E)``.
    old_revision, new_revision : int
        0 for the rule that the software brings, else the lab's import.
    """

    sample: str
    finding: str
    kind: str
    subject: str
    rule: str
    jurisdiction: str
    title: str
    old: str
    new: str
    old_revision: int
    new_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a review found.

    Parameters
    ----------
    day : str
        ISO day the law is read for.
    rule_set : str
        Digest of the rules.
    findings : int
        How many were read.
    changes : tuple of Change
    unread : tuple of str
        Substances named by findings whose structure stands in no table: nothing can be said.
    recorded : bool
        Whether this was written to the record, by this call.
    """

    day: str
    rule_set: str
    findings: int
    changes: tuple[Change, ...]
    unread: tuple[str, ...]
    recorded: bool = False


Reading = Mapping[str, Mapping[str, Any]]
"""Rule id -> what it says: ``said`` in words and ``revision``; rules that say no are left out."""


def review(lab: Lab, *, day: str = "") -> Review:
    """Return what the rules of today say of stored findings, where it differs from before.

    ``day`` is an ISO day; today in the lab's time zone if empty. Writes nothing.
    """
    return _compared(lab, day or today(lab))[0]


def record(lab: Lab, actor: str, *, key: str = "") -> Review:
    """Review, write the differences as one event, and raise a notice on every sample touched.

    Nothing is written where nothing differs from the review before.

    Raises
    ------
    PermissionDenied, RecordError, LibraryError, BusyError, StorageFullError
    """
    workflow.require(records.person(lab.db, actor), Verb.MANAGE_LAW)
    # Reading takes seconds: others may write meanwhile, and only then is it done again.
    head = _head(lab)
    found, readings = _compared(lab, today(lab))
    with lab.writing(actor, key) as act:
        act.allow(Verb.MANAGE_LAW)
        if _head(lab) != head:
            found, readings = _compared(lab, today(lab))
        if act.repeated("law.reviewed") is not None or not (found.changes or readings):
            return found
        act.append(
            "law.reviewed",
            {
                "day": found.day,
                "rule_set": found.rule_set,
                "findings": found.findings,
                "changes": [_plain(each) for each in found.changes],
                "readings": readings,
                "unread": list(found.unread),
            },
        )
        for sample in dict.fromkeys(each.sample for each in found.changes):
            alerts.raise_alert(
                act,
                records.sample_row(act.db, sample),
                kind="law",
                headline=f"the legal reading of sample {sample} has changed",
                detail=_detail([each for each in found.changes if each.sample == sample]),
            )
        return replace(found, recorded=True)


def shown(lab: Lab, found: Review) -> Review:
    """Return a review as it may be shown: no subject of a sample with an unseen hazard notice."""
    unseen = {each.sample for each in alerts.open_alerts(lab) if each.kind == "hazard"}
    changes = tuple(
        replace(each, subject=UNSEEN) if each.sample in unseen else each for each in found.changes
    )
    return replace(found, changes=changes)


def today(lab: Lab) -> str:
    """Return the day it is at the lab."""
    return clock.now().astimezone(lab.zone).date().isoformat()


def _head(lab: Lab) -> int:
    return int(records.value(lab.db, "SELECT max(seq) FROM event") or 0)


def _plain(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in Change.__dataclass_fields__}


def _detail(changes: list[Change]) -> str:
    # No substance is named: whoever reads this may not have seen the sample's hazard notice yet.
    told = [f"{c.finding}: {c.title} ({c.jurisdiction}): {c.old} -> {c.new}" for c in changes]
    more = f"; and {len(told) - _MAX_NOTICE} more" if len(told) > _MAX_NOTICE else ""
    return f"{'; '.join(told[:_MAX_NOTICE])}{more}. The finding itself stands. Not legal advice."


def _compared(lab: Lab, day: str) -> tuple[Review, dict[str, Reading]]:
    """Return the review, and the readings that the record does not hold yet."""
    now = _Law(law.rules(lab))
    last = records.rows(lab.db, "SELECT at FROM law_review ORDER BY seq DESC LIMIT 1")
    reviewed_at = str(last[0]["at"]) if last else ""
    stored = {
        str(row["subject"]): canonical.parsed(row["reading"])
        for row in records.rows(lab.db, "SELECT subject, reading FROM law_reading")
    }
    history = _History(lab)
    changes: list[Change] = []
    fresh: dict[str, Reading] = {}
    unread: dict[str, None] = {}
    count = 0
    for row in _findings(lab):
        count += 1
        for kind, subject in _subjects(row):
            new = now.reading(kind, subject, day)
            if new is None:
                unread[subject] = None
                continue
            place = f"{kind}:{subject}"
            if stored.get(place) != new:
                fresh[place] = new
            is_old = bool(reviewed_at) and str(row["at"]) <= reviewed_at and place in stored
            old = stored[place] if is_old else history.reading(row, kind, subject)
            changes += _differences(now.rules, row, (kind, subject), old or {}, new)
    found = Review(
        day=day,
        rule_set=now.rules.digest,
        findings=count,
        changes=tuple(changes),
        unread=tuple(unread),
    )
    return found, fresh


def _findings(lab: Lab) -> list[dict[str, Any]]:
    return records.rows(
        lab.db,
        "SELECT id, sample, level, substances, classes, at FROM finding "
        "WHERE state NOT IN (?,?) ORDER BY sample, id",
        FindingState.SUPERSEDED.value,
        FindingState.SENT_BACK.value,
    )


def _subjects(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a finding supports: its substances, else the classes it points to."""
    is_named = row["level"] in NAMED
    for name in canonical.parsed(row["substances" if is_named else "classes"]):
        yield ("substance" if is_named else "class"), str(name)


def _differences(
    rules: RuleSet, row: Mapping[str, Any], of: tuple[str, str], old: Reading, new: Reading
) -> Iterator[Change]:
    known = {rule.id: rule for rule in rules}
    for rule_id in sorted({*old, *new}):
        before, after = old.get(rule_id, {}), new.get(rule_id, {})
        if before.get("said", NOTHING) == after.get("said", NOTHING):
            continue
        rule = known.get(rule_id)
        yield Change(
            sample=str(row["sample"]),
            finding=str(row["id"]),
            kind=of[0],
            subject=of[1],
            rule=rule_id,
            jurisdiction=rule.jurisdiction if rule else "",
            title=rule.rule if rule else rule_id,
            old=str(before.get("said", NOTHING)),
            new=str(after.get("said", NOTHING)),
            old_revision=int(before.get("revision", 0)),
            new_revision=rule.revision if rule else 0,
        )


@dataclass(slots=True)
class _Law:
    """One set of rules and what it said already: days between two changes of law are one day."""

    rules: RuleSet
    _days: list[str] = field(default_factory=list)
    _said: dict[tuple[str, str, str], Reading | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._days = sorted(set(_turning_days(self.rules)))

    def reading(self, kind: str, subject: str, day: str) -> Reading | None:
        """Return what the rules say, or None for a substance whose structure is not known."""
        at = bisect.bisect_right(self._days, day)
        since = self._days[at - 1] if at else date.min.isoformat()
        key = (kind, subject, since)
        if key not in self._said:
            said = self._of_class if kind == "class" else self._of_substance
            self._said[key] = said(subject, since)
        return self._said[key]

    def _of_substance(self, name: str, day: str) -> Reading | None:
        from libraries import legal, substances
        from libraries.legal import Outcome

        row = substances.table().find(name)
        if row is None:
            return None
        return {
            each.id: {"said": _said(each.outcome.value, each.letters), "revision": each.revision}
            for each in legal.classify(row.smiles, day=day, rules=self.rules).rules
            if each.meets_structure or each.outcome is Outcome.OPEN
        }

    def _of_class(self, name: str, day: str) -> Reading:
        return {
            rule.id: {"said": "concerns this class", "revision": rule.revision}
            for rule in self.rules
            if name in rule.classes and rule.on(day)[1]
        }


def _said(outcome: str, letters: tuple[str, ...]) -> str:
    return f"{outcome} ({', '.join(letters)})" if letters else outcome


def _turning_days(rules: RuleSet) -> Iterator[str]:
    for rule in rules:
        for version in rule.versions:
            yield version.valid_from
            if version.valid_to:
                yield version.valid_to
            if version.test["kind"] == "listed":
                entries = version.test["entries"]
                yield str(version.test.get("as_of", version.valid_from))
                for entry in entries if isinstance(entries, list) else ():
                    yield from (str(entry[k]) for k in ("since", "until") if entry.get(k))


@dataclass(slots=True)
class _History:
    """The law as it stood in this lab on the day of each finding."""

    lab: Lab
    _imports: list[str] = field(default_factory=list)
    _sets: dict[str, _Law] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = records.rows(self.lab.db, "SELECT DISTINCT at FROM law_rule ORDER BY at")
        self._imports = [str(row["at"]) for row in found]

    def reading(self, row: Mapping[str, Any], kind: str, subject: str) -> Reading | None:
        """Return what the rules of a finding's day said of a substance or class."""
        moment = str(row["at"])
        at = bisect.bisect_right(self._imports, moment)
        stamp = self._imports[at - 1] if at else "0"
        if stamp not in self._sets:
            self._sets[stamp] = _Law(law.rules(self.lab, at=stamp))
        day = records.moment(moment).astimezone(self.lab.zone).date().isoformat()
        return self._sets[stamp].reading(kind, subject, day)
