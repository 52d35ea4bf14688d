"""An unidentified mass spectrum against the classes a library holds: hybrid hits, then reasoning.

Brings index rows, class names, ion rules and mass changes together for `spectra.analogue`, which
decides. What comes out is a class with its evidence, never a substance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from libraries import change_facts, class_models, ion_rules, legal
from libraries.candidates import Candidate, Place, Substances
from libraries.entry import Entry
from libraries.other_explanations import TWO_TOGETHER, Outcome
from spectra import analogue
from spectra.analogue import (
    AnalogueAssessment,
    AnalogueState,
    ClassVote,
    Question,
    ReferenceHit,
)
from spectra.class_ions import weigh_ions
from spectra.decision import Decision, DecisionState
from spectra.peak_table import unit_query
from spectra.spectrum import MassSpectrum

# Deep enough that some hit lies outside the class of the first: large classes fill the front.
_HYBRID_ROWS = 96
# Repeats of one substance from two laboratories differ by more than this: a leader this close to
# the first is as likely the same substance.
_CLOSE = 0.05
_STRUCTURE_BASIS = "class basis=smarts"


def assess(
    places: Sequence[Place], spectrum: MassSpectrum, substances: Substances, decided: Decision
) -> tuple[Decision, Mapping[str, object] | None]:
    """Return the decision, raised to a candidate or class note where the evidence allows.

    Parameters
    ----------
    places : sequence of (Library, SectionIndex)
    spectrum : MassSpectrum
        Not identified.
    substances : Substances
        Its hits without a mass shift.
    decided : Decision
        *no match*; kept as it is where nothing speaks for a class.

    Returns
    -------
    decision : Decision
    facts : mapping or None
        ``class, candidate_grade, nearest, mass_shift, explanations, shared_ions, site, legal,
        against`` and more, as plain values.
    """
    hybrid_hits = _hybrid(places, spectrum)
    question = Question(
        spectrum=unit_query(spectrum),
        mass=spectrum.molecular_mass,
        hybrid_hits=hybrid_hits,
        direct_hits=sorted(
            (_direct(each) for each in substances.found), key=lambda hit: -hit.score
        )[:5],
        rules=ion_rules.ion_rules().rules,
        by_role=ion_rules.ion_rules().by_role,
        changes=ion_rules.mass_changes(),
        votes=_votes(places, spectrum, hybrid_hits),
    )
    found = _unless_held(analogue.assess(question), question)
    if found.state is None:
        return decided, None
    changed = change_facts.of_assessment(found, question, substances)
    together = _two_together(changed)
    if together and found.state is AnalogueState.ANALOGUE_CANDIDATE:
        found = _only_noted(found, together)
    state = (
        DecisionState.ANALOGUE_CANDIDATE
        if found.state is AnalogueState.ANALOGUE_CANDIDATE
        else DecisionState.CLASS_ONLY
    )
    raised = replace(decided, state=state, reasons=(*decided.reasons, *found.evidence))
    facts = {**found.to_facts(), **changed, "legal": legal_pointer(found.class_name or "")}
    # Another technique would support the class of one of the two as well.
    facts["grade_if_supported"] = None if together else _grade_if_supported(found, question)
    if found.state is AnalogueState.CLASS_ONLY:
        facts["text"] = f"class indicated: {found.class_name}; substance not identified"
    return raised, facts


def _grade_if_supported(found: AnalogueAssessment, question: Question) -> str | None:
    """Return the grade this spectrum would have if another technique supported its class."""
    asked = replace(question, other_evidence=(found.class_name or "",))
    supported = _unless_held(analogue.assess(asked), question)
    return supported.candidate_grade if supported.class_name == found.class_name else None


def _unless_held(found: AnalogueAssessment, question: Question) -> AnalogueAssessment:
    """Return a class note instead of a candidate where the library may hold the substance itself.

    "Not in library" cannot be said when the nearest relative has the mass of the query and leads
    without a shift too: it may be that substance, only not set apart from its neighbours.
    """
    first = {each.name for each in found.nearest[:1]}
    leader = [hit for at, hit in enumerate(question.hybrid_hits) if at == 0 or hit.name in first]
    if found.state is not AnalogueState.ANALOGUE_CANDIDATE or not question.direct_hits:
        return found
    front = _front(question)
    leader = [hit for hit in leader if hit.mass_shift == 0 and hit.substance in front]
    if not leader:
        return found
    reason = f"{leader[0].name} has the same mass: it, or an isomer of it, is not excluded"
    return _only_noted(found, reason)


def _only_noted(found: AnalogueAssessment, reason: str) -> AnalogueAssessment:
    """Return a class note instead of a candidate."""
    return replace(
        found,
        state=AnalogueState.CLASS_ONLY,
        candidate_grade=None,
        against=(reason, *found.against),
    )


def _two_together(changed: Mapping[str, object]) -> str:
    """Return how two known substances explain a spectrum together, empty where they do not.

    What they explain is no substance that the library lacks, so it is no candidate. Of 297 hidden
    members of drug classes the nearest two others explained 4.
    """
    checks = changed["checks"]
    for each in checks if isinstance(checks, list) else ():
        if each["check"] == TWO_TOGETHER and each["outcome"] == Outcome.POSSIBLE:
            return f"a mixture of known substances is not excluded: {each['words']}"
    return ""


def _front(question: Question) -> set[str]:
    """Return the substances that lead the hits without a shift, those close to the first."""
    best = question.direct_hits[0].score
    return {each.substance for each in question.direct_hits if each.score >= best - _CLOSE}


def shows_class_ions(spectrum: MassSpectrum) -> bool:
    """Whether a spectrum meets the ion rule of any class: cheap, and no more than a hint."""
    peaks = unit_query(spectrum)
    return any(weigh_ions(rule, peaks, None).met for rule in ion_rules.ion_rules().rules)


def legal_pointer(class_name: str) -> str:
    """Return where law speaks of a class, in words; empty for a class without such a rule.

    A pointer for the person who decides, not a legal finding: the structure is not known yet.
    """
    return legal.pointer(class_name)


def _votes(
    places: Sequence[Place], spectrum: MassSpectrum, hits: Sequence[ReferenceHit]
) -> dict[str, ClassVote]:
    """Return the votes of the class models; of several libraries the one that knows most decides.

    Without a measured mass each class is asked with the mass that its nearest member implies.
    """
    implied: dict[str, float | None] = {}
    for hit in hits:
        if hit.class_name is not None and hit.class_name not in implied:
            known = None if hit.mass is None else hit.mass + hit.mass_shift
            implied[hit.class_name] = spectrum.molecular_mass or known
    found: dict[str, ClassVote] = {}
    for library, index in places:
        models = class_models.of_index(library, index) if index.peaks is not None else None
        for label, vote in (models.votes(spectrum, implied) if models else {}).items():
            if label in implied and (label not in found or vote.n > found[label].n):
                found[label] = vote
    return found


def _hybrid(places: Sequence[Place], spectrum: MassSpectrum) -> list[ReferenceHit]:
    """Return the best mass-shifted hits of all libraries by substance, best first."""
    found: list[tuple[float, int, Entry, str]] = []
    for library, index in places:
        if index.peaks is None:
            continue
        hits = index.peaks.search(
            spectrum, _HYBRID_ROWS, score="hybrid", query_mass=spectrum.molecular_mass
        )
        _, first = np.unique(index.groups[hits.rows], return_index=True)
        at = np.sort(first)
        entries = library.entries_at([int(index.rows[row]) for row in hits.rows[at]])
        found += [
            (
                float(hits.scores[place]),
                int(hits.mass_shifts[place]),
                entry,
                index.class_names[int(index.classes[hits.rows[place]])],
            )
            for place, entry in zip(at, entries, strict=True)
        ]
    found.sort(key=lambda each: (-round(each[0], 12), each[2].substance, each[2].record_hash))
    seen: dict[str, ReferenceHit] = {}
    classes: set[str] = set()
    for score, shift, entry, class_name in found:
        who = entry.draft.identity
        if who.group in seen:
            continue
        # The ions it shares with the query are named for the first of its class only.
        measured = entry.draft.measurement() if class_name not in classes else None
        classes.add(class_name)
        seen[who.group] = ReferenceHit(
            name=entry.substance,
            substance=who.group,
            class_name=_label(class_name),
            score=score,
            mass=who.molecular_mass,
            mass_shift=shift,
            class_from_structure=_STRUCTURE_BASIS in entry.draft.provenance.notes.lower(),
            spectrum=unit_query(measured) if isinstance(measured, MassSpectrum) else None,
        )
    return list(seen.values())


def _direct(each: Candidate) -> ReferenceHit:
    who = each.entry.draft.identity
    return ReferenceHit(
        name=each.substance,
        substance=who.group,
        class_name=_label(each.compound_class),
        # The plain match factor, which hybrid scores are compared with.
        score=each.measures["cosine"],
        mass=who.molecular_mass,
    )


def _label(class_name: str) -> str | None:
    """Return a class as the reasoning takes it; None for no class and for no drug class."""
    return ion_rules.ion_rules().class_label(class_name) if class_name else None
