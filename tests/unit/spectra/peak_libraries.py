"""Small mass-spectral libraries with all that makes a search hard, and what is true of them."""

from __future__ import annotations

import numpy as np
import pytest

from spectra import peak_build, peak_codes, peak_index
from spectra.mass_scores import KIM, UnitSpectrum, weighted
from spectra.peak_compiled import search_kernels
from spectra.peak_index import PeakHits

Peaks = tuple[np.ndarray, np.ndarray]
NEVER = 1 << 60
_LIMITS = {
    peak_index: ("_PRICE_BYTES", "_LOADED_FROM_BYTES"),
    peak_build: ("_COMPILED_FROM",),
    peak_codes: ("_COMPILED_FROM",),
}


def use_compiled(monkeypatch: pytest.MonkeyPatch, *, yes: bool) -> None:
    """Send every size of library through the compiled loops, or none."""
    for module, names in _LIMITS.items():
        for name in names:
            monkeypatch.setattr(module, name, 0 if yes else NEVER)
    if yes:
        assert search_kernels() is not None


def peaks(rng: np.random.Generator, n: int) -> Peaks:
    """Few masses and whole heights: ties, common peaks and chains of shifted ones all occur."""
    mz = rng.choice(np.arange(40, 200), n, replace=False).astype(float)
    return mz, np.floor(rng.lognormal(3.5, 1.5, n)) + 1


def library(n: int, scale: float = 1.0) -> tuple[list[Peaks], list[float | None]]:
    """Return spectra with duplicates, empty and one-peak rows, and masses with gaps."""
    rng = np.random.default_rng(21)
    rows = [peaks(rng, int(rng.integers(1, 60))) for _ in range(n - 26)]
    rows += rows[:20]
    rows += [
        (np.zeros(0), np.zeros(0)),
        (np.array([77.0]), np.array([3.0])),
        (np.array([77.0]), np.array([900.0])),
        (np.array([1.0, 999.6]), np.array([2.0, 9.0])),
        (np.arange(1.0, 1001.0), np.ones(1000)),
        (np.arange(1.0, 1001.0), 1.0 + np.arange(1000.0) % 7),
    ]
    masses = [float(m) for m in rng.integers(100, 260, n)]
    known = [None if i % 6 == 0 else mass for i, mass in enumerate(masses)]
    return [(mz, heights * scale) for mz, heights in rows], known


def queries(rows: list[Peaks], n: int) -> list[Peaks]:
    """Return library rows as they are, changed or shifted, and strangers."""
    rng = np.random.default_rng(5)
    out: list[Peaks] = [(np.arange(1.0, 1001.0), np.ones(1000))]
    for at in rng.integers(0, len(rows), n - 1):
        mz, heights = rows[at]
        kind = rng.integers(0, 6)
        if kind == 0 or not mz.size:
            out.append(peaks(rng, int(rng.integers(1, 80))))
        elif kind == 1:
            out.append((mz, heights))
        elif kind == 2:
            out.append((mz[:1], heights[:1]))
        elif kind == 3:
            out.append((mz + rng.integers(-20, 40), heights))
        elif kind == 4:
            out.append((np.array([900.0, 901.0]), np.array([1.0, 2.0])))
        else:
            out.append((mz, np.ceil(heights * rng.lognormal(0, 0.5, heights.size))))
    return out


class Truth:
    """Cosine match factors by float64 over the whole library."""

    def __init__(self, rows: list[UnitSpectrum]) -> None:
        self._matrix = np.zeros((len(rows), 1001))
        for at, row in enumerate(rows):
            if row.mz.size:
                values = weighted(row, KIM)
                self._matrix[at, row.mz] = values / np.linalg.norm(values)

    def scores(self, query: UnitSpectrum) -> np.ndarray:
        values = weighted(query, KIM)
        cosine = self._matrix[:, query.mz] @ (values / np.linalg.norm(values))
        return np.minimum(cosine, 1.0) ** 2


def best_of(scores: np.ndarray, top: int) -> np.ndarray:
    """Return the rows of the best scores to twelve decimals, equal ones in row order."""
    return np.lexsort((np.arange(scores.size), -np.round(scores, 12)))[:top]


def assert_same_hits(one: PeakHits, other: PeakHits) -> None:
    """The same rows and scores; rows may change places where a twelfth decimal rounds apart."""
    np.testing.assert_allclose(one.scores, other.scores, rtol=0, atol=2e-12)
    for at in np.flatnonzero(one.rows != other.rows):
        near = np.abs(other.scores - one.scores[at]) < 3e-12
        assert near.sum() > 1 or at == one.rows.size - 1
    same = one.rows == other.rows
    np.testing.assert_array_equal(one.mass_shifts[same], other.mass_shifts[same])
    np.testing.assert_array_equal(one.matched[same], other.matched[same])
