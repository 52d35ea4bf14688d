"""Curves of a made-up class: bands the members share, and bands of their own."""

from __future__ import annotations

import numpy as np

from spectra.axis import FloatArray
from spectra.grid import FTIR_GRID

SHARED_CM1 = (720.0, 1180.0, 1655.0, 2210.0)


def a_curve(seed: int, *, member: bool, shared: tuple[float, ...] = SHARED_CM1) -> FloatArray:
    """One prepared curve on the infrared grid, shape (n_points,)."""
    random = np.random.default_rng(seed)
    x = FTIR_GRID.x
    bands = list(random.uniform(450, 3900, 6 if member else 10))
    heights = list(random.uniform(0.1, 0.6, len(bands)))
    if member:
        bands += [at + random.uniform(-3, 3) for at in shared]
        heights += list(random.uniform(0.7, 1.0, len(shared)))
    y = np.zeros_like(x)
    for at, height in zip(bands, heights, strict=True):
        y += height * np.exp(-0.5 * ((x - at) / 9.0) ** 2)
    return y


def a_collection(n_members: int, n_others: int) -> tuple[FloatArray, FloatArray]:
    """Members first: curves and which are members."""
    curves = [a_curve(seed, member=seed < n_members) for seed in range(n_members + n_others)]
    return np.array(curves), np.arange(n_members + n_others) < n_members
