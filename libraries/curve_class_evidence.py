"""An unidentified infrared or Raman curve against the classes a library holds: a class, or nothing.

Brings the hits, class names and learned classes together for `spectra.curve_classes`, which judges.
What comes out is at most *class only*: never a candidate by itself, never a substance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from libraries import curve_class_models
from libraries.candidates import Candidate, Place, Substances
from spectra import curve_classes
from spectra.axis import FloatArray
from spectra.class_bands import ClassBand
from spectra.curve_classes import FEWEST_MEMBERS, FEWEST_OUTSIDE, NEAREST, CurveClass, Standing
from spectra.decision import Decision, DecisionState

if TYPE_CHECKING:
    from libraries.library import Library

# However long a list was asked for, the same substances are looked at.
_LOOKED_AT = 25
_MOST_NEAREST = 5
_UNIDENTIFIED = (DecisionState.NO_MATCH, DecisionState.UNEXPLAINED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """A class in front in one library."""

    name: str
    known: CurveClass
    standing: Standing
    members: tuple[Candidate, ...]
    rival: Candidate | None


def assess(
    places: Sequence[Place], curve: FloatArray, substances: Substances, decided: Decision
) -> tuple[Decision, Mapping[str, object] | None]:
    """Return the decision, raised to *class only* where the evidence allows, and the facts.

    Parameters
    ----------
    places : sequence of (Library, SectionIndex)
    curve : ndarray of float, shape (n_points,)
        Prepared, on the grid of the section.
    substances : Substances
        Its hits.
    decided : Decision
        Only *no match* and *unexplained* are looked at: a library that cannot say "not in library"
        cannot say either that something is only like what it holds.

    Returns
    -------
    decision : Decision
    facts : mapping or None
        As those of a mass spectrum (``class, candidate_grade, nearest, evidence, against`` …), the
        fields of ions and masses empty, and ``bands``.
    """
    if decided.state not in _UNIDENTIFIED:
        return decided, None
    front = substances.found[:_LOOKED_AT]
    name = _in_front(front)
    if not name:
        return decided, None
    found = [made for place in places if (made := _stands(place, name, curve, front)) is not None]
    best = max(found, key=lambda each: (each.standing.speaks, each.standing.lead), default=None)
    if best is None:
        return decided, None
    if not best.standing.speaks:
        return replace(decided, reasons=(*decided.reasons, _why_not(best))), None
    evidence = _evidence(best)
    raised = replace(decided, state=DecisionState.CLASS_ONLY, reasons=(*decided.reasons, *evidence))
    return raised, _facts(best, evidence)


def _in_front(front: Sequence[Candidate]) -> str:
    """Return the class of the first hit, if the next of its class are the nearest, else empty."""
    first = [curve_class_models.label(each.compound_class) for each in front[:NEAREST]]
    return first[0] if first and len(set(first)) == 1 and len(first) == NEAREST else ""


def _stands(
    place: Place, name: str, curve: FloatArray, front: Sequence[Candidate]
) -> _Found | None:
    library, index = place
    known = curve_class_models.of_index(library, index).get(name)
    if known is None or index.curves is None:
        return None
    members = tuple(each for each in front if _is_member(each, name, library))
    # What another library holds of the class is no rival of it, and no member it was learned from.
    rivals = [each for each in front if curve_class_models.label(each.compound_class) != name]
    if len(front) < _LOOKED_AT:
        outside = [each.score for each in rivals]
    else:
        # What was not looked at is at most as like as the last that was.
        outside = [*(each.score for each in rivals), front[-1].score]
    standing = curve_classes.judge(
        known, curve, index.curves.grid, [each.score for each in members], outside
    )
    return _Found(
        name=name,
        known=known,
        standing=standing,
        members=members,
        rival=rivals[0] if rivals else None,
    )


def _is_member(each: Candidate, name: str, library: Library) -> bool:
    return each.library is library and curve_class_models.label(each.compound_class) == name


def _why_not(found: _Found) -> str:
    known, standing = found.known, found.standing
    if known.n_members < FEWEST_MEMBERS:
        return f"class {found.name}: not calibrated, n={known.n_members} ({FEWEST_MEMBERS} needed)"
    if known.n_outside < FEWEST_OUTSIDE:
        return (
            f"class {found.name}: not calibrated, n={known.n_outside} outside the class "
            f"({FEWEST_OUTSIDE} needed)"
        )
    if not known.calibrated:
        return f"class {found.name}: its {known.n_members} members share too few bands to show it"
    if standing.lead <= max(known.level, 0.0):
        return (
            f"the nearest are {found.name}, but their lead {standing.lead:.2f} does not exceed "
            f"{max(known.level, 0.0):.2f}, which 1 % of others reach"
        )
    of = len(standing.shown) + len(standing.lacking)
    return (
        f"the nearest are {found.name}, but only {len(standing.shown)} of {of} bands of the class "
        "are there"
    )


def _evidence(found: _Found) -> tuple[str, ...]:
    known, standing = found.known, found.standing
    outside = (
        "nothing outside it is alike"
        if found.rival is None
        else (f"the best outside it {standing.outside:.2f}")
    )
    said = [
        f"the {NEAREST} nearest are {found.name}, class score {standing.score:.2f}, {outside}; "
        f"lead {standing.lead:.2f}, level {max(known.level, 0.0):.2f} (at most 1 % of "
        f"{known.n_outside} held-out substances outside the class reach it)",
        "bands of the class: " + ", ".join(_worded(band) for band in standing.shown),
    ]
    return tuple(said)


def _worded(band: ClassBand) -> str:
    return (
        f"{band.position_cm1:.0f} cm⁻¹ (in {band.shown} of {band.of} members, "
        f"{band.elsewhere:.0%} of others)"
    )


def _against(found: _Found) -> tuple[str, ...]:
    known = found.known
    said = []
    if found.standing.lacking:
        said.append(
            "bands of the class not seen: "
            + ", ".join(f"{band.position_cm1:.0f} cm⁻¹" for band in found.standing.lacking)
        )
    said.append(
        f"of {known.asked} held-out spectra of the class {known.found} were given to it, "
        f"and {known.false} others"
    )
    said.append("vibrational spectra alone show groups of a molecule, not its whole")
    return tuple(said)


def _facts(found: _Found, evidence: tuple[str, ...]) -> dict[str, object]:
    from libraries import legal

    standing = found.standing
    return {
        "class": found.name,
        "candidate_grade": None,
        "state": DecisionState.CLASS_ONLY.value,
        "text": f"class indicated: {found.name}; substance not identified",
        "nearest": [
            {"name": each.substance, "score": round(each.score, 4), "mass_shift": None}
            for each in found.members[:_MOST_NEAREST]
        ],
        "members": [each.group for each in found.members[:_MOST_NEAREST]],
        "mass_shift": None,
        "explanations": [],
        "shared_ions": [],
        "shifted_ions": [],
        "class_ions": [],
        "bands": [
            {
                "position_cm1": band.position_cm1,
                "members": band.shown,
                "of": band.of,
                "elsewhere": round(band.elsewhere, 4),
                "seen": band in standing.shown,
            }
            for band in (*standing.shown, *standing.lacking)
        ],
        "score": round(standing.score, 4),
        "best_outside": round(standing.outside, 4),
        "site": None,
        "evidence": list(evidence),
        "against": list(_against(found)),
        "legal": legal.pointer(found.name),
    }
