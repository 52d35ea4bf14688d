"""What is suspicious about one reference by itself: its peaks, its axis, its identity.

Looks at one entry at a time; what its neighbours say is in `libraries.quality_neighbours`. A mark
is a reason to look, never a reason to drop: the thresholds are set to be silent on sound spectra.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from libraries import harmonise, identifiers, naming
from libraries.entry import Entry, Section
from spectra.axis import FloatArray, YKind
from spectra.errors import SpectrumError
from spectra.prepare import vibrational
from spectra.spectrum import Spectrum, Technique
from spectra.tandem_rank import FEWEST_FRAGMENTS, fragments


class MarkKind(StrEnum):
    """What is suspicious, in one word or two."""

    FEW_PEAKS = "few peaks"
    OFF_AXIS = "off axis"
    COLUMN_BLEED = "column bleed"
    AIR = "air and water"
    SATURATED = "saturated"
    COARSE = "too coarse"
    INTERPOLATED = "interpolated"
    ORDINATE = "ordinate"
    NOISY = "noisy"
    IDENTITY = "identity"
    CLASS = "class"
    MISLABELLED = "mislabelled"
    TWO_NAMES = "two names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One reason to look at one entry.

    Parameters
    ----------
    other : str
        Id of the entry it was compared with; empty where there is none.
    score : float or None
        How alike the two are, 0 to 1.
    """

    kind: MarkKind
    entry: str
    name: str
    message: str
    other: str = ""
    score: float | None = None


_LEAST_PEAKS = 3
_COUNTED_FROM = 0.01
# Siloxanes of the column, with the least share of the base peak that cannot be chance. Each ion
# alone is a fragment of many drugs; the small ring at 207 with a larger ring and a chain is not.
_BLEED_SURE, _BLEED_RINGS, _BLEED_CHAINS = (
    (207, 0.05),
    ((281, 0.02), (355, 0.01)),
    ((73, 0.02), (147, 0.02)),
)
_BLEED_MOST = 0.5
# Air stands at m/z 28 and 32 in about four to one; few organic molecules have both.
_OXYGEN, _NITROGEN = 0.03, 0.08
_SMALL_MOLECULE = 60.0
_BETWEEN = (0.35, 0.65)
_BETWEEN_SHARE = 0.3
_FLAT_MASS_PEAKS = 4
# A narrow band of a solid is ten wavenumbers wide; sampled more widely than at half of that its
# height and place are chance. Beyond six, nothing is comparable and the import turns it away.
_COARSE_CM1 = 4.5
_STRAIGHT_SHARE = 0.4
_MASS_TOLERANCE = 1.6
_LEAST_SIGNAL_TO_NOISE = 10.0


def of_entry(entry: Entry) -> Iterator[Mark]:
    """Yield what is suspicious about one entry by itself."""
    section = entry.draft.section
    of_section = {Section.EI: _mass, Section.MSMS: _fragments}
    found = of_section.get(section, _curve)(entry)
    for kind, message in (*found, *_identity(entry)):
        yield mark(kind, entry, message)


def mark(
    kind: MarkKind, entry: Entry, message: str, other: str = "", score: float | None = None
) -> Mark:
    """Return a mark on an entry."""
    return Mark(
        kind=kind, entry=entry.id, name=entry.name, message=message, other=other, score=score
    )


def _mass(entry: Entry) -> Iterator[tuple[MarkKind, str]]:
    mz, height = entry.draft.x, entry.draft.y / float(entry.draft.y.max())
    seen = int(np.count_nonzero(height >= _COUNTED_FROM))
    if seen < _LEAST_PEAKS:
        yield MarkKind.FEW_PEAKS, f"{seen} peaks reach {_COUNTED_FROM:.0%} of the base peak"
    fraction = mz - np.floor(mz)
    between = (fraction > _BETWEEN[0]) & (fraction < _BETWEEN[1])
    share = float(height[between].sum() / height.sum())
    if share > _BETWEEN_SHARE:
        text = f"{share:.0%} of its intensity lies between whole masses: the m/z axis is off"
        yield MarkKind.OFF_AXIS, text
    flat = int(np.count_nonzero(height >= 1.0 - 1e-9))
    if flat >= _FLAT_MASS_PEAKS:
        yield MarkKind.SATURATED, f"{flat} peaks have exactly the height of the base peak"
    yield from _contaminated(entry, mz, height)


def _fragments(entry: Entry) -> Iterator[tuple[MarkKind, str]]:
    """Yield what is suspicious about an MS/MS spectrum: few fragments, a cut-off detector."""
    made = entry.draft.tandem
    if made is not None:
        count = fragments((entry.draft.x, entry.draft.y), made.precursor_mz)
        if count < FEWEST_FRAGMENTS:
            yield MarkKind.FEW_PEAKS, f"{count} fragments lie below its precursor"
    flat = int(np.count_nonzero(entry.draft.y >= float(entry.draft.y.max())))
    if flat >= _FLAT_MASS_PEAKS:
        yield MarkKind.SATURATED, f"{flat} peaks have exactly the height of the base peak"


def _contaminated(
    entry: Entry, mz: FloatArray, height: FloatArray
) -> Iterator[tuple[MarkKind, str]]:
    who = entry.draft.identity
    whole = np.floor(mz + 0.5).astype(np.int64)

    def at(mass: int) -> float:
        found = height[whole == mass]
        return float(found.max()) if found.size else 0.0

    mass = who.molecular_mass or 0.0
    siloxane = "Si" in who.formula or naming.is_heavier(who.group) or harmonise.variant(who.name)
    # An ion of the molecule itself, with its isotopes, is no bleed.
    rings = [m for m, least in _BLEED_RINGS if at(m) >= least and not -2 <= m - mass <= 4]
    chains = [m for m, least in _BLEED_CHAINS if at(m) >= least]
    sure, least = _BLEED_SURE
    if not siloxane and rings and chains and least <= at(sure) <= _BLEED_MOST:
        shown = ", ".join(f"{m} ({at(m):.0%})" for m in (*chains, sure, *rings))
        yield MarkKind.COLUMN_BLEED, f"ions of column bleed: {shown}"
    heavy = who.molecular_mass is None or who.molecular_mass > _SMALL_MOLECULE
    nitrogen, oxygen = at(28), at(32)
    if heavy and oxygen >= _OXYGEN and nitrogen >= max(_NITROGEN, 2.0 * oxygen):
        text = f"ions of air: 28 ({nitrogen:.0%}), 32 ({oxygen:.0%}), water 18 ({at(18):.0%})"
        yield MarkKind.AIR, text


def _curve(entry: Entry) -> Iterator[tuple[MarkKind, str]]:
    measured = entry.draft.measurement()
    if not isinstance(measured, Spectrum):
        return
    step = float(np.median(np.abs(np.diff(measured.x)))) if measured.x.size > 1 else 0.0
    if measured.x_unit == "cm-1" and step > _COARSE_CM1:
        text = f"a point every {step:.3g} cm-1: narrow bands fall between them"
        yield MarkKind.COARSE, text
    straight = _straight_share(measured.y)
    if straight > _STRAIGHT_SHARE:
        text = f"{straight:.0%} of its points lie on straight lines: interpolated from fewer"
        yield MarkKind.INTERPOLATED, text
    if measured.y_kind is YKind.ABSORBANCE and _points_down(measured.y):
        text = "its bands point down: transmittance that is labelled absorbance"
        yield MarkKind.ORDINATE, text
    try:
        seen = vibrational(measured, Technique(entry.draft.section.value)).quality
    except SpectrumError as reason:
        yield MarkKind.OFF_AXIS, reason.message
        return
    # `saturated` counts flat tops; a curve that touches its maximum once is no more than that.
    if seen.saturated:
        yield MarkKind.SATURATED, "its tallest band is cut off flat"
    if seen.signal_to_noise is not None and seen.signal_to_noise < _LEAST_SIGNAL_TO_NOISE:
        yield MarkKind.NOISY, f"signal to noise {seen.signal_to_noise:.0f}"


def _straight_share(y: FloatArray) -> float:
    """Return the share of inner points that lie on the line through their two neighbours."""
    bend = np.abs(np.diff(y, 2))
    scale = float(np.ptp(y))
    if bend.size < 50 or scale <= 0:
        return 0.0
    # Flat stretches (zeros, clipped baselines) are straight without having been interpolated.
    sloped = np.abs(y[2:] - y[:-2]) > 1e-6 * scale
    if np.count_nonzero(sloped) < 50:
        return 0.0
    return float(np.count_nonzero(sloped & (bend < 1e-9 * scale)) / np.count_nonzero(sloped))


def _points_down(y: FloatArray) -> bool:
    """Return whether a curve lies near its top with deep narrow dips."""
    low, middle, high = np.percentile(y, [0.5, 50.0, 99.5])
    return bool(high > low and (middle - low) / (high - low) > 0.85 and middle > 0.2)


def _identity(entry: Entry) -> Iterator[tuple[MarkKind, str]]:
    who = entry.draft.identity
    mass = harmonise.monoisotopic_mass(who.formula)
    plain = not harmonise.variant(who.name)
    if plain and mass is not None and _is_off(mass, who.molecular_mass):
        text = f"formula {who.formula} weighs {mass:.2f} Da, stated are {who.molecular_mass:g}"
        yield MarkKind.IDENTITY, text
    known = naming.known(who.name) if who.inchikey and plain else None
    if known is not None and known.inchikey and known.inchikey[:14] != who.inchikey[:14]:
        text = f"its key {who.inchikey} is not that of {known.name} ({known.inchikey[:14]})"
        yield MarkKind.IDENTITY, text
    if who.smiles and who.inchikey:
        made = identifiers.of_structure(who.smiles)
        if made is not None and made.inchikey and made.inchikey[:14] != who.inchikey[:14]:
            text = f"its structure has the key {made.inchikey}, stated is {who.inchikey}"
            yield MarkKind.IDENTITY, text


def _is_off(mass: float, stated: float | None) -> bool:
    """Return whether a stated mass is not that of the formula, be it exact or the average."""
    # Sources that give the average mass are off by a part in a thousand.
    return stated is not None and abs(mass - stated) > max(_MASS_TOLERANCE, 2e-3 * mass)
