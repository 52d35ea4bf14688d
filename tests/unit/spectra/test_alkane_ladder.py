from __future__ import annotations

import numpy as np
import pytest

from spectra.alkane_ladder import carbons_of, find_ladder, is_alkane
from spectra.chromatography import find_components
from spectra.errors import SpectrumError
from spectra.retention import Phase
from tests.unit.spectra.gcms_runs import alkane, component, ladder_run, random_spectrum, spectrum


@pytest.mark.parametrize("n", range(8, 41))
def test_an_alkane_shows_its_carbons(n):
    assert is_alkane(alkane(n))
    assert carbons_of(alkane(n)) == n


def test_the_mass_defect_of_heavy_chains_is_allowed_for():
    # C36H74 weighs 506.58: its molecular ion may stand on 507.
    ions = dict(zip(alkane(36).mz.astype(int).tolist(), alkane(36).intensity, strict=True))
    ions[507] = ions.pop(506)
    assert carbons_of(spectrum(ions)) == 36


def test_a_branched_chain_and_other_spectra_are_no_rungs():
    branched = dict(zip(alkane(20).mz.astype(int).tolist(), alkane(20).intensity, strict=True))
    branched[14 * 20 + 2 - 15] = 90.0  # loses methyl
    assert carbons_of(spectrum(branched)) is None
    rng = np.random.default_rng(1)
    assert not any(is_alkane(random_spectrum(rng)) for _ in range(100))
    assert not is_alkane(spectrum({}))


def test_a_ladder_run_gives_its_alkanes_at_their_times():
    numbers = [10, 11, 12, 13, 14, 16, 18, 20, 24, 28]
    ladder = find_ladder(find_components(ladder_run(numbers)), phase=Phase.POLAR)
    assert ladder.carbons.tolist() == numbers
    expected = [100 + 40 * (n - 10) for n in numbers]
    np.testing.assert_allclose(ladder.time_s, expected, atol=0.15)
    assert ladder.phase is Phase.POLAR


def without_molecular_ion(n):
    found = alkane(n)
    keep = found.mz < 14 * n
    return spectrum(
        dict(zip(found.mz[keep].astype(int).tolist(), found.intensity[keep], strict=True))
    )


def test_alkanes_without_a_molecular_ion_are_counted_only_where_their_number_is_sure():
    spectra = [alkane(10), without_molecular_ion(11), alkane(12), without_molecular_ion(14)]
    rungs = [component(s, 100.0 * at, 1e6) for at, s in enumerate(spectra)]
    rungs += [component(alkane(17), 700.0, 1e6), component(without_molecular_ion(18), 800.0, 1e6)]
    ladder = find_ladder(rungs)
    assert ladder.carbons.tolist() == [10, 11, 12, 17]
    assert ladder.time_s.tolist() == [0, 100, 200, 700]


def test_a_misread_number_does_not_break_the_order():
    order = [10, 11, 25, 12, 13]
    rungs = [component(alkane(n), 100.0 * at, 1e6) for at, n in enumerate(order)]
    assert find_ladder(rungs).carbons.tolist() == [10, 11, 12, 13]


def test_a_run_that_is_no_ladder_says_what_was_found():
    rng = np.random.default_rng(2)
    others = [component(random_spectrum(rng), 10.0 * at, 1e5) for at in range(5)]
    with pytest.raises(SpectrumError, match="1 n-alkanes could be numbered among 6") as caught:
        find_ladder([*others, component(alkane(12), 90.0, 1e6)])
    assert "table" in caught.value.hint
    with pytest.raises(SpectrumError):
        find_ladder([])
