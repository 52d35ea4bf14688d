"""What a sample's reviewed findings support, by the encoded rule: level, text, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lims import alerts, fields, records, rules, statements
from lims.act import Act
from lims.errors import StateError
from lims.lab import Lab
from lims.model import Conclusion, ConclusionLevel, Finding, FindingState
from lims.statements import NAMED, Statement
from lims.workflow import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A conclusion before it is written."""

    level: ConclusionLevel
    text: str
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    missing: tuple[str, ...]


def conclude(lab: Lab, actor: str, sample: str, *, reason: str = "", key: str = "") -> Conclusion:
    """Draw the conclusion of a sample from its reviewed findings and write it.

    When nothing changed since the last one, that one is returned and nothing is written.

    Raises
    ------
    StateError
        No finding of the sample was reviewed, or one still waits for review.
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
        drawn = draw(reviewed)
        before = records.as_sample(act.db, row).conclusion
        used = tuple(finding.id for finding in reviewed)
        if before is not None and (before.findings, before.text) == (used, drawn.text):
            return before
        event = act.append(
            "conclusion.made",
            {
                "sample": row["number"],
                "level": drawn.level.value,
                "text": drawn.text,
                "substances": list(drawn.substances),
                "classes": list(drawn.classes),
                "findings": list(used),
                "missing": list(drawn.missing),
                "rule": rules.current().label,
                "basis": _basis(reviewed),
                "reason": why or _why(before, used),
            },
        )
        _tell_a_change(act, row, before, drawn)
        return records.conclusion(act.db, event.seq)


def draw(reviewed: Sequence[Finding]) -> Drawn:
    """Return what reviewed findings support. Pure.

    Every named substance is judged by itself; the sample's level is the weakest of them, so that
    nothing is called confirmed beside what is not.
    """
    said = [
        (finding, statement)
        for finding in reviewed
        for statement in statements.of_match(finding.match)
        if not (finding.verdict == "dismissed" and statement.state == "analogue_candidate")
    ]
    named = _named(said)
    candidates = _classes(said, "analogue_candidate")
    classes = _classes(said, "class_only")
    if named:
        return _drawn_named(named, said, candidates, classes)
    beside = tuple(dict.fromkeys((*candidates, *classes)))
    text = "; ".join(_candidate_text(c) for c in candidates)
    if candidates or any(s.state == "analogue_candidate" for _, s in said):
        return Drawn(
            level=ConclusionLevel.CANDIDATE,
            text=text or _candidate_text(""),
            substances=(),
            classes=beside,
            missing=("a reference standard of the substance",),
        )
    if classes:
        return Drawn(
            level=ConclusionLevel.INCONCLUSIVE,
            text=f"class indicated: {', '.join(classes)}; substance not identified",
            substances=(),
            classes=classes,
            missing=("a technique that identifies the substance",),
        )
    if any(statement.state in ("no_match", "unexplained") for _, statement in said):
        return Drawn(
            level=ConclusionLevel.NO_MATCH,
            text="no match in the libraries searched",
            substances=(),
            classes=(),
            missing=("a library that holds it, or another technique",),
        )
    return Drawn(
        level=ConclusionLevel.INCONCLUSIVE,
        text="cannot say: nothing could be compared",
        substances=(),
        classes=(),
        missing=("a better spectrum, or a calibrated library of this technique",),
    )


def _drawn_named(
    named: dict[frozenset[str], list[tuple[Finding, Statement]]],
    said: Sequence[tuple[Finding, Statement]],
    candidates: tuple[str, ...],
    classes: tuple[str, ...],
) -> Drawn:
    levels: dict[frozenset[str], ConclusionLevel] = {}
    missing: list[str] = []
    for group, supports in named.items():
        results = [
            rules.Result(
                technique=finding.technique,
                substances=_left_open(statement, group),
                reviewed=finding.state is FindingState.REVIEWED,
                raw_kept=True,  # a run cannot be recorded without its raw file
            )
            for finding, statement in supports
        ]
        levels[group], lacking = rules.conclusion_allowed(results)
        several = len(named) > 1
        missing += [f"{_words(group)}: {item}" if several else item for item in lacking]
    confirmed = all(level is ConclusionLevel.CONFIRMED for level in levels.values())
    level = ConclusionLevel.CONFIRMED if confirmed else ConclusionLevel.PRESUMPTIVE
    parts = [_candidate_text(name) for name in candidates]
    parts += [f"{level.value}: {', '.join(_words(group) for group in named)}"]
    if any(s.state == "analogue_candidate" for _, s in said):
        # A cut that was named must not hide that the drug beside it stands in no library.
        return Drawn(
            level=ConclusionLevel.CANDIDATE,
            text="; ".join(parts if candidates else (_candidate_text(""), *parts)),
            substances=(),
            classes=tuple(dict.fromkeys((*candidates, *classes))),
            missing=("a reference standard of the substance", *dict.fromkeys(missing)),
        )
    class_names = [s.class_name for _, s in said if s.class_name]
    return Drawn(
        level=level,
        text="; ".join(parts),
        substances=tuple(sorted({name for group in named for name in group})),
        classes=tuple(dict.fromkeys((*class_names, *candidates, *classes))),
        missing=tuple(dict.fromkeys(missing)),
    )


def _named(
    said: Sequence[tuple[Finding, Statement]],
) -> dict[frozenset[str], list[tuple[Finding, Statement]]]:
    """Group what was named: a group narrows to the member another technique names alone."""
    alone = {s.substances[0] for _, s in said if s.state == "match"}
    alone |= {name for _, s in said if s.state == "mixture" for name in s.substances}
    groups: dict[frozenset[str], list[tuple[Finding, Statement]]] = {}
    for finding, statement in said:
        if statement.state not in NAMED:
            continue
        members = statement.substances
        parts: list[frozenset[str]] = [frozenset((name,)) for name in members]
        if statement.is_group:
            singled = [name for name in members if name in alone]
            parts = [frozenset(singled if len(singled) == 1 else members)]
        for part in parts:
            groups.setdefault(part, []).append((finding, statement))
    return groups


def _left_open(statement: Statement, group: frozenset[str]) -> frozenset[str]:
    """Return what the technique leaves possible: never less than it could not exclude."""
    if statement.is_group:
        return frozenset(statement.substances)
    return group | frozenset(statement.isomers)


def _classes(said: Sequence[tuple[Finding, Statement]], state: str) -> tuple[str, ...]:
    found = (s.class_name for _, s in said if s.state == state and s.class_name)
    return tuple(dict.fromkeys(found))


def _candidate_text(class_name: str) -> str:
    return f"not in library: candidate analogue of {class_name or 'a known class'}"


def _words(group: frozenset[str]) -> str:
    names = sorted(group)
    return names[0] if len(names) == 1 else f"one of {', '.join(names)}"


def _reviewed(act: Act, number: str) -> list[Finding]:
    found = records.findings(act.db, number)
    waiting = [f.id for f in found if f.state is FindingState.SUBMITTED]
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
    candidates = (statements.candidate(finding.match) for finding in standing)
    return {
        "techniques": list(dict.fromkeys(finding.technique for finding in reviewed)),
        "libraries": list(dict.fromkeys(libraries)),
        "candidate": next((each for each in candidates if each is not None), None),
        "training": any(bool(finding.match.get("training")) for finding in reviewed),
    }


def _why(before: Conclusion | None, used: tuple[str, ...]) -> str:
    if before is None:
        return "first conclusion"
    new = [finding for finding in used if finding not in before.findings]
    return f"new reviewed findings: {', '.join(new)}" if new else "a verdict was changed"


def _tell_a_change(act: Act, row: dict[str, Any], before: Conclusion | None, drawn: Drawn) -> None:
    """Tell those who read the earlier answer when the new one names something else."""
    if before is None or set(before.substances) == set(drawn.substances):
        return
    alerts.raise_alert(
        act,
        row,
        kind="changed_answer",
        headline=f"the answer on sample {row['number']} has changed",
        detail=f"before: {before.text}; now: {drawn.text}",
    )
