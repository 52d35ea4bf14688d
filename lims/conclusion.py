"""What a sample's reviewed findings support, by the encoded rule: level, text, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lims import (
    alerts,
    bench_tests,
    class_support,
    drawn,
    fields,
    holds,
    records,
    rules,
    statements,
    unknown_naming,
)
from lims.act import Act
from lims.class_support import Supported
from lims.drawn import Drawn, Evidence
from lims.errors import StateError
from lims.lab import Lab
from lims.model import Conclusion, Finding, FindingState
from lims.workflow import Verb


def conclude(lab: Lab, actor: str, sample: str, *, reason: str = "", key: str = "") -> Conclusion:
    """Draw the conclusion of a sample from its reviewed findings and write it.

    When nothing changed since the last one, that one is returned and nothing is written.

    Raises
    ------
    StateError
        No finding of the sample was reviewed, one still waits for review, or the results of an
        instrument are held.
    NotFoundError, PermissionDenied, BusyError, StorageFullError
    """
    why = fields.paragraph(reason, "the reason")
    with lab.writing(actor, key) as act:
        act.allow(Verb.CONCLUDE)
        row = records.sample_row(act.db, sample)
        first = act.repeated("conclusion.made")
        if first is not None:
            return records.conclusion(act.db, first.seq)
        reviewed = _reviewed(act, str(row["number"]))
        runs = [finding.run for finding in reviewed]
        holds.require_free(act.db, runs, f"{row['number']} cannot be concluded")
        before = records.as_sample(act.db, row).conclusion
        return _concluded(act, row, reviewed, before, why)


def redraw(act: Act, sample: str, reason: str) -> None:
    """Conclude a concluded sample anew inside an act, where its reviewed findings say otherwise."""
    row = records.sample_row(act.db, sample)
    before = records.as_sample(act.db, row).conclusion
    found = records.findings(act.db, sample)
    reviewed = [each for each in found if each.state is FindingState.REVIEWED]
    if before is not None and reviewed:
        _concluded(act, row, reviewed, before, reason)


def _concluded(
    act: Act,
    row: dict[str, Any],
    reviewed: Sequence[Finding],
    before: Conclusion | None,
    reason: str,
) -> Conclusion:
    """Write what the findings support, unless it stands already, and tell of a change."""
    number = str(row["number"])
    evidence = _evidence(act, number, reviewed)
    found = drawn.draw(evidence)
    used = tuple(finding.id for finding in reviewed)
    if before is not None and _same(before, used, found):
        return before
    event = act.append(
        "conclusion.made",
        {
            "sample": number,
            "level": found.level.value,
            "text": found.text,
            "substances": list(found.substances),
            "classes": list(found.classes),
            "findings": list(used),
            "tests": list(found.tests),
            "missing": list(found.missing),
            "limitations": list(found.limitations),
            "rule": evidence.rules.label,
            "basis": _basis(reviewed),
            "reason": reason or _why(before, used),
        },
    )
    _tell_a_change(act, row, before, found)
    unknown_naming.after_conclusion(act, number, found.level, found.substances)
    return records.conclusion(act.db, event.seq)


def _evidence(act: Act, number: str, reviewed: Sequence[Finding]) -> Evidence:
    portions = {each.id: each for each in records.portions(act.db, number)}
    return Evidence(
        findings=reviewed,
        tests=bench_tests.tests(act.db, number),
        portions={
            run.id: portions[run.portion]
            for run in records.runs(act.db, number)
            if run.portion in portions
        },
        # The edition of the day the conclusion is drawn, in the lab's own calendar.
        rules=rules.in_force(act.at.astimezone(act.lab.zone).date()),
    )


def _same(before: Conclusion, used: tuple[str, ...], found: Drawn) -> bool:
    said = (before.findings, before.text, before.tests, before.limitations)
    return said == (used, found.text, found.tests, found.limitations)


def _reviewed(act: Act, number: str) -> list[Finding]:
    found = records.findings(act.db, number)
    tests = bench_tests.tests(act.db, number)
    waiting = [f.id for f in found if f.state is FindingState.SUBMITTED]
    waiting += [t.id for t in tests if t.state is FindingState.SUBMITTED]
    if waiting:
        raise StateError(
            f"{number}: {', '.join(waiting)} still waits for review",
            hint="A second person accepts it or sends it back first.",
        )
    reviewed = [f for f in found if f.state is FindingState.REVIEWED]
    if not reviewed:
        raise StateError(
            f"{number} has no reviewed finding to conclude from",
            hint="Record a run and have it reviewed by a second person.",
        )
    return reviewed


def _basis(reviewed: Sequence[Finding]) -> dict[str, Any]:
    """Return what the conclusion rests on, for reports: techniques, libraries, the candidate."""
    libraries = [
        f"{each.get('name')} {each.get('version')}"
        for finding in reviewed
        for each in finding.match.get("libraries") or ()
    ]
    standing = [f for f in reviewed if f.verdict != "dismissed"]
    candidates = [statements.candidate(finding.match) for finding in standing]
    candidates += [each.analogue for each in _raised(reviewed)]
    return {
        "techniques": list(dict.fromkeys(finding.technique for finding in reviewed)),
        "libraries": list(dict.fromkeys(libraries)),
        "candidate": next((each for each in candidates if each is not None), None),
        "training": any(bool(finding.match.get("training")) for finding in reviewed),
    }


def _raised(reviewed: Sequence[Finding]) -> list[Supported]:
    said = [(each, told) for each in reviewed for told in statements.of_match(each.match)]
    return [each for each in class_support.combined(said) if each.raised]


def _why(before: Conclusion | None, used: tuple[str, ...]) -> str:
    if before is None:
        return "first conclusion"
    new = [finding for finding in used if finding not in before.findings]
    return f"new reviewed findings: {', '.join(new)}" if new else "a verdict was changed"


def _tell_a_change(act: Act, row: dict[str, Any], before: Conclusion | None, found: Drawn) -> None:
    """Tell those who read the earlier answer when the new one names something else."""
    if before is None or set(before.substances) == set(found.substances):
        return
    alerts.raise_alert(
        act,
        row,
        kind="changed_answer",
        headline=f"the answer on sample {row['number']} has changed",
        detail=f"before: {before.text}; now: {found.text}",
    )
