from __future__ import annotations

import numpy as np
import pytest

from spectra import atr
from spectra.errors import GridMismatchError, SpectrumError

X = np.arange(400.0, 4001.0, 2.0)
DIAMOND = atr.Optics(crystal_index=2.4, sample_index=1.5, angle_deg=45.0)


def oscillators(*bands, index=1.5):
    """The complex index of Lorentz oscillators: (position, strength, damping) each."""
    permittivity = np.full(X.size, index**2, dtype=complex)
    for place, strength, damping in bands:
        permittivity += strength * place**2 / (place**2 - X**2 - 1j * damping * X)
    return np.sqrt(permittivity)


def measured(index, optics):
    s, p = atr.reflected(index.real, index.imag, optics)
    return -np.log10((s**optics.reflections + p**optics.reflections) / 2)


def transmission(index, thickness_um):
    return 4 * np.pi * index.imag * X * thickness_um * 1e-4 / np.log(10)


STRONG = oscillators((1720, 0.010, 18), (1600, 0.005, 12), (1200, 0.012, 25), (2900, 0.006, 30))


def test_penetration_is_that_of_the_textbook():
    # 1000 cm⁻¹ on diamond at 45°: 10 µm / (2π·2.4·√(0.5 − 0.390625)) = 2.005 µm.
    assert atr.penetration_depth_um([1000.0], DIAMOND)[0] == pytest.approx(2.0051, abs=1e-3)
    assert atr.penetration_depth_um([500.0], DIAMOND)[0] == pytest.approx(4.0103, abs=1e-3)


@pytest.mark.parametrize("angle", [41.0, 45.0, 60.0])
@pytest.mark.parametrize("crystal", [2.4, 4.0])
def test_effective_thickness_is_the_weak_limit_of_the_fresnel_equations(crystal, angle):
    optics = atr.Optics(crystal_index=crystal, sample_index=1.5, angle_deg=angle)
    absorption = np.full(X.size, 1e-6)
    s, p = atr.reflected(np.full(X.size, 1.5), absorption, optics)
    ratio = (1 - (s + p) / 2) / (4 * np.pi * absorption * X * 1e-4)
    np.testing.assert_allclose(atr.effective_thickness_um(X, optics), ratio, rtol=1e-3)


def test_the_fresnel_correction_brings_bands_back_to_their_place():
    film = transmission(STRONG, 1.0)
    raw = measured(STRONG, DIAMOND)
    assert raw.max() > 0.5
    made = atr.fresnel(raw, X, DIAMOND)
    np.testing.assert_allclose(made, film, atol=2e-4 * film.max())
    near = (X > 1680) & (X < 1760)
    assert X[near][made[near].argmax()] == 1720.0
    # The simple correction leaves the band where ATR has it.
    depth = atr.depth_corrected(raw, X)
    assert X[near][depth[near].argmax()] == X[near][raw[near].argmax()] < 1718.0
    assert np.corrcoef(depth, film)[0, 1] < 0.97 < np.corrcoef(made, film)[0, 1]


def test_several_reflections_are_undone():
    optics = atr.Optics(crystal_index=4.0, sample_index=1.5, reflections=5)
    made = atr.fresnel(measured(STRONG, optics), X, optics, thickness_um=2.0)
    film = transmission(STRONG, 2.0)
    np.testing.assert_allclose(made, film, atol=5e-4 * film.max())


def test_weak_absorption_needs_no_dispersion():
    weak = oscillators((1720, 1e-4, 18), (1200, 5e-5, 25))
    made = atr.weak_absorption(measured(weak, DIAMOND), X, DIAMOND, thickness_um=3.0)
    film = transmission(weak, 3.0)
    np.testing.assert_allclose(made, film, atol=0.03 * film.max())


def test_without_dispersion_the_position_stays():
    raw = measured(oscillators((1720, 0.004, 18)), DIAMOND)
    made = atr.fresnel(raw, X, DIAMOND, dispersion=False)
    assert X[made.argmax()] == X[raw.argmax()]


def test_index_follows_absorption_as_kramers_and_kronig_say():
    found = 1.5 + atr.kramers_kronig(STRONG.imag, X)
    inner = (X > 450) & (X < 3900)
    np.testing.assert_allclose(found[inner], STRONG.real[inner], atol=5e-4)


def test_kramers_kronig_equals_the_plain_sum():
    x = X[:200]
    absorption = np.abs(np.random.default_rng(0).normal(size=200))
    plain = [
        2 / np.pi * 2 * 2.0 * sum(
            x[j] * absorption[j] / (x[j] ** 2 - x[i] ** 2) for j in range(200) if (i + j) % 2
        )
        for i in range(200)
    ]  # fmt: skip
    np.testing.assert_allclose(atr.kramers_kronig(absorption, x), plain, rtol=1e-9, atol=1e-9)


def test_a_falling_axis_is_the_same_spectrum():
    raw = measured(STRONG, DIAMOND)
    turned = atr.fresnel(raw[::-1], X[::-1], DIAMOND)[::-1]
    np.testing.assert_array_equal(turned, atr.fresnel(raw, X, DIAMOND))


@pytest.mark.parametrize(
    "optics",
    [
        {"angle_deg": 30.0},
        {"sample_index": 1.8},
        {"sample_index": 3.0},
        {"crystal_index": 0.5},
        {"reflections": 0},
        {"angle_deg": np.nan},
    ],
)
def test_optics_that_do_not_reflect_are_refused(optics):
    with pytest.raises(SpectrumError):
        atr.Optics(**optics)


def test_bad_input_is_refused_with_a_hint():
    raw = measured(STRONG, DIAMOND)
    with pytest.raises(SpectrumError, match="not measured"):
        atr.fresnel(np.where(np.arange(X.size) == 5, np.nan, raw), X, DIAMOND)
    with pytest.raises(SpectrumError) as refused:
        atr.fresnel(100 * raw, X, DIAMOND)
    assert "absorbance" in refused.value.hint
    with pytest.raises(SpectrumError, match="equal steps"):
        atr.fresnel(raw, X + np.linspace(0, 500, X.size) ** 2 / 500, DIAMOND)
    with pytest.raises(SpectrumError, match="no optical constants"):
        atr.fresnel(np.full(X.size, 2.0), X, DIAMOND)
    with pytest.raises(SpectrumError, match="above zero"):
        atr.depth_corrected([1.0, 2.0], [0.0, 10.0])
    with pytest.raises(GridMismatchError):
        atr.depth_corrected([1.0, 2.0], [5.0, 10.0, 15.0])
    with pytest.raises(SpectrumError):
        atr.depth_corrected([1.0], [5.0], reference_cm1=0.0)
    with pytest.raises(SpectrumError, match="film"):
        atr.weak_absorption([1.0], [5.0], DIAMOND, thickness_um=-1.0)
