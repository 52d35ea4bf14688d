from __future__ import annotations

import numpy as np
import pytest

from spectra.class_bands import BandCounts, common, shown_of, tops, within_reach
from spectra.grid import FTIR_GRID, Grid
from tests.unit.spectra.class_curves import SHARED_CM1, a_collection, a_curve

X = FTIR_GRID.x


def gauss(at: float, height: float, width: float = 8.0) -> np.ndarray:
    return height * np.exp(-0.5 * ((X - at) / width) ** 2)


def slow_tops(curve: np.ndarray, grid: Grid) -> list[int]:
    """The definition, point by point."""
    top, foot = round(10 / grid.step_cm1), round(40 / grid.step_cm1)
    span = np.nanmax(curve) - np.nanmin(curve)
    found = []
    for at, value in enumerate(curve):
        if not np.isfinite(value):
            continue
        near = curve[max(0, at - top) : at + top + 1]
        left, right = curve[max(0, at - foot) : at + 1], curve[at : at + foot + 1]
        rise = value - max(np.nanmin(left), np.nanmin(right))
        if value >= np.nanmax(near) and rise >= 0.03 * span:
            found.append(at)
    return found


def test_bands_are_those_of_the_definition() -> None:
    for seed in range(6):
        curve = a_curve(seed, member=seed % 2 == 0)
        curve[300:340] = np.nan
        curve = curve.astype(np.float32)
        assert np.flatnonzero(tops(curve[None], FTIR_GRID)[0]).tolist() == slow_tops(
            curve, FTIR_GRID
        )


def test_a_flat_or_unmeasured_curve_has_no_band() -> None:
    rows = np.vstack([np.ones_like(X), np.full_like(X, np.nan)])
    assert not tops(rows, FTIR_GRID).any()


def test_a_slope_is_no_band_and_a_small_ripple_neither() -> None:
    rows = np.vstack([X / 4000.0, gauss(1000, 1.0) + gauss(2000, 0.02)])
    found = tops(rows, FTIR_GRID)
    # The last point of a slope is the highest, but nothing falls off behind it.
    assert not found[0].any()
    assert X[found[1]].tolist() == [1000.0]


def learned(n: int = 20) -> tuple[BandCounts, BandCounts, np.ndarray, np.ndarray]:
    curves, inside = a_collection(n, 60)
    near = within_reach(tops(curves, FTIR_GRID), FTIR_GRID)
    measured = np.isfinite(curves)
    return (
        BandCounts.of(near[inside], measured[inside]),
        BandCounts.of(near[~inside], measured[~inside]),
        near,
        measured,
    )


def test_the_shared_bands_of_a_class_are_found_with_how_many_show_them() -> None:
    inside, outside, _, _ = learned()
    bands = common(inside, outside, FTIR_GRID)
    assert sorted(round(band.position_cm1, -1) for band in bands) == pytest.approx(
        SHARED_CM1, abs=12
    )
    assert all(band.shown >= 18 and band.of == 20 and band.elsewhere < 0.3 for band in bands)


def test_a_band_that_everything_shows_is_no_band_of_the_class() -> None:
    inside, _, _, _ = learned()
    assert common(inside, inside, FTIR_GRID) == ()


def test_leaving_one_out_is_counting_without_it() -> None:
    inside, _, near, measured = learned()
    again = BandCounts.of(near[1:20], measured[1:20])
    left = inside.without(near[0], measured[0])
    assert np.array_equal(left.shown, again.shown)
    assert np.array_equal(left.share, again.share)


def test_what_was_not_measured_is_neither_shown_nor_lacking() -> None:
    inside, outside, near, measured = learned()
    bands = common(inside, outside, FTIR_GRID)
    half = measured[0] & (X > 1500)
    shown, lacking = shown_of(bands, near[0], half, FTIR_GRID)
    assert sorted(band.position_cm1 for band in (*shown, *lacking)) == sorted(
        band.position_cm1 for band in bands if band.position_cm1 > 1500
    )
