"""What every preprocessing step must do; a test class names its step and inherits these."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from spectra.axis import XKind, YKind
from spectra.errors import SpectrumError
from spectra.pipeline import Pipeline, planned
from spectra.spectrum import Spectrum
from spectra.step_kinds import STEP_KINDS


def a_curve(x=None, y=None, *, infrared=False, seed=0, **changes):
    """Bands on a sloping background with a little noise, over 400 to 2000 cm⁻¹ by 2."""
    axis = np.arange(400.0, 2001.0, 2.0) if x is None else np.asarray(x, dtype=float)
    if y is None:
        rng = np.random.default_rng(seed)
        y = 0.3 + 2e-4 * (axis - 400)
        for centre in (621.0, 1001.0, 1155.0, 1602.0):
            y = y + 0.8 * np.exp(-(((axis - centre) / 9.0) ** 2))
        y = y + 2e-3 * rng.normal(size=axis.size)
    values = {
        "title": "s",
        "x": axis,
        "y": y,
        "x_kind": XKind.WAVENUMBER if infrared else XKind.RAMAN_SHIFT,
        "x_unit": "cm-1",
        "y_kind": YKind.ABSORBANCE if infrared else YKind.RAMAN_INTENSITY,
        "y_unit": "1" if infrared else "counts",
    }
    return Spectrum(**(values | changes))


def falling(spectrum):
    return replace(spectrum, x=spectrum.x[::-1], y=spectrum.y[::-1])


class StepTests:
    """Set ``kind``, and ``parameters`` and ``infrared`` where the step asks for them."""

    kind = ""
    parameters: ClassVar[dict] = {}
    infrared = False
    turns_ascending = False
    leaves_words = True
    tolerance = 1e-9

    def pipeline(self):
        return Pipeline(name="t", version=1, steps=(planned(self.kind, **self.parameters),))

    def curve(self):
        return a_curve(infrared=self.infrared)

    def apply(self, spectrum):
        return self.pipeline().apply(spectrum)

    def test_input_stays_as_it_was(self):
        x, y = self.curve().x.copy(), self.curve().y.copy()
        kept_x, kept_y = x.copy(), y.copy()
        self.apply(a_curve(x, y, infrared=self.infrared))
        np.testing.assert_array_equal(x, kept_x)
        np.testing.assert_array_equal(y, kept_y)

    def test_repeated_runs_give_the_same_bytes(self):
        again = Pipeline.from_json(self.pipeline().to_json()).apply(self.curve())
        assert self.apply(self.curve()).y.tobytes() == again.y.tobytes()

    def test_threads_give_the_same_bytes(self):
        expected = self.apply(self.curve()).y.tobytes()
        with ThreadPoolExecutor(4) as pool:
            made = pool.map(lambda _: self.apply(self.curve()).y.tobytes(), range(12))
        assert set(made) == {expected}

    def test_a_falling_axis_gives_the_same_curve(self):
        made, turned = self.apply(self.curve()), self.apply(falling(self.curve()))
        if not self.turns_ascending:
            turned = falling(turned)
        np.testing.assert_allclose(turned.x, made.x, rtol=0, atol=1e-9)
        size = np.nanmax(np.abs(made.y))
        np.testing.assert_allclose(turned.y, made.y, rtol=0, atol=self.tolerance * size)

    def test_lists_are_taken(self):
        curve = self.curve()
        listed = self.apply(a_curve(list(curve.x), list(curve.y), infrared=self.infrared))
        assert listed.y.tobytes() == self.apply(curve).y.tobytes()

    def test_results_are_read_only(self):
        made = self.apply(self.curve())
        for values in (made.x, made.y, made.covered):
            with pytest.raises(ValueError, match="read-only"):
                values[0] = 1

    def test_the_record_says_what_was_done(self):
        steps = self.apply(self.curve()).steps
        assert bool(steps) is self.leaves_words
        assert all(isinstance(v, str) and v for s in steps for v in s.parameters.values())

    @pytest.mark.parametrize(
        "y",
        [
            np.full(801, np.nan),
            np.full(801, 3.0),
            np.zeros(801),
            np.r_[np.inf, np.ones(800)],
            np.r_[np.full(300, np.nan), np.arange(200.0), np.full(301, np.nan)],
            1e300 * np.arange(801.0),
            1e90 * np.arange(801.0),
            1e-300 * np.arange(801.0),
        ],
        ids=["no number", "flat", "zero", "infinite", "gaps", "huge", "large", "tiny"],
    )
    def test_a_bad_ordinate_gives_a_curve_or_our_error(self, y):
        try:
            made = self.apply(a_curve(y=y, infrared=self.infrared))
        except SpectrumError:
            return
        assert np.isinf(made.y).sum() <= np.isinf(y).sum()

    @pytest.mark.parametrize("n", [1, 2, 3, 7])
    def test_few_points_give_a_curve_or_our_error(self, n):
        x = 500.0 + 2.0 * np.arange(n)
        try:
            made = self.apply(a_curve(x, np.arange(n) + 1.0, infrared=self.infrared))
        except SpectrumError:
            return
        assert not np.isinf(made.y).any()

    @pytest.mark.parametrize("x", [[], [500.0, 504.0, 502.0], [500.0, 500.0], [500.0, np.nan]])
    def test_an_axis_that_is_none_is_refused(self, x):
        with pytest.raises(SpectrumError):
            self.apply(a_curve(x, np.ones(len(x)), infrared=self.infrared))

    def test_the_kind_is_known_in_this_version(self):
        assert STEP_KINDS[self.kind].version >= 1
