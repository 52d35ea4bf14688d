from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from libraries.ion_rules import ion_rules
from spectra.class_ions import IonGroup, IonRule, follow_chain, relative_heights, weigh_ions
from spectra.mass_scores import UnitSpectrum

FENTANYL = {91: 160, 105: 230, 146: 665, 189: 377, 202: 118, 245: 999, 42: 277}


def unit(peaks: dict[int, float]) -> UnitSpectrum:
    heights = np.array([peaks[m] for m in sorted(peaks)], dtype=float)
    return UnitSpectrum(mz=np.array(sorted(peaks)), intensity=heights)


def rule(name: str) -> IonRule:
    return next(r for r in ion_rules().rules if r.class_name == name)


def moved(tail: int = 0, acyl: int = 0, core: int = 0) -> tuple[dict[int, float], int]:
    """Fentanyl with a change at each site: first, second and third ion and the mass move."""
    peaks = {91 + tail: 160, 146 + core: 665, 189 + core: 377, 245 + core + acyl: 999, 42: 277}
    return peaks, 336 + tail + acyl + core


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (0, 0, 0)),
        ({"acyl": 14}, (0, 14, 0)),
        ({"acyl": -14}, (0, -14, 0)),
        ({"core": 18}, (0, 0, 18)),
        ({"core": 30, "acyl": 14}, (0, 14, 30)),
        ({"tail": 6}, (6, 0, 0)),
        ({"tail": 18, "core": 14}, (18, 0, 14)),
    ],
)
def test_the_chain_says_which_site_has_changed(changes, expected):
    peaks, mass = moved(**changes)
    fit = weigh_ions(rule("fentanyl"), unit(peaks), mass).chain
    assert fit is not None
    assert fit.complete
    assert (fit.tail_change, fit.branch_change, fit.core_change) == expected


def test_no_site_is_named_from_an_incomplete_chain():
    peaks, mass = moved(acyl=14)
    del peaks[189]
    fit = weigh_ions(rule("fentanyl"), unit(peaks), mass).chain
    assert fit is None or not fit.complete


def test_without_a_mass_no_chain_is_followed():
    assert weigh_ions(rule("fentanyl"), unit(FENTANYL), None).chain is None


def test_a_core_that_no_substituent_makes_is_chance():
    chain = rule("fentanyl").chain
    assert chain is not None
    # 301 = 392 - 91, 245 and 202 follow, but the core would be 56 - 0 = 56 Da heavier: allowed;
    # with 25 Da it is not.
    heights = {270: 1.0, 214: 0.5, 171: 0.5}
    assert follow_chain(chain, heights, 361) is None


def test_a_base_peak_must_be_the_base_peak():
    cathinone = rule("synthetic cathinone")
    assert weigh_ions(cathinone, unit({58: 999, 119: 40}), 177).met
    assert not weigh_ions(cathinone, unit({58: 500, 119: 40, 77: 999}), 177).met
    assert not weigh_ions(cathinone, unit({58: 999}), 177).met


def test_groups_count_once_each_and_need_their_height():
    two = IonRule(
        class_name="x",
        labels=frozenset({"x"}),
        kin=frozenset(),
        groups=(
            IonGroup(label="a", mz=(50, 51), min_relative=0.1),
            IonGroup(label="b", mz=(60,), min_relative=0.5),
        ),
        min_groups=2,
        chain=None,
        measured=True,
        alone=False,
        source="test",
    )
    assert weigh_ions(two, unit({50: 999, 60: 600}), None).met
    assert not weigh_ions(two, unit({50: 999, 51: 999, 60: 400}), None).met
    assert weigh_ions(replace(two, min_groups=1), unit({50: 999}), None).met
    assert not weigh_ions(two, unit({}), 100).met


def test_heights_are_shares_of_the_base_peak():
    assert relative_heights(unit({50: 200, 60: 400})) == {50: 0.5, 60: 1.0}
    assert relative_heights(unit({})) == {}
