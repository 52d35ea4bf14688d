"""Electron ionisation by rule: which ions a fentanyl, a cathinone or a tryptamine falls into.

Published pathways with typical relative intensities, for training spectra only. The isotope peaks
follow from composition. Pure: names and numbers in, peaks out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from libraries.errors import LibraryError

Peaks = dict[int, float]
"""Nominal m/z to relative intensity, base peak about 100."""

# Abundances of the heavier isotopes relative to the lightest (IUPAC 2013 representative values).
_C13, _N15, _S33, _S34, _CL37, _BR81 = 0.0108, 0.0037, 0.0079, 0.0447, 0.320, 0.973


@dataclass(frozen=True, slots=True, kw_only=True)
class Acyl:
    """What the acyl group of a fentanyl does in the ion source.

    ``mass`` is RCO (57 propionyl), ``ketene`` the neutral lost from A, ``ions`` its own ions;
    ``keeps`` is set where ring cleavage (A - 43) goes before loss of the acyl group.
    """

    mass: int
    ketene: int
    ions: Mapping[int, float]
    keeps: bool = False


# Intensities are typical of 70 eV spectra, rounded to what a person would write down.
ACYLS: Mapping[str, Acyl] = {
    "acetyl": Acyl(mass=43, ketene=42, ions={43: 30}),
    "propionyl": Acyl(mass=57, ketene=56, ions={57: 20, 29: 12}),
    "acryl": Acyl(mass=55, ketene=54, ions={55: 40}),
    "butyryl": Acyl(mass=71, ketene=70, ions={71: 12, 43: 30}),
    "isobutyryl": Acyl(mass=71, ketene=70, ions={71: 10, 43: 35}),
    "crotonyl": Acyl(mass=69, ketene=68, ions={69: 50, 41: 20}),
    "cyclopropyl": Acyl(mass=69, ketene=68, ions={69: 50, 41: 20}),
    "valeryl": Acyl(mass=85, ketene=84, ions={85: 12, 57: 25, 41: 15}),
    "isovaleryl": Acyl(mass=85, ketene=84, ions={85: 10, 57: 30, 41: 15}),
    "pivaloyl": Acyl(mass=85, ketene=84, ions={85: 6, 57: 60, 41: 15}),
    "hexanoyl": Acyl(mass=99, ketene=98, ions={99: 6, 43: 25, 71: 10, 55: 10}),
    "cyclobutyl": Acyl(mass=83, ketene=82, ions={83: 15, 55: 40}),
    "cyclopentyl": Acyl(mass=97, ketene=96, ions={97: 8, 69: 45, 41: 20}),
    "cyclohexyl": Acyl(mass=111, ketene=110, ions={111: 5, 83: 35, 55: 35, 41: 15}),
    "tetrahydrofuranyl": Acyl(mass=99, ketene=98, ions={71: 60, 43: 20, 41: 12}),
    "furanyl": Acyl(mass=95, ketene=94, ions={95: 55, 39: 10}, keeps=True),
    "methoxyacetyl": Acyl(mass=73, ketene=72, ions={45: 45, 73: 2}, keeps=True),
    "benzoyl": Acyl(mass=105, ketene=104, ions={105: 80, 77: 45}, keeps=True),
    "thenoyl": Acyl(mass=111, ketene=110, ions={111: 80, 83: 8, 39: 12}, keeps=True),
}

# What a group adds to the part of the molecule that carries it, in Da.
SHIFTS: Mapping[str, int] = {
    "": 0,
    "methyl": 14,
    "fluoro": 18,
    "chloro": 34,
    "methoxy": 30,
    "hydroxy": 16,
    "isopropyl": 42,
}
# Mass of the part that leaves with the tail: benzyl from phenethyl and its relatives.
TAILS: Mapping[str, Mapping[int, float]] = {
    "phenyl": {91: 15, 105: 28, 103: 6, 104: 7, 77: 18, 79: 6, 65: 6},
    "thienyl": {97: 25, 111: 20, 110: 8, 77: 6},
    "fluorophenyl": {109: 20, 123: 22, 122: 6, 103: 8, 77: 8},
    "methylphenyl": {105: 20, 119: 22, 118: 6, 91: 10, 77: 8},
}
_TAIL_MASS = {"phenyl": 91, "thienyl": 97, "fluorophenyl": 109, "methylphenyl": 105}
_PIPERIDINE_IONS: Mapping[int, float] = {42: 20, 44: 11, 56: 6, 82: 4, 96: 11, 70: 6}


def fentanyl_peaks(
    acyl: str, aniline: str = "", piperidine: str = "", tail: str = "phenyl"
) -> Peaks:
    """Return the peaks of a fentanyl from its four parts.

    Ion A is the molecule without the tail's benzyl; B is A without the acyl group (as ketene);
    C is B without C2H5N of the piperidine. Furanyl and methoxyacetyl keep the acyl group and
    lose the ring first.

    Parameters
    ----------
    acyl : str
        A name in `ACYLS`.
    aniline, piperidine : str
        Names in `SHIFTS`; empty where unsubstituted.
    tail : str
        A name in `TAILS`.

    Raises
    ------
    LibraryError
        A part has no rule.

    References
    ----------
    Ohta, Suzuki and Ogasawara, J. Anal. Toxicol. 23 (1999) 280; Kanamori et al.,
    J. Health Sci. 56 (2010) 709 (ions A, B, C and their shifts).
    """
    for part, known in ((acyl, ACYLS), (aniline, SHIFTS), (piperidine, SHIFTS), (tail, TAILS)):
        if part not in known:
            raise LibraryError(
                f"no fragmentation rule for {part!r}", hint=f"Known: {', '.join(known)}"
            )
    group = ACYLS[acyl]
    shift = SHIFTS[aniline] + SHIFTS[piperidine]
    a = 245 - 57 + group.mass + shift
    b, c = 189 + shift, 146 + shift
    peaks: defaultdict[int, float] = defaultdict(float)
    main = {a: 100.0, a - 43: 12.0, b: 36.0, b + 1: 6.0, c: 65.0, c - 14: 13.0, c + 12: 10.0}
    if group.keeps:
        main = {a: 100.0, a - 43: 45.0, b: 9.0, c: 14.0, c + 12: 18.0, c - 14: 4.0}
    ring = 77 + SHIFTS[aniline]
    small = {ring: 8.0, ring + 27: 4.0, ring + 42: 6.0, ring + 16: 5.0}
    if piperidine:
        small |= {c - 14 - SHIFTS[piperidine]: 20.0, 146 + SHIFTS[aniline]: 5.0}
    for ions in (main, small, group.ions, TAILS[tail], _PIPERIDINE_IONS):
        for mz, intensity in ions.items():
            peaks[mz] += intensity
    return scaled(peaks)


# The benzoyl part of a cathinone: acylium, then CO lost, then the ring's own falling apart.
_ARYLS: Mapping[str, Mapping[int, float]] = {
    "phenyl": {105: 8, 77: 13, 51: 7, 50: 2},
    "methylphenyl": {119: 7, 91: 11, 65: 5, 39: 2},
    "dimethylphenyl": {133: 8, 105: 9, 79: 5, 77: 6},
    "fluorophenyl": {123: 7, 95: 11, 75: 5},
    "chlorophenyl": {139: 6, 141: 2, 111: 8, 113: 2.6, 75: 6},
    "bromophenyl": {183: 3, 185: 3, 155: 3.5, 157: 3.5, 76: 5, 75: 3, 50: 3},
    "methoxyphenyl": {135: 13, 77: 8, 107: 4, 92: 5, 64: 2},
    "methylenedioxyphenyl": {149: 9, 121: 8, 65: 7, 63: 4, 91: 2, 150: 1},
    "naphthyl": {155: 9, 127: 18, 126: 4, 77: 3},
    "thienyl": {111: 6, 83: 2, 39: 4},
}


def cathinone_peaks(iminium: int, aryl: str, *, pyrrolidine: bool = False) -> Peaks:
    """Return the peaks of a cathinone: iminium ion as base, acylium and aryl ions beside it.

    Raises
    ------
    LibraryError
        The aryl part has no rule, or the iminium ion is none of 30 + 14 n (or 96 + 14 n).

    References
    ----------
    Zuba, TrAC 32 (2012) 15 (acylium and iminium ions of cathinones).
    """
    if aryl not in _ARYLS:
        raise LibraryError(
            f"no fragmentation rule for {aryl!r}", hint=f"Known: {', '.join(_ARYLS)}"
        )
    first = 84 if pyrrolidine else 30
    if iminium < first or (iminium - first) % 14:
        raise LibraryError(f"m/z {iminium} is no iminium ion of this series")
    peaks: defaultdict[int, float] = defaultdict(float, {iminium: 100.0})
    if pyrrolidine:
        extra = {55: 6.0, 41: 5.0, 42: 5.0, 69: 4.0, 70: 4.0, iminium - 2: 3.0}
        if iminium > 98:
            extra |= {84: 3.0, 97: 3.0, 96: 4.0}
    else:
        extra = {iminium - 2: 4.0, 42: 4.0, 44: 4.0, 30: 4.0, 41: 4.0}
        if iminium > 58:
            extra |= {58: 4.0 if iminium < 86 else 12.0}
    for ions in (_ARYLS[aryl], extra):
        for mz, intensity in ions.items():
            peaks[mz] += intensity
    return scaled(peaks)


_INDOLES: Mapping[str, Mapping[int, float]] = {
    "": {130: 12, 129: 3, 115: 4, 103: 4, 77: 6, 143: 4},
    "hydroxy": {146: 5, 159: 3, 160: 4, 117: 4, 130: 4, 77: 3},
    "methoxy": {160: 10, 145: 4, 117: 6, 159: 3, 130: 3, 174: 4, 173: 3, 103: 3},
    "acetoxy": {146: 6, 160: 4, 159: 2, 117: 3, 43: 6, 77: 2},
}


def tryptamine_peaks(iminium: int, ring: str, molecular: int, second: Mapping[int, float]) -> Peaks:
    """Return the peaks of a tryptamine: iminium as base, indole ions, a weak molecular ion.

    Parameters
    ----------
    iminium : int
        58 dimethyl, 72 ethylmethyl, 86 diethyl, 114 dipropyl.
    ring : str
        ``""``, ``hydroxy``, ``methoxy`` or ``acetoxy``.
    molecular : int
        Nominal mass of the molecule.
    second : mapping of int to float
        Ions of the amine beside the iminium ion.
    """
    if ring not in _INDOLES:
        raise LibraryError(
            f"no fragmentation rule for {ring!r}", hint=f"Known: {', '.join(_INDOLES)}"
        )
    peaks: defaultdict[int, float] = defaultdict(float, {iminium: 100.0, molecular: 4.0})
    for ions in (_INDOLES[ring], {42: 6.0, 44: 4.0, 30: 4.0}, second):
        for mz, intensity in ions.items():
            peaks[mz] += intensity
    return scaled(peaks)


def scaled(peaks: Mapping[int, float]) -> Peaks:
    """Return peaks with the largest at 100, in order of m/z."""
    top = max(peaks.values())
    return {mz: 100.0 * peaks[mz] / top for mz in sorted(peaks)}


def with_isotopes(
    peaks: Mapping[int, float],
    *,
    carbons: int,
    nitrogens: int,
    sulfurs: int,
    mass: int,
    halogens: Mapping[int, str],
) -> Peaks:
    """Return peaks with the isotope peaks that their composition asks for.

    A fragment is taken to hold carbon, nitrogen and sulfur in proportion to its mass, which is
    close for the ions of drugs; its halogens are told by the caller. Peaks of the list stay as
    they are: an isotope peak is added only where none stands.

    Parameters
    ----------
    peaks : mapping of int to float
        m/z to relative intensity.
    carbons, nitrogens, sulfurs, mass : int
        Of the whole molecule.
    halogens : mapping of int to str
        m/z to ``Cl``, ``Cl2``, ``Br`` or ``BrCl`` for the fragments that hold them.
    """
    full: defaultdict[int, float] = defaultdict(float, peaks)
    for mz, intensity in peaks.items():
        share = min(mz / mass, 1.0)
        n_carbon = round(carbons * share)
        first = n_carbon * _C13 + nitrogens * share * _N15 + sulfurs * share * _S33
        second = n_carbon * (n_carbon - 1) / 2 * _C13**2 + round(sulfurs * share) * _S34
        pattern = {1: first, 2: second}
        for step, ratio in _halogen_pattern(halogens.get(mz, "")).items():
            pattern[step] = pattern.get(step, 0.0) + ratio
            pattern[step + 1] = pattern.get(step + 1, 0.0) + ratio * first
        for step, ratio in pattern.items():
            if mz + step not in peaks:
                full[mz + step] += intensity * ratio
    return {mz: full[mz] for mz in sorted(full) if full[mz] >= 0.2}


def _halogen_pattern(halogens: str) -> dict[int, float]:
    match halogens:
        case "":
            return {}
        case "Cl":
            return {2: _CL37}
        case "Br":
            return {2: _BR81}
        case "Cl2":
            return {2: 2 * _CL37, 4: _CL37**2}
        case "BrCl":
            return {2: _CL37 + _BR81, 4: _CL37 * _BR81}
        case _:
            raise LibraryError(f"no isotope pattern for {halogens!r}")
