"""A spectrum nobody could name, reduced to what recognises it again: few ions, or a coarse curve.

Small enough to travel in a report and free of anything but the spectrum. Knows no files, no record
and no substances; what is alike here is alike, never identified.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from spectra import unknown_tandem
from spectra.axis import FloatArray
from spectra.errors import SpectrumError
from spectra.unknown_tandem import Fragments

EI: Final = "ei"
MSMS: Final = "msms"
CURVES: Final = ("ftir", "raman")

IONS_KEPT: Final = 24
"""Of a mass spectrum; more changed neither rate of error on the development sets."""
LEAST_MZ: Final = 40
"""Below it instruments begin at different masses, and air and water speak."""
MOST_MZ: Final = 2_000
LEAST_IONS: Final = 4
BASE_IONS: Final = 4
"""The tallest ion of each must be among this many of the other: no mass shift is allowed."""

ION_THRESHOLD: Final = 0.90
"""Measured in tests/real/test_unknown_signatures.py, which states both rates of error."""
FLOOR_MARGIN: Final = 1.5
"""An ion that one spectrum lacks counts against it where it would stand this far above the lowest
ion that spectrum holds: a dilute sample shows less of the same."""
CURVE_THRESHOLD: Final = 0.90
RETENTION_INDEX_TOLERANCE: Final = 10.0
"""Index units on one stationary phase."""

CURVE_START_CM1: Final = 400.0
CURVE_STEP_CM1: Final = 8.0
CURVE_POINTS: Final = 175
"""400 to 1792 cm⁻¹: the fingerprint, where both techniques measure on every instrument."""
LEAST_SHARED_POINTS: Final = 90
_MISSING: Final = -128
_FULL_SCALE: Final = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What recognises an unknown.

    Parameters
    ----------
    kind : str
        ``ei`` or ``msms`` for mass spectra, ``ftir`` or ``raman`` for curves; only equal kinds
        compare.
    ions : tuple of (int, int)
        m/z and height (1 to 999), tallest first; of ``ei`` only.
    curve : bytes
        Slope of the curve at `CURVE_POINTS` places, one signed byte each; empty for ions.
    retention_index : float or None
    phase : str
        Stationary phase of the index, empty when not known.
    tandem : Fragments or None
        Of ``msms`` only.
    """

    kind: str
    ions: tuple[tuple[int, int], ...] = ()
    curve: bytes = b""
    retention_index: float | None = None
    phase: str = ""
    tandem: Fragments | None = None

    @property
    def base_mz(self) -> int:
        """m/z of the tallest ion; 0 for a curve and for MS/MS."""
        return self.ions[0][0] if self.ions else 0

    @property
    def filed(self) -> int:
        """The whole mass to file it under: of the tallest ion or the precursor; 0 for a curve."""
        return self.base_mz if self.tandem is None else self.tandem.filed

    @property
    def looked_up(self) -> tuple[int, ...]:
        """The whole masses under which others that may be alike are filed."""
        if self.tandem is not None:
            return self.tandem.looked_up
        return self.tallest or (0,)

    @property
    def tallest(self) -> tuple[int, ...]:
        """m/z of the tallest ions, tallest first."""
        return tuple(mz for mz, _ in self.ions[:BASE_IONS])

    def threshold(self, other: Signature) -> float:
        """Return the likeness from which this one and another count as one unknown."""
        if self.tandem is not None and other.tandem is not None:
            return unknown_tandem.threshold(self.tandem, other.tandem)
        return ION_THRESHOLD if self.kind == EI else CURVE_THRESHOLD


def of_ions(
    mz: FloatArray,
    intensity: FloatArray,
    *,
    retention_index: float | None = None,
    phase: str = "",
) -> Signature | None:
    """Return the signature of a mass spectrum, or None where it holds too few ions.

    Parameters
    ----------
    mz, intensity : ndarray of float, shape (n_peaks,)
    retention_index : float or None
    phase : str
    """
    # 0.3 takes the mass defect of iodine and bromine the same way as whole-mass libraries do.
    whole = np.floor(mz + 0.3)
    usable = np.isfinite(whole) & np.isfinite(intensity) & (intensity > 0.0)
    usable &= (whole >= LEAST_MZ) & (whole <= MOST_MZ)
    if not usable.any():
        return None
    heights = np.zeros(MOST_MZ + 1)
    np.maximum.at(heights, whole[usable].astype(np.int64), intensity[usable])
    scaled = np.rint(heights / heights.max() * 999.0).astype(np.int64)
    # Equal heights stand in order of mass, so that the same spectrum gives the same bytes.
    order = np.lexsort((np.arange(scaled.size), -scaled))[:IONS_KEPT]
    ions = tuple((int(at), int(scaled[at])) for at in order if scaled[at] > 0)
    if len(ions) < LEAST_IONS:
        return None
    return Signature(kind=EI, ions=ions, retention_index=retention_index, phase=phase)


def of_fragments(found: Fragments | None) -> Signature | None:
    """Return the signature of an MS/MS spectrum that was reduced to its fragments."""
    return None if found is None else Signature(kind=MSMS, tandem=found)


def of_curve(kind: str, x: FloatArray, y: FloatArray) -> Signature | None:
    """Return the signature of a vibrational curve, or None where it covers too little.

    Parameters
    ----------
    kind : str
        ``ftir`` or ``raman``.
    x : ndarray of float, shape (n_points,)
        Ascending, in cm⁻¹.
    y : ndarray of float, shape (n_points,)
        Absorbance or Raman intensity; NaN where not measured.

    Raises
    ------
    SpectrumError
        Another kind.
    """
    if kind not in CURVES:
        raise SpectrumError(f"{kind[:40]!r} is no kind of curve", hint=f"One of {CURVES}.")
    edges = CURVE_START_CM1 + CURVE_STEP_CM1 * np.arange(CURVE_POINTS + 2)
    known = np.isfinite(y)
    bins = np.digitize(x[known], edges) - 1
    inside = (bins >= 0) & (bins <= CURVE_POINTS)
    count = np.bincount(bins[inside], minlength=CURVE_POINTS + 1)
    total = np.bincount(bins[inside], weights=y[known][inside], minlength=CURVE_POINTS + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
    # The slope does not see what a sloping background adds, and little of a bent one.
    slope = np.diff(mean)
    there = np.isfinite(slope)
    if int(there.sum()) < LEAST_SHARED_POINTS:
        return None
    largest = float(np.abs(slope[there]).max())
    if not largest > 0.0:
        return None
    coded = np.full(CURVE_POINTS, _MISSING, dtype=np.int8)
    coded[there] = np.rint(slope[there] / largest * _FULL_SCALE).astype(np.int8)
    return Signature(kind=kind, curve=coded.tobytes())


def likeness(one: Signature, others: Sequence[Signature]) -> FloatArray:
    """Return how alike a signature is to each of others, 0 to 1, shape (len(others),).

    0 where the kinds differ, where the tallest ions are not shared, and where both have a
    retention index on the same phase and these differ by more than `RETENTION_INDEX_TOLERANCE`.
    Otherwise the cosine of the ions weighted by mass and square root of height (Stein & Scott,
    J. Am. Soc. Mass Spectrom. 5 (1994) 859), of the slopes where both were measured, or what two
    MS/MS spectra share (`spectra.unknown_tandem.likeness`).
    """
    found = np.zeros(len(others))
    for at, other in enumerate(others):
        if _may_be_one(one, other):
            found[at] = _alike(one, other)
    return found


def _alike(one: Signature, other: Signature) -> float:
    if one.tandem is not None and other.tandem is not None:
        return unknown_tandem.likeness(one.tandem, other.tandem)
    return _cosine_of_ions(one, other) if one.kind == EI else _cosine(one, other)


def retention_differs(one: Signature, others: Sequence[Signature]) -> bool:
    """Whether retention speaks against one signature being what all the others are.

    It does where at least one of them has an index on the same phase and none of these agrees: what
    has no index of its own must not be the bridge between two that differ.
    """
    apart = [
        each for each in (_retention_apart(one, other) for other in others) if each is not None
    ]
    return bool(apart) and min(apart) > RETENTION_INDEX_TOLERANCE


def is_same(one: Signature, other: Signature) -> bool:
    """Whether two signatures are alike enough to be called one unknown."""
    return float(likeness(one, [other])[0]) >= one.threshold(other)


def _may_be_one(one: Signature, other: Signature) -> bool:
    if one.kind != other.kind:
        return False
    if one.kind != EI:
        return True
    if one.base_mz not in other.tallest or other.base_mz not in one.tallest:
        return False
    apart = _retention_apart(one, other)
    return apart is None or apart <= RETENTION_INDEX_TOLERANCE


def _retention_apart(one: Signature, other: Signature) -> float | None:
    """Return by how much two retention indices differ; None where they cannot be compared."""
    mine, theirs = one.retention_index, other.retention_index
    if mine is None or theirs is None or not one.phase or one.phase != other.phase:
        return None
    return abs(mine - theirs)


def _cosine_of_ions(one: Signature, other: Signature) -> float:
    mine, theirs = _weights(one, other), _weights(other, one)
    dot = sum(weight * theirs[mz] for mz, weight in mine.items() if mz in theirs)
    norm = math.hypot(*mine.values()) * math.hypot(*theirs.values())
    return min(dot / norm, 1.0) if norm else 0.0


def _weights(one: Signature, other: Signature) -> dict[int, float]:
    """Return the weights of the ions that the other could show."""
    floor = FLOOR_MARGIN * other.ions[-1][1]
    shared = {mz for mz, _ in other.ions}
    return {
        mz: mz * math.sqrt(height) for mz, height in one.ions if height >= floor or mz in shared
    }


def _cosine(one: Signature, other: Signature) -> float:
    a, b = (np.frombuffer(each.curve, dtype=np.int8).astype(np.float64) for each in (one, other))
    both = (a != _MISSING) & (b != _MISSING)
    if int(both.sum()) < LEAST_SHARED_POINTS:
        return 0.0
    a, b = a[both], b[both]
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return min(max(float(a @ b) / norm, 0.0), 1.0) if norm else 0.0


def plain(signature: Signature) -> dict[str, Any]:
    """Return a signature as JSON values; `parsed` reads them back."""
    said: dict[str, Any] = {"kind": signature.kind}
    if signature.tandem is not None:
        return said | unknown_tandem.plain(signature.tandem)
    if signature.ions:
        said["ions"] = [[mz, height] for mz, height in signature.ions]
    if signature.curve:
        said["curve"] = base64.b64encode(signature.curve).decode("ascii")
    if signature.retention_index is not None:
        said["retention_index"] = round(signature.retention_index, 1)
        said["phase"] = signature.phase
    return said


def parsed(said: Mapping[str, Any]) -> Signature:
    """Return the signature that JSON values stand for.

    Raises
    ------
    SpectrumError
        They are no signature: an unknown kind, too many or impossible ions, a curve of another
        length.
    """
    kind = said.get("kind")
    index, phase = said.get("retention_index"), said.get("phase", "")
    if kind == EI:
        if index is not None and not _is_number(index, 0.0, 100_000.0):
            raise SpectrumError(f"{index!r:.40} is no retention index")
        if not isinstance(phase, str):
            raise SpectrumError("the stationary phase of a signature is a text")
        return Signature(
            kind=EI,
            ions=_ions(said.get("ions")),
            retention_index=None if index is None else float(index),
            phase=phase[:60],
        )
    if kind in CURVES:
        return Signature(kind=str(kind), curve=_curve(said.get("curve")))
    if kind == MSMS:
        return Signature(kind=MSMS, tandem=unknown_tandem.parsed(said))
    raise SpectrumError(
        f"{kind!r:.40} is no kind of signature", hint=f"One of {', '.join((EI, MSMS, *CURVES))}."
    )


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _ions(value: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or not LEAST_IONS <= len(value) <= IONS_KEPT:
        raise SpectrumError(f"a signature has {LEAST_IONS} to {IONS_KEPT} ions")
    ions = []
    for pair in value:
        good = (
            isinstance(pair, list)
            and len(pair) == 2
            and all(isinstance(each, int) and not isinstance(each, bool) for each in pair)
            and LEAST_MZ <= pair[0] <= MOST_MZ
            and 1 <= pair[1] <= 999
        )
        if not good:
            raise SpectrumError(f"{pair!r:.60} is no ion: m/z and height in whole numbers")
        ions.append((pair[0], pair[1]))
    heights = [height for _, height in ions]
    if len({mz for mz, _ in ions}) != len(ions) or heights != sorted(heights, reverse=True):
        raise SpectrumError("the ions of a signature stand once each, tallest first")
    return tuple(ions)


def _curve(value: object) -> bytes:
    try:
        data = base64.b64decode(value if isinstance(value, str) else "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SpectrumError("the curve of a signature is not Base64") from error
    if len(data) != CURVE_POINTS:
        raise SpectrumError(f"a signature's curve has {CURVE_POINTS} points, found {len(data)}")
    return data
