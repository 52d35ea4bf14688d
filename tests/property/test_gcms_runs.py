from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spectra.blank import compare_with_blank
from spectra.chromatography import read_run
from spectra.errors import SpectrumError
from spectra.retention import Ladder
from spectra.spectrum import MassRun


@st.composite
def runs(draw: st.DrawFn) -> MassRun:
    """Ragged runs of peaks on noise: any scale, any order of masses, empty and doubled scans."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_scans = draw(st.integers(0, 90))
    n_mz = draw(st.integers(1, 25))
    scale = 10.0 ** draw(st.integers(-4, 10))
    values = rng.poisson(draw(st.floats(0, 30)), (n_scans, n_mz)).astype(float)
    for _ in range(draw(st.integers(0, 4))):
        apex, sigma = rng.uniform(-5, n_scans + 5), rng.uniform(0.3, 8)
        shape = np.exp(-0.5 * ((np.arange(n_scans) - apex) / sigma) ** 2)
        values += np.outer(shape, rng.integers(0, 4000, n_mz) * (rng.random(n_mz) < 0.5))
    values[rng.random((n_scans, n_mz)) < draw(st.floats(0, 0.9))] = 0
    if draw(st.booleans()):
        values = np.minimum(values, draw(st.floats(1, 3000)))
    scans, ions = np.nonzero(values)
    order = np.lexsort((rng.random(ions.size), scans))
    step = draw(st.sampled_from([0.0, 0.1, 0.5, 3.0]))
    return MassRun(
        title="any",
        scan_time_s=step * np.arange(n_scans),
        offsets=np.searchsorted(scans, np.arange(n_scans + 1)),
        mz=(ions + draw(st.floats(30, 900)))[order],
        intensity=(scale * values[scans, ions])[order],
    )


@settings(max_examples=60, deadline=None)
@given(runs())
def test_any_run_gives_sound_components_or_a_reason(run: MassRun) -> None:
    found = read_run(run)
    assert bool(found.reason) == (not found.components)
    assert -1 <= found.skew_scans <= 1
    if found.components:
        assert sum(c.area_fraction for c in found.components) == pytest.approx(1.0)
    before = -np.inf
    for each in found.components:
        assert each.retention_time_s >= before
        before = each.retention_time_s
        assert run.scan_time_s[0] <= each.retention_time_s <= run.scan_time_s[-1]
        assert each.area > 0
        assert -1e-9 <= each.purity <= 1 + 1e-9
        assert np.isfinite(each.spectrum.intensity).all()
        assert (each.spectrum.intensity > 0).all()
        assert each.spectrum.intensity.max() <= 1.5 * run.intensity.sum()
    own = compare_with_blank(found.components, found.components)
    assert all(each is not None and each.comparable for each in own.found)


@settings(max_examples=40, deadline=None)
@given(runs(), st.integers(-3, 2))
def test_components_do_not_depend_on_the_unit_of_intensity(run: MassRun, power: int) -> None:
    # Square roots of square roots of these factors are whole: what is left to round is the same.
    factor = 256.0**power
    assume(run.intensity.size == 0 or run.intensity.max() * max(factor, 1.0) < 1e14)
    other = MassRun(
        title="any",
        scan_time_s=run.scan_time_s,
        offsets=run.offsets,
        mz=run.mz,
        intensity=run.intensity * factor,
    )
    first, second = read_run(run), read_run(other)
    # Where every value is the same, what is left as noise is the rounding of the machine.
    assume(not run.intensity.size or first.noise > 1e-9 * run.intensity.max())
    assert len(first.components) == len(second.components)
    for a, b in zip(first.components, second.components, strict=True):
        assert a.retention_time_s == pytest.approx(b.retention_time_s, abs=1e-6)
        assert a.area * factor == pytest.approx(b.area, rel=1e-3)


@given(
    st.lists(st.floats(-10, 5000), min_size=0, max_size=12),
    st.lists(st.floats(1, 60), min_size=0, max_size=12),
    st.floats(-100, 6000),
)
def test_a_ladder_is_refused_or_gives_rising_indices(
    times: list[float], carbons: list[float], at: float
) -> None:
    try:
        ladder = Ladder(carbons=np.array(carbons), time_s=np.array(times))
    except SpectrumError:
        return
    if not ladder.covers(at):
        with pytest.raises(SpectrumError):
            ladder.index(at)
        return
    found = ladder.index(at)
    assert 100 * carbons[0] - 1e-6 <= found.value <= 100 * carbons[-1] + 1e-6
    assert found.uncertainty >= 0
