from __future__ import annotations

import numpy as np
import pytest

from spectra.ion_peaks import Apexes
from spectra.scan_skew import scan_skew, straightened, straightened_apexes

N_IONS = 300


def apexes_of(skew: float, *, pairs: bool = False, n: int = 30, seed: int = 2) -> Apexes:
    """Apexes of substances of 25 ions each; of pairs, half of the ions belong to a neighbour."""
    rng = np.random.default_rng(seed)
    position, row = [], []
    for at in range(n):
        ions = rng.choice(N_IONS, 25, replace=False)
        own = 50 * at + 40.3 + skew * (ions / (N_IONS - 1) - 0.5) + rng.normal(0, 0.03, 25)
        if pairs:
            own[12:18] += rng.uniform(0.2, 1.2, 6)
            own[18:] += 2.0
        position += own.tolist()
        row += ions.tolist()
    size = len(position)
    flat = np.ones(size)
    return Apexes(
        position=np.array(position),
        row=np.array(row),
        height=flat,
        signal_to_noise=100 * flat,
        sharpness=flat,
    )


@pytest.mark.parametrize("skew", [-0.9, -0.3, 0.4, 0.85])
def test_the_skew_is_found_with_its_sign(skew):
    assert scan_skew(apexes_of(skew), N_IONS) == pytest.approx(skew, abs=0.02)


@pytest.mark.parametrize("skew", [-0.5, 0.85])
def test_neighbours_everywhere_do_not_hide_it(skew):
    assert scan_skew(apexes_of(skew, pairs=True), N_IONS) == pytest.approx(skew, abs=0.08)


@pytest.mark.parametrize("pairs", [False, True])
def test_a_straight_run_stays_as_it_is(pairs):
    assert scan_skew(apexes_of(0.0, pairs=pairs), N_IONS) == 0.0


def test_few_places_are_no_evidence_of_a_skew():
    assert scan_skew(apexes_of(0.9, n=3), N_IONS) == 0.0


def test_what_is_straightened_peaks_together():
    scan = np.arange(120)
    place = np.linspace(-0.5, 0.5, N_IONS)
    values = 1000 * np.exp(-0.5 * ((scan[None] - 60.2 - 0.9 * place[:, None]) / 3) ** 2)
    straight = straightened(values.astype(np.float32), 0.9)
    expected = 1000 * np.exp(-0.5 * ((scan - 60.2) / 3) ** 2)
    np.testing.assert_allclose(straight, np.tile(expected, (N_IONS, 1)), atol=3.0)
    moved = straightened_apexes(apexes_of(0.9), 0.9, N_IONS)
    assert (np.diff(moved.position) >= 0).all()
    assert abs(scan_skew(moved, N_IONS)) < 0.03
