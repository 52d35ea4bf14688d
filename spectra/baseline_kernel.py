"""The compiled loops of the baselines. Importing it imports numba: do so only when it pays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

FloatArray = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def _solve(weights, rhs, lam, inverse, first, second, out) -> None:  # type: ignore[no-untyped-def]
    """Solve (W + λ·D₂ᵀD₂)·out = rhs for at least five points; the next three are scratch.

    Rows are eliminated from both ends at once, down to two in the middle: two short chains of
    dependent divisions instead of one long one, worked on side by side by the processor. Row i
    keeps its pivot's inverse, and its factors on the next row and the one after.
    """
    n = weights.shape[0]
    low_end, high_end = (n - 1) // 2, (n - 2) // 2  # rows taken from the left and from the right
    left_e, left_f, left_s, left_s2, left_y, left_y2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    right_e, right_f, right_s, right_s2, right_y, right_y2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(low_end):
        diagonal = 6.0 * lam if i > 1 else (5.0 * lam if i == 1 else lam)
        beside = -4.0 * lam if i > 0 else -2.0 * lam
        pivot = 1.0 / (weights[i] + diagonal - left_f * left_e - left_s2 * lam)
        edge = beside - left_s * left_e
        value = rhs[i] - left_f * left_y - left_s2 * left_y2
        inverse[i], first[i], second[i], out[i] = pivot, edge * pivot, lam * pivot, value
        left_s2, left_s, left_f, left_e = left_s, lam * pivot, edge * pivot, edge
        left_y2, left_y = left_y, value
        if i == high_end:
            break
        j = n - 1 - i
        pivot = 1.0 / (weights[j] + diagonal - right_f * right_e - right_s2 * lam)
        edge = beside - right_s * right_e
        value = rhs[j] - right_f * right_y - right_s2 * right_y2
        inverse[j], first[j], second[j], out[j] = pivot, edge * pivot, lam * pivot, value
        right_s2, right_s, right_f, right_e = right_s, lam * pivot, edge * pivot, edge
        right_y2, right_y = right_y, value
    _middle(
        weights, rhs, lam, low_end, out,
        (left_e, left_f, left_s, left_s2, left_y, left_y2),
        (right_e, right_f, right_s, right_s2, right_y, right_y2),
    )  # fmt: skip
    for k in range(1, low_end + 1):
        i, j = low_end - k, low_end + 1 + k
        out[i] = out[i] * inverse[i] - first[i] * out[i + 1] - second[i] * out[i + 2]
        if j < n:
            out[j] = out[j] * inverse[j] - first[j] * out[j - 1] - second[j] * out[j - 2]


@njit(cache=True, nogil=True)
def _middle(weights, rhs, lam, a, out, left, right) -> None:  # type: ignore[no-untyped-def]
    """Solve the two rows that both eliminations have left over, ``a`` and ``a + 1``."""
    left_e, left_f, left_s, left_s2, left_y, left_y2 = left
    right_e, right_f, right_s, right_s2, right_y, right_y2 = right
    n = weights.shape[0]
    at_a = 5.0 * lam if a == 1 else 6.0 * lam
    at_b = 5.0 * lam if a + 1 == n - 2 else 6.0 * lam
    at_a += weights[a] - left_f * left_e - left_s2 * lam - right_s * lam
    at_b += weights[a + 1] - right_f * right_e - right_s2 * lam - left_s * lam
    between = -4.0 * lam - left_s * left_e - right_s * right_e
    y_a = rhs[a] - left_f * left_y - left_s2 * left_y2 - right_s * right_y
    y_b = rhs[a + 1] - right_f * right_y - right_s2 * right_y2 - left_s * left_y
    determinant = at_a * at_b - between * between
    out[a] = (y_a * at_b - between * y_b) / determinant
    out[a + 1] = (at_a * y_b - between * y_a) / determinant


@njit(cache=True, nogil=True)
def _arpls(y, measured, lam, tolerance, most):  # type: ignore[no-untyped-def]
    n = y.shape[0]
    weights = measured.copy()
    rhs = np.empty(n)
    inverse, first, second = np.empty(n), np.empty(n), np.empty(n)
    baseline = np.zeros(n)
    for iteration in range(1, most + 1):
        for i in range(n):
            rhs[i] = weights[i] * y[i]
        _solve(weights, rhs, lam, inverse, first, second, baseline)
        below, total, squares = 0, 0.0, 0.0
        for i in range(n):
            rhs[i] = y[i] - baseline[i]
            if rhs[i] < 0.0 and measured[i] > 0.0:
                below += 1
                total += rhs[i]
        if below < 2:
            return baseline, iteration, False
        mean = total / below
        for i in range(n):
            if rhs[i] < 0.0 and measured[i] > 0.0:
                squares += (rhs[i] - mean) ** 2
        deviation = max(np.sqrt(squares / (below - 1)), 2.2250738585072014e-308)
        change, size = 0.0, 0.0
        for i in range(n):
            asked = min(2.0 * (rhs[i] - (2.0 * deviation - mean)) / deviation, 700.0)
            weight = measured[i] / (1.0 + np.exp(asked))
            change += (weight - weights[i]) ** 2
            size += weights[i] ** 2
            weights[i] = weight
        if np.sqrt(change) < tolerance * np.sqrt(size):
            return baseline, iteration, True
    return baseline, most, False


@njit(cache=True, nogil=True)
def _clip_once(old, new, half) -> None:  # type: ignore[no-untyped-def]
    n = old.shape[0]
    new[:half] = old[:half]
    new[n - half :] = old[n - half :]
    # Three views and a plain comparison: the form that the compiler turns into wide instructions.
    left, right, here, made = old[: n - 2 * half], old[2 * half :], old[half:], new[half:]
    for i in range(n - 2 * half):
        between = 0.5 * (left[i] + right[i])
        made[i] = between if between < here[i] else here[i]


@njit(cache=True, nogil=True)
def _snip(padded, half_window, decreasing):  # type: ignore[no-untyped-def]
    old, new = padded.copy(), np.empty_like(padded)
    for turn in range(1, half_window + 1):
        half = half_window + 1 - turn if decreasing else turn
        _clip_once(old, new, half)
        old, new = new, old
    return old


def arpls(
    y: FloatArray, measured: FloatArray, lam: float, tolerance: float, most: int
) -> tuple[FloatArray, int, bool]:
    """Return baseline, solves used and whether the weights settled; see `spectra.baseline`."""
    made: tuple[FloatArray, int, bool] = _arpls(y, measured, lam, tolerance, most)
    return made


def snip(padded: FloatArray, half_window: int, decreasing: bool) -> FloatArray:
    """Return an extended curve clipped with every half window up to the largest."""
    made: FloatArray = _snip(padded, half_window, decreasing)
    return made
