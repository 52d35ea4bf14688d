"""What else a candidate may be: each check with what it found, or that it was not made.

Known by-products, products of the laboratory, two known substances together. Blank and other peaks
belong to the run, which is not known here: they stand as not checked until `lims` says more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from libraries import artefacts
from libraries.look_alikes import LookAlikes
from spectra.mass_scores import UnitSpectrum
from spectra.two_components import best_pair

# Two references that explain so much together, and so much more than one alone, are worth saying:
# replicates of one substance explain each other to about 0.97.
_EXPLAINED = 0.95
_GAINED = 0.10
_LEAST_SHARE = 0.10


class Outcome(StrEnum):
    """What a check came to."""

    NOTHING_FOUND = "checked: nothing found"
    POSSIBLE = "checked: possible"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: what was asked, what came of it, and why."""

    check: str
    outcome: Outcome
    words: str

    @property
    def text(self) -> str:
        """One line a person may read."""
        return f"{self.outcome}: {self.check}" + (f" ({self.words})" if self.words else "")

    def to_facts(self) -> dict[str, str]:
        """Return plain values for the document of a match."""
        return {"check": self.check, "outcome": self.outcome.value, "words": self.words}


TWO_TOGETHER = "two known substances together"
BLANK = "carry-over or background of the blank"
SAME_RUN = "a product of a substance in the same run"


def checks(
    *,
    mass: int | None,
    mass_is_measured: bool,
    nearest: Sequence[tuple[str, int]],
    known: Sequence[LookAlikes],
    spectrum: UnitSpectrum,
    references: Sequence[tuple[str, UnitSpectrum]],
) -> tuple[Check, ...]:
    """Return every check that needs no run, and those that need one as not made.

    Parameters
    ----------
    mass : int or None
        Nominal molecular mass in Da.
    nearest : sequence of (name, mass shift in Da)
    known : sequence of LookAlikes
        Substances of the table that would look the same.
    references : sequence of (name, UnitSpectrum)
        The nearest library entries of different substances, without a mass shift.
    """
    return (
        _in_the_table(mass, known),
        _by_product(mass, mass_is_measured=mass_is_measured),
        _artefact(nearest),
        _two_together(spectrum, references),
        Check(check=SAME_RUN, outcome=Outcome.NOT_CHECKED, words="one spectrum without its run"),
        Check(check=BLANK, outcome=Outcome.NOT_CHECKED, words="no blank run was given"),
    )


def _in_the_table(mass: int | None, known: Sequence[LookAlikes]) -> Check:
    asked = "a known substance that the libraries lack"
    if mass is None:
        return Check(check=asked, outcome=Outcome.NOT_CHECKED, words="no molecular mass")
    names = [name for each in known for name in each.names]
    if not names:
        return Check(
            check=asked,
            outcome=Outcome.NOTHING_FOUND,
            words="none of the class and mass in the substances table fits the ions",
        )
    return Check(
        check=asked,
        outcome=Outcome.POSSIBLE,
        words=f"{len(names)} of the class and mass fit the ions alike",
    )


def _by_product(mass: int | None, *, mass_is_measured: bool) -> Check:
    asked = "a known precursor or by-product"
    if mass is None:
        return Check(check=asked, outcome=Outcome.NOT_CHECKED, words="no molecular mass")
    found = artefacts.by_products(mass)
    sure = "" if mass_is_measured else ", by the implied mass"
    if not found:
        words = f"none of mass {mass} in the substances table{sure}"
        return Check(check=asked, outcome=Outcome.NOTHING_FOUND, words=words)
    names = ", ".join(each.name for each in found[:4])
    return Check(check=asked, outcome=Outcome.POSSIBLE, words=f"of mass {mass}{sure}: {names}")


def _artefact(nearest: Sequence[tuple[str, int]]) -> Check:
    asked = "a derivative, labelled standard or degradation product of the nearest"
    if not nearest:
        return Check(check=asked, outcome=Outcome.NOT_CHECKED, words="nothing known is near")
    found = [
        f"{shift:+d} from {name}: {each.words}"
        for name, shift in nearest
        for each in artefacts.explaining(shift)
    ]
    if not found:
        return Check(
            check=asked, outcome=Outcome.NOTHING_FOUND, words="no listed change of such a product"
        )
    return Check(check=asked, outcome=Outcome.POSSIBLE, words="; ".join(found[:3]))


def _two_together(spectrum: UnitSpectrum, references: Sequence[tuple[str, UnitSpectrum]]) -> Check:
    asked = TWO_TOGETHER
    fit = best_pair(spectrum, [each for _, each in references])
    if fit is None:
        return Check(check=asked, outcome=Outcome.NOT_CHECKED, words="too few entries are near")
    names = " and ".join(references[row][0] for row in fit.rows)
    figures = f"explain {fit.explained:.0%} of the signal, one alone {fit.alone:.0%}"
    if (
        fit.explained >= _EXPLAINED
        and fit.explained - fit.alone >= _GAINED
        and fit.shares[1] >= _LEAST_SHARE
    ):
        return Check(check=asked, outcome=Outcome.POSSIBLE, words=f"{names} {figures}")
    return Check(check=asked, outcome=Outcome.NOTHING_FOUND, words=f"the best two {figures}")
