"""Infrared spectra of minerals (RRUFF): another specimen of the same mineral must be found.

Every query is searched in a library without any spectrum of its own specimen.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from spectra.axis import XKind, YKind
from spectra.calibration import Calibration, calibrate
from spectra.contrast import absent_contrasts, statistic
from spectra.curve_index import CurveIndex
from spectra.grid import FTIR_GRID
from spectra.mixture import calibrate_components, explain
from spectra.prepare import vibrational
from spectra.spectrum import Spectrum, Technique

pytestmark = [pytest.mark.real, pytest.mark.slow]

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("FOL_REAL_DATA", _BESIDE))


@dataclass(frozen=True, eq=False)
class Minerals:
    names: np.ndarray
    specimens: np.ndarray
    curves: np.ndarray

    def correct(self, scores: np.ndarray) -> list[bool]:
        """Whether the best row is the right mineral, for each query that has another specimen."""
        same_name = self.names[:, None] == self.names[None, :]
        same_specimen = same_name & (self.specimens[:, None] == self.specimens[None, :])
        best = np.where(same_specimen, -np.inf, scores).argmax(axis=1)
        asked = (same_name & ~same_specimen).any(axis=1)
        return list((self.names[best] == self.names)[asked])


@cache
def minerals() -> Minerals:
    if not DATA.is_dir():
        pytest.skip(f"no real data in {DATA}; set FOL_REAL_DATA")
    names, specimens, curves = [], [], []
    with zipfile.ZipFile(DATA / "libraries" / "ir" / "rruff-infrared.zip") as archive:
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


def baselines(curves, seed=0):
    """Random cubic backgrounds, as tall as the tallest band."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-1, 1, curves.shape[1])
    made = np.array([np.polyval(rng.normal(size=4), x) for _ in curves])
    made -= made.min(axis=1, keepdims=True)
    made /= made.max(axis=1, keepdims=True)
    return made * np.nanmax(curves, axis=1, keepdims=True)


def plain_correlation(queries, library):
    def unit(y):
        y = np.where(np.isfinite(y), y, np.nanmean(y, axis=1, keepdims=True))
        y = y - y.mean(axis=1, keepdims=True)
        return y / np.linalg.norm(y, axis=1, keepdims=True)

    return unit(queries) @ unit(library).T


def test_another_specimen_is_found_clean_and_with_a_tall_baseline():
    data = minerals()
    index = CurveIndex.build(data.curves, FTIR_GRID)
    tilted = data.curves + baselines(data.curves)
    clean = np.mean(data.correct(index.scores(data.curves)))
    with_baseline = np.mean(data.correct(index.scores(tilted)))
    plain = np.mean(data.correct(plain_correlation(data.curves, data.curves)))
    plain_with_baseline = np.mean(data.correct(plain_correlation(tilted, data.curves)))
    assert len(data.correct(index.scores(data.curves))) >= 200
    assert clean >= 0.81
    assert with_baseline >= 0.79
    assert clean > plain + 0.05
    assert with_baseline > plain_with_baseline + 0.6


def test_another_specimen_is_found_with_noise_and_a_moved_axis():
    data = minerals()
    rng = np.random.default_rng(1)
    index = CurveIndex.build(data.curves, FTIR_GRID)
    worn = data.curves + baselines(data.curves)
    worn += 0.05 * np.nanmax(data.curves, axis=1, keepdims=True) * rng.normal(size=worn.shape)
    for row, steps in zip(worn, rng.integers(-3, 4, len(worn)), strict=True):
        row[:] = np.roll(row, steps)
        row[: max(steps, 0)] = np.nan
        row[row.size + min(steps, 0) :] = np.nan
    assert np.mean(data.correct(index.scores(worn))) >= 0.72


def test_search_agrees_with_the_score_matrix():
    data = minerals()
    index = CurveIndex.build(data.curves, FTIR_GRID)
    scores = index.scores(data.curves[:40])
    for number, hits in enumerate(index.search_many(data.curves[:40], 10)):
        assert hits.rows[0] == number
        assert hits.scores == pytest.approx(np.sort(scores[number])[::-1][:10], abs=1e-4)


def test_false_accepts_of_absent_minerals_are_near_alpha_and_known_ones_are_identified():
    """Thresholds from half of the minerals, tried on the other half, many times over."""
    data = minerals()
    index = CurveIndex.build(data.curves, FTIR_GRID)
    scores = index.scores(data.curves)
    absent = absent_contrasts(scores, data.names, data.names)
    same_name = data.names[:, None] == data.names[None, :]
    own = same_name & (data.specimens[:, None] == data.specimens[None, :])
    present = (same_name & ~own).any(axis=1)
    reached, right = present_statistics(data, np.where(own, -1.0, scores), present)
    substances = np.unique(data.names)
    rng = np.random.default_rng(0)
    rates, identified = [], []
    for _ in range(40):
        learnt = np.isin(data.names, rng.permutation(substances)[: substances.size // 2])
        first = np.unique(data.names, return_index=True)[1]
        made = calibrate(absent[first[learnt[first]]], 0.05)
        rates.append(np.mean(absent[first[~learnt[first]]] > made.threshold))
        tried = ~learnt[present]
        identified.append(np.mean(right[tried] & (reached[tried] > made.threshold)))
    assert 0.02 <= np.mean(rates) <= 0.08
    assert np.mean(identified) >= 0.5


def present_statistics(data, scores, present):
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


def test_both_minerals_of_a_mixture_are_named_and_absent_ones_are_not_called_mixtures():
    data = minerals()
    groups = np.unique(data.names, return_inverse=True)[1]
    index = CurveIndex.build(data.curves, FTIR_GRID)
    spread = np.nanstd(data.curves, axis=1, keepdims=True)
    scaled = data.curves / spread
    bare = Calibration(metric="m", alpha=0.05, threshold=0.0, n=453)
    limits = calibrate_components(index, groups, bare, most_queries=80)
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(50):
        major, minor = (
            rng.choice(np.flatnonzero(groups == group))
            for group in rng.choice(groups.max() + 1, 2, replace=False)
        )
        mixed = 0.8 * scaled[major] + 0.2 * scaled[minor]
        mixed = mixed + 0.01 * np.nanmax(mixed) * rng.normal(size=mixed.size)
        fits = explain(index, mixed, groups).fits
        named = set(groups[list(fits[1].rows)]) if len(fits) > 1 else set()
        found += named == {groups[major], groups[minor]}
    assert found / 50 >= 0.88
    called = 0
    for group in rng.choice(groups.max() + 1, 50, replace=False):
        own = np.flatnonzero(groups == group)
        absent = explain(index, data.curves[own[0]], groups, without=own)
        explained = absent.residual <= limits.residual_limit
        called += explained and absent.gain(2) > limits.gain_limit and absent.agreed[1]
    assert called / 50 <= 0.05
