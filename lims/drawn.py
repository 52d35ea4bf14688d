"""What reviewed findings and tests of a sample support, by the encoded rule. Pure.

Level, text, what is missing and what must be said beside it; `lims.conclusion` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lims import bench_tests, class_support, rules, statements
from lims.bench_tests import BenchTest
from lims.class_support import Supported
from lims.instrument_condition import confirms_nothing
from lims.model import ConclusionLevel, Finding, FindingState, Portion
from lims.rules import Result, Rules
from lims.statements import NAMED, Statement

_VIBRATIONAL = frozenset(("raman", "ftir"))
_DRUG_FIRST = ("drug", "precursor", "adulterant", "diluent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a conclusion is drawn from.

    ``portions`` are keyed by the run they were measured in; a run without one is not in it.
    """

    findings: Sequence[Finding]
    tests: Sequence[BenchTest] = ()
    portions: Mapping[str, Portion] = field(default_factory=dict)
    rules: Rules = field(default_factory=rules.current)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A conclusion before it is written."""

    level: ConclusionLevel
    text: str
    substances: tuple[str, ...]
    classes: tuple[str, ...]
    missing: tuple[str, ...]
    limitations: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


def draw(evidence: Evidence) -> Drawn:
    """Return what reviewed findings support.

    Every named substance is judged by itself; the sample's level is the weakest of them, so that
    nothing is called confirmed beside what is not.
    """
    every = [
        (finding, statement)
        for finding in evidence.findings
        for statement in statements.of_match(finding.match)
    ]
    said = [
        (finding, statement)
        for finding, statement in every
        if not (finding.verdict == "dismissed" and statement.state == "analogue_candidate")
    ]
    named = _named(said)
    supported = class_support.combined(every)
    raised = tuple(each.class_name for each in supported if each.raised)
    candidates = tuple(dict.fromkeys((*_classes(said, "analogue_candidate"), *raised)))
    classes = _classes(said, "class_only")
    if named:
        drawn = _drawn_named(evidence, named, said, candidates, classes)
        return replace(drawn, limitations=_with_support(drawn.limitations, supported))
    return _drawn_unnamed(said, candidates, classes, supported)


def _drawn_unnamed(
    said: Sequence[tuple[Finding, Statement]],
    candidates: tuple[str, ...],
    classes: tuple[str, ...],
    supported: Sequence[Supported],
) -> Drawn:
    beside = tuple(dict.fromkeys((*candidates, *classes)))
    text = "; ".join(_candidate_text(c) for c in candidates)
    if candidates or any(s.state == "analogue_candidate" for _, s in said):
        return Drawn(
            level=ConclusionLevel.CANDIDATE,
            text=text or _candidate_text(""),
            substances=(),
            classes=beside,
            missing=("a reference standard of the substance",),
            limitations=_with_support((), supported),
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
    evidence: Evidence,
    named: dict[frozenset[str], list[tuple[Finding, Statement]]],
    said: Sequence[tuple[Finding, Statement]],
    candidates: tuple[str, ...],
    classes: tuple[str, ...],
) -> Drawn:
    levels: list[ConclusionLevel] = []
    missing: list[str] = []
    limits: list[str] = []
    groups = sorted(named, key=_order)
    for group in groups:
        results = _results(evidence, group, named[group])
        level, lacking = rules.conclusion_allowed(results, evidence.rules)
        levels.append(level)
        beside = (*_rests_on(evidence, named[group]), *rules.limitations(results))
        several = len(named) > 1
        missing += [f"{_words(group)}: {item}" if several else item for item in lacking]
        limits += [f"{_words(group)}: {item}" if several else item for item in beside]
    confirmed = all(level is ConclusionLevel.CONFIRMED for level in levels)
    level = ConclusionLevel.CONFIRMED if confirmed else ConclusionLevel.PRESUMPTIVE
    parts = [_candidate_text(name) for name in candidates]
    parts += [f"{level.value}: {', '.join(_words(group) for group in groups)}"]
    tests = tuple(
        test.id
        for test in evidence.tests
        if any(bench_tests.bearing_on([test], group, evidence.rules) for group in groups)
    )
    if candidates or any(s.state == "analogue_candidate" for _, s in said):
        # A cut that was named must not hide that the drug beside it stands in no library.
        return Drawn(
            level=ConclusionLevel.CANDIDATE,
            text="; ".join(parts if candidates else (_candidate_text(""), *parts)),
            substances=(),
            classes=tuple(dict.fromkeys((*candidates, *classes))),
            missing=("a reference standard of the substance", *dict.fromkeys(missing)),
            limitations=tuple(dict.fromkeys(limits)),
            tests=tests,
        )
    class_names = [s.class_name for _, s in said if s.class_name]
    return Drawn(
        level=level,
        text="; ".join(parts),
        substances=tuple(sorted({name for group in named for name in group})),
        classes=tuple(dict.fromkeys((*class_names, *candidates, *classes))),
        missing=tuple(dict.fromkeys(missing)),
        limitations=tuple(dict.fromkeys(limits)),
        tests=tests,
    )


def _with_support(limitations: tuple[str, ...], supported: Sequence[Supported]) -> tuple[str, ...]:
    return (*limitations, *(each.text for each in supported))


def _results(
    evidence: Evidence, group: frozenset[str], supports: Sequence[tuple[Finding, Statement]]
) -> list[Result]:
    found = [
        Result(
            technique=finding.technique,
            substances=_left_open(statement, group),
            reviewed=finding.state is FindingState.REVIEWED,
            raw_kept=True,  # a run cannot be recorded without its raw file
            verified=not confirms_nothing(finding.match),
            # Chromatography takes a mixture apart before its spectra; a laser does not.
            resolved=not (statement.state == "mixture" and finding.technique in _VIBRATIONAL),
            portion=_portion_id(evidence, finding),
        )
        for finding, statement in supports
    ]
    return [*found, *bench_tests.bearing_on(evidence.tests, group, evidence.rules)]


def _rests_on(evidence: Evidence, supports: Sequence[tuple[Finding, Statement]]) -> list[str]:
    """Say that a name rests on an extract, where the neat portion did not show it."""
    showing = {finding.run for finding, _ in supports}
    portions = {run: portion for run, portion in evidence.portions.items() if run in showing}
    if len(portions) < len(showing) or any(not each.solvents for each in portions.values()):
        return []
    extracts = {each.id: each for each in portions.values()}
    others = [f for f in evidence.findings if f.run not in showing]
    plain = [f for f in others if not (p := evidence.portions.get(f.run)) or not p.solvents]
    words = ", ".join(f"{i} in {' and '.join(p.solvents)}" for i, p in sorted(extracts.items()))
    said = [f"rests on the extract ({words})"]
    if plain:
        neat = ", ".join(sorted({_portion_id(evidence, f) or f.run for f in plain}))
        said[0] += f"; the material as received ({neat}) did not show it"
    return said


def _portion_id(evidence: Evidence, finding: Finding) -> str:
    portion = evidence.portions.get(finding.run)
    return "" if portion is None else portion.id


def _order(group: frozenset[str]) -> tuple[str, int, tuple[str, ...]]:
    """Put the more dangerous first, a drug before what it is cut with, then by name."""
    from libraries import substances

    table = substances.table()
    found = [each for name in group if (each := table.find(name)) is not None]
    hazard = min((each.hazard_group for each in found if each.hazard_group), default="H9")
    role = min(
        (_DRUG_FIRST.index(each.role) for each in found if each.role in _DRUG_FIRST), default=9
    )
    return hazard, role, tuple(sorted(group))


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
