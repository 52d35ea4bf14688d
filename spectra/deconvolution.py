"""Overlapping chromatographic peaks told apart by their shapes (model-peak least squares).

Works on scans times ions; positions are in scans. Knows no times, no masses and no files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray

Float32Array = npt.NDArray[np.float32]

_BINS_PER_SCAN = 10
# Apexes of one substance scatter by about this many scans.
_APEX_SPREAD = 0.3
_MODEL_IONS = 6
_MAX_HALF_WIDTH = 40
_MAX_NEIGHBOURS = 6
# A weaker neighbour within a peak width that has the same spectrum, or next to no area, is an echo.
_SAME_SPECTRUM = 0.9
_ECHO = 0.01
# A component between two others must leave this many times more unexplained when it is taken away.
_MIN_GAIN = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Apexes:
    """Apexes of single ions, each array of shape (n_apexes,).

    ``position`` in scans, ``column`` the ion, ``height`` over the baseline, ``signal_to_noise``,
    ``sharpness`` the curvature at the apex as a share of the height.
    """

    position: FloatArray
    column: IntArray
    height: FloatArray
    signal_to_noise: FloatArray
    sharpness: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """One component: apex in scans, its ions (n_ions,) at the apex, its area and its quality."""

    position: float
    intensity: FloatArray
    area: float
    n_scans: int
    purity: float
    signal_to_noise: float
    n_ions: int


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """The elution shape of one component: 1 at its apex.

    It begins at scan ``start`` and is ``width`` scans wide at half height.
    """

    position: float
    start: int
    shape: FloatArray
    width: int
    signal_to_noise: float
    n_ions: int

    @property
    def stop(self) -> int:
        return self.start + self.shape.size

    def over(self, start: int, stop: int) -> FloatArray:
        """Return the shape on the scans ``start:stop``."""
        out = np.zeros(stop - start)
        low, high = max(start, self.start), min(stop, self.stop)
        if low < high:
            out[low - start : high - start] = self.shape[low - self.start : high - self.start]
        return out


def resolve(
    raw: Float32Array, signal: Float32Array, apexes: Apexes, *, noise: float, min_ions: int
) -> list[Resolved]:
    """Return the components of a run, in order of their position.

    Parameters
    ----------
    raw, signal : ndarray of float32, shape (n_scans, n_ions)
        As measured, and smoothed over the baseline.
    apexes : Apexes
    noise : float
        Deviation at an intensity divided by its root.
    min_ions : int
        Ions that must reach their apex together.
    """
    models = _models(signal, apexes, min_ions)
    found: list[Resolved] = []
    while models:
        found = [_fit(raw, models, at, noise) for at in range(len(models))]
        keep = _genuine(found, models, min_ions)
        if all(keep):
            keep = [not dispensable for dispensable in _dispensable(raw, models, found)]
        if all(keep):
            return found
        # What was shared with a spurious neighbour must go back to the genuine one: fit again.
        models = [model for model, kept in zip(models, keep, strict=True) if kept]
    return []


def _models(signal: Float32Array, apexes: Apexes, min_ions: int) -> list[_Model]:
    if apexes.position.size == 0:
        return []
    order = np.argsort(apexes.position, kind="stable")
    position = apexes.position[order]
    models = []
    for centre in _coincidences(signal.shape[0], apexes):
        near = order[
            np.searchsorted(position, centre - 2 * _APEX_SPREAD) : np.searchsorted(
                position, centre + 2 * _APEX_SPREAD, side="right"
            )
        ]
        if np.unique(apexes.column[near]).size >= min_ions:
            models.append(_model(signal, apexes, near, centre))
    return models


def _coincidences(n_scans: int, apexes: Apexes) -> FloatArray:
    """Return the positions at which apexes of several ions gather."""
    # A root keeps a few giant ions from deciding, noise from adding up.
    density = coincidence_density(apexes.position, np.sqrt(apexes.signal_to_noise), n_scans)
    rises = density[1:-1] > density[:-2]
    falls = density[1:-1] >= density[2:]
    peaks = np.flatnonzero(rises & falls) + 1
    return (peaks + 0.5) / _BINS_PER_SCAN


def coincidence_density(position: FloatArray, weight: FloatArray, n_scans: int) -> FloatArray:
    """Return how densely weighted apexes lie, in bins of a tenth of a scan."""
    n_bins = n_scans * _BINS_PER_SCAN
    bins = np.clip((position * _BINS_PER_SCAN).astype(np.int64), 0, n_bins - 1)
    counts = np.bincount(bins, weights=weight, minlength=n_bins)
    reach = int(3 * _APEX_SPREAD * _BINS_PER_SCAN)
    at = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (at / (_APEX_SPREAD * _BINS_PER_SCAN)) ** 2)
    return np.asarray(np.convolve(counts, kernel, mode="same"), dtype=np.float64)


def _model(signal: Float32Array, apexes: Apexes, near: IntArray, centre: float) -> _Model:
    """Return the shape of the sharpest tall ions at one place, falling on both sides of it."""
    tall = near[apexes.height[near] >= 0.05 * apexes.height[near].max()]
    # A shared ion is blunter and its apex is drawn towards the neighbour.
    strength = np.sqrt(np.minimum(apexes.signal_to_noise[tall], 400.0))
    off_centre = np.exp(-0.5 * ((apexes.position[tall] - centre) / _APEX_SPREAD) ** 2)
    merit = apexes.sharpness[tall] * strength * off_centre
    best = tall[np.argsort(-merit, kind="stable")[:_MODEL_IONS]]
    position = float(np.average(apexes.position[best], weights=apexes.signal_to_noise[best]))
    middle = min(max(int(position + 0.5), 0), signal.shape[0] - 1)
    start = max(middle - _MAX_HALF_WIDTH, 0)
    stop = min(middle + _MAX_HALF_WIDTH + 1, signal.shape[0])
    ions = signal[start:stop, apexes.column[best]].astype(np.float64)
    ions /= np.maximum(ions[middle - start], 1e-12)
    shape = ions @ np.sqrt(apexes.signal_to_noise[best])
    left = _falling(shape[: middle - start + 1][::-1])[::-1]
    right = _falling(shape[middle - start :])
    shape = np.concatenate((left[:-1], right))
    shape /= shape.max()
    kept = np.flatnonzero(shape > 0)
    return _Model(
        position=position,
        start=start + int(kept[0]),
        shape=shape[kept[0] : kept[-1] + 1],
        width=int((shape >= 0.5).sum()),
        signal_to_noise=float(apexes.signal_to_noise[near].max()),
        n_ions=int(np.unique(apexes.column[near]).size),
    )


def _falling(side: FloatArray) -> FloatArray:
    """Return one side of a peak from its apex outwards, cut at its foot or its first valley."""
    lowest = np.minimum.accumulate(side)
    climbs = side > lowest + 0.05 * side[0]
    ended = climbs | (lowest < 0.01 * side[0])
    out = lowest.copy()
    if ended.any():
        first = int(np.argmax(ended))
        if climbs[first]:
            # Back to the valley itself: what lies behind it belongs to the next peak.
            first = int(np.argmin(side[:first])) + 1
        out[first:] = 0
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """The scans of one component: raw data, and the shapes of it (first) and its neighbours."""

    data: FloatArray
    shapes: list[FloatArray]

    @classmethod
    def around(cls, raw: Float32Array, models: list[_Model], at: int) -> _Window:
        own = models[at]
        start, stop = max(own.start - 3, 0), min(own.stop + 3, raw.shape[0])
        others = [m for m in models if m is not own and m.start < stop and m.stop > start]
        others.sort(key=lambda m: abs(m.position - own.position))
        shapes = [m.over(start, stop) for m in (own, *others[:_MAX_NEIGHBOURS])]
        return cls(raw[start:stop].astype(np.float64), shapes)

    def solve(
        self, columns: IntArray, *, without_own: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return the heights of the shapes and what is left of the data, for some ions."""
        shapes = self.shapes[1:] if without_own else self.shapes
        # A line under the peaks takes up the background.
        slope = np.linspace(-1, 1, self.data.shape[0])
        design = np.stack([*shapes, np.ones_like(slope), slope], axis=1)
        data = self.data[:, columns]
        heights = _non_negative(design, data, len(shapes))
        return heights, data - design @ heights


def _fit(raw: Float32Array, models: list[_Model], at: int, noise: float) -> Resolved:
    own = models[at]
    window = _Window.around(raw, models, at)
    tallest = window.data.max(axis=0)
    active = np.flatnonzero(tallest > 0)
    coefficients, _ = window.solve(active)
    intensity = np.zeros(raw.shape[1])
    error = noise * np.sqrt(np.maximum(tallest[active], 1e-12))
    # A coefficient within its own uncertainty is not a peak of the spectrum.
    spread = 1 / np.sqrt(np.sum(own.shape**2))
    heights = np.where(coefficients[0] > 2 * error * spread, coefficients[0], 0.0)
    intensity[active] = heights
    middle = int(np.argmax(window.shapes[0]))
    at_apex = [s[middle] * coefficients[i].sum() for i, s in enumerate(window.shapes)]
    everything = float(sum(at_apex))
    return Resolved(
        position=own.position,
        intensity=intensity,
        area=float(heights.sum() * own.shape.sum()),
        n_scans=own.width,
        purity=float(coefficients[0].sum() / everything) if everything > 0 else 0.0,
        signal_to_noise=own.signal_to_noise,
        n_ions=own.n_ions,
    )


def _dispensable(raw: Float32Array, models: list[_Model], found: list[Resolved]) -> list[bool]:
    """Tell which components two neighbours explain as well: ions they share peak between them.

    Of adjoining ones only the most dispensable is named, since it may have stood for the others.
    """
    position = np.array([model.position for model in models])
    width = np.array([model.width for model in models])
    gain = np.full(len(models), np.inf)
    for i in range(1, len(models) - 1):
        if max(position[i] - position[i - 1], position[i + 1] - position[i]) > width[i]:
            continue
        window = _Window.around(raw, models, i)
        own = found[i].intensity
        columns = np.flatnonzero(own >= 0.05 * own.max())
        scale = 1 / np.maximum(window.data[:, columns].max(axis=0), 1e-12)
        left = [
            float(np.sum(rest**2 * scale))
            for rest in (window.solve(columns)[1], window.solve(columns, without_own=True)[1])
        ]
        gain[i] = left[1] / max(left[0], 1e-12)
    out = [False] * len(models)
    for i in np.flatnonzero(gain < _MIN_GAIN).tolist():
        near = np.abs(position - position[i]) <= width[i]
        out[i] = bool(gain[i] <= gain[near].min())
    return out


def _non_negative(design: FloatArray, data: FloatArray, n_shapes: int) -> FloatArray:
    """Least squares for every column at once, the first ``n_shapes`` coefficients not below 0.

    The most negative shape of a column is dropped and the column solved again, until none is left
    below 0; all columns are solved together, each over its own remaining terms.
    """
    n_terms = design.shape[1]
    gram = design.T @ design
    # Two shapes that coincide must not make the system singular.
    gram += np.eye(n_terms) * (1e-9 * np.trace(gram) / n_terms)
    target = (design.T @ data).T
    out = np.linalg.solve(gram, target.T).T
    used = np.ones(out.shape, dtype=bool)
    for _ in range(n_shapes):
        negative = (out[:, :n_shapes] < 0) & used[:, :n_shapes]
        rows = np.flatnonzero(negative.any(axis=1))
        if rows.size == 0:
            break
        worst = np.argmin(np.where(negative[rows], out[rows, :n_shapes], 0.0), axis=1)
        used[rows, worst] = False
        on = used[rows].astype(np.float64)
        systems = gram * on[:, :, None] * on[:, None, :]
        systems[:, np.arange(n_terms), np.arange(n_terms)] += 1 - on
        out[rows] = np.linalg.solve(systems, (target[rows] * on)[:, :, None])[:, :, 0]
    out[:, :n_shapes] = np.maximum(out[:, :n_shapes], 0)
    return np.ascontiguousarray(out.T)


def _genuine(found: list[Resolved], models: list[_Model], min_ions: int) -> list[bool]:
    """Tell which components are no echo of a stronger neighbour and no noise."""
    keep = [int((peak.intensity > 0).sum()) >= min_ions and peak.area > 0 for peak in found]
    roots = [np.sqrt(peak.intensity) for peak in found]
    norms = [float(np.linalg.norm(root)) for root in roots]
    position = np.array([peak.position for peak in found])
    width = np.array([model.width for model in models])
    accepted = np.zeros(len(found), dtype=bool)
    for i in sorted(range(len(found)), key=lambda i: -found[i].area):
        if not keep[i]:
            continue
        near = accepted & (np.abs(position - position[i]) <= np.maximum(width, width[i]))
        for j in np.flatnonzero(near):
            alike = float(roots[i] @ roots[j]) / (norms[i] * norms[j])
            if alike > _SAME_SPECTRUM or found[i].area < _ECHO * found[j].area:
                keep[i] = False
                break
        accepted[i] = keep[i]
    return keep
