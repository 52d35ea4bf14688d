"""Infrared spectra of minerals (RRUFF): another specimen of the same mineral must be found.

Every query is searched in a library without any spectrum of its own specimen.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from spectra import likelihood
from spectra.axis import XKind, YKind
from spectra.calibration import Calibration, calibrate
from spectra.contrast import absent_contrasts, statistic
from spectra.curve_index import CurveIndex
from spectra.grid import FTIR_GRID
from spectra.mixture import calibrate_components, explain
from spectra.prepare import vibrational
from spectra.spectrum import Spectrum, Technique

ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class Minerals:
    """Curves on the grid, shape (n, n_points), with mineral and specimen of each."""

    names: np.ndarray
    specimens: np.ndarray
    curves: np.ndarray

    def correct(self, scores: np.ndarray) -> np.ndarray:
        """Return whether the best row is the right mineral, for each query that has another."""
        same_name = self.names[:, None] == self.names[None, :]
        same_specimen = same_name & (self.specimens[:, None] == self.specimens[None, :])
        best = np.where(same_specimen, -np.inf, scores).argmax(axis=1)
        asked = (same_name & ~same_specimen).any(axis=1)
        return (self.names[best] == self.names)[asked]


@cache
def load(data: Path) -> Minerals:
    """Read the RRUFF infrared archive as the library importer would prepare it."""
    names, specimens, curves = [], [], []
    with zipfile.ZipFile(data / "libraries" / "ir" / "rruff-infrared.zip") as archive:
        for name in archive.namelist():
            lines = archive.read(name).decode("latin-1").splitlines()
            pairs = [line.split(",") for line in lines if line[:1].isdigit()]
            x, y = np.array([[float(a), float(b)] for a, b, *_ in pairs]).T
            if (np.diff(x) <= 0).any():
                continue
            curve = vibrational(
                Spectrum(
                    title=name,
                    x=x,
                    y=y,
                    x_kind=XKind.WAVENUMBER,
                    x_unit="cm-1",
                    y_kind=YKind.ABSORBANCE,
                    y_unit="1",
                ),
                Technique.FTIR,
            )
            if curve.quality.coverage < 0.95:
                continue
            mineral, specimen, *_ = name.split("__")
            names.append(mineral)
            specimens.append(specimen.split("-")[0])
            curves.append(curve.y)
    return Minerals(np.array(names), np.array(specimens), np.array(curves))


def baselines(curves: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return random cubic backgrounds, as tall as the tallest band."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-1, 1, curves.shape[1])
    made = np.array([np.polyval(rng.normal(size=4), x) for _ in curves])
    made -= made.min(axis=1, keepdims=True)
    made /= made.max(axis=1, keepdims=True)
    return made * np.nanmax(curves, axis=1, keepdims=True)


def worn(curves: np.ndarray, seed: int = 1, *, spikes: bool) -> np.ndarray:
    """Return curves with a tall baseline, 5 % noise, an axis moved by up to 6 cm⁻¹, and spikes."""
    rng = np.random.default_rng(seed)
    made = curves + baselines(curves)
    tallest = np.nanmax(curves, axis=1)
    made += 0.05 * tallest[:, None] * rng.normal(size=made.shape)
    for row, steps in zip(made, rng.integers(-3, 4, len(made)), strict=True):
        row[:] = np.roll(row, steps)
        row[: max(steps, 0)] = np.nan
        row[row.size + min(steps, 0) :] = np.nan
    if spikes:
        for row, height in zip(made, tallest, strict=True):
            row[rng.integers(5, row.size - 5, 4)] += rng.uniform(0.5, 2.0, 4) * height
    return made


def plain_correlation(queries: np.ndarray, library: np.ndarray) -> np.ndarray:
    """Return Pearson correlations, what most software ranks by."""

    def unit(y: np.ndarray) -> np.ndarray:
        y = np.where(np.isfinite(y), y, np.nanmean(y, axis=1, keepdims=True))
        y = y - y.mean(axis=1, keepdims=True)
        return y / np.linalg.norm(y, axis=1, keepdims=True)

    return unit(queries) @ unit(library).T


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSet:
    """Means over many halvings of the minerals: learnt on one half, tried on the other."""

    false_accepts: float
    identified: float
    cost: float
    misleading: float


def open_set(data: Minerals, index: CurveIndex, rounds: int = 40) -> OpenSet:
    """Return what a calibrated threshold and likelihood ratio do on minerals not learnt from."""
    scores = index.scores(data.curves)
    absent = absent_contrasts(scores, data.names, data.names)
    same_name = data.names[:, None] == data.names[None, :]
    own = same_name & (data.specimens[:, None] == data.specimens[None, :])
    present = (same_name & ~own).any(axis=1)
    reached, right = _present(data, np.where(own, -1.0, scores), present)
    substances, first = np.unique(data.names, return_index=True)
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(rounds):
        learnt = np.isin(data.names, rng.permutation(substances)[: substances.size // 2])
        learnt_absent, tried_absent = absent[first[learnt[first]]], absent[first[~learnt[first]]]
        limit = calibrate(learnt_absent, ALPHA).threshold
        tried = ~learnt[present]
        model = likelihood.fit(reached[~tried & right], learnt_absent)
        if limit is None or model is None:
            raise ValueError("too few minerals to learn from")
        there = [model.ratio(value) for value in reached[tried & right]]
        not_there = np.array([model.ratio(value) for value in tried_absent])
        rows.append(
            (
                np.mean(tried_absent > limit),
                np.mean(right[tried] & (reached[tried] > limit)),
                likelihood.log_likelihood_ratio_cost(there, not_there),
                np.mean(not_there > 100),
            )
        )
    accepts, identified, cost, misleading = (float(v) for v in np.mean(rows, axis=0))
    return OpenSet(false_accepts=accepts, identified=identified, cost=cost, misleading=misleading)


def _present(
    data: Minerals, scores: np.ndarray, present: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the statistic of the best mineral and whether it is the right one, plainly."""
    reached, right = [], []
    for number in np.flatnonzero(present):
        best: dict[str, float] = {}
        for name, score in zip(data.names, scores[number], strict=True):
            best[name] = max(best.get(name, -1.0), float(score))
        ranked = sorted(best, key=best.__getitem__, reverse=True)
        top = np.arctanh(best[ranked[0]])
        others = [best[name] for name in ranked[1:] if np.arctanh(best[name]) < top - 0.05]
        reached.append(statistic(best[ranked[0]], others))
        right.append(ranked[0] == data.names[number])
    return np.array(reached), np.array(right)


def mixtures_named(
    data: Minerals, index: CurveIndex, shares: tuple[float, ...], tries: int = 50
) -> float:
    """Return how often all minerals of a mixture, and no other, are named; their number known."""
    groups = np.unique(data.names, return_inverse=True)[1]
    scaled = data.curves / np.nanstd(data.curves, axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(tries):
        asked = rng.choice(groups.max() + 1, len(shares), replace=False)
        rows = [rng.choice(np.flatnonzero(groups == group)) for group in asked]
        mixed = np.tensordot(shares, scaled[rows], axes=1)
        mixed = mixed + 0.01 * np.nanmax(mixed) * rng.normal(size=mixed.size)
        fits = explain(index, mixed, groups).fits
        enough = len(fits) >= len(shares)
        named = set(groups[list(fits[len(shares) - 1].rows)]) if enough else set()
        found += named == set(asked)
    return found / tries


def absent_called_mixture(data: Minerals, index: CurveIndex, tries: int = 50) -> float:
    """Return how often a pure mineral that is not in the library is called a mixture."""
    groups = np.unique(data.names, return_inverse=True)[1]
    bare = Calibration(metric="m", alpha=ALPHA, threshold=0.0, n=int(groups.max()) + 1)
    limits = calibrate_components(index, groups, bare, most_queries=80)
    if limits.residual_limit is None or limits.gain_limit is None:
        raise ValueError("too few replicate specimens to learn the limits from")
    rng = np.random.default_rng(1)
    called = 0
    for group in rng.choice(groups.max() + 1, tries, replace=False):
        own = np.flatnonzero(groups == group)
        absent = explain(index, data.curves[own[0]], groups, without=own)
        explained = absent.residual <= limits.residual_limit
        called += bool(explained and absent.gain(2) > limits.gain_limit and absent.agreed[1])
    return called / tries


def build(data: Minerals) -> CurveIndex:
    """Return the index of all curves."""
    return CurveIndex.build(data.curves, FTIR_GRID)
