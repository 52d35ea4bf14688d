"""Curve search against the usual ways, one run, one machine: read the ratios, not the times.

python -m benchmarks.curve_search [--rows 100000] [--points 1801] [--batch 100]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist

from spectra.curve_index import CurveIndex
from spectra.derivative import first_derivative
from spectra.grid import Grid


def synthetic(rows: int, grid: Grid, seed: int = 0) -> np.ndarray:
    """Random band spectra in float32: 25 bands of 8 to 30 cm⁻¹, a few near-duplicates."""
    rng = np.random.default_rng(seed)
    curves = np.zeros((rows, grid.n_points), dtype=np.float32)
    bank = np.exp(
        -(((grid.x - rng.uniform(grid.start_cm1, grid.stop_cm1, (3000, 1))) / 15.0) ** 2)
    ).astype(np.float32)
    for start in range(0, rows, 4096):
        block = curves[start : start + 4096]
        weights = np.zeros((len(block), 3000), dtype=np.float32)
        picked = rng.integers(0, 3000, (len(block), 25))
        np.put_along_axis(weights, picked, rng.exponential(1, picked.shape).astype("f4"), axis=1)
        block[:] = weights @ bank
        block += 0.01 * rng.standard_normal(block.shape, dtype=np.float32)
    curves[-5:] = curves[:5] * 1.01
    return curves


def best_of(work: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=1801)
    parser.add_argument("--batch", type=int, default=100)
    given = parser.parse_args()
    grid = Grid(start_cm1=400.0, stop_cm1=400.0 + 2.0 * (given.points - 1), step_cm1=2.0)
    curves = synthetic(given.rows, grid)
    start = time.perf_counter()
    index = CurveIndex.build(curves, grid)
    built = time.perf_counter() - start
    rng = np.random.default_rng(1)
    asked = curves[rng.integers(0, given.rows, given.batch)].astype(np.float64)
    asked += 0.1 * rng.standard_normal(asked.shape)
    slopes = np.concatenate(
        [
            first_derivative(curves[i : i + 4096], 8)[0].astype("f4")
            for i in range(0, given.rows, 4096)
        ]
    )
    query = first_derivative(asked, 8)[0]
    wide = slopes.astype(np.float64)
    exact = best_of(lambda: cdist(query[:1], wide, "correlation"), 3)
    same = sum(
        set(index.search(asked[i], 10, max_shift_cm1=0.0).rows)
        == set(np.argsort(cdist(query[i : i + 1, 8:-8], wide[:, 8:-8], "correlation")[0])[:10])
        for i in range(min(5, given.batch))
    )
    scipy_batch = given.batch * exact
    unit = slopes - slopes.mean(axis=1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    right = query[0].astype("f4")
    matvec = best_of(lambda: np.argpartition(unit @ right, -10)[-10:])
    one = best_of(lambda: index.search(asked[0], 10, max_shift_cm1=0.0))
    slid = best_of(lambda: index.search(asked[0], 10, max_shift_cm1=4.0))
    far = best_of(lambda: index.search(asked[0], 10, max_shift_cm1=10.0))
    batch = best_of(lambda: index.search_many(asked, 10, max_shift_cm1=0.0), 2)
    print(
        f"{given.rows:,} curves of {given.points:,} points; index built in {built:.1f} s; "
        f"same top 10 as cdist for {same} of 5 queries"
    )
    print(f"{'':34}{'ms':>9}{'× cdist':>9}{'× matvec':>10}")
    for name, took, whole in (
        ("scipy cdist correlation, one query", exact, exact),
        ("float32 matvec, one query", matvec, exact),
        ("CurveIndex, one query", one, exact),
        ("CurveIndex, ±4 cm⁻¹", slid, exact),
        ("CurveIndex, ±10 cm⁻¹", far, exact),
        (f"CurveIndex, batch of {given.batch}", batch, scipy_batch),
    ):
        print(f"{name:34}{took * 1e3:9.1f}{whole / took:9.1f}{matvec / took:10.2f}")


if __name__ == "__main__":
    main()
