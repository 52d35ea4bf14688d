from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra.axis import XKind, YKind
from spectra.axis_standards import STANDARDS, standard
from spectra.calibrate_axis import AxisCalibration, calibrate
from spectra.errors import NotComparableError, SpectrumError
from spectra.simulate import Band, ftir, grid, raman
from spectra.spectrum import Spectrum

POLYSTYRENE = standard("polystyrene")
SIZES = {620.9: 20, 795.8: 12, 1001.4: 100, 1031.8: 30, 1155.3: 14, 1602.3: 28, 3054.3: 60}


def bands_of(known, width=8.0, without=()):
    return [
        Band(position_cm1=b, width_cm1=width, height=SIZES.get(b, 20))
        for b in known.bands_cm1
        if b not in without
    ]


def a_run(known=POLYSTYRENE, distort=None, seed=0, without=(), **changes):
    """A run of a standard on an instrument whose axis is ``distort(true position)``."""
    made = raman("run", bands_of(known, without=without), np.random.default_rng(seed), **changes)
    return made if distort is None else replace(made, x=distort(made.x))


@pytest.mark.parametrize("name", sorted(STANDARDS))
@pytest.mark.parametrize("offset", [-9.0, 0.0, 4.5, 12.0])
def test_an_offset_is_found_for_every_standard(name, offset):
    known = standard(name)
    rng = np.random.default_rng(1)
    if known.x_kind is XKind.RAMAN_SHIFT:
        axis = grid(120.0, 3500.0, 1.5)
        run = raman("r", bands_of(known, 6.0), rng, x=axis, shift_cm1=offset, laser_line=0.0)
    else:
        run = ftir("r", bands_of(known, 8.0), rng, shift_cm1=offset, x=grid(400.0, 4000.0, 1.0))
    made = calibrate(run, known)
    at = np.array(known.bands_cm1)
    np.testing.assert_allclose(made.corrected(at + offset), at, atol=0.8)
    assert made.rms_cm1 < 0.5
    assert not made.missing_cm1


def test_a_stretched_axis_is_put_right_over_its_whole_range():
    run = a_run(distort=lambda x: x + 3.0 + 2.5 * (x - 1500) / 1000)
    made = calibrate(run, POLYSTYRENE)
    assert len(made.coefficients_cm1) == 2
    true = np.linspace(650, 3000, 40)
    seen = true + 3.0 + 2.5 * (true - 1500) / 1000
    np.testing.assert_allclose(made.corrected(seen), true, atol=0.4)


def test_a_bent_axis_takes_the_second_degree():
    run = a_run(distort=lambda x: x + 2.0 + 1.5 * ((x - 1800) / 1000) ** 2)
    made = calibrate(run, POLYSTYRENE)
    assert len(made.coefficients_cm1) == 3
    assert made.rms_cm1 < 0.3


def test_a_good_axis_is_only_moved():
    made = calibrate(a_run(distort=lambda x: x + 1.0), POLYSTYRENE)
    assert len(made.coefficients_cm1) == 1
    assert made.coefficients_cm1[0] == pytest.approx(-1.0, abs=0.15)
    assert len(made.bands) == 11
    assert made.largest_residual_cm1 < 0.5


def test_beyond_the_bands_the_correction_stays():
    made = calibrate(a_run(distort=lambda x: x * 1.002), POLYSTYRENE)
    ends = made.correction(np.array([made.start_cm1, made.stop_cm1]))
    far = made.correction(np.array([-500.0, 9000.0]))
    np.testing.assert_array_equal(far, ends)
    assert (np.diff(made.corrected(np.arange(-500.0, 9000.0))) > 0).all()


def test_a_falling_axis_gives_the_same_calibration():
    run = a_run(distort=lambda x: x + 3.0)
    turned = replace(run, x=run.x[::-1], y=run.y[::-1])
    assert calibrate(turned, POLYSTYRENE) == calibrate(run, POLYSTYRENE)


def test_one_false_band_is_left_out_and_named():
    bands = [b for b in bands_of(POLYSTYRENE) if b.position_cm1 != 795.8]
    bands.append(Band(position_cm1=801.5, width_cm1=8.0, height=20))
    run = raman("r", bands, np.random.default_rng(0))
    made = calibrate(run, POLYSTYRENE)
    assert made.missing_cm1 == (795.8,)
    assert made.rms_cm1 < 0.5


def test_missing_bands_are_refused_by_name():
    run = a_run(without=(620.9, 795.8, 1031.8, 1155.3, 1450.5))
    with pytest.raises(SpectrumError, match=r"missing: .*1031\.8"):
        calibrate(run, POLYSTYRENE)


def test_a_short_range_is_refused_before_anything_is_fitted():
    run = a_run(x=grid(900.0, 1100.0, 1.0))
    with pytest.raises(SpectrumError, match="lie between 900 and 1100"):
        calibrate(run, POLYSTYRENE)


@pytest.mark.parametrize("other", ["cyclohexane", "paracetamol", "silicon", "acetonitrile"])
def test_another_material_is_refused(other):
    with pytest.raises(SpectrumError):
        calibrate(a_run(standard(other)), POLYSTYRENE)
    with pytest.raises(SpectrumError):
        calibrate(a_run(), standard(other))


def test_noise_is_refused():
    rng = np.random.default_rng(0)
    for _ in range(5):
        run = replace(a_run(), y=rng.normal(size=a_run().x.size))
        for name in ("polystyrene", "silicon", "acetonitrile"):
            with pytest.raises(SpectrumError):
                calibrate(run, standard(name))


def test_an_axis_beyond_repair_is_refused():
    with pytest.raises(SpectrumError):
        calibrate(a_run(distort=lambda x: x + 60.0), POLYSTYRENE)


def test_the_other_technique_is_refused():
    run = a_run()
    infrared = replace(run, x_kind=XKind.WAVENUMBER, y_kind=YKind.ABSORBANCE)
    with pytest.raises(NotComparableError, match="raman_shift"):
        calibrate(infrared, POLYSTYRENE)


@pytest.mark.parametrize(
    "changes",
    [
        {"coefficients_cm1": ()},
        {"coefficients_cm1": (1.0, 2.0, 3.0, 4.0)},
        {"coefficients_cm1": (np.nan,)},
        {"coefficients_cm1": (500.0,)},
        {"coefficients_cm1": (0.0, 900.0)},
        {"start_cm1": 3000.0},
    ],
)
def test_numbers_that_are_no_correction_are_refused(changes):
    values = {
        "standard": "s",
        "x_kind": XKind.RAMAN_SHIFT,
        "coefficients_cm1": (1.0,),
        "centre_cm1": 1000.0,
        "start_cm1": 600.0,
        "stop_cm1": 1600.0,
    }
    AxisCalibration(**values)
    with pytest.raises(SpectrumError):
        AxisCalibration(**(values | changes))


@pytest.mark.parametrize("y", [np.full(2000, np.nan), np.zeros(2000), np.full(2000, np.inf)])
def test_a_run_without_a_curve_is_refused(y):
    run = Spectrum(
        title="r",
        x=np.linspace(100, 3500, 2000),
        y=y,
        x_kind=XKind.RAMAN_SHIFT,
        x_unit="cm-1",
        y_kind=YKind.RAMAN_INTENSITY,
        y_unit="counts",
    )
    for known in STANDARDS.values():
        with pytest.raises(SpectrumError):
            calibrate(run, known)


def test_an_unknown_standard_is_named_with_the_known_ones():
    with pytest.raises(SpectrumError) as refused:
        standard("benzene")
    assert "polystyrene" in refused.value.hint


def test_bands_of_a_standard_ascend():
    for known in STANDARDS.values():
        assert list(known.bands_cm1) == sorted(set(known.bands_cm1))
        assert known.source
