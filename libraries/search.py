"""One spectrum against one or more libraries: prepared, ranked by substance, decided, explained.

The path from a measurement to an answer. Arrays do the ranking; the record is read only for the
substances that are shown, and each of those is verified against its hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from libraries import (
    candidates,
    class_calibrations,
    inseparable,
    instrument_class,
    masking,
    mixtures,
    related,
    search_tandem,
)
from libraries.answer import Hit, LibraryAnswer
from libraries.candidates import Candidate, Place, Substances
from libraries.drafting import curve_section, settle
from libraries.entry import Section
from libraries.section_index import SectionIndex
from spectra import decision, mass_quality
from spectra.calibration import Calibration
from spectra.decision import ComponentFit, Decision, DecisionState
from spectra.errors import SpectrumError
from spectra.prepare import Prepared, vibrational
from spectra.quality import Quality
from spectra.spectrum import MassSpectrum, Measurement, Spectrum, Technique

if TYPE_CHECKING:
    from libraries.library import Library
    from libraries.retention_evidence import RetentionEvidence
    from spectra.calibrate_axis import AxisCalibration
    from spectra.chromatography import Component
    from spectra.retention import RetentionIndex

# Asking for the class of one component costs as much as a hundred comparisons. A run of 10,000
# scans has about 200 components, most of them traces of solvent and column.
_LEAST_SHARE = 0.002
_LARGEST_ASKED = 10
_SMALL_ASKED = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Searched:
    """One library with the index of the technique asked for."""

    library: Library
    index: SectionIndex


def search(
    libraries: Sequence[Library],
    measurement: Measurement,
    technique: Technique,
    top: int = 10,
    *,
    axis: AxisCalibration | None = None,
) -> LibraryAnswer:
    """Return what libraries say of one spectrum, merged by substance.

    Parameters
    ----------
    libraries : sequence of Library
        Those without entries of the technique are passed over.
    measurement : Spectrum or MassSpectrum
    technique : Technique
        Settles what the axis leaves open.
    top : int
        How many substances the hit list holds.
    axis : AxisCalibration or None
        Of the instrument that measured a curve; applied, and recorded as a step.

    Returns
    -------
    LibraryAnswer
        A measurement that cannot be compared gives *insufficient* with the reason, not an error.

    Raises
    ------
    LibraryError
        A record is damaged: an answer from it would be worth nothing.
    """
    if isinstance(measurement, MassSpectrum) and search_tandem.is_tandem(measurement):
        return _tandem(_having(libraries, Section.MSMS), measurement, top)
    if isinstance(measurement, MassSpectrum):
        return search_many(libraries, [measurement], technique, top)[0]
    if not isinstance(measurement, Spectrum):
        return _insufficient(f"a {measurement.kind.value.replace('_', ' ')} is not one spectrum")
    try:
        section = curve_section(measurement, technique.value)
        settled = settle(measurement, section)
        prepared = vibrational(settled, Technique(section.value), calibration=axis)
    except SpectrumError as reason:
        return _insufficient(reason.message)
    asked = instrument_class.of_metadata(measurement.metadata, section)
    return _curve(_having(libraries, section), section, prepared, top, asked)


def search_many(
    libraries: Sequence[Library],
    spectra: Sequence[MassSpectrum],
    technique: Technique,  # noqa: ARG001 - the same signature as `search`
    top: int = 10,
    *,
    components: Sequence[Component] | None = None,
    indices: Sequence[RetentionIndex | None] | None = None,
    explained: Sequence[bool] | None = None,
    instrument: str = "",
) -> list[LibraryAnswer]:
    """Return what libraries say of each of many mass spectra, as `search` would, in batches.

    Parameters
    ----------
    components : sequence of Component, optional
        Where the spectra are those of one run. Noise and purity then count for the quality, and
        whether an unidentified one is built like a known class is asked of the largest and of
        those that show the ions of a class; the others say that it was not.
    indices : sequence of RetentionIndex or None, optional
        Measured for each spectrum; one may take a name away from an answer.
    explained : sequence of bool, optional
        Which spectra a blank explains already: no class is asked of those.
    instrument : str
        Class of the instrument of all (`libraries.instrument_class`); by default what each states.
    """
    searched = _having(libraries, Section.EI)
    qualities = [
        _mass_quality(spectrum, None if components is None else components[at])
        for at, spectrum in enumerate(spectra)
    ]
    usable = [spectrum for spectrum, seen in zip(spectra, qualities, strict=True) if seen.ok]
    places = [(s.library, s.index) for s in searched]
    found = iter(candidates.of_peaks(places, usable, top))
    answers: list[LibraryAnswer] = []
    unexplained: dict[int, Substances] = {}
    for at, seen in enumerate(qualities):
        if not seen.ok:
            answers.append(replace(_insufficient(*seen.reasons), quality=seen))
            continue
        substances = next(found)
        asked_class = instrument or instrument_class.of_metadata(spectra[at].metadata, Section.EI)
        calibration = _calibration(searched, substances, asked_class)
        measured = None if indices is None else indices[at]
        evidence = _evidence(measured, substances, libraries)
        made = _mass(searched, substances, calibration, seen, top, evidence)
        told = class_calibrations.told(made.decision, calibration, asked_class)
        answers.append(replace(made, decision=told))
        # Without a calibration nobody may say "not in library", so there is no candidate either.
        if calibration is not None and calibration.sufficient:
            unexplained[at] = substances
    open_ones = [
        at
        for at in unexplained
        if answers[at].decision.state is DecisionState.NO_MATCH
        and not (explained is not None and explained[at])
    ]
    shares = None if components is None else [each.area_fraction for each in components]
    asked = _worth_asking(open_ones, spectra, shares)
    for at in open_ones:
        if at in asked:
            answers[at] = _with_class(answers[at], places, spectra[at], unexplained[at])
        else:
            answers[at] = _not_asked(answers[at])
    return [
        related.told(answer, places, spectra[at], top)
        if answer.hits and (at in asked or components is None)
        else answer
        for at, answer in enumerate(answers)
    ]


def _worth_asking(
    open_ones: Sequence[int], spectra: Sequence[MassSpectrum], shares: Sequence[float] | None
) -> set[int]:
    """Return the unidentified components whose class is asked for."""
    if shares is None:
        return set(open_ones)
    from libraries.analogues import shows_class_ions

    by_share = sorted(open_ones, key=lambda at: -shares[at])
    largest = [at for at in by_share if shares[at] >= _LEAST_SHARE][:_LARGEST_ASKED]
    small = [at for at in by_share if at not in largest and shows_class_ions(spectra[at])]
    return {*largest, *small[:_SMALL_ASKED]}


def _with_class(
    answer: LibraryAnswer,
    places: Sequence[Place],
    spectrum: MassSpectrum,
    substances: Substances,
) -> LibraryAnswer:
    from libraries.analogues import assess

    decided, analogue = assess(places, spectrum, substances, answer.decision)
    return replace(answer, decision=decided, analogue=analogue)


def _not_asked(answer: LibraryAnswer) -> LibraryAnswer:
    reason = "a small component without the ions of a known class: its class was not asked for"
    decided = replace(answer.decision, reasons=(*answer.decision.reasons, reason))
    return replace(answer, decision=decided)


def _having(libraries: Sequence[Library], section: Section) -> list[_Searched]:
    found = []
    for library in libraries:
        index = library.section(section)
        if index is not None:
            found.append(_Searched(library=library, index=index))
    return found


def _curve(
    searched: Sequence[_Searched], section: Section, prepared: Prepared, top: int, asked: str
) -> LibraryAnswer:
    steps = tuple(str(step) for step in prepared.steps)
    names = tuple(f"{s.library.name} {s.library.version}" for s in searched)
    substances = Substances(())
    if prepared.quality.ok and searched:
        try:
            substances = candidates.of_curve(
                [(s.library, s.index) for s in searched], prepared.y, top
            )
        except SpectrumError as reason:
            return replace(_insufficient(reason.message), section=section, steps=steps)
    calibration = _calibration(searched, substances, asked)
    fit = None
    if substances.found and calibration is not None:
        fit, calibration = mixtures.of_curve(substances.first_place, prepared.y, calibration)
    decided = masking.told(
        _decided(searched, section, substances, calibration, prepared.quality, fit), section
    )
    from libraries.curve_class_evidence import assess

    places = [(s.library, s.index) for s in searched]
    decided, of_class = assess(places, prepared.y, substances, decided)
    decided = class_calibrations.told(decided, calibration, asked)
    is_mixture = decided.state is DecisionState.MIXTURE and fit is not None
    return LibraryAnswer(
        section=section,
        quality=prepared.quality,
        steps=steps,
        decision=decided,
        hits=_hits(substances, top),
        analogue=of_class,
        mixture=mixtures.facts(fit, section) if is_mixture and fit is not None else None,
        libraries=names,
    )


def _mass(
    searched: Sequence[_Searched],
    substances: Substances,
    calibration: Calibration | None,
    quality: Quality,
    top: int,
    evidence: RetentionEvidence | None = None,
) -> LibraryAnswer:
    decided = _decided(searched, Section.EI, substances, calibration, quality, evidence=evidence)
    if evidence is not None:
        decided = replace(decided, reasons=(*decided.reasons, *evidence.remarks(decided)))
    return LibraryAnswer(
        section=Section.EI,
        quality=quality,
        steps=("whole masses, the tallest peak of each", "base peak 999"),
        decision=decided,
        hits=_hits(substances, top, evidence),
        libraries=tuple(f"{s.library.name} {s.library.version}" for s in searched),
    )


def _tandem(searched: Sequence[_Searched], spectrum: MassSpectrum, top: int) -> LibraryAnswer:
    places = [(s.library, s.index) for s in searched]
    found, quality = search_tandem.looked_up(places, spectrum)
    names = tuple(f"{s.library.name} {s.library.version}" for s in searched)
    asked = instrument_class.of_metadata(spectrum.metadata, Section.MSMS)
    calibration = None if found is None else _calibration(searched, found.same, asked)
    made = search_tandem.answer(found, quality, calibration, names, top)
    made = search_tandem.with_class(made, places, spectrum)
    return replace(made, decision=class_calibrations.told(made.decision, calibration, asked))


def _decided(
    searched: Sequence[_Searched],
    section: Section,
    substances: Substances,
    calibration: Calibration | None,
    quality: Quality,
    fit: ComponentFit | None = None,
    evidence: RetentionEvidence | None = None,
) -> Decision:
    if not searched and quality.ok:
        reason = f"no library that was searched holds {section.value} spectra"
        return Decision(state=DecisionState.INSUFFICIENT, reasons=(reason,))
    family = substances.families()
    decided = decision.decide(
        substances.as_hits(),
        calibration,
        isomers=family.__getitem__,
        quality=quality,
        fit=fit,
        veto=None if evidence is None else evidence.veto,
    )
    return inseparable.told(decided, section, substances)


def _evidence(
    measured: RetentionIndex | None, substances: Substances, libraries: Sequence[Library]
) -> RetentionEvidence | None:
    if measured is None:
        return None
    from libraries.retention_evidence import RetentionEvidence

    return RetentionEvidence(measured, substances, libraries)


def _calibration(
    searched: Sequence[_Searched], substances: Substances, asked: str
) -> Calibration | None:
    """Return the strictest calibration of the libraries searched, if one covers the first hit.

    A small library of the lab's own may alone hold the best hit without having enough substances
    to say how often it errs: then nothing may be called a match, whatever the larger ones promise.
    """
    known = [(each.library, each.index.calibration_of(asked)) for each in searched]
    if not substances.found:
        return next((each for _, each in known if each is not None), None)
    holders = substances.holders_of_first
    own = [each for library, each in known if any(library is holder for holder in holders)]
    covering = [each for each in own if each is not None]
    if not any(each.sufficient for each in covering):
        return covering[0] if covering else None
    strict = [each for _, each in known if each is not None and each.threshold is not None]
    return max(strict, key=lambda each: (each.threshold or 0.0, -each.n))


def _hits(
    substances: Substances, top: int, evidence: RetentionEvidence | None = None
) -> tuple[Hit, ...]:
    return tuple(
        _hit(rank, each, {} if evidence is None else evidence.measures(each))
        for rank, each in enumerate(substances.found[: max(top, 0)], start=1)
    )


def _hit(rank: int, each: Candidate, further: Mapping[str, float]) -> Hit:
    who = each.entry.draft.identity
    return Hit(
        rank=rank,
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
        measures={**each.measures, **further},
    )


def _mass_quality(spectrum: MassSpectrum, component: Component | None) -> Quality:
    seen = mass_quality.check(
        spectrum,
        signal_to_noise=None if component is None else component.signal_to_noise,
        purity=None if component is None else component.purity,
    )
    reasons = list(seen.reasons)
    if spectrum.precursor_mz is not None:
        reasons.append(
            f"an MS/MS spectrum of precursor {spectrum.precursor_mz:g} cannot be compared with "
            "electron-impact spectra"
        )
    kind = spectrum.ionization.upper()
    if kind and not kind.startswith(("EI", "ELECTRON I")):
        reasons.append(f"{spectrum.ionization} cannot be compared with electron-impact spectra")
    return replace(seen, ok=not reasons, reasons=tuple(reasons))


def _insufficient(*reasons: str) -> LibraryAnswer:
    return LibraryAnswer(
        section=None,
        quality=Quality(ok=False, reasons=reasons),
        steps=(),
        decision=Decision(state=DecisionState.INSUFFICIENT, reasons=reasons),
        hits=(),
    )
