from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra import simulate
from spectra.axis import XKind, YKind
from spectra.errors import SpectrumError
from spectra.simulate import Band, RunComponent
from spectra.spectrum import MassSpectrum

BANDS = (
    Band(position_cm1=1000.0, width_cm1=10.0, height=100.0),
    Band(position_cm1=1600.0, width_cm1=30.0, height=40.0),
)
STICKS = MassSpectrum(
    title="sticks", mz=np.array([58.0, 91.0, 146.0, 245.0]), intensity=np.array([20, 30, 60, 100.0])
)


def _random(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_grid_holds_both_ends() -> None:
    x = simulate.grid(400.0, 4000.0, 2.0)
    assert (x[0], x[-1], x.size) == (400.0, 4000.0, 1801)


@pytest.mark.parametrize(
    ("first", "last", "step"),
    [
        (1.0, 0.0, 1.0),
        (0.0, 1.0, 0.0),
        (0.0, 1.0, -1.0),
        (0.0, math.inf, 1.0),
        (0.0, math.nan, 1.0),
    ],
)
def test_an_impossible_grid_is_refused(first: float, last: float, step: float) -> None:
    with pytest.raises(SpectrumError):
        simulate.grid(first, last, step)


@pytest.mark.parametrize("lorentz", [0.0, 0.5, 1.0])
def test_a_band_has_its_height_and_its_width_at_half_height(lorentz: float) -> None:
    band = Band(position_cm1=1000.0, width_cm1=20.0, height=3.0, lorentz=lorentz)
    y = simulate.curve([band], np.array([1000.0, 990.0, 1010.0]))
    assert y == pytest.approx([3.0, 1.5, 1.5])


def test_bands_add() -> None:
    x = simulate.grid(400.0, 2000.0, 1.0)
    both = simulate.curve(BANDS, x)
    one_by_one = sum(simulate.curve([band], x) for band in BANDS)
    assert np.allclose(both, one_by_one)
    assert not simulate.curve([], x).any()


def test_a_band_without_width_is_refused() -> None:
    with pytest.raises(SpectrumError, match="1000"):
        simulate.curve([Band(position_cm1=1000, width_cm1=0, height=1)], np.arange(3.0))


@pytest.mark.parametrize("make", [simulate.ftir, simulate.raman])
def test_the_same_seed_gives_the_same_curve(make) -> None:  # type: ignore[no-untyped-def]
    first, again = make("a", BANDS, _random(3)), make("a", BANDS, _random(3))
    other = make("a", BANDS, _random(4))
    assert np.array_equal(first.y, again.y)
    assert not np.array_equal(first.y, other.y)


def test_infrared_is_absorbance_over_falling_wavenumber() -> None:
    spectrum = simulate.ftir("powder", BANDS, _random(), height=0.6, noise=0.002)
    assert (spectrum.x_kind, spectrum.y_kind) == (XKind.WAVENUMBER, YKind.ABSORBANCE)
    assert spectrum.x[0] > spectrum.x[-1]
    assert spectrum.y.max() == pytest.approx(0.6, abs=0.05)
    assert spectrum.x[int(np.argmax(spectrum.y))] == pytest.approx(1000.0, abs=2.0)


def test_infrared_noise_is_what_was_asked_for() -> None:
    quiet = simulate.ftir("a", BANDS, _random(5), noise=0.0, baseline=0.0)
    noisy = simulate.ftir("a", BANDS, _random(5), noise=0.01, baseline=0.0, height=1.0)
    silent = quiet.y / quiet.y.max()
    middle = (noisy.x > 1800) & (noisy.x < 2600)
    assert np.std((noisy.y - silent)[middle]) == pytest.approx(0.01, rel=0.15)


def test_a_shifted_instrument_moves_its_bands() -> None:
    spectrum = simulate.raman(
        "a", BANDS, _random(), shift_cm1=6.0, counts=1e6, fluorescence=0.0, laser_line=0.0
    )
    assert spectrum.x[int(np.argmax(spectrum.y))] == pytest.approx(1006.0, abs=2.0)


def test_raman_noise_grows_with_the_square_root_of_the_counts() -> None:
    # Poisson: a flat background of n counts has a standard deviation of sqrt(n).
    flat = [Band(position_cm1=1000.0, width_cm1=1e6, height=1.0, lorentz=0.0)]
    for counts in (1e3, 1e5):
        y = simulate.raman(
            "a", flat, _random(1), counts=counts, fluorescence=0, laser_line=0, read_noise=0
        ).y
        assert np.std(y) == pytest.approx(math.sqrt(counts), rel=0.08)


def test_raman_carries_fluorescence_and_the_wing_of_the_laser() -> None:
    none = [Band(position_cm1=1000.0, width_cm1=1.0, height=1.0)]
    spectrum = simulate.raman("a", none, _random(), counts=1000, fluorescence=5, laser_line=20)
    assert spectrum.y[0] > 10_000
    assert np.median(spectrum.y) > 1000


def test_a_mass_spectrum_keeps_its_proportions_within_counting_noise() -> None:
    spectrum = simulate.mass_spectrum("a", STICKS, _random(), ions=1e6, tilt=0.0, noise_peaks=0)
    assert spectrum.mz.tolist() == STICKS.mz.tolist()
    assert spectrum.intensity.sum() == pytest.approx(1e6, rel=0.01)
    assert spectrum.intensity / spectrum.intensity.max() == pytest.approx(
        STICKS.intensity / STICKS.intensity.max(), abs=0.01
    )


def test_a_tilted_tune_moves_the_heavy_end_only() -> None:
    spectrum = simulate.mass_spectrum("a", STICKS, _random(2), ions=1e7, tilt=0.5, noise_peaks=0)
    ratio = spectrum.intensity / STICKS.intensity
    change = ratio / ratio[0]
    steps = np.diff(np.abs(np.log(change)))
    assert (steps > 0).all()


@pytest.mark.parametrize(("sigma", "tau"), [(1.0, 0.0), (1.0, 0.01), (1.0, 0.5), (0.5, 3.0)])
def test_a_peak_has_area_one_and_its_mean_at_centre_plus_tail(sigma: float, tau: float) -> None:
    t = np.linspace(0.0, 200.0, 200_001)
    y = simulate.exponentially_modified_gaussian(t, 60.0, sigma, tau)
    area = np.trapezoid(y, t)
    mean = np.trapezoid(y * t, t)
    expected_tail = 0.0 if tau < 0.02 * sigma else tau
    assert area == pytest.approx(1.0, abs=1e-6)
    assert mean == pytest.approx(60.0 + expected_tail, abs=1e-4)


@pytest.mark.parametrize("at_s", [-3.0, 0.0, 0.7, 2.5, 6.0, 15.0])
def test_a_peak_is_the_convolution_of_its_parts(at_s: float) -> None:
    sigma, tau = 1.2, 0.8
    # The slow version: the Gaussian, each part of it delayed by an exponential waiting time.
    delay = np.linspace(0.0, 40.0 * tau, 400_001)
    gauss = np.exp(-0.5 * ((at_s - delay) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    slow = np.trapezoid(gauss * np.exp(-delay / tau) / tau, delay)
    fast = simulate.exponentially_modified_gaussian(np.array([at_s]), 0.0, sigma, tau)[0]
    assert fast == pytest.approx(slow, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 20.0), st.floats(0.0, 50.0), st.floats(-1e4, 1e4))
def test_a_peak_is_finite_and_never_negative(sigma: float, tau: float, centre: float) -> None:
    t = np.linspace(0.0, 3000.0, 500)
    y = simulate.exponentially_modified_gaussian(t, centre, sigma, tau)
    assert np.isfinite(y).all()
    assert (y >= 0).all()


@pytest.mark.parametrize(("sigma", "tau"), [(0.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (math.nan, 1.0)])
def test_an_impossible_peak_is_refused(sigma: float, tau: float) -> None:
    with pytest.raises(SpectrumError):
        simulate.exponentially_modified_gaussian(np.arange(3.0), 1.0, sigma, tau)


def _component(time_s: float, area: float = 1e6) -> RunComponent:
    return RunComponent(spectrum=STICKS, retention_time_s=time_s, area=area)


def test_a_run_has_its_peaks_where_they_leave_the_column() -> None:
    run = simulate.gcms_run("run", [_component(120.0), _component(250.0, 3e6)], _random())
    tic = run.tic()
    near = run.scan_time_s[int(np.argmax(tic))]
    assert near == pytest.approx(250.0, abs=1.5)
    first = run.scan_time_s < 200.0
    assert run.scan_time_s[first][int(np.argmax(tic[first]))] == pytest.approx(120.0, abs=1.5)


def test_a_run_keeps_the_area_it_was_given() -> None:
    run = simulate.gcms_run("run", [_component(200.0)], _random(), bleed=0, electronic_noise=0)
    own = np.isin(run.mz, STICKS.mz)
    # Peaks of one or two counts at the foot are not written: a little is lost.
    assert run.intensity[own].sum() == pytest.approx(1e6, rel=0.01)


def test_the_scan_at_the_apex_looks_like_its_component() -> None:
    run = simulate.gcms_run("run", [_component(200.0, 1e7)], _random(), bleed=50)
    scan = run.scan(int(np.argmax(run.tic())))
    heights = dict(zip(scan.mz, scan.intensity, strict=True))
    assert [heights[m] / heights[245.0] for m in STICKS.mz] == pytest.approx(
        [0.2, 0.3, 0.6, 1.0], abs=0.03
    )


def test_bleed_rises_with_the_oven_and_shows_its_ions() -> None:
    run = simulate.gcms_run("run", [], _random(), bleed=500.0)
    early, late = run.scan(10), run.scan(run.n_scans - 10)
    late_heights = dict(zip(late.mz, late.intensity, strict=True))
    early_heights = dict(zip(early.mz, early.intensity, strict=True))
    assert late_heights[207.0] > 5 * early_heights.get(207.0, 0.0)
    assert late_heights[207.0] > late_heights[281.0] > 0


def test_the_same_seed_gives_the_same_run() -> None:
    first = simulate.gcms_run("run", [_component(200.0)], _random(1))
    again = simulate.gcms_run("run", [_component(200.0)], _random(1))
    assert np.array_equal(first.intensity, again.intensity)
    assert np.array_equal(first.offsets, again.offsets)


def test_ions_outside_the_scan_range_are_not_seen() -> None:
    run = simulate.gcms_run("run", [_component(200.0)], _random(), mz_first=60, mz_last=200)
    assert run.mz.min() >= 60
    assert run.mz.max() <= 200


def test_a_component_outside_the_run_leaves_nothing() -> None:
    run = simulate.gcms_run(
        "run", [_component(1e5)], _random(), bleed=0, electronic_noise=0, threshold=30
    )
    assert run.mz.size == 0
    assert run.n_scans == 2000


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration_s": 0.0}, {"duration_s": math.inf}, {"scan_s": 0.0}, {"scan_s": -1.0},
        {"mz_first": 500, "mz_last": 40}, {"duration_s": 1e9}, {"duration_s": math.nan},
    ],
)  # fmt: skip
def test_an_impossible_run_is_refused_before_it_takes_memory(wrong: dict[str, float]) -> None:
    with pytest.raises(SpectrumError):
        simulate.gcms_run("run", [_component(200.0)], _random(), **wrong)  # type: ignore[arg-type]


def test_a_component_without_ions_is_refused() -> None:
    empty = MassSpectrum(title="nothing", mz=np.array([58.0]), intensity=np.array([0.0]))
    with pytest.raises(SpectrumError, match="nothing"):
        simulate.gcms_run(
            "run", [RunComponent(spectrum=empty, retention_time_s=100.0, area=1.0)], _random()
        )
