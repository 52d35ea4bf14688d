from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from spectra.axis import XKind, YKind
from spectra.derivative import second_derivative
from spectra.errors import NotComparableError, SpectrumError
from spectra.pipeline import Pipeline, planned
from spectra.step_kinds import STEP_KINDS
from tests.step_tests import StepTests, a_curve

ON_GRID = {"start_cm1": 450.0, "stop_cm1": 1950.0, "step_cm1": 2.0}


class TestConvert(StepTests):
    kind = "convert"
    infrared = True
    leaves_words = False


class TestRequire(StepTests):
    kind = "require"
    parameters: ClassVar = {"axis": "raman_shift"}
    leaves_words = False

    def test_the_other_technique_is_refused(self):
        with pytest.raises(NotComparableError, match="not a raman spectrum"):
            self.apply(a_curve(infrared=True))


class TestReflectance(StepTests):
    kind = "reflectance"
    parameters: ClassVar = {"form": "log_1_over_r"}
    infrared = True

    def curve(self):
        plain = a_curve(infrared=True)
        return a_curve(y=10.0**-plain.y, infrared=True, y_kind=YKind.REFLECTANCE)

    def apply(self, spectrum):
        return self.pipeline().apply(replace(spectrum, y_kind=YKind.REFLECTANCE))

    def test_log_1_over_r_undoes_reflectance(self):
        made = self.apply(self.curve())
        np.testing.assert_allclose(made.y, a_curve(infrared=True).y, atol=1e-12)
        assert made.y_kind is YKind.LOG_1_OVER_R

    def test_kubelka_munk_is_its_formula_in_percent_too(self):
        pipeline = Pipeline(
            name="t", version=1, steps=(planned("reflectance", form="kubelka_munk"),)
        )
        percent = a_curve([500.0, 502.0, 504.0], [50.0, 25.0, 0.0], y_kind=YKind.REFLECTANCE)
        np.testing.assert_allclose(pipeline.apply(percent).y, [0.25, 1.125, np.nan])

    def test_absorbance_is_refused(self):
        with pytest.raises(NotComparableError, match="no reflectance"):
            self.pipeline().apply(a_curve(infrared=True))

    def test_then_it_can_be_converted_for_a_search(self):
        pipeline = Pipeline(
            name="t",
            version=1,
            steps=(planned("reflectance", form="log_1_over_r"), planned("convert")),
        )
        assert pipeline.apply(self.curve()).y_kind is YKind.ABSORBANCE


class TestAscend(StepTests):
    kind = "ascend"
    turns_ascending = True
    leaves_words = False


class TestClip(StepTests):
    kind = "clip"
    parameters: ClassVar = {"start_cm1": 600.0, "stop_cm1": 1700.0}

    def test_only_the_range_is_left(self):
        made = self.apply(self.curve())
        assert made.x.min() == 600.0
        assert made.x.max() == 1700.0


class TestCalibrateAxis(StepTests):
    kind = "calibrate_axis"
    parameters: ClassVar = {
        "standard": "polystyrene",
        "axis": "raman_shift",
        "coefficients_cm1": [-3.0, 1.0],
        "centre_cm1": 1200.0,
        "start_cm1": 620.0,
        "stop_cm1": 1600.0,
        "n_bands": 8,
        "residual_cm1": 0.4,
    }

    def test_the_axis_moves_as_stated_and_stops_changing_beyond_the_bands(self):
        made = self.apply(self.curve())
        expected = -3.0 + (np.clip(self.curve().x, 620.0, 1600.0) - 1200.0) / 1000.0
        np.testing.assert_allclose(made.x - self.curve().x, expected, atol=1e-12)

    def test_a_calibration_of_the_other_technique_is_refused(self):
        with pytest.raises(SpectrumError, match="axis calibration for raman_shift"):
            self.apply(a_curve(infrared=True))


class TestDespike(StepTests):
    kind = "despike"

    def curve(self):
        plain = a_curve()
        y = plain.y.copy()
        y[[100, 500]] += 3.0
        return a_curve(y=y)

    def test_it_names_the_channels(self):
        (step,) = self.apply(self.curve()).steps
        assert step.parameters["channels edited"] == "2 at 600, 1400 cm⁻¹"

    def test_infrared_is_refused(self):
        with pytest.raises(SpectrumError, match="Raman"):
            self.apply(a_curve(infrared=True))

    def test_resampled_points_are_refused(self):
        pipeline = Pipeline(
            name="t", version=1, steps=(planned("resample", **ON_GRID), planned("despike"))
        )
        with pytest.raises(SpectrumError, match="channels") as refused:
            pipeline.apply(a_curve())
        assert "before `resample`" in refused.value.hint


class TestResample(StepTests):
    kind = "resample"
    parameters: ClassVar = ON_GRID
    turns_ascending = True


class TestExclude(StepTests):
    kind = "exclude"
    parameters: ClassVar = {
        "name": "air",
        "start_cm1": 900.0,
        "stop_cm1": 1000.0,
        "reason": "because",
    }

    def test_the_region_is_not_compared(self):
        made = self.apply(self.curve())
        np.testing.assert_array_equal(made.covered, ~((made.x >= 900) & (made.x <= 1000)))


class EqualSteps(StepTests):
    def test_unequal_steps_are_refused_with_a_hint(self):
        x = np.cumsum(np.linspace(1.0, 3.0, 801)) + 400
        with pytest.raises(SpectrumError, match="equally spaced") as refused:
            self.apply(a_curve(x, a_curve().y))
        assert "resample" in refused.value.hint


class TestArpls(EqualSteps):
    kind = "arpls"

    def test_a_sloping_background_goes_and_bands_stay(self):
        made = self.apply(self.curve())
        valley = (made.x > 750) & (made.x < 900)
        assert np.abs(made.y[valley]).max() < 0.02
        assert made.y.max() == pytest.approx(0.8, abs=0.03)


class TestSnip(EqualSteps):
    kind = "snip"
    parameters: ClassVar = {"counts": False}

    def test_a_sloping_background_goes_and_bands_stay(self):
        made = self.apply(self.curve())
        valley = (made.x > 750) & (made.x < 900)
        assert np.abs(made.y[valley]).max() < 0.03
        assert made.y.max() == pytest.approx(0.8, abs=0.03)


class TestSmooth(EqualSteps):
    kind = "smooth"

    def test_noise_falls(self):
        flat = a_curve(y=np.random.default_rng(0).normal(size=801))
        assert self.apply(flat).y.std() < 0.8 * flat.y.std()


class TestDerivative(EqualSteps):
    kind = "derivative"

    def test_a_straight_line_has_one_slope_on_either_axis_direction(self):
        line = a_curve(y=0.5 * a_curve().x)
        made = self.apply(line)
        assert made.y[made.covered] == pytest.approx(0.5)
        assert made.y_kind is YKind.UNKNOWN

    def test_absorbance_steps_are_refused_after_it(self):
        pipeline = Pipeline(name="t", version=1, steps=(planned("derivative"), planned("atr")))
        with pytest.raises(SpectrumError, match="needs absorbance"):
            pipeline.apply(a_curve(infrared=True))


class TestSecondDerivative(EqualSteps):
    kind = "derivative"
    parameters: ClassVar = {"order": 2, "window_cm1": 14.0}

    def test_it_is_that_of_the_plain_function(self):
        curve = self.curve()
        made = self.apply(curve)
        expected, exists = second_derivative(curve.y, 3, 2.0)
        np.testing.assert_array_equal(made.covered, exists)
        np.testing.assert_allclose(made.y[exists], expected[exists], rtol=1e-12)


@pytest.mark.parametrize("method", ["snv", "unit_vector", "maximum", "area"])
def test_normalising_ignores_the_scale(method):
    pipeline = Pipeline(name="t", version=1, steps=(planned("normalize", method=method),))
    small, large = a_curve(), a_curve(y=7.0 * a_curve().y)
    np.testing.assert_allclose(pipeline.apply(large).y, pipeline.apply(small).y, rtol=1e-12)


class TestNormalize(StepTests):
    kind = "normalize"
    tolerance = 1e-12


class TestAtrDepth(StepTests):
    kind = "atr"
    infrared = True

    def test_raman_is_refused(self):
        with pytest.raises(SpectrumError, match="infrared"):
            self.apply(a_curve())

    def test_heights_at_the_reference_stay(self):
        at = int(np.flatnonzero(self.curve().x == 1000.0)[0])
        assert self.apply(self.curve()).y[at] == pytest.approx(self.curve().y[at])


class TestAtrFresnel(StepTests):
    kind = "atr"
    infrared = True
    parameters: ClassVar = {"form": "fresnel"}
    tolerance = 1e-7

    def curve(self):
        plain = a_curve(infrared=True)
        return a_curve(y=0.2 * (plain.y - 0.3), infrared=True)

    def test_the_optics_stand_in_the_record(self):
        (step,) = self.apply(self.curve()).steps
        assert step.parameters["crystal"] == "2.4"
        assert step.parameters["angle"] == "45°"


def test_every_step_has_a_test_class():
    tested = {cls.kind for cls in _subclasses(StepTests)}
    assert tested - {""} == set(STEP_KINDS)


def _subclasses(cls):
    direct = cls.__subclasses__()
    return [*direct, *(deeper for each in direct for deeper in _subclasses(each))]


def test_a_curve_over_nanometres_is_refused_where_cm1_is_needed():
    curve = a_curve(x_kind=XKind.WAVELENGTH, x_unit="nm")
    with pytest.raises(SpectrumError, match="cm⁻¹") as refused:
        Pipeline(name="t", version=1, steps=(planned("smooth"),)).apply(curve)
    assert "convert" in refused.value.hint
