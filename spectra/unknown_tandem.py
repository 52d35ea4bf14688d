"""An MS/MS spectrum reduced to what recognises its ion again, whatever the collision energy.

Knows one precursor and few fragments; no energies, no substances, no record. Alike is not the same:
isomers often break into the same pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray
from spectra.errors import SpectrumError
from spectra.peak_tandem_clean import LARGEST_MZ, Cleaning, Tolerance, clean

FRAGMENTS_KEPT: Final = 24
LEAST_FRAGMENTS: Final = 3
"""Fewer below the precursor are water and ammonia, which half of all molecules lose."""
LEAST_SHARED: Final = 3

PRECURSOR_DA: Final = 0.01
FRAGMENT_DA: Final = 0.01
"""Of instruments that measure accurate masses, in collections of several laboratories."""
WHOLE_PRECURSOR_DA: Final = 0.55
WHOLE_FRAGMENT_DA: Final = 0.4
"""The same where either side states a tenth of a Da at best."""

ACCURATE_THRESHOLD: Final = 0.50
WHOLE_THRESHOLD: Final = 0.70
"""Measured in benchmarks/accuracy_unknowns.py, which prints what other values give."""
FLOOR_MARGIN: Final = 1.5
"""A fragment that one spectrum lacks counts against it where it would stand this far above the
lowest one that spectrum holds."""

POLARITIES_APART_DA: Final = 2.01455
"""[M+H]⁺ less [M−H]⁻: two protons."""
_SAME_PEAK_S: Final = 12.0
_MOSTLY: Final = 0.9
_FULL: Final = 999
_DECIMALS: Final = 4
_CLEANING: Final = Cleaning(tolerance=Tolerance(da=0.02), noise=0.01, precursor_da=1.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragments:
    """One ion and what it broke into.

    Parameters
    ----------
    precursor_mz : float
    polarity : int
        1, −1, or 0 where not stated.
    peaks : tuple of (float, int)
        m/z to four decimals and height (1 to 999), tallest first.
    is_whole : bool
        Precursor or fragments are stated to a tenth of a Da at best.
    retention_time_s : float or None
        Tells peaks of one run apart; never compared between runs.
    """

    precursor_mz: float
    polarity: int
    peaks: tuple[tuple[float, int], ...]
    is_whole: bool = False
    retention_time_s: float | None = None

    @property
    def looked_up(self) -> tuple[int, ...]:
        """Whole masses under which spectra of the same precursor may be filed (see `filed`)."""
        return tuple(range(int(self.precursor_mz) - 1, int(self.precursor_mz) + 2))

    @property
    def filed(self) -> int:
        """The whole mass that this spectrum is filed under."""
        return int(self.precursor_mz)


def of_peaks(
    mz: FloatArray,
    intensity: FloatArray,
    precursor_mz: float | None,
    *,
    polarity: int = 0,
    retention_time_s: float | None = None,
) -> Fragments | None:
    """Return what recognises an MS/MS spectrum, or None where too little lies below its precursor.

    Parameters
    ----------
    mz, intensity : ndarray of float, shape (n_peaks,)
    precursor_mz : float or None
    polarity : int
    retention_time_s : float or None
    """
    if precursor_mz is None or not 1.0 <= precursor_mz <= LARGEST_MZ:
        return None
    usable = np.isfinite(mz) & np.isfinite(intensity)
    kept, shares = clean(mz[usable], intensity[usable], _CLEANING, precursor_mz)
    if kept.size < LEAST_FRAGMENTS:
        return None
    heights = np.maximum(np.rint(shares / shares.max() * _FULL), 1).astype(np.int64)
    order = np.lexsort((kept, -heights))[:FRAGMENTS_KEPT]
    return Fragments(
        precursor_mz=round(float(precursor_mz), _DECIMALS),
        polarity=polarity,
        peaks=tuple((round(float(kept[at]), _DECIMALS), int(heights[at])) for at in order),
        # Of the peaks as stated: merged ones stand between them.
        is_whole=_is_tenth(precursor_mz) or float(np.mean(_tenths(mz[usable]))) > _MOSTLY,
        retention_time_s=None if retention_time_s is None else round(float(retention_time_s), 1),
    )


def likeness(one: Fragments, other: Fragments) -> float:
    """Return how much two spectra of one precursor share, 0 to 1.

    The mean of two shares: how much of each spectrum, by square root of height, the other holds
    too. It asks which fragments are there rather than how tall they are, because the energy decides
    the heights. 0 where precursor or polarity differ, or fewer than three fragments are shared.
    """
    if not same_precursor(one, other):
        return 0.0
    near = FRAGMENT_DA if not (one.is_whole or other.is_whole) else WHOLE_FRAGMENT_DA
    (mz, height), (other_mz, other_height) = _arrays(one), _arrays(other)
    met: npt.NDArray[np.bool_] = np.abs(mz[:, None] - other_mz[None, :]) <= near + 1e-9
    mine, theirs = np.atleast_1d(met.any(axis=1)), np.atleast_1d(met.any(axis=0))
    if min(int(mine.sum()), int(theirs.sum())) < LEAST_SHARED:
        return 0.0
    shares = (
        _share(height, mine, other_height.min()),
        _share(other_height, theirs, height.min()),
    )
    return min(sum(shares) / 2.0, 1.0)


def threshold(one: Fragments, other: Fragments) -> float:
    """Return the likeness from which two count as one unknown."""
    return WHOLE_THRESHOLD if one.is_whole or other.is_whole else ACCURATE_THRESHOLD


def same_precursor(one: Fragments, other: Fragments) -> bool:
    """Whether two spectra may be of one ion: polarity where both state it, and m/z."""
    if one.polarity * other.polarity < 0:
        return False
    return _near(one, other, one.precursor_mz - other.precursor_mz)


def of_one_sample(one: Fragments, other: Fragments, *, same_run: bool) -> str:
    """Return why two spectra of one sample are of one substance, or nothing.

    Energies show different fragments of one ion, and the two polarities different ions of one
    molecule. Peaks of one run that lie apart in time are not taken for one.
    """
    mine, theirs = one.retention_time_s, other.retention_time_s
    timed = same_run and mine is not None and theirs is not None
    if timed and abs((mine or 0.0) - (theirs or 0.0)) > _SAME_PEAK_S:
        return ""
    if same_precursor(one, other):
        return "the same sample and precursor at another energy"
    if one.polarity * other.polarity < 0:
        apart = one.precursor_mz - other.precursor_mz - one.polarity * POLARITIES_APART_DA
        if _near(one, other, apart):
            return "the same sample in the other polarity, two protons apart"
    return ""


def _near(one: Fragments, other: Fragments, apart: float) -> bool:
    whole = _is_tenth(one.precursor_mz) or _is_tenth(other.precursor_mz)
    return abs(apart) <= (WHOLE_PRECURSOR_DA if whole else PRECURSOR_DA) + 1e-9


def _arrays(each: Fragments) -> tuple[FloatArray, FloatArray]:
    table = np.array(each.peaks, dtype=np.float64)
    return table[:, 0], table[:, 1]


def _share(height: FloatArray, shared: npt.NDArray[np.bool_], other_floor: float) -> float:
    weight = np.sqrt(height)
    could_be_seen = shared | (height >= FLOOR_MARGIN * other_floor)
    return float(weight[shared].sum() / weight[could_be_seen].sum())


def _tenths(mz: FloatArray) -> npt.NDArray[np.bool_]:
    # Within what a 4-byte float keeps of a number with one decimal.
    return np.asarray(np.abs(mz * 10.0 - np.rint(mz * 10.0)) < 1e-3, dtype=np.bool_)


def _is_tenth(mz: float) -> bool:
    return bool(_tenths(np.array([mz]))[0])


def plain(each: Fragments) -> dict[str, Any]:
    """Return fragments as JSON values; `parsed` reads them back."""
    said: dict[str, Any] = {
        "precursor_mz": each.precursor_mz,
        "polarity": each.polarity,
        "fragments": [[mz, height] for mz, height in each.peaks],
    }
    if each.is_whole:
        said["whole"] = True
    if each.retention_time_s is not None:
        said["retention_time_s"] = each.retention_time_s
    return said


def parsed(said: Mapping[str, Any]) -> Fragments:
    """Return the fragments that JSON values stand for.

    Raises
    ------
    SpectrumError
        They are none: an impossible precursor, too many or impossible fragments.
    """
    precursor, polarity = _number(said.get("precursor_mz"), 1.0, LARGEST_MZ), said.get("polarity")
    if precursor is None:
        raise SpectrumError(f"{said.get('precursor_mz')!r:.40} is no m/z of a precursor")
    if polarity not in (-1, 0, 1) or isinstance(polarity, bool):
        raise SpectrumError(f"{polarity!r:.40} is no polarity: 1, -1 or 0")
    whole, time_s = said.get("whole", False), _number(said.get("retention_time_s"), 0.0, 1e6)
    if not isinstance(whole, bool):
        raise SpectrumError(f"{whole!r:.40} does not say whether masses are whole")
    if time_s is None and said.get("retention_time_s") is not None:
        raise SpectrumError(f"{said.get('retention_time_s')!r:.40} is no retention time")
    return Fragments(
        precursor_mz=precursor,
        polarity=int(polarity),
        peaks=_peaks(said.get("fragments"), precursor),
        is_whole=whole,
        retention_time_s=time_s,
    )


def _number(value: object, least: float, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(value)


def _peaks(value: object, precursor_mz: float) -> tuple[tuple[float, int], ...]:
    if not isinstance(value, list) or not LEAST_FRAGMENTS <= len(value) <= FRAGMENTS_KEPT:
        raise SpectrumError(
            f"an MS/MS signature has {LEAST_FRAGMENTS} to {FRAGMENTS_KEPT} fragments"
        )
    found: list[tuple[float, int]] = []
    for pair in value:
        good = (
            isinstance(pair, list)
            and len(pair) == 2
            and _number(pair[0], 1.0, precursor_mz) is not None
            and isinstance(pair[1], int)
            and not isinstance(pair[1], bool)
            and 1 <= pair[1] <= _FULL
        )
        if not good:
            raise SpectrumError(f"{pair!r:.60} is no fragment: m/z below the precursor, and height")
        found.append((float(pair[0]), int(pair[1])))
    heights = [height for _, height in found]
    if len({mz for mz, _ in found}) != len(found) or heights != sorted(heights, reverse=True):
        raise SpectrumError("the fragments of a signature stand once each, tallest first")
    return tuple(found)


def unlike_first(held: Sequence[Fragments], most: int) -> list[int]:
    """Return which of several spectra of one unknown to keep: each the least like those before it.

    The few that travel then cover the energies that were measured.
    """
    chosen = [0] if held and most > 0 else []
    while len(chosen) < min(most, len(held)):
        left = [at for at in range(len(held)) if at not in chosen]
        nearest = [max(likeness(held[at], held[other]) for other in chosen) for at in left]
        chosen.append(left[nearest.index(min(nearest))])
    return chosen
