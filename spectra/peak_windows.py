"""Least squares over the scans of one peak: its shape, those of its neighbours, a line below them.

Works on ions times scans, all ions at once. Knows no times, no masses and no substances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.peak_models import Model

Float32Array = npt.NDArray[np.float32]

MARGIN_SCANS = 3
"""A window reaches so far beyond the shape it is made for."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The scans of one component, and the shapes of it (first), its neighbours and a line."""

    start: int
    stop: int
    design: FloatArray
    n_shapes: int

    @property
    def inverse(self) -> FloatArray:
        """Return the covariance of the terms for one unit of noise, shape (n_terms, n_terms)."""
        return np.asarray(np.linalg.inv(gram_of(self.design)), dtype=np.float64)

    @classmethod
    def of(cls, values: Float32Array, around: list[Model]) -> Window:
        """Return the window of the first of some models, with the others as its neighbours."""
        own = around[0]
        start = max(own.start - MARGIN_SCANS, 0)
        stop = min(own.stop + MARGIN_SCANS, values.shape[1])
        # A line under the peaks takes up the background.
        line = [np.ones(stop - start), np.linspace(-1, 1, stop - start)]
        shapes = [model.over(start, stop) for model in around]
        return cls(start, stop, np.stack([*shapes, *line], axis=1), len(around))

    def data(self, values: Float32Array, rows: IntArray) -> FloatArray:
        """Return the readings of some ions, shape (n_rows, n_scans of the window)."""
        return values[rows, self.start : self.stop].astype(np.float64)

    def heights(self, data: FloatArray) -> FloatArray:
        """Return the heights of the shapes, then of the line, for each row of the data."""
        return non_negative(self.design, data, self.n_shapes)

    def left_over(self, data: FloatArray, *, without_own: bool) -> FloatArray:
        """Return what the shapes do not explain."""
        design, n = self.design, self.n_shapes
        if without_own:
            design, n = design[:, 1:], n - 1
        return data - non_negative(design, data, n) @ design.T


def non_negative(design: FloatArray, data: FloatArray, n_shapes: int) -> FloatArray:
    """Return least squares for every ion at once, the first ``n_shapes`` coefficients not below 0.

    The best of all sets of shapes whose own least squares are nowhere negative: that is the exact
    solution. A window holds five shapes at most, so there are thirty-two sets, and all ions share
    them.

    Parameters
    ----------
    design : ndarray of float, shape (n_scans, n_terms)
        The shapes, then the terms that may have any sign.
    data : ndarray of float, shape (n_ions, n_scans)
    n_shapes : int

    Returns
    -------
    ndarray of float, shape (n_ions, n_terms)

    References
    ----------
    Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23: the conditions that one
    of the sets meets.
    """
    target = data @ design
    on = _sets(n_shapes, design.shape[1])
    systems = gram_of(design) * on[:, :, None] * on[:, None, :]
    diagonal = np.arange(design.shape[1])
    # A term that takes no part keeps its place in the system and gets nothing.
    systems[:, diagonal, diagonal] += 1 - on
    inverse = np.linalg.inv(systems) * on[:, :, None] * on[:, None, :]
    # One product for all sets, the ions innermost: (n_sets, n_terms, n_ions).
    across = np.ascontiguousarray(target.T)
    solved = (inverse.reshape(-1, on.shape[1]) @ across).reshape(*on.shape, -1)
    explained = np.einsum("sti,ti->si", solved, across)
    explained[solved[:, :n_shapes].min(axis=1, initial=0.0) < 0] = -np.inf
    best = explained.argmax(axis=0)
    return np.asarray(solved[best, :, np.arange(best.size)], dtype=np.float64)


@lru_cache
def _sets(n_shapes: int, n_terms: int) -> FloatArray:
    """Return every choice of shapes, 1 for a term that takes part, shape (2 ** n_shapes, n_terms).

    The terms behind the shapes always do; the largest set comes first.
    """
    number = np.arange(2**n_shapes)[::-1, None]
    on = np.ones((2**n_shapes, n_terms))
    on[:, :n_shapes] = number >> np.arange(n_shapes) & 1
    on.setflags(write=False)
    return on


def gram_of(design: FloatArray) -> FloatArray:
    """Return the products of the terms with each other, never singular."""
    gram = design.T @ design
    # Two shapes that coincide must not make the system singular.
    gram[np.diag_indices(gram.shape[0])] += 1e-9 * np.trace(gram) / gram.shape[0]
    return gram
