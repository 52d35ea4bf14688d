"""A measurement and what its file says of it -> a harmonised library draft, or the reason why not.

Judges one spectrum at a time; knows nothing of libraries, databases or indexes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from libraries import harmonise, naming, provenance
from libraries.entry import EntryDraft, Identity, Section
from libraries.provenance import Source
from spectra.axis import UNIT_CM1, UNIT_MZ, UNIT_ONE, FloatArray, XKind, YKind
from spectra.errors import NotComparableError
from spectra.spectrum import MassSpectrum, Measurement, Spectrum, SpectrumKind

# A reference spectrum is at most a few ten thousand points; more is a map, a run or an attack.
_MOST_POINTS = 1_000_000


def draft(measurement: Measurement, source: Source, metadata: Mapping[str, str]) -> EntryDraft:
    """Return a measurement as a draft entry of a reference library.

    Parameters
    ----------
    measurement : Spectrum or MassSpectrum
        A Raman, infrared or mass spectrum of one substance.
    source : Source
        The file it was read from; its ``technique`` settles an axis that the file leaves open.
    metadata : mapping of str to str
        What the file as a whole says; the measurement's own metadata win over it.

    Returns
    -------
    EntryDraft

    Raises
    ------
    NotComparableError
        It has no name, is marked faulty, is not a single spectrum, or its axes cannot be compared
        with a query. The message is the reason for the import report.
    """
    if measurement.faults:
        raise NotComparableError(f"marked faulty: {'; '.join(measurement.faults)}")
    facts = harmonise.facts({**metadata, **measurement.metadata})
    if isinstance(measurement, MassSpectrum):
        return _mass(measurement, source, facts)
    if isinstance(measurement, Spectrum):
        return _curve(measurement, source, facts)
    raise NotComparableError(
        f"a {measurement.kind.value.replace('_', ' ')} is not a reference spectrum",
        hint="Export the spectrum of the peak (MSP or JCAMP) and import that.",
    )


def _identity(title: str, facts: Mapping[str, str], section: Section) -> Identity:
    name = harmonise.display_name(harmonise.pick(facts, harmonise.NAME) or title)
    identifier = harmonise.inchikey(harmonise.pick(facts, harmonise.INCHIKEY))
    if not name and not identifier:
        raise NotComparableError(
            "no name and no InChIKey", hint="Give each reference a Name (MSP) or TITLE (JCAMP)."
        )
    formula = harmonise.formula(harmonise.pick(facts, harmonise.FORMULA))
    known = identifier or naming.inchikey_of(name)
    return Identity(
        name=name or identifier,
        group=harmonise.group(name, known, with_salt=not section.is_mass),
        inchikey=identifier,
        smiles=harmonise.pick(facts, harmonise.SMILES),
        formula=formula,
        cas=harmonise.pick(facts, harmonise.CAS),
        compound_class=harmonise.pick(facts, harmonise.CLASS),
        molecular_mass=_molecular_mass(name, formula, facts),
    )


def _molecular_mass(name: str, formula: str, facts: Mapping[str, str]) -> float | None:
    stated = harmonise.number(harmonise.pick(facts, harmonise.EXACT_MASS))
    if stated is None and not harmonise.variant(name):
        stated = harmonise.monoisotopic_mass(formula)
    if stated is None:
        stated = harmonise.number(harmonise.pick(facts, harmonise.STATED_MASS))
    return stated


def _mass(spectrum: MassSpectrum, source: Source, facts: Mapping[str, str]) -> EntryDraft:
    _check_numbers(spectrum.mz, spectrum.intensity, "peak")
    if (spectrum.intensity < 0).any() or not (spectrum.intensity > 0).any():
        raise NotComparableError("intensities are negative or all zero")
    if (spectrum.mz <= 0).any():
        raise NotComparableError(f"m/z {float(spectrum.mz.min()):g} is not above zero")
    ionization = spectrum.ionization or harmonise.pick(facts, harmonise.IONIZATION)
    precursor = spectrum.precursor_mz or harmonise.number(
        harmonise.pick(facts, harmonise.PRECURSOR)
    )
    _check_electron_impact(ionization, precursor)
    retention = spectrum.retention_index or harmonise.number(
        harmonise.pick(facts, harmonise.RETENTION_INDEX)
    )
    return EntryDraft(
        identity=_identity(spectrum.title, facts, Section.EI),
        section=Section.EI,
        x=spectrum.mz,
        y=spectrum.intensity,
        x_kind=XKind.MZ,
        x_unit=UNIT_MZ,
        y_kind=YKind.ABUNDANCE,
        y_unit=UNIT_ONE,
        provenance=provenance.describe(source, facts),
        ionization="EI",
        retention_index=retention,
        sampling=harmonise.pick(facts, harmonise.SAMPLING),
    )


def _check_electron_impact(ionization: str, precursor: float | None) -> None:
    kind = ionization.strip().upper()
    if kind.startswith(("EI", "ELECTRON I")):
        return
    if kind or precursor is not None:
        what = f"{kind or 'a soft ionisation'} with precursor {precursor:g}" if precursor else kind
        raise NotComparableError(
            f"{what} cannot be compared with electron-impact spectra on whole masses",
            hint="Matching MS/MS and soft-ionisation spectra is not built yet.",
        )


def _curve(spectrum: Spectrum, source: Source, facts: Mapping[str, str]) -> EntryDraft:
    _check_numbers(spectrum.x, spectrum.y, "point")
    section = curve_section(spectrum, source.technique)
    settled = settle(spectrum, section)
    return EntryDraft(
        identity=_identity(spectrum.title, facts, section),
        section=section,
        x=settled.x,
        y=settled.y,
        x_kind=settled.x_kind,
        x_unit=settled.x_unit,
        y_kind=settled.y_kind,
        y_unit=settled.y_unit,
        provenance=provenance.describe(source, facts),
        sampling=harmonise.pick(facts, harmonise.SAMPLING),
    )


def curve_section(spectrum: Spectrum, technique: str) -> Section:
    """Return whether a curve is compared as Raman or infrared.

    Parameters
    ----------
    spectrum : Spectrum
    technique : str
        What the export or the person says; used where the axis does not settle it.

    Raises
    ------
    NotComparableError
        Neither: a pixel axis, a visible spectrum, or an axis nobody has named.
    """
    if spectrum.x_kind is XKind.RAMAN_SHIFT:
        return Section.RAMAN
    if spectrum.y_kind is YKind.RAMAN_INTENSITY and spectrum.x_kind is XKind.WAVENUMBER:
        return Section.RAMAN
    if spectrum.kind is SpectrumKind.VIBRATIONAL:
        return Section.RAMAN if technique == Section.RAMAN.value else Section.FTIR
    if spectrum.x_kind is XKind.UNKNOWN and technique in (Section.RAMAN, Section.FTIR):
        return Section(technique)
    raise NotComparableError(
        f"an axis of {spectrum.x_kind.value} in {spectrum.x_unit} cannot be compared",
        hint="Export over wavenumber or Raman shift, or state the technique.",
    )


def settle(spectrum: Spectrum, section: Section) -> Spectrum:
    """Return a curve with what its file left open filled in by the technique that is known.

    An axis nobody named is taken in cm⁻¹: Raman shift for Raman, wavenumber for infrared. An
    infrared ordinate that nobody named stays unknown, since absorbance and transmittance differ.
    """
    x_kind, x_unit, y_kind = spectrum.x_kind, spectrum.x_unit, spectrum.y_kind
    if section is Section.RAMAN:
        if y_kind is YKind.UNKNOWN:
            y_kind = YKind.RAMAN_INTENSITY
        if x_kind is XKind.UNKNOWN:
            x_kind = XKind.RAMAN_SHIFT
    elif x_kind is XKind.UNKNOWN:
        x_kind = XKind.WAVENUMBER
    if spectrum.x_kind is XKind.UNKNOWN:
        x_unit = UNIT_CM1
    return replace(spectrum, x_kind=x_kind, x_unit=x_unit, y_kind=y_kind)


def _check_numbers(x: FloatArray, y: FloatArray, what: str) -> None:
    if x.size == 0:
        raise NotComparableError(f"no {what}s")
    if x.size > _MOST_POINTS:
        raise NotComparableError(f"{x.size:,} {what}s; a reference has at most {_MOST_POINTS:,}")
    bad = int(np.count_nonzero(~(np.isfinite(x) & np.isfinite(y))))
    if bad:
        raise NotComparableError(f"{bad} of {x.size} {what}s are not numbers")
