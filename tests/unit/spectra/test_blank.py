from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra.blank import compare_with_blank
from spectra.chromatography import find_components
from tests.unit.spectra.gcms_runs import component, random_spectrum, run_of

RNG = np.random.default_rng(6)
SPECTRA = [random_spectrum(RNG) for _ in range(8)]


def test_what_the_blank_holds_at_the_same_height_is_carry_over():
    sample = [component(s, 100.0 * at + 4.2, 1e6) for at, s in enumerate(SPECTRA)]
    blank = [
        component(SPECTRA[at], 100.0 * at, area)
        for at, area in ((0, 1e6), (1, 4e5), (2, 2e5), (3, 1e4), (5, 2e6))
    ]
    compared = compare_with_blank(sample, blank)
    assert compared.shift_s == pytest.approx(4.2)
    assert compared.n_pairs == 5
    comparable = [None if each is None else each.comparable for each in compared.found]
    assert comparable == [True, True, False, False, None, True, None, None]
    assert compared.found[3].area_ratio == pytest.approx(100)
    assert "100%" in str(compared.found[0])
    assert "not evidence" in str(compared.found[0])
    assert "1.0%" in str(compared.found[3])


def test_another_substance_at_the_same_time_is_not_the_blank():
    sample = [component(SPECTRA[0], 100.0, 1e6)]
    assert compare_with_blank(sample, [component(SPECTRA[1], 100.0, 1e6)]).found == (None,)


def test_the_same_substance_at_another_time_is_not_the_blank():
    sample = [component(s, 100.0 * at, 1e6) for at, s in enumerate(SPECTRA)]
    late = [
        replace(c, retention_time_s=c.retention_time_s + (at == 4) * 9)
        for at, c in enumerate(sample)
    ]
    compared = compare_with_blank(sample, late)
    assert compared.found[4] is None
    assert all(compared.found[at] for at in (0, 1, 2, 3, 5, 6, 7))


def test_one_pair_alone_does_not_move_the_blank():
    sample = [component(SPECTRA[0], 110.0, 1e6), component(SPECTRA[1], 300.0, 1e6)]
    compared = compare_with_blank(sample, [component(SPECTRA[0], 100.0, 1e6)])
    assert compared.shift_s == 0
    assert compared.found == (None, None)


@pytest.mark.parametrize(("n", "m"), [(0, 0), (3, 0), (0, 3)])
def test_an_empty_side_finds_nothing(n, m):
    made = [component(s, 100.0 * at, 1e6) for at, s in enumerate(SPECTRA)]
    assert compare_with_blank(made[:n], made[:m]).found == (None,) * n


def test_two_injections_are_aligned_from_their_own_peaks():
    shared = SPECTRA[:5]
    sample = run_of(
        [(s, 60.0 + 90 * at, 3e6) for at, s in enumerate(shared)] + [(SPECTRA[6], 520.0, 3e6)]
    )
    blank = run_of(
        [(s, 57.5 + 90 * at, 3e6 if at < 3 else 3e4) for at, s in enumerate(shared)], seed=9
    )
    found = find_components(sample)
    assert len(found) == 6
    compared = compare_with_blank(found, find_components(blank))
    assert compared.shift_s == pytest.approx(2.5, abs=0.1)
    states = [None if each is None else each.comparable for each in compared.found]
    assert states == [True, True, True, False, False, None]
