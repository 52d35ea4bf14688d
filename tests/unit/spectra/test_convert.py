from __future__ import annotations

import numpy as np
import pytest

from spectra.axis import XKind, YKind
from spectra.convert import laser_nm, to_absorbance
from spectra.errors import AxisError, NotComparableError
from spectra.spectrum import Spectrum


def a_spectrum(y, x=None, **changes):
    values = {
        "title": "s",
        "x": np.arange(400.0, 400.0 + len(y)) if x is None else x,
        "y": y,
        "x_kind": XKind.WAVENUMBER,
        "x_unit": "cm-1",
        "y_kind": YKind.ABSORBANCE,
        "y_unit": "1",
    }
    return Spectrum(**(values | changes))


def test_percent_transmittance_becomes_absorbance():
    made, words = to_absorbance(
        a_spectrum([100.0, 10.0, 1.0], y_kind=YKind.TRANSMITTANCE, y_unit="%")
    )
    assert made.y == pytest.approx([0.0, 1.0, 2.0])
    assert made.y_kind is YKind.ABSORBANCE
    assert words.startswith("%T to absorbance")


def test_fractional_transmittance_is_known_by_its_size_and_said():
    made, words = to_absorbance(
        a_spectrum([1.0, 0.1, 0.01], y_kind=YKind.TRANSMITTANCE, y_unit="%")
    )
    assert made.y == pytest.approx([0.0, 1.0, 2.0])
    assert "T (0..1)" in words
    assert "although the file gives the unit '%'" in words


def test_saturated_transmittance_is_masked_and_never_made_up():
    y = np.full(200, 80.0)
    y[50:60] = 0.0
    y[60] = -0.5  # the zero is noisy by 0.5 %, so 0.3 % is noise as well
    y[61] = 0.3
    y[62] = 0.7
    made, words = to_absorbance(a_spectrum(y, y_kind=YKind.TRANSMITTANCE, y_unit="%"))
    assert np.isnan(made.y[50:62]).all()
    assert made.y[62] == pytest.approx(-np.log10(0.007))
    assert np.isfinite(np.delete(made.y, np.arange(50, 62))).all()
    assert "12 saturated points masked" in words


def test_a_deep_negative_transmittance_does_not_mask_the_whole_spectrum():
    y = np.full(100, 50.0)
    y[3] = -40.0
    made, _ = to_absorbance(a_spectrum(y, y_kind=YKind.TRANSMITTANCE))
    assert np.count_nonzero(np.isnan(made.y)) == 1


def test_micrometres_become_wavenumbers_in_file_order():
    made, words = to_absorbance(
        a_spectrum([0.1, 0.2], x=[2.5, 25.0], x_kind=XKind.WAVELENGTH, x_unit="um")
    )
    assert made.x == pytest.approx([4000.0, 400.0])
    assert made.x_kind is XKind.WAVENUMBER
    assert words == "um to wavenumber"


def test_nanometres_become_raman_shift_with_the_stated_laser():
    given = a_spectrum(
        [5.0, 6.0],
        x=[785.0, 850.0],
        x_kind=XKind.WAVELENGTH,
        x_unit="nm",
        y_kind=YKind.RAMAN_INTENSITY,
        metadata={"Laser Wavelength": "785 nm", "Laser power": "300"},
    )
    made, words = to_absorbance(given)
    assert made.x == pytest.approx([0.0, 1e7 / 785 - 1e7 / 850])
    assert made.x_kind is XKind.RAMAN_SHIFT
    assert "785" in words


@pytest.mark.parametrize("metadata", [{}, {"laser": "532, 785 nm"}, {"laser": "red"}])
def test_nanometres_without_one_laser_line_are_refused(metadata):
    given = a_spectrum(
        [5.0, 6.0],
        x=[790.0, 850.0],
        x_kind=XKind.WAVELENGTH,
        x_unit="nm",
        y_kind=YKind.RAMAN_INTENSITY,
        metadata=metadata,
    )
    with pytest.raises(NotComparableError, match="laser"):
        to_absorbance(given)


def test_laser_line_keeps_its_decimals():
    assert laser_nm({"Excitation (nm)": "784.9"}) == 784.9


@pytest.mark.parametrize(
    "y_kind",
    [
        YKind.SINGLE_BEAM,
        YKind.INTERFEROGRAM,
        YKind.REFLECTANCE,
        YKind.KUBELKA_MUNK,
        YKind.PHOTOACOUSTIC,
        YKind.ABUNDANCE,
        YKind.UNKNOWN,
    ],
)
def test_ordinates_without_a_way_to_absorbance_are_refused_with_a_reason(y_kind):
    with pytest.raises(NotComparableError) as refused:
        to_absorbance(a_spectrum([1.0, 2.0], y_kind=y_kind))
    assert refused.value.hint


@pytest.mark.parametrize("x_kind", [XKind.PIXEL, XKind.UNKNOWN, XKind.TIME, XKind.MZ])
def test_axes_that_are_not_calibrated_are_refused(x_kind):
    with pytest.raises(NotComparableError):
        to_absorbance(a_spectrum([1.0, 2.0], x_kind=x_kind))


def test_visible_absorbance_is_not_taken_for_infrared():
    with pytest.raises(NotComparableError, match="mid-infrared"):
        to_absorbance(
            a_spectrum([0.1, 0.2], x=[250.0, 469.0], x_kind=XKind.WAVELENGTH, x_unit="nm")
        )


def test_log_one_over_r_is_compared_as_absorbance_and_said():
    made, words = to_absorbance(a_spectrum([0.1, 0.2], y_kind=YKind.LOG_1_OVER_R))
    assert made.y_kind is YKind.ABSORBANCE
    assert "log(1/R)" in words


def test_unlabelled_counts_over_raman_shift_are_intensity():
    made, _ = to_absorbance(a_spectrum([1.0, 2.0], x_kind=XKind.RAMAN_SHIFT, y_kind=YKind.UNKNOWN))
    assert made.y_kind is YKind.RAMAN_INTENSITY


def test_an_axis_that_turns_back_is_refused():
    with pytest.raises(AxisError):
        to_absorbance(a_spectrum([1.0, 2.0, 3.0], x=[1.0, 3.0, 2.0]))


def test_the_measured_spectrum_is_left_as_it_was():
    given = a_spectrum([50.0, 60.0], y_kind=YKind.TRANSMITTANCE)
    to_absorbance(given)
    assert list(given.y) == [50.0, 60.0]
    assert given.y_kind is YKind.TRANSMITTANCE
