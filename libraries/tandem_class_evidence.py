"""An unidentified MS/MS spectrum against the classes a library holds: a class, or nothing.

Brings rows, class names and learned levels together for `spectra.tandem_class`, which judges. What
comes out is at most *class only*: never a candidate by itself, never a substance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from libraries import candidates, harmonise, ion_rules, tandem, tandem_class_models
from libraries.candidates import Place
from libraries.entry import Entry, Tandem
from libraries.tandem_class_models import TandemClasses
from libraries.tandem_index import Fragments
from spectra.axis import FloatArray
from spectra.decision import Decision, DecisionState
from spectra.tandem_class import (
    FEWEST_MEMBERS,
    FEWEST_OUTSIDE,
    NEAREST,
    Standing,
    Substances,
    TandemClass,
)

if TYPE_CHECKING:
    from spectra.spectrum import MassSpectrum
    from spectra.tandem_hybrid import Partners

# The number of no class: everything is outside it.
_NO_CLASS = -1_000
_MOST_IONS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """A class in front in one library."""

    place: Place
    fragments: Fragments
    name: str
    known: TandemClass
    standing: Standing
    members: tuple[Entry, ...]


def assess(
    places: Sequence[Place], spectrum: MassSpectrum, decided: Decision
) -> tuple[Decision, Mapping[str, object] | None]:
    """Return the decision, raised to *class only* where the evidence allows, and the facts.

    Parameters
    ----------
    places : sequence of (Library, SectionIndex)
        MS/MS sections.
    spectrum : MassSpectrum
        That was searched; it states a precursor.
    decided : Decision
        Only *no match* is looked at: a library that cannot say "not in library" cannot say either
        that something is only like what it holds.

    Returns
    -------
    decision : Decision
    facts : mapping or None
        As those of other techniques (``class, candidate_grade, nearest, mass_shift, shared_ions,
        shifted_ions, evidence, against`` …), masses of ions with decimals.

    Raises
    ------
    LibraryError
        A reference does not match its hash.
    """
    made = tandem.facts_of(spectrum, harmonise.facts(spectrum.metadata))
    if decided.state is not DecisionState.NO_MATCH or made is None:
        return decided, None
    found = list(_standings(places, spectrum, made))
    best = max(found, key=lambda each: (each.standing.speaks, each.standing.lead), default=None)
    if best is None:
        return decided, None
    if not best.standing.speaks:
        return replace(decided, reasons=(*decided.reasons, _why_not(best))), None
    evidence = (_worded(best), *_ions(best, spectrum, made))
    raised = replace(decided, state=DecisionState.CLASS_ONLY, reasons=(*decided.reasons, *evidence))
    return raised, _facts(best, spectrum, made, evidence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Compared:
    """One library, and how like the query each of its substances is."""

    place: Place
    fragments: Fragments
    classes: TandemClasses
    best: Substances


def _standings(places: Sequence[Place], spectrum: MassSpectrum, made: Tandem) -> Iterator[_Found]:
    """Yield the class in front of each library; what other libraries hold are rivals of it."""
    every = list(_compared(places, spectrum, made))
    for each in every:
        standing = each.classes.known.front(each.best, each.classes.classes)
        if standing is None:
            continue
        name = each.classes.names[standing.code - 1]
        known = each.classes.classes[standing.code - 1]
        beside = (_best_outside(other, name) for other in every if other is not each)
        standing = standing.beside(max(beside, default=0.0), known)
        yield _Found(
            place=each.place,
            fragments=each.fragments,
            name=name,
            known=known,
            standing=standing,
            members=tuple(candidates.entry_of(each.place, int(row)) for row in standing.rows),
        )


def _compared(places: Sequence[Place], spectrum: MassSpectrum, made: Tandem) -> Iterator[_Compared]:
    asked = [(place, tandem_class_models.of_index(*place)) for place in places]
    if not any(classes is not None and classes.names for _, classes in asked):
        return
    for place, classes in asked:
        fragments = place[1].fragments
        if classes is None or fragments is None:
            continue
        scores = _scores(fragments, spectrum, made)
        yield _Compared(
            place=place, fragments=fragments, classes=classes, best=classes.known.best(scores)
        )


def _scores(fragments: Fragments, spectrum: MassSpectrum, made: Tandem) -> FloatArray:
    """Return the hybrid score of each row that may be compared, 0 for the others."""
    found = fragments.index.hybrid.scores(spectrum, made.precursor_mz)
    allowed = fragments.facts.comparable(np.arange(found.size), made.sign)
    return np.where(allowed, found, 0.0)


def _best_outside(other: _Compared, name: str) -> float:
    """Return the best score in another library of what is not of a class."""
    names = other.classes.names
    rivals = other.classes.known.rivals(names.index(name) + 1 if name in names else _NO_CLASS)
    return float(other.best.scores[rivals].max(initial=0.0))


def _why_not(found: _Found) -> str:
    known, standing = found.known, found.standing
    if known.n_members < FEWEST_MEMBERS:
        return f"class {found.name}: not calibrated, n={known.n_members} ({FEWEST_MEMBERS} needed)"
    if not known.calibrated:
        return (
            f"class {found.name}: not calibrated, n={known.n_outside} outside the class "
            f"({FEWEST_OUTSIDE} needed)"
        )
    return (
        f"the nearest are {found.name}, but their lead {standing.lead:.2f} does not exceed "
        f"{known.level:.2f}, which 1 % of others reach"
    )


def _worded(found: _Found) -> str:
    known, standing = found.known, found.standing
    return (
        f"the {NEAREST} nearest, fragments in place or moved by the precursor's "
        f"difference, are {found.name}: class score {standing.score:.2f}, best outside it "
        f"{standing.outside:.2f}; lead {standing.lead:.2f}, level {known.level:.2f} (at most 1 % "
        f"of {known.n_outside} held-out substances outside the class reach it)"
    )


def _partners(found: _Found, spectrum: MassSpectrum, made: Tandem) -> Partners:
    row = int(found.standing.rows[0])
    return found.fragments.index.hybrid.partners(spectrum, made.precursor_mz, row)


def _ions(found: _Found, spectrum: MassSpectrum, made: Tandem) -> Iterator[str]:
    partners = _partners(found, spectrum, made)
    shift = _shift(found, made, 0)
    for words, mz in (("in place", partners.in_place), (f"moved by {shift:+.3f}", partners.moved)):
        if mz.size:
            listed = ", ".join(f"{each:.4f}" for each in mz[:_MOST_IONS])
            yield f"fragments {words} in {found.members[0].substance}: m/z {listed}"


def _shift(found: _Found, made: Tandem, at: int) -> float:
    row = int(found.standing.rows[at])
    return made.precursor_mz - float(found.fragments.facts.precursors[row])


def _against(found: _Found, made: Tandem) -> Iterator[str]:
    first = found.members[0].draft.tandem
    yield (
        f"of {found.known.asked} held-out substances of the class {found.known.found} were given "
        f"to it, and {found.known.false} of {found.known.n_outside} others"
    )
    if first is not None and first.adduct != made.adduct:
        yield "the nearest is another adduct, or one of the two is not stated"
    yield "fragments alone show parts of a molecule, not its whole; isomers may break alike"


def _facts(
    found: _Found, spectrum: MassSpectrum, made: Tandem, evidence: tuple[str, ...]
) -> dict[str, object]:
    from libraries import legal

    standing = found.standing
    partners = _partners(found, spectrum, made)
    first = found.members[0].draft.tandem
    shift = round(_shift(found, made, 0))
    is_same_ion = first is not None and bool(made.adduct) and first.adduct == made.adduct
    changes = ion_rules.mass_changes() if is_same_ion else ()
    # One change only: what two together may make is guesswork beside a difference to 0.001 Da.
    explained = [f"{shift:+d} {each.change}" for each in changes if each.delta_da == shift]
    return {
        "class": found.name,
        "candidate_grade": None,
        "state": DecisionState.CLASS_ONLY.value,
        "text": f"class indicated: {found.name}; substance not identified",
        "nearest": [
            {
                "name": entry.substance,
                "score": round(float(score), 4),
                "mass_shift": round(_shift(found, made, at)),
            }
            for at, (entry, score) in enumerate(zip(found.members, standing.nearest, strict=False))
        ],
        "members": [entry.draft.identity.group for entry in found.members],
        "mass_shift": shift,
        "explanations": explained,
        "shared_ions": [round(float(mz), 4) for mz in partners.in_place[:_MOST_IONS]],
        "shifted_ions": [round(float(mz), 4) for mz in partners.moved[:_MOST_IONS]],
        "class_ions": [],
        "score": round(standing.score, 4),
        "best_outside": round(standing.outside, 4),
        "site": None,
        "evidence": list(evidence),
        "against": list(_against(found, made)),
        "legal": legal.pointer(found.name),
    }
