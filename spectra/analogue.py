"""Whether an unidentified mass spectrum is built like a known class: pure reasoning on given facts.

Hybrid hits, class labels, ion rules and mass changes come in as data. A class may come out, with
the evidence and what speaks against it; a name of a substance never does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations_with_replacement

from spectra.analogue_facts import (
    AnalogueAssessment,
    AnalogueState,
    ClassVote,
    MassChange,
    Nearest,
    Question,
    ReferenceHit,
)
from spectra.class_evidence import HANDICAP_MASS_UNKNOWN, ClassScore, Ranking, rank
from spectra.class_ions import ChainFit, IonEvidence, IonRule, weigh_ions
from spectra.mass_scores import HybridMatch, UnitSpectrum, hybrid

# Measured with every spectrum of the query's formula hidden, mass known: 95 % of fentanyls score at
# least 0.75 against their best relative and lead the best hit outside the class by 0.07. Unrelated
# compounds reach 0.76 in the median, so rank and gap decide, not the score alone.
MIN_SCORE_A = 0.75
MIN_SCORE_B = 0.60
# Between the first class and the next, as `spectra.class_evidence` scores them. A candidate is
# moreover never behind what is outside every class. With both, one of 833 background spectra became
# a candidate, and of 1,300 drug spectra one in a hundred one of a wrong class.
MIN_LEAD = 0.05
MIN_CLASS_IONS = 2
# Farther apart than this two molecules share too little for a shift to show it: what they have in
# common then is chance among a few strong ions. Plain similarity counts at any distance.
MAX_SHIFT = 150
_N_NEAREST = 5
_N_EXPLANATIONS = 6


def assess(question: Question) -> AnalogueAssessment:
    """Return the class a spectrum is built like, how sure that is, and what speaks against it.

    Only for spectra that were *not* identified. Two independent kinds of evidence make a
    candidate: the class leads the hybrid hits by a clear gap, and the class's own ions are there
    (or another technique supports the class). One kind alone is a class note.

    Grade A needs a measured mass, a hybrid score of at least 0.75, a shift explained by at most
    two listed changes, two class ions, and no doubt about the spectrum. Everything else is B.
    """
    near = [hit for hit in question.hybrid_hits if abs(hit.mass_shift) <= MAX_SHIFT]
    ranking = ranked_classes(question)
    first = ranking.first
    if first is None or first.leader.score < MIN_SCORE_B:
        return _from_ions_alone(question)
    mass = _mass_of(question.mass, first.leader)
    ions = None if first.rule is None else weigh_ions(first.rule, question.spectrum, mass)
    leads = _leads(question, near, ranking, first)
    return _from_hits(question, near, first, ions, leads=leads)


def ranked_classes(question: Question) -> Ranking:
    """Return the classes in the order of all evidence of one mass spectrum."""
    near = [hit for hit in question.hybrid_hits if abs(hit.mass_shift) <= MAX_SHIFT]
    if question.mass is None:
        return rank(near, question.rules, question.by_role, handicap=HANDICAP_MASS_UNKNOWN)
    votes = {label: vote.ahead for label, vote in question.votes.items()}
    return rank(near, question.rules, question.by_role, votes)


def _leads(
    question: Question, near: Sequence[ReferenceHit], ranking: Ranking, first: ClassScore
) -> bool:
    """Whether the class leads by enough, and the hybrid hits alone put it first too.

    The model's vote rests on ions, as the class's ion rule does: it may widen a lead, but a class
    that only the ions put first has one kind of evidence.
    """
    if ranking.lead < MIN_LEAD or ranking.ahead_of_outside < 0:
        return False
    strangers = (h.score for h in question.direct_hits if not h.class_name)
    if max(strangers, default=0.0) > first.leader.score:
        return False
    alone = rank(near, question.rules, question.by_role).first
    return alone is not None and alone.labels == first.labels


def explain_shift(shift: int, changes: Sequence[MassChange]) -> tuple[str, ...]:
    """Return the listed changes, or pairs of changes, that make a mass shift; single ones first."""
    if shift == 0:
        return ("no change of mass: an isomer of the nearest",)
    single = [_worded(change) for change in changes if change.delta_da == shift]
    if single:
        return tuple(single[:_N_EXPLANATIONS])
    pairs = [
        f"{_worded(one)} and {_worded(other)}"
        for one, other in combinations_with_replacement(changes, 2)
        if one.delta_da + other.delta_da == shift and not (one.caution or other.caution)
    ]
    return tuple(pairs[:_N_EXPLANATIONS])


def _worded(change: MassChange) -> str:
    caution = f" ({change.caution})" if change.caution else ""
    return f"{change.delta_da:+d} {change.change}{caution}"


def _mass_of(measured: float | None, leader: ReferenceHit) -> int | None:
    if measured is not None:
        return _nominal(measured)
    known = _nominal(leader.mass)
    return None if known is None else known + leader.mass_shift


def _nominal(mass: float | None) -> int | None:
    return int(mass + 0.5) if mass is not None and math.isfinite(mass) and mass > 0 else None


def _of_class(hits: Sequence[ReferenceHit], members: frozenset[str]) -> list[ReferenceHit]:
    seen: set[str] = set()
    found = []
    for hit in hits:
        if (hit.class_name or "").lower() in members and hit.substance not in seen:
            seen.add(hit.substance)
            found.append(hit)
    return found


def _rival(
    near: Sequence[ReferenceHit], direct: Sequence[ReferenceHit], members: frozenset[str]
) -> ReferenceHit | None:
    """Return the best hit outside the class, with a shift or without."""
    outside = [hit for hit in (*near, *direct) if (hit.class_name or "").lower() not in members]
    return max(outside, key=lambda hit: hit.score, default=None)


def _from_hits(
    question: Question,
    near: Sequence[ReferenceHit],
    first: ClassScore,
    ions: IonEvidence | None,
    *,
    leads: bool,
) -> AnalogueAssessment:
    rule, leader, members = first.rule, first.leader, first.labels
    class_name = rule.class_name if rule is not None else first.label
    vote = next((question.votes[each] for each in sorted(members) if each in question.votes), None)
    kin = _of_class(near, members)
    rival = _rival(near, question.direct_hits, members if rule is None else members | rule.kin)
    gap = leader.score - rival.score if rival is not None else leader.score
    explanations = explain_shift(leader.mass_shift, question.changes)
    match = _ion_match(question.spectrum, leader)
    changed = _changed_sites(rule, ions)
    has_ions = _has_ions(question, ions, vote)
    supported = any(named.lower() in members for named in question.other_evidence)
    evidence = _evidence(
        leader, (leads, gap), rival, ions, class_name, vote=vote, supported=supported
    )
    against = _against(question, leader, rival, (leads, gap), rule, ions, explanations)
    if vote is not None and vote.ahead < 0:
        against = (*against, f"the ions learned from {vote.n} of the class speak against it")

    if not (leads or has_ions or supported):
        return AnalogueAssessment(against=against)
    grade = None
    if leads and (has_ions or supported):
        grade = _grade(question, leader, rule, ions, explanations)
    state = AnalogueState.CLASS_ONLY if grade is None else AnalogueState.ANALOGUE_CANDIDATE
    return AnalogueAssessment(
        class_name=class_name,
        candidate_grade=grade,
        state=state,
        nearest=tuple(
            Nearest(name=hit.name, score=float(hit.score), mass_shift=hit.mass_shift)
            for hit in kin[:_N_NEAREST]
        ),
        mass_shift=leader.mass_shift,
        explanations=explanations,
        shared_ions=match.direct_mz,
        shifted_ions=match.shifted_mz,
        class_ions=_ion_words(ions),
        site="; ".join(changed) or None,
        sites=changed,
        evidence=evidence,
        against=against,
    )


def _has_ions(question: Question, ions: IonEvidence | None, vote: ClassVote | None) -> bool:
    """Whether the class's ions are there, by its rule or by what was learned.

    Without a measured mass a rule looks for fragments of a mass that the class itself implies, and
    in a mixture some ion stands there by chance. Then the rule counts only where the learned ions,
    which are the same spectrum seen whole, do not speak against the class: of 1,500 mixtures of
    substances that no library held this halved the false candidates.
    """
    if vote is not None and vote.speaks:
        return True
    contradicted = question.mass is None and vote is not None and vote.ahead < 0
    return ions is not None and ions.met and not contradicted


def _grade(
    question: Question,
    leader: ReferenceHit,
    rule: IonRule | None,
    ions: IonEvidence | None,
    explanations: tuple[str, ...],
) -> str:
    sure = (
        question.mass is not None
        and leader.score >= MIN_SCORE_A
        and bool(explanations)
        and ions is not None
        and len(ions.ions) >= MIN_CLASS_IONS
        and not question.quality_reasons
        and (rule is None or rule.measured)
    )
    return "A" if sure else "B"


def _from_ions_alone(question: Question) -> AnalogueAssessment:
    """Return a class note from ions that rarely occur elsewhere, or from another technique."""
    mass = _nominal(question.mass)
    for rule in question.rules:
        supported = any(named.lower() in rule.labels for named in question.other_evidence)
        ions = weigh_ions(rule, question.spectrum, mass)
        if not supported and not (rule.alone and ions.met):
            continue
        against = ["nothing of this class in the library is like it"]
        if not rule.measured:
            against.append("rule only: its ions were not tried on reference spectra of the class")
        said = [f"ions of the class: {', '.join(_ion_words(ions))}"] if ions.met else []
        if supported:
            said.append("another technique supports the class")
        return AnalogueAssessment(
            class_name=rule.class_name,
            state=AnalogueState.CLASS_ONLY,
            class_ions=_ion_words(ions),
            evidence=tuple(said),
            against=(*against, *question.quality_reasons),
        )
    return AnalogueAssessment()


def _ion_match(query: UnitSpectrum, leader: ReferenceHit) -> HybridMatch:
    if leader.spectrum is None:
        return HybridMatch(score=leader.score, direct_mz=(), shifted_mz=())
    # Only ions a person would point at: a twentieth of the base peak.
    tall = query.intensity >= 0.05 * query.intensity.max(initial=0.0)
    match = hybrid(query, leader.spectrum, leader.mass_shift)
    kept = {int(m) for m in query.mz[tall]}
    return HybridMatch(
        score=match.score,
        direct_mz=tuple(m for m in match.direct_mz if m in kept),
        shifted_mz=tuple(m for m in match.shifted_mz if m in kept),
    )


def _changed_sites(rule: IonRule | None, ions: IonEvidence | None) -> tuple[str, ...]:
    """Name the sites whose fragments moved, only where all three ions of the chain were found."""
    if rule is None or rule.chain is None or ions is None or ions.chain is None:
        return ()
    fit: ChainFit = ions.chain
    if not fit.complete:
        return ()
    moved = zip(
        rule.chain.sites, (fit.tail_change, fit.branch_change, fit.core_change), strict=True
    )
    return tuple(f"{site}, {change:+d}" for site, change in moved if change)


def _ion_words(ions: IonEvidence | None) -> tuple[str, ...]:
    return () if ions is None else tuple(f"{m} {label}" for m, label in ions.ions)


def _evidence(
    leader: ReferenceHit,
    lead: tuple[bool, float],
    rival: ReferenceHit | None,
    ions: IonEvidence | None,
    class_name: str,
    *,
    vote: ClassVote | None,
    supported: bool,
) -> tuple[str, ...]:
    said = []
    leads, gap = lead
    if leads:
        beyond = "nothing outside it was found" if rival is None else _distance(gap, rival)
        said.append(f"hybrid similarity {leader.score:.2f} to a {class_name}, {beyond}")
    if ions is not None and ions.met:
        said.append(f"ions of the class: {', '.join(_ion_words(ions))}")
    if vote is not None and vote.speaks:
        said.append(
            f"ions, losses and ion distances as in {vote.n} known {class_name}s of the library: "
            "at most one in a hundred other substances comes as near"
        )
    if supported:
        said.append("another technique supports the class")
    return tuple(said)


def _distance(gap: float, rival: ReferenceHit) -> str:
    if gap >= 0:
        return f"{gap:.2f} ahead of the best outside the class"
    return f"with {rival.name} outside the class at {rival.score:.2f}, but its ions lead"


def _against(
    question: Question,
    leader: ReferenceHit,
    rival: ReferenceHit | None,
    lead: tuple[bool, float],
    rule: IonRule | None,
    ions: IonEvidence | None,
    explanations: tuple[str, ...],
) -> tuple[str, ...]:
    said = []
    leads, gap = lead
    if rival is not None and not (leads and gap >= 0):
        said.append(f"outside the class {rival.name} reaches {rival.score:.2f}")
    if rule is None:
        said.append("no ion rule is known for this class")
    elif ions is not None and not ions.met:
        said.append("the ions of the class are not all there")
    if rule is not None and not rule.measured:
        said.append("rule only: its ions were not tried on reference spectra of the class")
    if question.mass is None:
        said.append("the molecular mass is only implied: measure it with a soft source")
    if leader.score < MIN_SCORE_A:
        said.append(f"hybrid similarity {leader.score:.2f} is below {MIN_SCORE_A}")
    if not explanations:
        said.append(f"a mass shift of {leader.mass_shift:+d} is not made by two listed changes")
    if not leader.class_from_structure:
        said.append("the class of the nearest is a label, not computed from a structure")
    direct = question.direct_hits[0] if question.direct_hits else None
    of_class = (leader.class_name or "").lower()
    if direct is not None and (direct.class_name or "").lower() != of_class:
        said.append(f"compared without a shift {direct.name} is first, {direct.score:.2f}")
    return (*said, *question.quality_reasons)


__all__ = [
    "AnalogueAssessment",
    "AnalogueState",
    "ClassVote",
    "MassChange",
    "Nearest",
    "Question",
    "ReferenceHit",
    "assess",
    "explain_shift",
]
