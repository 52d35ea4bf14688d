"""Whether masses agree: uncertainties of weighings, the sum of parts against the whole. Pure.

All masses and uncertainties are whole micrograms. Standard uncertainties combine as in the GUM
(JCGM 100:2008, 5.1 and 5.2); the calibration of one balance is common to all its weighings and so
adds up linearly where readings are added (SWGDRUG SD-3, ASTM E2764).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

COVERAGE = 2
"""k of the expanded uncertainty, about 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """A balance: standard uncertainties of one reading's repeatability and of its calibration."""

    repeatability_ug: int
    calibration_ug: int

    @property
    def reading_ug(self) -> int:
        """Standard uncertainty of one reading, rounded up."""
        return root(self.repeatability_ug**2 + self.calibration_ug**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found against what was expected: found minus expected, and what may be."""

    difference_ug: int
    tolerance_ug: int

    @property
    def fits(self) -> bool:
        """Whether the difference is within the tolerance."""
        return abs(self.difference_ug) <= self.tolerance_ug


def root(square: int) -> int:
    """Return the square root of a whole number, rounded up: an uncertainty is never understated."""
    found = isqrt(square)
    return found + (found * found < square)


def net_uncertainty_ug(precision: Precision) -> int:
    """Return u(net) of gross minus packaging on one balance: sqrt(2) times u of a reading."""
    return root(2 * precision.reading_ug**2)


def sum_uncertainty_ug(precision: Precision, items: int) -> int:
    """Return u of the sum of ``items`` net masses weighed one by one on one balance.

    u² = N (u_rep² + u_tare²) + (N u_cal)², the tare read with the same repeatability.
    """
    repeated = items * 2 * precision.repeatability_ug**2
    return root(repeated + (items * precision.calibration_ug) ** 2)


def parts_against_whole(
    net_ug: int,
    children_ug: Sequence[int],
    *,
    residue_ug: int,
    consumed_ug: int,
    precision: Precision,
) -> Comparison:
    """Compare children + consumed + residue with the parent's net mass.

    What was consumed is reckoned, the residue and each child are weighed.
    """
    found = sum(children_ug) + residue_ug + consumed_ug
    weighed = len(children_ug) + bool(residue_ug)
    square = net_uncertainty_ug(precision) ** 2 + sum_uncertainty_ug(precision, weighed) ** 2
    return Comparison(difference_ug=found - net_ug, tolerance_ug=COVERAGE * root(square))


def weighed_again(
    gross_ug: int, u_ug: int, expected_ug: int, expected_u_ug: int, *, allowance_ug: int = 0
) -> Comparison:
    """Compare a reading with an earlier one: k times sqrt(u_in² + u_out²), and an allowance.

    Parameters
    ----------
    expected_ug : int
        The earlier reading less what was taken or consumed since.
    allowance_ug : int
        For moisture taken up or lost, decided by a person.
    """
    tolerance = COVERAGE * root(u_ug**2 + expected_u_ug**2) + allowance_ug
    return Comparison(difference_ug=gross_ug - expected_ug, tolerance_ug=tolerance)
