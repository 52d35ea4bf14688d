"""What ions, losses, ion series and ion distances a class shows, learned from its spectra.

A regularised linear classifier in closed form: what it would say of a reference, had any set of
references not been there, follows without fitting again. Knows numbers, no class by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spectra.axis import FloatArray, IntArray
from spectra.errors import GridMismatchError, SpectrumError

MODEL_VERSION = 1
"""Changes whenever the same references would give another model."""

N_MZ, N_LOSSES, N_DISTANCES, _SERIES = 601, 221, 180, 14
_TRACE = 2.0
_PENALTY = 1.0
# Series and distances say the same as the ions, more coarsely: they count less.
_COARSE = 0.7
# Up to this m/z an ion series tells the amine, above it the skeleton.
_LOW_SERIES = (20, 120)
_LARGEST_SOLVED = 2_000
N_FEATURES = N_MZ + N_LOSSES + 2 * _SERIES + N_DISTANCES


def features(intensity: npt.ArrayLike, masses: npt.ArrayLike) -> FloatArray:
    """Return what the model looks at, one row for each spectrum.

    Parameters
    ----------
    intensity : array of float, shape (n, n_mz)
        At each whole m/z from 0, base peak 999, at least to m/z 600.
    masses : array of float, shape (n,)
        Molecular mass in Da, NaN where unknown: the losses are then empty.

    Returns
    -------
    ndarray of float, shape (n, 1030)
        √(m·I) of the ions and by loss from the molecule, each row of length 1; ion series (m/z
        modulo 14) below and above m/z 120; distances between ions.

    Raises
    ------
    GridMismatchError
        The shapes do not fit.
    """
    rows = np.asarray(intensity, dtype=np.float64)
    mass = np.asarray(masses, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] < N_MZ or mass.shape != rows.shape[:1]:
        raise GridMismatchError(f"spectra of shape {rows.shape} with masses of {mass.shape}")
    root = np.sqrt(np.where(rows < _TRACE, 0.0, rows))
    ions = _unit(root * np.sqrt(np.arange(rows.shape[1])))[:, :N_MZ]
    spectrum = np.fft.rfft(ions, n=2 * N_MZ, axis=1)
    together = np.fft.irfft(np.abs(spectrum) ** 2, n=2 * N_MZ, axis=1)[:, 1 : N_DISTANCES + 1]
    distances = _unit(np.sqrt(np.maximum(together, 0.0)))
    return np.concatenate(
        [ions, _losses(ions, mass), _COARSE * _series(_unit(root)), _COARSE * distances], axis=1
    )


def _losses(ions: FloatArray, masses: FloatArray) -> FloatArray:
    whole = np.where(np.isfinite(masses), masses, -1.0).astype(np.int64)
    place = whole[:, None] - np.arange(N_LOSSES)
    inside = (place >= 1) & (place < N_MZ)
    picked = np.take_along_axis(ions, np.where(inside, place, 0), axis=1)
    return np.where(inside, picked, 0.0)


def _series(root: FloatArray) -> FloatArray:
    mz = np.arange(root.shape[1])
    first, last = _LOW_SERIES
    low, high = (mz >= first) & (mz < last), (mz >= last) & (mz < 500)
    sums = [
        root[:, part & (mz % _SERIES == rest)].sum(axis=1)
        for part in (low, high)
        for rest in range(_SERIES)
    ]
    return _unit(np.stack(sums, axis=1))


def _unit(rows: FloatArray) -> FloatArray:
    length: FloatArray = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(length, 1e-12)


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassModel:
    """The learned weights: column 0 is *no class*, the others are the classes.

    Parameters
    ----------
    weights : ndarray of float32, shape (1031, 1 + n_classes)
        The last row is the constant.
    """

    weights: npt.NDArray[np.float32]

    def scores(self, intensity: npt.ArrayLike, masses: npt.ArrayLike) -> FloatArray:
        """Return the scores of spectra, shape (n, 1 + n_classes), about 0 to 1."""
        made = features(intensity, masses)
        weights = self.weights.astype(np.float64)
        return np.asarray(made @ weights[:-1] + weights[-1], dtype=np.float64)

    def votes(self, intensity: npt.ArrayLike, masses: npt.ArrayLike) -> FloatArray:
        """Return for each class how far it is ahead of *no class*, shape (n, n_classes)."""
        return ahead(self.scores(intensity, masses))


def ahead(scores: FloatArray) -> FloatArray:
    """Return how far each class is ahead of *no class*, shape (..., n_classes)."""
    return scores[..., 1:] - scores[..., :1]


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A model with what is needed to say how it would answer without some of its references."""

    rows: FloatArray
    target: FloatArray
    root_weight: FloatArray
    inverse: FloatArray

    @cached_property
    def model(self) -> ClassModel:
        """The model of all references."""
        return ClassModel(weights=self._weights.astype(np.float32))

    @cached_property
    def _weights(self) -> FloatArray:
        return np.asarray(self.inverse @ (self.rows.T @ self.target), dtype=np.float64)

    @cached_property
    def _residual(self) -> FloatArray:
        return np.asarray(self.target - self.rows @ self._weights, dtype=np.float64)

    @cached_property
    def _half(self) -> FloatArray:
        """Half of the hat matrix: a block of it is the product of the block's rows."""
        return np.asarray(self.rows @ np.linalg.cholesky(self.inverse), dtype=np.float64)

    def without(self, hidden: npt.NDArray[np.bool_]) -> ClassModel:
        """Return the model of all references but the hidden ones.

        Exact, without fitting again: the residuals of a left-out block follow from the block's
        part of the hat matrix.

        Parameters
        ----------
        hidden : ndarray of bool, shape (n,)

        Raises
        ------
        SpectrumError
            Nothing would be left to learn from.
        """
        left_out = np.flatnonzero(hidden)
        if left_out.size == hidden.size:
            raise SpectrumError("every reference is left out")
        if left_out.size > _LARGEST_SOLVED:
            kept = self.rows[~hidden]
            weights = np.linalg.solve(_penalised(kept.T @ kept), kept.T @ self.target[~hidden])
        else:
            half = self._half[left_out]
            residual = np.linalg.solve(
                np.eye(left_out.size) - half @ half.T, self._residual[left_out]
            )
            weights = self._weights - self.inverse @ (self.rows[left_out].T @ residual)
        return ClassModel(weights=weights.astype(np.float32))


def fit(intensity: npt.ArrayLike, masses: npt.ArrayLike, classes: IntArray) -> Fitted:
    """Return the model of references.

    Parameters
    ----------
    intensity, masses
        As for `features`.
    classes : ndarray of int, shape (n,)
        Class of each from 1, 0 for none.

    Raises
    ------
    SpectrumError
        There is no class, or nothing outside the classes, to learn from.
    """
    counts = np.bincount(classes)
    if counts.size < 2 or counts.min() == 0:
        raise SpectrumError(f"classes of {counts.tolist()} spectra: each needs one at least")
    # Rare classes count more, though not as much as the common ones in all.
    root_weight = (counts.max() / counts[classes]) ** 0.25
    made = features(intensity, masses)
    rows = np.concatenate([made, np.ones((made.shape[0], 1))], axis=1) * root_weight[:, None]
    target = np.zeros((classes.size, counts.size))
    target[np.arange(classes.size), classes] = root_weight
    inverse = np.asarray(np.linalg.inv(_penalised(rows.T @ rows)), dtype=np.float64)
    return Fitted(rows=rows, target=target, root_weight=root_weight, inverse=inverse)


def _penalised(square: FloatArray) -> FloatArray:
    return square + _PENALTY * np.eye(square.shape[0])
