"""One MS/MS spectrum against the MS/MS sections of libraries: ranked, decided, explained.

Only what has the query's precursor and polarity may be named. Spectra of other precursors are
shown behind them, marked as another molecule, for whoever looks for a relative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from libraries import candidates, harmonise, inseparable, tandem
from libraries.answer import Hit, LibraryAnswer, Relation
from libraries.candidates import Candidate, Place, Substances
from libraries.entry import Section
from spectra import decision
from spectra.calibration import Calibration
from spectra.decision import Decision, DecisionState
from spectra.errors import SpectrumError
from spectra.quality import Quality
from spectra.spectrum import MassSpectrum
from spectra.tandem_rank import FEWEST_FRAGMENTS, fragments

OTHER_PRECURSOR = "other precursor"
_STEPS = (
    "peaks above the precursor less 1.6 Da and below 1 % of the tallest dropped",
    "peaks within 0.05 Da merged",
    "compared within 0.02 Da",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What the libraries hold for one query.

    Parameters
    ----------
    same : Substances
        Of the query's precursor and polarity.
    others : Substances
        Of other precursors.
    precursor_mz : float
        Of the query.
    """

    same: Substances
    others: Substances
    precursor_mz: float


def is_tandem(spectrum: MassSpectrum) -> bool:
    """Return whether a spectrum belongs to the MS/MS section of a library."""
    facts = harmonise.facts(spectrum.metadata)
    ionization = spectrum.ionization or harmonise.pick(facts, harmonise.IONIZATION)
    return tandem.is_tandem(ionization, tandem.precursor_of(spectrum, facts))


def looked_up(places: Sequence[Place], spectrum: MassSpectrum) -> tuple[Found | None, Quality]:
    """Return what is found for an MS/MS spectrum, or None with why it cannot be evaluated.

    Raises
    ------
    LibraryError
        A reference does not match its hash.
    """
    quality = _quality(spectrum)
    made = tandem.facts_of(spectrum, harmonise.facts(spectrum.metadata))
    if not quality.ok or made is None:
        return None, quality
    try:
        same, others = candidates.of_fragments(places, spectrum, made)
    except SpectrumError as reason:
        return None, _refused(quality, reason.message)
    return Found(same=same, others=others, precursor_mz=made.precursor_mz), quality


def answer(
    found: Found | None,
    quality: Quality,
    calibration: Calibration | None,
    names: tuple[str, ...],
    top: int,
) -> LibraryAnswer:
    """Return the answer of what was found.

    Parameters
    ----------
    found, quality
        From `looked_up`.
    calibration : Calibration or None
        Of the libraries that hold MS/MS spectra.
    names : tuple of str
        Those libraries.
    top : int
    """
    if found is None:
        decided = Decision(state=DecisionState.INSUFFICIENT, reasons=quality.reasons)
        hits: tuple[Hit, ...] = ()
    else:
        decided = _decided(found, quality, calibration, names)
        hits = _hits(found, max(top, 0))
    return LibraryAnswer(
        section=Section.MSMS,
        quality=quality,
        steps=_STEPS,
        decision=decided,
        hits=hits,
        libraries=names,
    )


def with_class(
    answer: LibraryAnswer, places: Sequence[Place], spectrum: MassSpectrum
) -> LibraryAnswer:
    """Return an answer that names nothing with the class its fragments indicate, if any.

    Raises
    ------
    LibraryError
        A reference does not match its hash.
    """
    if answer.decision.state is not DecisionState.NO_MATCH:
        return answer
    from libraries import tandem_class_evidence

    decided, facts = tandem_class_evidence.assess(places, spectrum, answer.decision)
    return replace(answer, decision=decided, analogue=facts)


def _quality(spectrum: MassSpectrum) -> Quality:
    """Return whether an MS/MS spectrum can be searched, with every reason it cannot."""
    precursor = tandem.precursor_of(spectrum, harmonise.facts(spectrum.metadata))
    reasons = list(spectrum.faults)
    if precursor is None:
        reasons.append("not evaluable: the MS/MS spectrum states no m/z of its precursor")
    else:
        try:
            count = fragments(spectrum, precursor)
        except SpectrumError as fault:
            reasons.append(fault.message)
        else:
            if count < FEWEST_FRAGMENTS:
                reasons.append(
                    f"{count} fragments of at least 1 % of the tallest lie below the precursor of "
                    f"m/z {precursor:.4f}, {FEWEST_FRAGMENTS} are needed"
                )
    return Quality(ok=not reasons, reasons=tuple(reasons))


def _refused(quality: Quality, reason: str) -> Quality:
    return replace(quality, ok=False, reasons=(*quality.reasons, reason))


def _decided(
    found: Found,
    quality: Quality,
    calibration: Calibration | None,
    names: tuple[str, ...],
) -> Decision:
    if not names:
        reason = f"no library that was searched holds {Section.MSMS.value} spectra"
        return Decision(state=DecisionState.INSUFFICIENT, reasons=(reason,))
    first = found.same.found[:1]
    if not first:
        return _nothing(calibration, found.precursor_mz)
    family = found.same.families()
    # Another adduct of the first substance or of its isomers is no rival of it.
    rivals = [each.score for each in found.others.found if each.family != first[0].family]
    decided = decision.decide(
        found.same.as_hits(),
        calibration,
        isomers=family.__getitem__,
        quality=quality,
        beside=np.array(rivals, dtype=np.float64),
    )
    decided = inseparable.told(decided, Section.MSMS, found.same)
    if decided.substances:
        reason = "MS/MS of isomers that are in no library searched may be as like"
        decided = replace(decided, reasons=(*decided.reasons, reason))
    return decided


def _nothing(calibration: Calibration | None, precursor: float) -> Decision:
    """Return that no library spectrum has the precursor: not in library, where that can be said."""
    said = f"no library spectrum of this polarity has a precursor of m/z {precursor:.4f}"
    if calibration is None or calibration.threshold is None:
        state, n = DecisionState.INSUFFICIENT, 0 if calibration is None else calibration.n
        reasons = (said, "the MS/MS sections searched are too small to be calibrated")
        return Decision(state=state, n_calibration=n, reasons=reasons)
    return Decision(
        state=DecisionState.NO_MATCH,
        alpha=calibration.alpha,
        n_calibration=calibration.n,
        threshold=calibration.threshold,
        reasons=(said, "other adducts of one substance have other precursors"),
    )


def _hits(found: Found, top: int) -> tuple[Hit, ...]:
    hits = [_hit(each) for each in found.same.found]
    hits += [_other(each) for each in found.others.found]
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits[:top], start=1))


def _hit(each: Candidate) -> Hit:
    who = each.entry.draft.identity
    return Hit(
        rank=0,
        name=who.name,
        substance=each.substance,
        group=who.group,
        inchikey=who.inchikey,
        formula=who.formula,
        molecular_mass=who.molecular_mass,
        compound_class=each.compound_class,
        library=each.library.name,
        library_version=each.library.version,
        entry=each.entry.id,
        licence=each.entry.draft.provenance.licence,
        training=each.library.header.training,
        hqi=float(np.clip(each.score, 0.0, 1.0)),
        measures=each.measures,
    )


def _other(each: Candidate) -> Hit:
    hit = _hit(each)
    shift = each.measures["precursor_shift"]
    text = f"like {each.substance}, of another precursor ({shift:+.3f})"
    relation = Relation(
        kind=OTHER_PRECURSOR,
        substance=each.substance,
        groups=0,
        mass_shift=round(shift),
        text=text,
    )
    group = f"{hit.group}+{OTHER_PRECURSOR}"
    return replace(hit, name=text, substance=text, group=group, relation=relation)
