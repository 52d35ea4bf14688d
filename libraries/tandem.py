"""What makes a mass spectrum one of MS/MS, and how its ions were made, from what its file says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from libraries import harmonise
from libraries.entry import Tandem
from spectra.spectrum import MassSpectrum

COLLISION_ENERGY = (
    "collisionenergy",
    "ce",
    "accollisionenergy",
    "acmassspectrometrycollisionenergy",
)
ADDUCT = ("precursortype", "adduct", "msfocusedionprecursortype", "adductionname")
POLARITY = ("ionmode", "polarity", "acmassspectrometryionmode")
_ELECTRON_IMPACT = ("EI", "ELECTRON I")
_LONGEST = 80
_LARGEST_MZ = 100_000.0


def is_tandem(ionization: str, precursor_mz: float | None) -> bool:
    """Return whether a spectrum is of MS/MS or another soft ionisation, and not electron impact.

    A file that states electron impact is believed, whatever else it states.
    """
    kind = ionization.strip().upper()
    if kind.startswith(_ELECTRON_IMPACT):
        return False
    return bool(kind) or precursor_mz is not None


def precursor_of(spectrum: MassSpectrum, facts: Mapping[str, str]) -> float | None:
    """Return the m/z of the precursor, or None where it is not stated or none that can be."""
    stated = spectrum.precursor_mz
    if stated is None:
        stated = harmonise.number(harmonise.pick(facts, harmonise.PRECURSOR))
    if stated is None or not np.isfinite(stated) or not 0 < stated <= _LARGEST_MZ:
        return None
    return float(stated)


def facts_of(spectrum: MassSpectrum, facts: Mapping[str, str]) -> Tandem | None:
    """Return how the ions of an MS/MS spectrum were made; None where it states no precursor.

    Parameters
    ----------
    spectrum : MassSpectrum
    facts : mapping of str to str
        As `libraries.harmonise.facts` gives them.
    """
    precursor = precursor_of(spectrum, facts)
    if precursor is None:
        return None
    adduct = harmonise.pick(facts, ADDUCT)[:_LONGEST]
    charge = harmonise.pick(facts, ("charge",))
    ionization = spectrum.ionization or harmonise.pick(facts, harmonise.IONIZATION)
    return Tandem(
        precursor_mz=precursor,
        polarity=_polarity(harmonise.pick(facts, POLARITY), ionization, adduct, charge),
        collision_energy=harmonise.pick(facts, COLLISION_ENERGY)[:_LONGEST],
        adduct=adduct,
    )


def _polarity(mode: str, ionization: str, adduct: str, charge: str) -> str:
    """Return ``+`` or ``-`` as mode, ionisation, adduct or charge state it, else nothing."""
    word = mode.strip().upper()
    if word.startswith(("P", "+")):
        return "+"
    if word.startswith(("N", "-")):
        return "-"
    for text in (ionization.strip(), adduct.strip(), charge.strip()):
        if text.endswith(("+", "-")):
            return text[-1]
    return ""
