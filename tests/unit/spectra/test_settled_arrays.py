"""An array becomes a spectrum's own without a copy only where nothing else can write to it."""

import numpy as np
import pytest

from spectra.axis import XKind, YKind
from spectra.spectrum import Spectrum, settled


def of(x, y):
    return Spectrum(
        title="",
        x=x,
        y=y,
        x_kind=XKind.WAVENUMBER,
        x_unit="cm-1",
        y_kind=YKind.ABSORBANCE,
        y_unit="1",
    )


def test_a_settled_array_is_taken_as_it_is():
    x, y = settled(np.arange(3.0)), settled(np.ones(3))
    spectrum = of(x, y)
    assert spectrum.x is x
    assert spectrum.y is y


def test_a_settled_array_can_no_longer_be_written_to():
    x = np.arange(3.0)
    settled(x)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 5.0


@pytest.mark.parametrize("of_many", [lambda a: a, lambda a: a[:3], lambda a: a[::2]])
def test_what_others_may_write_to_is_copied(of_many):
    whole = np.arange(6.0)
    given = of_many(whole)
    spectrum = of(given, given)
    before = spectrum.x.tolist()
    whole[:] = -1.0
    assert spectrum.x.tolist() == before
    assert not spectrum.x.flags.writeable


def test_a_read_only_view_of_a_writable_array_is_copied():
    whole = np.arange(3.0)
    view = whole[:]
    view.setflags(write=False)
    spectrum = of(view, view)
    whole[0] = 9.0
    assert spectrum.x.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("kind", ["f4", "i8", ">f8"])
def test_other_numbers_become_doubles(kind):
    given = np.arange(3).astype(kind)
    given.setflags(write=False)
    assert of(given, given).x.dtype == np.float64
    assert of(given, given).x.dtype.isnative
