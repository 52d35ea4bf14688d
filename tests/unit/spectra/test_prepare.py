from __future__ import annotations

import numpy as np
import pytest

from spectra.axis import XKind, YKind
from spectra.errors import NotComparableError
from spectra.grid import FTIR_GRID, RAMAN_GRID
from spectra.prepare import CARBON_DIOXIDE, PIPELINE, vibrational
from spectra.spectrum import Spectrum, Technique


def bands(x, centres=(700, 1100, 1450, 1720, 1000)):
    return 0.1 + sum(np.exp(-((x - c) ** 2) / 200.0) for c in centres)


def infrared(x, y, **changes):
    values = {"x_kind": XKind.WAVENUMBER, "x_unit": "cm-1", "y_kind": YKind.ABSORBANCE}
    return Spectrum(title="s", x=x, y=y, y_unit="1", **(values | changes))


def raman(x, y):
    return infrared(x, y, x_kind=XKind.RAMAN_SHIFT, y_kind=YKind.RAMAN_INTENSITY)


def test_absorbance_on_the_grid_comes_back_with_the_air_left_out():
    x = FTIR_GRID.x
    made = vibrational(infrared(x, bands(x)), Technique.FTIR)
    air = (x >= CARBON_DIOXIDE.start_cm1) & (x <= CARBON_DIOXIDE.stop_cm1)
    assert np.isnan(made.y[air]).all()
    assert made.y[~air] == pytest.approx(bands(x)[~air])
    np.testing.assert_array_equal(made.covered, ~air)
    assert made.pipeline == PIPELINE
    assert made.quality.ok
    assert made.quality.coverage == 1.0


def test_transmittance_over_ascending_micrometres_is_the_same_curve():
    x = np.arange(402.0, 3998.0, 1.5)
    plain = vibrational(infrared(x, bands(x)), Technique.FTIR)
    other = infrared(
        (1e4 / x)[::-1],
        (100 * 10 ** -bands(x))[::-1],
        x_kind=XKind.WAVELENGTH,
        x_unit="um",
        y_kind=YKind.TRANSMITTANCE,
    )
    made = vibrational(other, Technique.FTIR)
    np.testing.assert_allclose(made.y, plain.y, atol=1e-9)
    text = " / ".join(map(str, made.steps))
    assert "um to wavenumber; %T to absorbance" in text
    assert "reverse" in text
    assert "native step" in text


def test_the_laser_line_is_clipped_and_the_clipping_recorded():
    x = np.arange(-150.0, 2600.0, 1.3)
    laser = 1e6 * np.exp(-(x**2) / 50)
    with_line = vibrational(raman(x, bands(x) + laser), Technique.RAMAN)
    without = vibrational(raman(x, bands(x)), Technique.RAMAN)
    np.testing.assert_allclose(with_line.y, without.y, rtol=1e-9)
    assert any("clip" in step.name for step in with_line.steps)
    assert with_line.quality.ok


def test_what_was_not_measured_is_nan():
    x = np.arange(450.0, 1800.0, 1.0)
    made = vibrational(raman(x, bands(x)), Technique.RAMAN)
    grid = RAMAN_GRID.x
    assert np.isnan(made.y[(grid < 449) | (grid > 1801)]).all()
    assert made.quality.coverage == pytest.approx(1350 / 2200, abs=0.01)


def test_saturated_transmission_stays_unmeasured():
    x = np.arange(400.0, 4001.0, 2.0)
    percent = 90 * 10 ** -bands(x)
    percent[300:306] = 0.0
    made = vibrational(infrared(x, percent, y_kind=YKind.TRANSMITTANCE), Technique.FTIR)
    assert np.isnan(made.y[300:306]).all()
    assert made.quality.ok
    assert made.quality.saturated


def test_an_axis_of_the_other_technique_is_refused():
    x = np.arange(400.0, 2400.0, 2.0)
    with pytest.raises(NotComparableError):
        vibrational(infrared(x, bands(x)), Technique.RAMAN)
    with pytest.raises(NotComparableError):
        vibrational(raman(x, bands(x)), Technique.FTIR)


def test_a_range_off_the_grid_is_insufficient_not_an_error():
    x = np.arange(4500.0, 9000.0, 4.0)
    made = vibrational(infrared(x, np.sin(x / 40)), Technique.FTIR)
    assert not made.quality.ok
    assert not made.covered.any()


def test_infinite_readings_become_unmeasured():
    x = np.arange(400.0, 4001.0, 2.0)
    y = bands(x)
    y[100] = np.inf
    made = vibrational(infrared(x, y), Technique.FTIR)
    assert np.isnan(made.y[100])


def test_faults_of_the_file_make_it_insufficient():
    x = FTIR_GRID.x
    made = vibrational(infrared(x, bands(x), faults=("axis guessed",)), Technique.FTIR)
    assert made.quality.reasons == ("axis guessed",)


def test_the_prepared_curve_cannot_be_changed():
    x = FTIR_GRID.x
    made = vibrational(infrared(x, bands(x)), Technique.FTIR)
    with pytest.raises(ValueError, match="read-only"):
        made.y[0] = 1.0
