"""Overlapping chromatographic peaks told apart by their shapes (model-peak least squares).

Works on ions times scans; positions are in scans. Knows no times, no masses and no files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.ion_peaks import Apexes
from spectra.peak_models import Model, peak_models
from spectra.peak_windows import MARGIN_SCANS, Window

Float32Array = npt.NDArray[np.float32]

_MAX_NEIGHBOURS = 4
# A weaker neighbour within a peak width that has the same spectrum, or next to no area, is an echo.
_SAME_SPECTRUM = 0.9
_ECHO = 0.01
# A component between two others must leave this many times more unexplained when it is taken away.
_MIN_GAIN = 2.0
# Within this many peak widths of a larger neighbour a component may take that one's shape.
_CLOSE = 1.2
_MAX_LOSS = 1.3
_TRIAL_STEPS = np.arange(-4, 5) * 0.2
_TRIAL_IONS = 60
_HIDDEN_STEPS = (-0.85, -0.6, -0.42, -0.3, -0.2, 0.2, 0.3, 0.42, 0.6, 0.85)
# In a weak component noise leaves as much unexplained as a hidden one would.
_HIDDEN_LEAST = 15.0
_HIDDEN_EXCESS = 3.0
_HIDDEN_GAIN = 4.0
# Nearer than this many scans two components may be one that a skewed scan draws apart.
_LEAST_APART = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """One component: apex in scans, its ions (n_ions,) at the apex, its area and its quality.

    ``model_ions`` are the rows its shape was taken from; ``root`` is the roots of its intensity,
    a vector of length 1, by which spectra are compared.
    """

    position: float
    intensity: FloatArray
    area: float
    n_scans: int
    purity: float
    signal_to_noise: float
    n_ions: int
    model_ions: tuple[int, ...]
    root: FloatArray


def resolve(
    values: Float32Array,
    baseline: Float32Array,
    apexes: Apexes,
    *,
    noise: float,
    min_ions: int,
    ceiling: float = np.inf,
) -> list[Resolved]:
    """Return the components of a run, in order of their position.

    Parameters
    ----------
    values, baseline : ndarray of float32, shape (n_ions, n_scans)
        As measured, and the lower envelope of that.
    apexes : Apexes
        In order of position.
    noise : float
        Deviation at an intensity divided by its root.
    min_ions : int
        Ions that must reach their apex together.
    ceiling : float
        Reading at which the detector gave up: ions that reach it have lost their shape.
    """
    models = peak_models(values, baseline, apexes, min_ions)
    work = _Work(values, noise, ceiling)
    models = work.settled(models, min_ions)
    models = work.with_hidden(models, min_ions)
    shared = [work.with_shared_shape(models, at) for at in range(len(models))]
    if any(a is not b for a, b in zip(shared, models, strict=True)):
        models = work.settled(shared, min_ions)
    return [work.fit(models, at) for at in range(len(models))]


class _Work:
    """A run being taken apart; a fit with the same neighbours is not made twice."""

    def __init__(self, values: Float32Array, noise: float, ceiling: float) -> None:
        self._values = values
        # Interpolation between scans lowers a flat top a little.
        self._ceiling = 0.97 * ceiling
        self._noise = noise
        self._fits: dict[tuple[int, ...], tuple[Window, Resolved]] = {}
        self._gains: dict[tuple[int, ...], float] = {}
        # Keeps every model alive, since fits go by identity.
        self._seen: list[Model] = []

    def settled(self, models: list[Model], min_ions: int) -> list[Model]:
        """Return the models that are left when no one is an echo, noise or dispensable."""
        self._seen += models
        while models:
            found = [self.fit(models, at) for at in range(len(models))]
            keep = _genuine(found, models, min_ions)
            if all(keep):
                keep = [not dispensable for dispensable in self._dispensable(models)]
            if all(keep):
                break
            # What a spurious neighbour took must go back to the genuine one: fit again.
            models = [model for model, kept in zip(models, keep, strict=True) if kept]
        return models

    def fit(self, models: list[Model], at: int) -> Resolved:
        """Return the component of one model among its neighbours."""
        return self._fitted(models, at)[1]

    def _fitted(self, models: list[Model], at: int) -> tuple[Window, Resolved]:
        around = _around(models, at)
        key = tuple(id(model) for model in around)
        known = self._fits.get(key)
        if known is None:
            window = Window.of(self._values, around)
            known = self._fits[key] = (window, _fit(window, around, self._values, self._noise))
        return known

    def _dispensable(self, models: list[Model]) -> list[bool]:
        """Tell which components two neighbours explain as well: ions they share peak between them.

        Of adjoining ones only the most dispensable is named; it may have stood for the others.
        """
        position = np.array([model.position for model in models])
        width = np.array([model.width for model in models])
        gain = np.full(len(models), np.inf)
        for i in range(1, len(models) - 1):
            if max(position[i] - position[i - 1], position[i + 1] - position[i]) <= width[i]:
                gain[i] = self._gain(models, i)
        out = [False] * len(models)
        for i in np.flatnonzero(gain < _MIN_GAIN).tolist():
            near = np.abs(position - position[i]) <= width[i]
            out[i] = bool(gain[i] <= gain[near].min())
        return out

    def _gain(self, models: list[Model], at: int) -> float:
        key = tuple(id(model) for model in _around(models, at))
        known = self._gains.get(key)
        if known is None:
            window, own = self._fitted(models, at)
            rows = np.flatnonzero(own.intensity >= 0.05 * own.intensity.max())
            data = window.data(self._values, rows)
            scale = 1 / np.maximum(data.max(axis=1), 1e-12)
            left = [
                float(np.sum(window.left_over(data, without_own=without) ** 2, axis=1) @ scale)
                for without in (False, True)
            ]
            known = self._gains[key] = left[1] / max(left[0], 1e-12)
        return known

    def with_hidden(self, models: list[Model], min_ions: int) -> list[Model]:
        """Return the models and those beside them that no ion of their own gave away."""
        hidden = self._hidden(models)
        while hidden:
            extras = [extra for _, extra in hidden]
            found = self.settled(sorted([*models, *extras], key=lambda m: m.position), min_ions)
            left = {id(model) for model in found}
            # One that only takes the place of what it was seen beside is no second substance.
            good = [pair for pair in hidden if all(id(model) in left for model in pair)]
            if len(good) == len(hidden):
                return found
            hidden = good
        return models

    def _hidden(self, models: list[Model]) -> list[tuple[Model, Model]]:
        """Return pairs of a component and one seen beside it: one peak explained by two.

        Looked for where a component leaves far more unexplained than noise would, and a second
        one of the same shape beside it takes most of that away.
        """
        found = []
        for at, own in enumerate(models):
            if own.signal_to_noise < _HIDDEN_LEAST:
                continue
            window, fitted = self._fitted(models, at)
            data = window.data(self._values, self._trial_rows(window, fitted))
            if data.shape[0] == 0:
                continue
            tallest = np.maximum(data.max(axis=1, keepdims=True), 1e-12)
            expected = self._noise**2 * float((data / tallest).sum())
            data /= np.sqrt(tallest)
            basis = np.linalg.qr(window.design)[0]
            rest = data - (data @ basis) @ basis.T
            left = float(np.sum(rest**2))
            if left < _HIDDEN_EXCESS * expected:
                continue
            trials = [
                own.shaped_as(own, own.position + step * own.width)
                for step in _HIDDEN_STEPS
                if abs(step) * own.width >= _LEAST_APART
            ]
            shapes = np.stack([each.over(window.start, window.stop) for each in trials])
            shapes -= (shapes @ basis) @ basis.T
            norms = np.sum(shapes**2, axis=1)
            taken = np.sum((rest @ shapes.T) ** 2, axis=0) / np.maximum(norms, 1e-12)
            best = int(np.argmax(taken))
            if left > _HIDDEN_GAIN * (left - float(taken[best])):
                found.append((own, trials[best]))
        return found

    def _trial_rows(self, window: Window, fitted: Resolved) -> IntArray:
        """Return the tallest ions of a component whose shape can be trusted."""
        rows = np.argsort(-fitted.intensity, kind="stable")[:_TRIAL_IONS]
        rows = rows[fitted.intensity[rows] > 0]
        top = self._values[rows, window.start : window.stop].max(axis=1)
        return np.asarray(rows[top < self._ceiling], dtype=np.int64)

    def with_shared_shape(self, models: list[Model], at: int) -> Model:
        """Return a model with its larger neighbour's shape where that explains the run better.

        Few ions of a small component beside a large one are its own, and their sum leans towards
        the neighbour; substances that leave the column together are equally broad.
        """
        own = models[at]
        area = self.fit(models, at).area
        nearest = sorted(
            (abs(models[i].position - own.position), i)
            for i in (at - 1, at + 1)
            if 0 <= i < len(models)
        )
        for gap, other in nearest:
            if gap <= _CLOSE * models[other].width and self.fit(models, other).area > area:
                return self._moved(models, at, other)
        return own

    def _moved(self, models: list[Model], at: int, other: int) -> Model:
        own, large = models[at], models[other]
        window, fitted = self._fitted(models, at)
        data = window.data(self._values, self._trial_rows(window, fitted))
        if data.shape[0] == 0:
            return own
        data /= np.sqrt(np.maximum(data.max(axis=1, keepdims=True), 1e-12))
        trials = [own.shaped_as(large, own.position + float(step)) for step in _TRIAL_STEPS]
        left = [_unexplained(window, data, trial) for trial in trials]
        best = int(np.argmin(left))
        # A shape that leans towards the neighbour spans the same signals as the right one, so the
        # two explain nearly the same: only a clear loss speaks for a shape of its own.
        if left[best] > _MAX_LOSS * _unexplained(window, data, own):
            return own
        position = trials[best].position
        if 0 < best < len(left) - 1:
            bend = left[best - 1] - 2 * left[best] + left[best + 1]
            if bend > 0:
                part = 0.5 * (left[best - 1] - left[best + 1]) / bend
                position += part * float(_TRIAL_STEPS[1] - _TRIAL_STEPS[0])
        # It must stay on its side and apart, or the two would be one.
        apart = min(abs(own.position - large.position), _LEAST_APART)
        if (position - large.position) * np.sign(own.position - large.position) < apart:
            return own
        return own.shaped_as(large, position)


def _around(models: list[Model], at: int) -> list[Model]:
    """Return a model and those that overlap its window, the nearest first."""
    own = models[at]
    start, stop = own.start - MARGIN_SCANS, own.stop + MARGIN_SCANS
    near = []
    for step in (-1, 1):
        i, misses = at + step, 0
        # Models lie in order of position, not of extent: look past a narrow one.
        while 0 <= i < len(models) and misses < 4:
            if models[i].start < stop and models[i].stop > start:
                near.append(models[i])
            else:
                misses += 1
            i += step
    near.sort(key=lambda model: abs(model.position - own.position))
    return [own, *near[:_MAX_NEIGHBOURS]]


def _unexplained(window: Window, data: FloatArray, own: Model) -> float:
    """Return the squares left by least squares of any sign, with ``own`` in the first place."""
    design = window.design.copy()
    design[:, 0] = own.over(window.start, window.stop)
    basis = np.linalg.qr(design)[0]
    return float(np.sum(data**2) - np.sum((data @ basis) ** 2))


def _fit(window: Window, around: list[Model], values: Float32Array, noise: float) -> Resolved:
    own = around[0]
    middle = int(np.argmax(window.design[:, 0]))
    # One copy of the window: its ions lie far apart in memory.
    block = values[:, window.start : window.stop].copy()
    near = block[:, middle]
    for beside in (max(middle - 1, 0), min(middle + 1, block.shape[1] - 1)):
        near = np.maximum(near, block[:, beside])
    active = np.flatnonzero(near)
    rows = block[active]
    # An ion that hardly rises at the apex can have no height there worth solving for.
    top = rows.max(axis=1)
    rises = np.flatnonzero(near[active] - rows.min(axis=1) > noise * np.sqrt(top))
    active, tallest = active[rises], top[rises].astype(np.float64)
    data = rows[rises].astype(np.float64)
    coefficients = window.heights(data)
    intensity = np.zeros(values.shape[0])
    error = noise * np.sqrt(tallest)
    # A coefficient within its own uncertainty is not a peak of the spectrum; the more the
    # neighbours look like it in shape, the less certain it is.
    spread = float(np.sqrt(window.inverse[0, 0]))
    heights = np.where(coefficients[:, 0] > 2 * error * spread, coefficients[:, 0], 0.0)
    intensity[active] = heights
    root = np.sqrt(intensity)
    at_apex = window.design[middle, : window.n_shapes] * coefficients[:, : window.n_shapes].sum(0)
    everything = float(at_apex.sum())
    return Resolved(
        position=own.position,
        intensity=intensity,
        area=float(heights.sum() * own.shape.sum()),
        n_scans=own.width,
        purity=float(at_apex[0] / everything) if everything > 0 else 0.0,
        signal_to_noise=own.signal_to_noise,
        n_ions=own.n_ions,
        model_ions=own.ions,
        root=root / max(float(np.linalg.norm(root)), 1e-300),
    )


def _genuine(found: list[Resolved], models: list[Model], min_ions: int) -> list[bool]:
    """Tell which components are no echo of a stronger neighbour and no noise."""
    keep = [int(np.count_nonzero(peak.root)) >= min_ions and peak.area > 0 for peak in found]
    position = np.array([peak.position for peak in found])
    width = np.array([model.width for model in models])
    accepted = np.zeros(len(found), dtype=bool)
    for i in sorted(range(len(found)), key=lambda i: -found[i].area):
        if not keep[i]:
            continue
        near = accepted & (np.abs(position - position[i]) <= np.maximum(width, width[i]))
        for j in np.flatnonzero(near):
            alike = float(found[i].root @ found[j].root)
            if alike > _SAME_SPECTRUM or found[i].area < _ECHO * found[j].area:
                keep[i] = False
                break
        accepted[i] = keep[i]
    return keep
