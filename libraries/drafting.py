"""A measurement and what its file says of it -> a harmonised library draft, or the reason why not.

Judges one spectrum at a time; knows nothing of libraries, databases or indexes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from libraries import derivatives, harmonise, identifiers, naming, provenance, retention, tandem
from libraries.entry import EntryDraft, Identity, Section
from libraries.provenance import Source
from spectra.axis import UNIT_CM1, UNIT_MZ, UNIT_ONE, FloatArray, XKind, YKind
from spectra.errors import NotComparableError
from spectra.spectrum import MassSpectrum, Measurement, Spectrum, SpectrumKind

# A reference spectrum is at most a few ten thousand points; more is a map, a run or an attack.
_MOST_POINTS = 1_000_000
# What sources write where they have no structure.
_NOTHING = frozenset(("n/a", "na", "none", "null", "-", "unknown"))

HEAVIER = naming.HEAVIER
# No absorbance is higher: less than one part in 10^10 of the light would pass.
_HIGHEST_ABSORBANCE = 10.0
# Micrometres of the infrared end at 60; an axis in cm⁻¹ that ends there is mislabelled.
_MICROMETRES_END = 60.0


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
    smiles = harmonise.pick(facts, harmonise.SMILES)
    formula = harmonise.formula(harmonise.pick(facts, harmonise.FORMULA))
    if smiles and smiles.lower() in _NOTHING:
        smiles = ""
    if not identifier or not formula:
        made = identifiers.of_structure(smiles, harmonise.pick(facts, harmonise.INCHI))
        if made is not None:
            identifier, smiles = identifier or made.inchikey, smiles or made.smiles
            formula = formula or harmonise.formula(made.formula)
    known = identifier or naming.inchikey_of(name)
    return Identity(
        name=name or identifier,
        group=harmonise.group(name, known, with_salt=not section.is_mass),
        inchikey=identifier,
        smiles=smiles,
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


def _apart(who: Identity, spectrum: MassSpectrum) -> tuple[Identity, str]:
    """Return the identity of a spectrum that may be heavier than its molecule, and the note of it.

    A derivative that is filed as its parent is neither the parent nor an isomer of it: it keeps the
    parent's name with a mark, and loses the key, structure, formula and mass that are not its own.
    """
    if harmonise.variant(who.name):
        return who, ""
    groups = derivatives.heavier_by(
        spectrum.mz, spectrum.intensity, who.molecular_mass, who.formula
    )
    if not groups:
        return who, ""
    filed = {
        "formula": who.formula,
        "inchikey": who.inchikey,
        "smiles": who.smiles,
        "cas": who.cas,
        "mass": repr(who.molecular_mass),
    }
    note = "; ".join(
        (
            f"{HEAVIER}=ions above the molecule it is filed under: a derivative",
            *(f"filed {word}={value}" for word, value in filed.items() if value),
        )
    )
    own = replace(
        who,
        group=f"{who.group}+{HEAVIER}:{groups}",
        inchikey="",
        smiles="",
        formula="",
        cas="",
        molecular_mass=None,
    )
    return own, note


def _mass(spectrum: MassSpectrum, source: Source, facts: Mapping[str, str]) -> EntryDraft:
    _check_numbers(spectrum.mz, spectrum.intensity, "peak")
    if (spectrum.intensity < 0).any() or not (spectrum.intensity > 0).any():
        raise NotComparableError("intensities are negative or all zero")
    if (spectrum.mz <= 0).any():
        raise NotComparableError(f"m/z {float(spectrum.mz.min()):g} is not above zero")
    ionization = spectrum.ionization or harmonise.pick(facts, harmonise.IONIZATION)
    precursor = tandem.precursor_of(spectrum, facts)
    if tandem.is_tandem(ionization, precursor):
        return _msms(spectrum, source, facts, ionization)
    if spectrum.molecular_mass is not None:
        facts = {"mw": repr(spectrum.molecular_mass), **facts}
    beyond = spectrum.intensity[spectrum.mz >= 1000.5].sum() / spectrum.intensity.sum()
    if beyond > 0.5:
        raise NotComparableError(f"{beyond:.0%} of its intensity lies above m/z 1000")
    indices = retention.stated(facts)
    value = retention.preferred(indices) or spectrum.retention_index
    origin = provenance.describe(source, facts)
    # Which phase an index holds for is part of the conditions, in words that can be read back.
    conditions = "; ".join(filter(None, (origin.conditions, retention.words(indices))))
    who, note = _apart(_identity(spectrum.title, facts, Section.EI), spectrum)
    notes = "; ".join(filter(None, (note, origin.notes)))
    return EntryDraft(
        identity=who,
        section=Section.EI,
        x=spectrum.mz,
        y=spectrum.intensity,
        x_kind=XKind.MZ,
        x_unit=UNIT_MZ,
        y_kind=YKind.ABUNDANCE,
        y_unit=UNIT_ONE,
        provenance=replace(origin, conditions=conditions, notes=notes),
        ionization="EI",
        retention_index=value,
        sampling=harmonise.pick(facts, harmonise.SAMPLING),
    )


def _msms(
    spectrum: MassSpectrum, source: Source, facts: Mapping[str, str], ionization: str
) -> EntryDraft:
    made = tandem.facts_of(spectrum, facts)
    if made is None:
        raise NotComparableError(
            "an MS/MS or soft-ionisation spectrum without the m/z of its precursor",
            hint="Give each such reference its precursor (PrecursorMZ in MSP, PEPMASS in MGF).",
        )
    return EntryDraft(
        identity=_identity(spectrum.title, facts, Section.MSMS),
        section=Section.MSMS,
        x=spectrum.mz,
        y=spectrum.intensity,
        x_kind=XKind.MZ,
        x_unit=UNIT_MZ,
        y_kind=YKind.ABUNDANCE,
        y_unit=UNIT_ONE,
        provenance=provenance.describe(source, facts),
        ionization=ionization,
        sampling=harmonise.pick(facts, harmonise.SAMPLING),
        tandem=made,
    )


def _curve(spectrum: Spectrum, source: Source, facts: Mapping[str, str]) -> EntryDraft:
    _check_numbers(spectrum.x, spectrum.y, "point")
    section = curve_section(spectrum, source.technique)
    settled = settle(spectrum, section)
    _check_units(settled)
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


def _check_units(settled: Spectrum) -> None:
    """Raise for an axis or ordinate that cannot be what it is labelled."""
    x, y = settled.x, settled.y
    if settled.x_unit == UNIT_CM1 and 0 < float(x.max()) <= _MICROMETRES_END:
        raise NotComparableError(
            f"x from {float(x.min()):g} to {float(x.max()):g} labelled cm-1: this looks like "
            "micrometres",
            hint="Correct the unit of the axis in the file.",
        )
    if settled.y_kind is YKind.ABSORBANCE and float(np.median(y)) > _HIGHEST_ABSORBANCE:
        raise NotComparableError(
            f"an absorbance of {float(np.median(y)):g} in the middle: this looks like per cent "
            "transmittance",
            hint="Correct the unit of the ordinate in the file.",
        )


def _check_numbers(x: FloatArray, y: FloatArray, what: str) -> None:
    if x.size == 0:
        raise NotComparableError(f"no {what}s")
    if x.size > _MOST_POINTS:
        raise NotComparableError(f"{x.size:,} {what}s; a reference has at most {_MOST_POINTS:,}")
    bad = int(np.count_nonzero(~(np.isfinite(x) & np.isfinite(y))))
    if bad:
        raise NotComparableError(f"{bad} of {x.size} {what}s are not numbers")
